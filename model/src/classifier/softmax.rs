//! Multinomial logistic regression: a score for each class, whose softmax is the class's probability.
//!
//! Minimises the mean cross-entropy with `penalty / (2 n)` times the squared weights, intercepts free, by L-BFGS (Liu and Nocedal
//! 1989). The minimum is unique, so that nothing depends on where the search begins.

use std::collections::VecDeque;

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::nystroem::Design;
use super::parallel;

/// Pairs of steps and slopes that L-BFGS remembers.
const MEMORY: usize = 8;
const STEPS: usize = 150;
/// The search ends when a step gains less than this share.
const TOLERANCE: f64 = 1e-4;

/// How many messages, and how many columns of weights, are worked on at once.
const CHUNK: usize = 256;

/// Weights of each class.
#[derive(Clone, Debug)]
pub(super) struct Softmax {
    classes: usize,
    /// For each coordinate of a message one number a class, and behind them the intercepts.
    parameters: Vec<f32>,
}

impl Softmax {
    /// Fits to messages of the classes `targets`, each below `classes`.
    pub(super) fn fit(design: &Design, targets: &[usize], classes: usize, penalty: f64) -> Self {
        let problem = Problem { design, targets, classes, penalty: penalty / targets.len().max(1) as f64 };
        Self { classes, parameters: minimize(&problem) }
    }

    /// For each coordinate one number a class.
    pub(super) fn weights(&self) -> &[f32] {
        &self.parameters[..self.parameters.len() - self.classes]
    }

    pub(super) fn intercepts(&self) -> &[f32] {
        &self.parameters[self.parameters.len() - self.classes..]
    }

    /// Scores of some messages, a row of classes for each.
    pub(super) fn scores(&self, design: &Design) -> Vec<Vec<f32>> {
        let mut scores = vec![0.0; design.values.len() / design.width * self.classes];
        let tasks = design.values.chunks(CHUNK * design.width).zip(scores.chunks_mut(CHUNK * self.classes));
        parallel::for_each(tasks, |(messages, scores)| {
            score(&self.parameters, self.classes, messages, design.width, scores);
        });
        scores.chunks_exact(self.classes).map(<[f32]>::to_vec).collect()
    }
}

/// Scores of some messages, one after the other.
fn score(parameters: &[f32], classes: usize, messages: &[f32], width: usize, scores: &mut [f32]) {
    let (weights, intercepts) = parameters.split_at(width * classes);
    let count = messages.len() / width;
    scores.chunks_exact_mut(classes).for_each(|scores| scores.copy_from_slice(intercepts));
    matmul(
        MatMut::from_column_major_slice_mut(scores, classes, count),
        Accum::Add,
        MatRef::from_column_major_slice(weights, classes, width),
        MatRef::from_column_major_slice(messages, width, count),
        1.0,
        Par::Seq,
    );
}

struct Problem<'a> {
    design: &'a Design,
    targets: &'a [usize],
    classes: usize,
    penalty: f64,
}

impl Problem<'_> {
    fn parameters(&self) -> usize {
        (self.design.width + 1) * self.classes
    }

    /// The objective, and its slope in `gradient`. `residuals` is room for the scores.
    fn evaluate(&self, parameters: &[f32], residuals: &mut [f32], gradient: &mut [f32]) -> f64 {
        let &Self { design: &Design { ref values, width }, targets, classes, penalty } = self;
        let count = targets.len();
        let mut losses = vec![0.0_f64; count.div_ceil(CHUNK)];
        let tasks = values
            .chunks(CHUNK * width)
            .zip(residuals.chunks_mut(CHUNK * classes))
            .zip(targets.chunks(CHUNK))
            .zip(&mut losses);
        parallel::for_each(tasks, |(((messages, residuals), targets), loss)| {
            score(parameters, classes, messages, width, residuals);
            for (row, &target) in residuals.chunks_exact_mut(classes).zip(targets) {
                let largest = largest(row);
                let right = row[target] - largest;
                row.iter_mut().for_each(|value| *value = exp(*value - largest));
                let sum = sum(row);
                *loss += f64::from(sum.ln() - right);
                let scale = 1.0 / (sum * count as f32);
                row.iter_mut().for_each(|value| *value *= scale);
                row[target] -= 1.0 / count as f32;
            }
        });

        let (slopes, of_intercepts) = gradient.split_at_mut(width * classes);
        let messages = MatRef::from_column_major_slice(values, width, count);
        let all_residuals = MatRef::from_column_major_slice(&*residuals, classes, count);
        parallel::for_each(slopes.chunks_mut(CHUNK * classes).enumerate(), |(chunk, slopes)| {
            let columns = slopes.len() / classes;
            matmul(
                MatMut::from_column_major_slice_mut(slopes, classes, columns),
                Accum::Replace,
                all_residuals,
                messages.subrows(chunk * CHUNK, columns).transpose(),
                1.0,
                Par::Seq,
            );
        });
        of_intercepts.fill(0.0);
        for row in residuals.chunks_exact(classes) {
            of_intercepts.iter_mut().zip(row).for_each(|(slope, residual)| *slope += residual);
        }
        let weights = &parameters[..width * classes];
        for (slope, weight) in slopes.iter_mut().zip(weights) {
            *slope += penalty as f32 * weight;
        }
        losses.iter().sum::<f64>() / count as f64 + 0.5 * penalty * dot(weights, weights)
    }
}

/// Lanes that the compiler can put into one register.
const LANES: usize = 8;

fn largest(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    for values in row.chunks(LANES) {
        for (lane, &value) in lanes.iter_mut().zip(values) {
            *lane = if value > *lane { value } else { *lane };
        }
    }
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

fn sum(row: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    for values in row.chunks(LANES) {
        lanes.iter_mut().zip(values).for_each(|(lane, value)| *lane += value);
    }
    lanes.into_iter().sum()
}

/// `e` to the power of a number that is not above zero, to six digits: `2^n` times a polynomial on [-ln 2 / 2, ln 2 / 2], without a
/// branch, so that the compiler computes several at once.
fn exp(x: f32) -> f32 {
    // Adding and subtracting it rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let x = if x < -87.0 { -87.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    // ln 2 in two parts, so that the product is exact.
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.0 + r * (1.0 + r * (0.5 + r * (0.166_666_67 + r * (0.041_666_67 + r * 0.008_333_33))));
    let exponent = (rounded.to_bits() & 0xff).wrapping_add(127) << 23;
    p * f32::from_bits(exponent & 0x7f80_0000)
}

/// L-BFGS from zero, with a backtracking line search (Armijo's condition).
fn minimize(problem: &Problem<'_>) -> Vec<f32> {
    let count = problem.parameters();
    let mut residuals = vec![0.0; problem.targets.len() * problem.classes];
    let (mut place, mut slope) = (vec![0.0; count], vec![0.0; count]);
    let mut value = problem.evaluate(&place, &mut residuals, &mut slope);
    let mut memory: VecDeque<Pair> = VecDeque::new();
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
            let found = problem.evaluate(&next, &mut residuals, &mut next_slope);
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
        if gain < TOLERANCE * value.abs() {
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
fn dot(a: &[f32], b: &[f32]) -> f64 {
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

    /// Three clusters on a circle, which overlap.
    fn clusters() -> (Design, Vec<usize>) {
        let targets: Vec<usize> = (0..600).map(|i| i % 3).collect();
        let values = targets.iter().enumerate().flat_map(|(i, &target)| {
            let angle = target as f32 * 2.1 + ((i * 7919 % 600) as f32 / 300.0 - 1.0) * 1.3;
            [angle.cos(), angle.sin()]
        });
        (Design { values: values.collect(), width: 2 }, targets)
    }

    #[test]
    fn the_slope_is_that_of_the_objective() {
        let (design, targets) = clusters();
        let problem = Problem { design: &design, targets: &targets, classes: 3, penalty: 0.3 };
        let parameters: Vec<f32> = (0..9).map(|i| (i as f32).sin()).collect();
        let (mut residuals, mut slope, mut other) = (vec![0.0; 1800], vec![0.0; 9], vec![0.0; 9]);
        problem.evaluate(&parameters, &mut residuals, &mut slope);
        for place in 0..9 {
            let mut at = |step: f32| {
                let mut moved = parameters.clone();
                moved[place] += step;
                problem.evaluate(&moved, &mut residuals, &mut other)
            };
            let measured = (at(1e-2) - at(-1e-2)) / 2e-2;
            assert!(
                (measured - f64::from(slope[place])).abs() < 1e-4,
                "{place}: {measured} {}",
                slope[place]
            );
        }
    }

    #[test]
    fn at_the_minimum_the_slope_is_zero_and_clusters_are_told_apart() {
        let (design, targets) = clusters();
        let fitted = Softmax::fit(&design, &targets, 3, 0.1);
        let problem = Problem { design: &design, targets: &targets, classes: 3, penalty: 0.1 / 600.0 };
        let (mut residuals, mut slope) = (vec![0.0; 1800], vec![0.0; 9]);
        problem.evaluate(&fitted.parameters, &mut residuals, &mut slope);
        assert!(slope.iter().all(|slope| slope.abs() < 2e-3), "{slope:?}");
        let right = |(scores, target): (Vec<f32>, &usize)| {
            (0..3).max_by(|&a, &b| scores[a].total_cmp(&scores[b])) == Some(*target)
        };
        let right = fitted.scores(&design).into_iter().zip(&targets).map(right);
        assert!(right.filter(|right| *right).count() > 450);
    }

    #[test]
    fn the_exponential_is_one() {
        for i in 0..8700 {
            let x = -(i as f32) * 0.01;
            let (found, right) = (f64::from(exp(x)), f64::from(x).exp());
            assert!((found / right - 1.0).abs() < 4e-6, "{x}: {found} {right}");
        }
        assert!(exp(-1000.0) < 1e-37 && exp(0.0) == 1.0);
    }

    #[test]
    fn without_anything_to_see_probabilities_are_frequencies() {
        let design = Design { values: vec![0.0; 8], width: 1 };
        let fitted = Softmax::fit(&design, &[0, 0, 0, 0, 0, 0, 1, 1], 2, 1.0);
        let [a, b] = fitted.intercepts() else { panic!("two classes") };
        assert!((f64::from(a - b) - 3_f64.ln()).abs() < 0.02, "{a} {b}");
    }
}
