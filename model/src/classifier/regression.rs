//! Multinomial logistic regression with an L2 penalty.
//!
//! Minimises `mean_i(-log p(y_i | x_i)) + ‖W‖² / (2 C n)`, the objective of scikit-learn's `LogisticRegression`
//! divided by `C n`; intercepts are not penalised.

use candle_core::{Device, Tensor};

use super::lbfgs::{Limits, minimize};
use crate::Result;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct SoftmaxRegression {
    /// `[features, classes]`, row by row.
    pub(super) weights: Vec<f32>,
    /// One a class.
    pub(super) intercepts: Vec<f32>,
}

impl SoftmaxRegression {
    /// Fits `targets` (class of each row) to `rows`, which are all of one length. `inverse_penalty` is
    /// scikit-learn's `C`.
    pub(super) fn fit(
        rows: &[&[f32]],
        targets: &[usize],
        classes: usize,
        inverse_penalty: f64,
    ) -> Result<Self> {
        let features = rows.first().map_or(0, |row| row.len());
        let x = Tensor::from_vec(rows.concat(), (rows.len(), features), &Device::Cpu)?; // [rows, features]
        let x_transposed = x.t()?.contiguous()?;
        let penalty = 1.0 / (inverse_penalty * rows.len() as f64);
        let split = features * classes;

        let objective = |parameters: &[f32]| -> Result<(f64, Vec<f32>)> {
            let (weights, intercepts) = parameters.split_at(split);
            let w = Tensor::from_slice(weights, (features, classes), &Device::Cpu)?;
            let mut logits = x.matmul(&w)?.flatten_all()?.to_vec1::<f32>()?; // [rows, classes]
            let loss = residuals(&mut logits, intercepts, targets);
            let mut gradient_intercepts = vec![0_f32; classes];
            for residual in logits.chunks_exact(classes) {
                for (sum, r) in gradient_intercepts.iter_mut().zip(residual) {
                    *sum += r;
                }
            }
            let residuals = Tensor::from_vec(logits, (rows.len(), classes), &Device::Cpu)?;
            let mut gradient = x_transposed.matmul(&residuals)?.flatten_all()?.to_vec1::<f32>()?;
            for (g, w) in gradient.iter_mut().zip(weights) {
                *g += penalty as f32 * w;
            }
            gradient.extend(gradient_intercepts);
            let norm: f64 = weights.iter().map(|&w| f64::from(w).powi(2)).sum();
            Ok((loss + 0.5 * penalty * norm, gradient))
        };
        // scikit-learn stops at the same gradient.
        let limits = Limits { iterations: 300, gradient: 1e-4 };
        let mut weights = minimize(vec![0.0; split + classes], &limits, objective)?;
        let intercepts = weights.split_off(split);
        Ok(Self { weights, intercepts })
    }

    /// Unnormalised log-probabilities of the classes.
    pub(super) fn logits(&self, features: &[f32]) -> Vec<f32> {
        let mut logits = self.intercepts.clone();
        for (x, weights) in features.iter().zip(self.weights.chunks_exact(logits.len())) {
            for (logit, weight) in logits.iter_mut().zip(weights) {
                *logit += x * weight;
            }
        }
        logits
    }
}

/// Turns each row of logits into `(p - y) / rows` and returns the mean loss.
fn residuals(logits: &mut [f32], intercepts: &[f32], targets: &[usize]) -> f64 {
    let share = 1.0 / targets.len() as f32;
    let mut loss = 0_f64;
    for (row, &target) in logits.chunks_exact_mut(intercepts.len()).zip(targets) {
        for (logit, intercept) in row.iter_mut().zip(intercepts) {
            *logit += intercept;
        }
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let target_logit = row[target] - largest;
        let mut sum = 0_f32;
        for logit in row.iter_mut() {
            *logit = (*logit - largest).exp();
            sum += *logit;
        }
        loss += f64::from(sum.ln() - target_logit);
        for probability in row.iter_mut() {
            *probability *= share / sum;
        }
        row[target] -= share;
    }
    loss / targets.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_optimum_has_a_vanishing_gradient() {
        // Three noisy clusters. At the minimum, moving any weight by a little must not lower the objective.
        let rows: Vec<[f32; 2]> = (0..60_u8)
            .map(|i| {
                let angle = f32::from(i % 3) * 2.1 + f32::from(i) * 0.03;
                [angle.cos() + f32::from(i % 7) * 0.05, angle.sin() - f32::from(i % 5) * 0.05]
            })
            .collect();
        let rows: Vec<&[f32]> = rows.iter().map(<[f32; 2]>::as_slice).collect();
        let targets: Vec<usize> = (0..60).map(|i| i % 3).collect();
        let inverse_penalty = 0.5;
        let fitted = SoftmaxRegression::fit(&rows, &targets, 3, inverse_penalty).unwrap();
        let objective = |model: &SoftmaxRegression| {
            let loss: f64 = rows
                .iter()
                .zip(&targets)
                .map(|(row, &target)| {
                    let logits = model.logits(row);
                    let sum: f64 = logits.iter().map(|&logit| f64::from(logit).exp()).sum();
                    sum.ln() - f64::from(logits[target])
                })
                .sum();
            let norm: f64 = model.weights.iter().map(|&w| f64::from(w).powi(2)).sum();
            (loss + norm / (2.0 * inverse_penalty)) / rows.len() as f64
        };
        let least = objective(&fitted);
        for index in 0..fitted.weights.len() {
            for step in [-0.02, 0.02] {
                let mut moved = fitted.clone();
                moved.weights[index] += step;
                assert!(objective(&moved) > least, "weight {index} by {step}");
            }
        }
    }
}
