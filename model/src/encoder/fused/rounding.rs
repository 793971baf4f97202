//! How weights are rounded so that the errors of a product's channels make up for each other.
//!
//! Rounding each weight to the nearest step is best only for channels that have nothing to do with each other; those of a
//! transformer move together. With `e` the errors of one output's weights and `H` the covariance of the smoothed
//! channels, the output is wrong by `eᵀ H e` in the mean square. With `H = L D Lᵀ`, `L` with ones on its diagonal, that is
//! `Σ D[k] (e[k] + Σ[j > k] L[j][k] e[j])²`, so from the last channel to the first, each weight is rounded with what the
//! later ones' errors leave for it added (Frantar et al., 2022, GPTQ, <https://arxiv.org/abs/2210.17323>, in the form of Chee et
//! al., 2023, QuIP, <https://arxiv.org/abs/2307.13304>).

use faer::linalg::solvers::Llt;
use faer::{Mat, Side};

use super::smoothing::{Channels, Smoothing};

/// What is added to every channel's variance, as a share of the mean one: activations are rounded as well, each on its own.
const DAMPING: f64 = 0.05;

/// What the errors of later channels leave for earlier ones.
pub(super) struct Feedback {
    /// `L`, row by row: `[channels, channels]`
    lower: Vec<f32>,
    /// Of the output that is being rounded.
    left: Vec<f32>,
}

impl Feedback {
    /// Channels whose weights are all zero take no part.
    pub(super) fn of(channels: &Channels, smoothing: &Smoothing, greatest_weights: &[f32]) -> Self {
        let width = channels.mean.len();
        let used = |k: usize| greatest_weights[k] > 0.0;
        let covariance = |row: usize, column: usize| match used(row) && used(column) {
            true => {
                f64::from(channels.covariance[row * width + column])
                    / (f64::from(smoothing.size[row]) * f64::from(smoothing.size[column]))
            }
            false => 0.0,
        };
        let of_used = (0..width).filter(|&k| used(k)).count().max(1) as f64;
        let mean = (0..width).map(|k| covariance(k, k)).sum::<f64>() / of_used;
        let damping = DAMPING * mean.max(f64::from(f32::MIN_POSITIVE));
        let damped = Mat::from_fn(width, width, |row, column| {
            covariance(row, column) + if row == column { damping } else { 0.0 }
        });
        let factor =
            Llt::new(damped.as_ref(), Side::Lower).expect("a damped covariance is positive definite");
        let factor = factor.L();
        let mut lower = vec![0.0; width * width];
        for (row, values) in lower.chunks_exact_mut(width).enumerate() {
            for (column, value) in values[..=row].iter_mut().enumerate() {
                *value = (factor[(row, column)] / factor[(column, column)]) as f32;
            }
        }
        Self { lower, left: Vec::new() }
    }

    /// One output's weights in steps of `scale`.
    pub(super) fn round(&mut self, weights: &[f32], scale: impl Fn(usize) -> f32) -> Vec<i8> {
        self.left.clear();
        self.left.resize(weights.len(), 0.0);
        let mut rounded = vec![0; weights.len()];
        for k in (0..weights.len()).rev() {
            let scale = scale(k);
            if scale > 0.0 {
                rounded[k] = ((weights[k] + self.left[k]) / scale).round().clamp(-127.0, 127.0) as i8;
            }
            let error = weights[k] - f32::from(rounded[k]) * scale;
            let row = &self.lower[k * weights.len()..][..k];
            for (left, lower) in self.left.iter_mut().zip(row) {
                *left += error * lower;
            }
        }
        rounded
    }
}
