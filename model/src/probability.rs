//! A number in 0..=1 that was checked once.

use serde::{Deserialize, Serialize};

/// A probability. It can only be made from a number in 0..=1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

impl Probability {
    /// Impossible.
    pub const ZERO: Self = Self(0.0);

    /// The probability of that value, if it is one.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// For results of arithmetic that are probabilities up to rounding. To a millionth: more digits mean nothing, and these
    /// few are the same after a way through JSON.
    #[must_use]
    pub(crate) fn rounded(value: f64) -> Self {
        Self(if value.is_nan() { 0.0 } else { (value.clamp(0.0, 1.0) * 1e6).round() / 1e6 })
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Probability {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value).ok_or_else(|| format!("`{value}` is not a probability: give a number from 0 to 1"))
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_from_zero_to_one_are_probabilities() {
        assert!(Probability::new(0.0).is_some() && Probability::new(1.0).is_some());
        assert!(Probability::new(-0.1).is_none() && Probability::new(1.1).is_none());
        assert!(Probability::new(f64::NAN).is_none());
    }
}
