//! Shares and how far they may be from the truth.

use serde::{Deserialize, Serialize};

use super::bootstrap::Interval;

pub use shopdesk_model::interval::{clopper_pearson, upper_bound, wilson};

/// A part of some messages, with Wilson's 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share; `None` when it would be one of nothing.
    pub share: Option<f64>,
    /// Between these it lies with 95 % confidence.
    pub interval: Option<Interval>,
    /// How many messages are the part.
    pub part: usize,
    /// How many messages are the whole.
    pub whole: usize,
}

impl Share {
    /// Of messages, each with its weight and whether it belongs to the part. With weights, the interval is that of as many messages as
    /// would be as informative (Kish 1965): the square of the weights' sum over the sum of their squares.
    #[must_use]
    pub fn of(messages: impl IntoIterator<Item = (f64, bool)>) -> Self {
        let (mut part, mut whole) = (0, 0);
        let (mut part_weight, mut weights, mut squares) = (0.0, 0.0, 0.0);
        for (weight, belongs) in messages {
            whole += 1;
            weights += weight;
            squares += weight * weight;
            if belongs {
                part += 1;
                part_weight += weight;
            }
        }
        if whole == 0 {
            return Self { share: None, interval: None, part, whole };
        }
        // Counts are exact; sums of weights are not.
        let share = if part == whole { 1.0 } else { part_weight / weights };
        let interval = wilson(share, weights * weights / squares);
        Self { share: Some(share), interval: Some(interval), part, whole }
    }

    /// The share, or nothing of nothing.
    #[must_use]
    pub fn or_zero(&self) -> f64 {
        self.share.unwrap_or(0.0)
    }
}
