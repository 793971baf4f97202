//! L-BFGS (Liu and Nocedal 1989): finds the minimum of a smooth convex function of many numbers.

use std::collections::VecDeque;

/// Pairs of steps and slopes that are remembered.
const MEMORY: usize = 8;
const STEPS: usize = 150;

/// Searches from zero, with a backtracking line search (Armijo's condition).
///
/// `evaluate` gives the function's value at a place, and puts its slope into the other argument. The search ends when two steps in a row
/// gain less than the share `tolerance` each.
#[must_use]
pub fn minimize(
    count: usize,
    tolerance: f64,
    mut evaluate: impl FnMut(&[f32], &mut [f32]) -> f64,
) -> Vec<f32> {
    let (mut place, mut slope) = (vec![0.0; count], vec![0.0; count]);
    let mut value = evaluate(&place, &mut slope);
    let mut memory: VecDeque<Pair> = VecDeque::new();
    let mut small = 0;
    for _ in 0..STEPS {
        let direction = descent(&slope, &memory);
        let steepness = dot(&slope, &direction);
        if steepness >= 0.0 {
            break;
        }
        let mut length = if memory.is_empty() { (1.0 / -steepness.max(-1e30)).sqrt() } else { 1.0 };
        let (mut next, mut next_slope) = (vec![0.0; count], vec![0.0; count]);
        let next_value = loop {
            for ((next, place), direction) in next.iter_mut().zip(&place).zip(&direction) {
                *next = place + length as f32 * direction;
            }
            let found = evaluate(&next, &mut next_slope);
            if found <= value + 1e-4 * length * steepness {
                break found;
            }
            length *= 0.5;
            if length < 1e-8 {
                return place;
            }
        };
        let difference = |a: &[f32], b: &[f32]| -> Vec<f32> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
        let pair = Pair::new(difference(&next, &place), difference(&next_slope, &slope));
        if pair.curvature > 0.0 {
            memory.push_back(pair);
            if memory.len() > MEMORY {
                memory.pop_front();
            }
        }
        let gain = value - next_value;
        (place, slope, value) = (next, next_slope, next_value);
        small = if gain < tolerance * value.abs() { small + 1 } else { 0 };
        if small == 2 {
            break;
        }
    }
    place
}

/// A step and how the slope changed on it.
struct Pair {
    step: Vec<f32>,
    change: Vec<f32>,
    /// Their product.
    curvature: f64,
}

impl Pair {
    fn new(step: Vec<f32>, change: Vec<f32>) -> Self {
        Self { curvature: dot(&step, &change), step, change }
    }
}

/// The two-loop recursion.
fn descent(slope: &[f32], memory: &VecDeque<Pair>) -> Vec<f32> {
    let mut direction: Vec<f32> = slope.iter().map(|slope| -slope).collect();
    let mut shares = Vec::with_capacity(memory.len());
    for pair in memory.iter().rev() {
        let share = dot(&pair.step, &direction) / pair.curvature;
        add(&mut direction, -share, &pair.change);
        shares.push(share);
    }
    if let Some(last) = memory.back() {
        let scale = (last.curvature / dot(&last.change, &last.change)) as f32;
        direction.iter_mut().for_each(|x| *x *= scale);
    }
    for (pair, share) in memory.iter().zip(shares.into_iter().rev()) {
        let back = dot(&pair.change, &direction) / pair.curvature;
        add(&mut direction, share - back, &pair.step);
    }
    direction
}

/// In sixteen sums of short stretches: fast, and rounding does not grow with the length.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f64 {
    let stretches = a.chunks(4096).zip(b.chunks(4096));
    let of_stretch = stretches.map(|(a, b)| {
        let mut sums = [0.0_f32; 16];
        for (a, b) in a.chunks(16).zip(b.chunks(16)) {
            for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                *sum += a * b;
            }
        }
        f64::from(sums.iter().sum::<f32>())
    });
    of_stretch.sum()
}

fn add(to: &mut [f32], times: f64, other: &[f32]) {
    let times = times as f32;
    to.iter_mut().zip(other).for_each(|(to, other)| *to += times * other);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_point_of_a_narrow_valley_is_found() {
        // Curvatures from 1 to 81.
        let curvature = |place: usize| 3_f32.powi(place as i32 % 5);
        let found = minimize(20, 1e-2, |place, slope| {
            let mut value = 0.0;
            for (number, (place, slope)) in place.iter().zip(slope).enumerate() {
                let distance = place - number as f32;
                *slope = curvature(number) * distance;
                value += 0.5 * f64::from(*slope * distance);
            }
            value
        });
        for (number, place) in found.into_iter().enumerate() {
            let height = curvature(number) * (place - number as f32).powi(2);
            assert!(height < 1e-2, "{number}: {place}");
        }
    }
}
