//! Limited-memory BFGS: minimises a smooth convex function of many variables.
//!
//! Nocedal & Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5, with a backtracking line search that
//! keeps the Armijo condition.

/// How many past steps shape the next one.
const MEMORY: usize = 10;
/// The share of the predicted decrease that a step must bring.
const ARMIJO: f64 = 1e-4;

/// When to stop.
pub(super) struct Limits {
    pub(super) iterations: usize,
    /// Stop when no component of the gradient is larger.
    pub(super) gradient: f32,
}

/// Minimises `function`, which returns its value and gradient, from `start`.
pub(super) fn minimize<E>(
    start: Vec<f32>,
    limits: &Limits,
    mut function: impl FnMut(&[f32]) -> Result<(f64, Vec<f32>), E>,
) -> Result<Vec<f32>, E> {
    let mut point = start;
    let (mut value, mut gradient) = function(&point)?;
    let mut history: Vec<Step> = Vec::with_capacity(MEMORY);
    for _ in 0..limits.iterations {
        if gradient.iter().all(|component| component.abs() <= limits.gradient) {
            break;
        }
        let mut direction = descent_direction(&gradient, &history);
        let mut slope = dot(&gradient, &direction);
        if slope >= 0.0 {
            // Rounding spoiled the curvature; start again from steepest descent.
            history.clear();
            direction = gradient.iter().map(|component| -component).collect();
            slope = dot(&gradient, &direction);
        }
        let mut length = if history.is_empty() { (1.0 / slope.abs().sqrt()).min(1.0) } else { 1.0 };
        let accepted = loop {
            let candidate: Vec<f32> =
                point.iter().zip(&direction).map(|(x, d)| x + (length as f32) * d).collect();
            let (candidate_value, candidate_gradient) = function(&candidate)?;
            if candidate_value <= value + ARMIJO * length * slope {
                break Some((candidate, candidate_value, candidate_gradient));
            }
            length *= 0.5;
            if length < 1e-10 {
                break None;
            }
        };
        // No step helps any more: the point is a minimum within the precision of f32.
        let Some((next, next_value, next_gradient)) = accepted else { break };
        let step = Step::between(&point, &next, &gradient, &next_gradient);
        if step.curvature > 1e-10 {
            if history.len() == MEMORY {
                history.remove(0);
            }
            history.push(step);
        }
        (point, value, gradient) = (next, next_value, next_gradient);
    }
    Ok(point)
}

/// A step taken, and how the gradient changed over it.
struct Step {
    moved: Vec<f32>,
    changed: Vec<f32>,
    /// `moved · changed`, positive on a convex function.
    curvature: f64,
}

impl Step {
    fn between(from: &[f32], to: &[f32], gradient_from: &[f32], gradient_to: &[f32]) -> Self {
        let difference = |a: &[f32], b: &[f32]| b.iter().zip(a).map(|(b, a)| b - a).collect::<Vec<f32>>();
        let moved = difference(from, to);
        let changed = difference(gradient_from, gradient_to);
        let curvature = dot(&moved, &changed);
        Self { moved, changed, curvature }
    }
}

/// The two-loop recursion: minus the inverse Hessian's estimate times the gradient.
fn descent_direction(gradient: &[f32], history: &[Step]) -> Vec<f32> {
    let mut direction: Vec<f32> = gradient.iter().map(|component| -component).collect();
    let mut factors = Vec::with_capacity(history.len());
    for step in history.iter().rev() {
        let factor = dot(&step.moved, &direction) / step.curvature;
        add(&mut direction, -factor, &step.changed);
        factors.push(factor);
    }
    if let Some(last) = history.last() {
        let scale = (last.curvature / dot(&last.changed, &last.changed)) as f32;
        direction.iter_mut().for_each(|component| *component *= scale);
    }
    for (step, factor) in history.iter().zip(factors.iter().rev()) {
        let correction = dot(&step.changed, &direction) / step.curvature;
        add(&mut direction, factor - correction, &step.moved);
    }
    direction
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

fn add(to: &mut [f32], factor: f64, what: &[f32]) {
    for (to, what) in to.iter_mut().zip(what) {
        *to += factor as f32 * what;
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn a_badly_scaled_quadratic_is_minimised() {
        // f(x) = Σ i (x_i - i)², minimum at x_i = i.
        let function = |x: &[f32]| -> Result<_, Infallible> {
            let terms = || x.iter().zip(1_u8..).map(|(&x, i)| (f32::from(i), x - f32::from(i)));
            let value = terms().map(|(i, d)| f64::from(i * d * d)).sum();
            Ok((value, terms().map(|(i, d)| 2.0 * i * d).collect()))
        };
        let limits = Limits { iterations: 100, gradient: 1e-4 };
        let minimum = minimize(vec![0.0; 50], &limits, function).unwrap();
        for (x, i) in minimum.iter().zip(1_u8..) {
            assert!((x - f32::from(i)).abs() < 1e-3, "{x} {i}");
        }
    }
}
