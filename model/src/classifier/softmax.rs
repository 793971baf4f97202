//! Multinomial logistic regression: a score for each class, whose softmax is the class's probability.
//!
//! Minimises the mean cross-entropy with `penalty / 2` times the squared weights, intercepts free, by L-BFGS ([`lbfgs`]).
//! It is convex, so that where the search begins matters only as far as it ends early.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::curvature::Preconditioner;
use super::nystroem::Design;
use crate::lbfgs;

/// How many messages are worked on at once: their vectors stay in the processor's cache.
const CHUNK: usize = 128;

/// How little steps gain when the fit is close enough ([`lbfgs::minimize`]): to go on changes the log loss of other messages by less than half a
/// per cent.
const TOLERANCE: f64 = 3e-3;

/// Weights of each class.
#[derive(Clone, Debug)]
pub(super) struct Softmax {
    width: usize,
    /// For each class one number a coordinate, and then its intercept.
    parameters: Vec<f32>,
}

impl Softmax {
    /// Fits to messages of the classes `targets`, each below `classes`.
    pub(super) fn fit(
        design: &Design,
        targets: &[usize],
        classes: usize,
        penalty: f64,
        preconditioner: &Preconditioner,
    ) -> Self {
        Self::fit_closely(&Problem { design, targets, classes, penalty }, preconditioner, TOLERANCE)
    }

    fn fit_closely(problem: &Problem<'_>, preconditioner: &Preconditioner, tolerance: f64) -> Self {
        let &Problem { design, classes, .. } = problem;
        let mut parameters = vec![0.0; (design.width + 1) * classes];
        let place = lbfgs::minimize(parameters.len(), tolerance, |place, slope| {
            parameters.copy_from_slice(place);
            preconditioner.parameters(&mut parameters);
            let value = problem.evaluate(&parameters, slope);
            preconditioner.slope(slope);
            value
        });
        parameters = place;
        preconditioner.parameters(&mut parameters);
        Self { width: design.width, parameters }
    }

    /// For each coordinate one number a class.
    pub(super) fn weights(&self) -> Vec<f32> {
        let mut weights = transposed(&self.parameters, self.width + 1);
        weights.truncate(self.width * self.classes());
        weights
    }

    pub(super) fn intercepts(&self) -> Vec<f32> {
        self.parameters.chunks_exact(self.width + 1).map(|class| class[self.width]).collect()
    }

    fn classes(&self) -> usize {
        self.parameters.len() / (self.width + 1)
    }

    /// Scores of some messages, a row of classes for each.
    pub(super) fn scores(&self, design: &Design) -> Vec<Vec<f32>> {
        let (parameters, classes) = (transposed(&self.parameters, self.width + 1), self.classes());
        let mut scores = vec![0.0; design.values.len() / design.width * classes];
        let chunks = design.values.chunks(CHUNK * design.width).zip(scores.chunks_mut(CHUNK * classes));
        for (messages, scores) in chunks {
            score(&parameters, classes, messages, design.width, scores);
        }
        scores.chunks_exact(classes).map(<[f32]>::to_vec).collect()
    }
}

/// Rows of a matrix for its columns, which have the length `height`.
fn transposed(columns: &[f32], height: usize) -> Vec<f32> {
    let mut rows = vec![0.0; columns.len()];
    let width = columns.len() / height;
    for (number, column) in columns.chunks_exact(height).enumerate() {
        for (row, value) in rows.chunks_exact_mut(width).zip(column) {
            row[number] = *value;
        }
    }
    rows
}

/// Scores of some messages, one after the other. `parameters` are a row of classes for each coordinate, then the intercepts.
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
    /// The objective, and its slope in `gradient`.
    fn evaluate(&self, parameters: &[f32], gradient: &mut [f32]) -> f64 {
        let &Self { design: &Design { ref values, width }, targets, classes, penalty } = self;
        let height = width + 1;
        let rows = transposed(parameters, height);
        let mut residuals = vec![0.0; CHUNK.min(targets.len()) * classes];
        let mut loss = 0.0;
        gradient.fill(0.0);
        let mut slope = MatMut::from_column_major_slice_mut(&mut *gradient, height, classes);
        for (messages, targets) in values.chunks(CHUNK * width).zip(targets.chunks(CHUNK)) {
            let count = targets.len();
            let residuals = &mut residuals[..count * classes];
            score(&rows, classes, messages, width, residuals);
            loss += residuals_of_scores(residuals, targets, classes);
            matmul(
                slope.as_mut().subrows_mut(0, width),
                Accum::Add,
                MatRef::from_column_major_slice(messages, width, count),
                MatRef::from_row_major_slice(&*residuals, count, classes),
                1.0,
                Par::Seq,
            );
            for row in residuals.chunks_exact(classes) {
                for (class, residual) in row.iter().enumerate() {
                    slope[(width, class)] += residual;
                }
            }
        }
        let count = targets.len() as f64;
        let mut squares = 0.0;
        for (slope, parameters) in gradient.chunks_exact_mut(height).zip(parameters.chunks_exact(height)) {
            slope.iter_mut().for_each(|slope| *slope /= count as f32);
            for (slope, weight) in slope[..width].iter_mut().zip(parameters) {
                *slope += penalty as f32 * weight;
            }
            squares += lbfgs::dot(&parameters[..width], &parameters[..width]);
        }
        loss / count + 0.5 * penalty * squares
    }
}

/// A row of scores for each message becomes how far its probabilities are from the truth. Returns the messages' losses.
fn residuals_of_scores(scores: &mut [f32], targets: &[usize], classes: usize) -> f64 {
    let mut loss = 0.0;
    for (row, &target) in scores.chunks_exact_mut(classes).zip(targets) {
        let largest = largest(row);
        let right = row[target] - largest;
        row.iter_mut().for_each(|value| *value = exp(*value - largest));
        let sum = sum(row);
        loss += f64::from(sum.ln() - right);
        let scale = 1.0 / sum;
        row.iter_mut().for_each(|value| *value *= scale);
        row[target] -= 1.0;
    }
    loss
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

#[cfg(test)]
mod tests {
    use super::super::curvature::Curvature;
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

    fn fitted(design: &Design, targets: &[usize], classes: usize, penalty: f64) -> Softmax {
        let preconditioner = Preconditioner::new(&Curvature::of(design), classes, penalty).unwrap();
        let problem = Problem { design, targets, classes, penalty };
        Softmax::fit_closely(&problem, &preconditioner, 1e-6)
    }

    #[test]
    fn the_slope_is_that_of_the_objective() {
        let (design, targets) = clusters();
        let problem = Problem { design: &design, targets: &targets, classes: 3, penalty: 0.3 };
        let parameters: Vec<f32> = (0..9).map(|i| (i as f32).sin()).collect();
        let (mut slope, mut other) = (vec![0.0; 9], vec![0.0; 9]);
        problem.evaluate(&parameters, &mut slope);
        for place in 0..9 {
            let mut at = |step: f32| {
                let mut moved = parameters.clone();
                moved[place] += step;
                problem.evaluate(&moved, &mut other)
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
        let fitted = fitted(&design, &targets, 3, 0.1 / 600.0);
        let problem = Problem { design: &design, targets: &targets, classes: 3, penalty: 0.1 / 600.0 };
        let mut slope = vec![0.0; 9];
        problem.evaluate(&fitted.parameters, &mut slope);
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
        let fitted = fitted(&design, &[0, 0, 0, 0, 0, 0, 1, 1], 2, 0.1);
        let [a, b] = fitted.intercepts()[..] else { panic!("two classes") };
        assert!((f64::from(a - b) - 3_f64.ln()).abs() < 0.02, "{a} {b}");
    }
}
