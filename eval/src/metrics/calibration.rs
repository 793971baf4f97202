//! Whether confidence is accuracy: reliability, calibration error, Brier score, logarithmic loss.

use serde::{Deserialize, Serialize};

/// How many bins a reliability diagram has, as in Guo et al. (2017).
const BINS: usize = 15;

/// The least probability in a logarithm: probabilities are kept to a millionth.
const LEAST: f64 = 1e-6;

/// Messages with how sure the pipeline was, and whether it was right.
#[derive(Clone, Debug)]
pub struct Reliability {
    outcomes: Vec<(f64, bool)>,
    /// Positions by confidence, for bins of equal mass.
    order: Vec<u32>,
}

/// Messages of similar confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// How many.
    pub messages: usize,
    /// The mean confidence.
    pub confidence: f64,
    /// The share that was right.
    pub accuracy: f64,
}

impl Reliability {
    /// Of confidences, each with whether it was right.
    #[must_use]
    pub fn of(outcomes: Vec<(f64, bool)>) -> Self {
        let mut order: Vec<u32> = (0..).take(outcomes.len()).collect();
        order.sort_by(|&a, &b| outcomes[a as usize].0.total_cmp(&outcomes[b as usize].0));
        Self { outcomes, order }
    }

    /// Fifteen bins of equal width, those without messages left out. A confidence on an edge belongs to the lower bin.
    #[must_use]
    pub fn bins(&self, weights: &[f64]) -> Vec<Bin> {
        self.sums_by_width(weights).iter().filter_map(Sums::bin).collect()
    }

    /// Fifteen bins of as many messages each.
    #[must_use]
    pub fn equal_mass_bins(&self, weights: &[f64]) -> Vec<Bin> {
        self.sums_by_mass(weights).iter().filter_map(Sums::bin).collect()
    }

    /// Expected calibration error: the mean distance between confidence and accuracy over the bins of equal width (Naeini et al. 2015).
    #[must_use]
    pub fn calibration_error(&self, weights: &[f64]) -> Option<f64> {
        error_of(&self.sums_by_width(weights))
    }

    /// The same over bins of as many messages each.
    #[must_use]
    pub fn equal_mass_error(&self, weights: &[f64]) -> Option<f64> {
        error_of(&self.sums_by_mass(weights))
    }

    /// The mean squared distance between confidence and being right (Brier 1950, of one event).
    #[must_use]
    pub fn brier(&self, weights: &[f64]) -> Option<f64> {
        self.mean(weights, |confidence, right| (confidence - f64::from(u8::from(right))).powi(2))
    }

    /// The mean negative logarithm of the probability of what happened.
    #[must_use]
    pub fn log_loss(&self, weights: &[f64]) -> Option<f64> {
        self.mean(weights, |confidence, right| log_loss(if right { confidence } else { 1.0 - confidence }))
    }

    fn mean(&self, weights: &[f64], loss: impl Fn(f64, bool) -> f64) -> Option<f64> {
        let all: f64 = weights.iter().sum();
        let losses = self.outcomes.iter().zip(weights).map(|(&(c, right), weight)| weight * loss(c, right));
        (all > 0.0).then(|| losses.sum::<f64>() / all)
    }

    fn sums_by_width(&self, weights: &[f64]) -> [Sums; BINS] {
        let mut bins = [Sums::default(); BINS];
        for (&outcome, &weight) in self.outcomes.iter().zip(weights) {
            let bin = (outcome.0 * BINS as f64).ceil() as usize;
            bins[bin.clamp(1, BINS) - 1].add(outcome, weight);
        }
        bins
    }

    fn sums_by_mass(&self, weights: &[f64]) -> Vec<Sums> {
        let count = self.order.len();
        let bins = BINS.min(count);
        let bounds = (0..bins).map(|bin| bin * count / bins..(bin + 1) * count / bins);
        let sums = bounds.map(|bounds| {
            let mut sums = Sums::default();
            for &place in &self.order[bounds] {
                sums.add(self.outcomes[place as usize], weights[place as usize]);
            }
            sums
        });
        sums.collect()
    }
}

/// The mean distance between confidence and accuracy, each bin counting by its weight.
fn error_of(bins: &[Sums]) -> Option<f64> {
    let all: f64 = bins.iter().map(|sums| sums.weight).sum();
    (all > 0.0).then(|| bins.iter().map(|sums| (sums.confidence - sums.right).abs()).sum::<f64>() / all)
}

/// The negative logarithm of the probability of what happened; what was held for impossible counts as a millionth.
#[must_use]
pub(crate) fn log_loss(probability: f64) -> f64 {
    -probability.clamp(LEAST, 1.0).ln()
}

#[derive(Clone, Copy, Default)]
struct Sums {
    messages: usize,
    weight: f64,
    confidence: f64,
    right: f64,
}

impl Sums {
    fn add(&mut self, (confidence, right): (f64, bool), weight: f64) {
        self.messages += usize::from(weight > 0.0);
        self.weight += weight;
        self.confidence += weight * confidence;
        self.right += if right { weight } else { 0.0 };
    }

    fn bin(&self) -> Option<Bin> {
        (self.weight > 0.0).then(|| Bin {
            messages: self.messages,
            confidence: self.confidence / self.weight,
            accuracy: self.right / self.weight,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_stands_for_many_counts_as_many_in_bins_of_equal_mass() {
        // Two messages, a bin each: 0.2 from being right, and 0.5.
        let reliability = Reliability::of(vec![(0.8, true), (0.5, false)]);
        let error = |weights: [f64; 2]| reliability.equal_mass_error(&weights).unwrap();
        assert!((error([1.0, 1.0]) - 0.35).abs() < 1e-12);
        assert!((error([9.0, 1.0]) - 0.23).abs() < 1e-12);
        assert_eq!(reliability.equal_mass_error(&[0.0, 0.0]), None);
    }
}
