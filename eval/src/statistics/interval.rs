//! Shares and how far they may be from the truth.

use serde::{Deserialize, Serialize};

use super::bootstrap::Interval;
use super::hypothesis::binomial_cdf;

/// The 97.5 % point of the normal distribution: for two-sided intervals of 95 %.
const Z: f64 = 1.959_963_984_540_054;

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

/// Wilson's score interval (1927) at 95 % for a share among `messages`.
#[must_use]
pub fn wilson(share: f64, messages: f64) -> Interval {
    let z2 = Z * Z;
    let centre = (share + z2 / (2.0 * messages)) / (1.0 + z2 / messages);
    let half = Z / (1.0 + z2 / messages)
        * (share * (1.0 - share) / messages + z2 / (4.0 * messages * messages)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// The exact two-sided interval of Clopper and Pearson (1934) for `part` of `whole`, wrong with probability `alpha` at most.
#[must_use]
pub fn clopper_pearson(part: usize, whole: usize, alpha: f64) -> Interval {
    [1.0 - upper_bound(whole - part, whole, alpha / 2.0), upper_bound(part, whole, alpha / 2.0)]
}

/// The exact one-sided bound: the largest share under which `part` or fewer of `whole` are not less probable than `delta`.
#[must_use]
pub fn upper_bound(part: usize, whole: usize, delta: f64) -> f64 {
    if part >= whole {
        return 1.0;
    }
    let (mut low, mut high) = (part as f64 / whole as f64, 1.0);
    while high - low > 1e-13 {
        let middle = f64::midpoint(low, high);
        if binomial_cdf(part, whole, middle) > delta {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
