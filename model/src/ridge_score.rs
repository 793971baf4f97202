//! One number for how far a vector is on the side of a yes.
//!
//! Ridge regression (Hoerl and Kennard 1970): with the examples as rows of `X`, each with a 1 for the intercept, targets `y` of 1 for yes and
//! -1 for no, and weights `W` by which both answers count the same, the score of a vector `x` is `x·b` with `b = (Xᵀ W X + λ I)⁻¹ Xᵀ W y`.
//! What an example's score would be if it had not been learnt from follows without learning again (Allen 1974): with
//! `h = w x·(Xᵀ W X + λ I)⁻¹ x`, it is `(x·b - h y) / (1 - h)`.

use faer::linalg::matmul::matmul;
use faer::linalg::solvers::{Llt, Solve as _};
use faer::{Accum, Mat, Par, Side};
use serde::{Deserialize, Serialize};

/// `λ`, for vectors of unit length. The intercept has next to none.
const PENALTY: f64 = 10.0;
const PENALTY_OF_INTERCEPT: f64 = 1e-6;

/// Tells how far a vector is on the side of a yes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RidgeScore {
    weights: Vec<f32>,
    intercept: f32,
}

impl RidgeScore {
    /// Learns from vectors of one length and their answers, and says of each example what its score would be if it had not been learnt from.
    /// `None` when all answers are the same.
    #[must_use]
    pub fn fit(examples: &[(&[f32], bool)]) -> Option<(Self, Vec<f64>)> {
        let (count, yes) = (examples.len(), examples.iter().filter(|(_, answer)| *answer).count());
        if yes == 0 || yes == count {
            return None;
        }
        let width = examples[0].0.len();
        let weight = |answer: bool| count as f64 / (2 * if answer { yes } else { count - yes }) as f64;
        let coordinate = |row: usize, at: usize| examples[row].0.get(at).map_or(1.0, |&x| f64::from(x));
        let target = |answer: bool| if answer { 1.0 } else { -1.0 };
        let rows = Mat::<f64>::from_fn(count, width + 1, coordinate);
        let weighted =
            Mat::<f64>::from_fn(count, width + 1, |row, at| weight(examples[row].1) * coordinate(row, at));
        let mut gram = Mat::<f64>::from_fn(width + 1, width + 1, |row, column| match row == column {
            true if row == width => PENALTY_OF_INTERCEPT,
            true => PENALTY,
            false => 0.0,
        });
        matmul(gram.as_mut(), Accum::Add, rows.transpose(), weighted.as_ref(), 1.0, Par::Seq);
        let factor = Llt::new(gram.as_ref(), Side::Lower).ok()?;
        // A column for each example.
        let solved = factor.solve(weighted.transpose());
        let coefficients = |at: usize| -> f64 {
            (0..count).map(|example| solved[(at, example)] * target(examples[example].1)).sum()
        };
        let coefficients: Vec<f64> = (0..=width).map(coefficients).collect();
        let left_out = |(row, &(_, answer)): (usize, &(&[f32], bool))| {
            let (mut score, mut leverage) = (0.0, 0.0);
            for (at, coefficient) in coefficients.iter().enumerate() {
                score += coordinate(row, at) * coefficient;
                leverage += coordinate(row, at) * solved[(at, row)];
            }
            (score - leverage * target(answer)) / (1.0 - leverage)
        };
        let left_out = examples.iter().enumerate().map(left_out).collect();
        let weights = coefficients[..width].iter().map(|&weight| weight as f32).collect();
        Some((Self { weights, intercept: coefficients[width] as f32 }, left_out))
    }

    /// The score of a vector: about 1 for a yes, and about -1 for a no.
    #[must_use]
    pub fn of(&self, vector: &[f32]) -> f64 {
        let product: f32 = self.weights.iter().zip(vector).map(|(weight, x)| weight * x).sum();
        f64::from(product + self.intercept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of unit length on two sides of a line, which overlap.
    fn examples() -> Vec<(Vec<f32>, bool)> {
        let noise = |number: usize, at: f32| (number as f32 * 12.9898 + at * 78.233).sin() * 0.5;
        let example = |number: usize| {
            let answer = number.is_multiple_of(3);
            let side = if answer { 0.5 } else { -0.5 };
            let vector = [side + noise(number, 1.0), noise(number, 2.0), noise(number, 3.0)];
            let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            (vector.map(|x| x / length).to_vec(), answer)
        };
        (0..120).map(example).collect()
    }

    fn of(examples: &[(Vec<f32>, bool)]) -> (RidgeScore, Vec<f64>) {
        let examples: Vec<(&[f32], bool)> =
            examples.iter().map(|(v, answer)| (v.as_slice(), *answer)).collect();
        RidgeScore::fit(&examples).unwrap()
    }

    #[test]
    fn what_is_on_one_side_scores_higher_than_what_is_on_the_other() {
        let (score, _) = of(&examples());
        assert!(score.of(&[1.0, 0.0, 0.0]) > 0.5 && score.of(&[-1.0, 0.0, 0.0]) < -0.5);
        assert!(score.of(&[0.0, 1.0, 0.0]).abs() < 0.6);
    }

    #[test]
    fn a_left_out_score_is_that_of_learning_again_without_the_example() {
        let all = examples();
        let (_, left_out) = of(&all);
        for row in [0, 1, 2, 60, 119] {
            let mut others = all.clone();
            let (vector, _) = others.remove(row);
            let again = of(&others).0.of(&vector);
            // Without it, both answers count a little differently.
            assert!((left_out[row] - again).abs() < 0.02, "{} {again}", left_out[row]);
        }
    }

    #[test]
    fn one_answer_teaches_nothing() {
        assert!(RidgeScore::fit(&[(&[1.0], true), (&[0.5], true)]).is_none());
        assert!(RidgeScore::fit(&[]).is_none());
    }
}
