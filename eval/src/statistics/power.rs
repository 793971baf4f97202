//! How many labelled messages a proof takes.

use serde::Serialize;

use super::binomial_cdf;

/// How many messages it takes to prove that errors are rarer than a limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Power {
    /// What is to be proved: the share of errors is below this.
    pub limit: f64,
    /// How sure the proof must be.
    pub confidence: f64,
    /// The share of errors that is true.
    pub true_error: f64,
    /// With what probability the proof must succeed, if so.
    pub power: f64,
    /// How many messages it takes; `None` when more than ten million.
    pub messages: Option<usize>,
    /// How many of these may be wrong.
    pub wrong_allowed: usize,
}

const MOST: usize = 10_000_000;

/// The smallest number of messages with which an exact binomial test shows an error rate below `limit` with `confidence`, in a
/// share `power` of all draws, when the true rate is `true_error`.
#[must_use]
pub fn messages_to_prove(limit: f64, confidence: f64, true_error: f64, power: f64) -> Power {
    let succeeds = |n: usize| {
        let wrong = wrong_allowed(n, limit, confidence);
        wrong.is_some_and(|wrong| binomial_cdf(wrong, n, true_error) >= power)
    };
    let none = Power { limit, confidence, true_error, power, messages: None, wrong_allowed: 0 };
    if true_error >= limit {
        return none;
    }
    let mut high = ((1.0 - confidence).ln() / (1.0 - limit).ln()).ceil().max(1.0) as usize;
    while !succeeds(high) {
        high *= 2;
        if high > MOST {
            return none;
        }
    }
    // Power falls a little between two steps of the allowed number of errors, so bisection finds a place near the first
    // success only; from there on down, one message after the other, over as many steps as can matter.
    let mut low = high / 2;
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if succeeds(middle) { high = middle } else { low = middle }
    }
    let reach = (12.0 / limit).ceil() as usize;
    let first = (high.saturating_sub(reach)..=high).find(|&n| succeeds(n)).unwrap_or(high);
    let wrong_allowed = wrong_allowed(first, limit, confidence).unwrap_or(0);
    Power { messages: Some(first), wrong_allowed, ..none }
}

/// For several true error rates.
#[must_use]
pub fn power_table(limit: f64, confidence: f64, power: f64) -> Vec<Power> {
    let shares = [0.0, 0.25, 0.5, 0.75];
    shares.iter().map(|share| messages_to_prove(limit, confidence, share * limit, power)).collect()
}

/// The most errors among `n` messages that still prove it; `None` when not even none do.
fn wrong_allowed(n: usize, limit: f64, confidence: f64) -> Option<usize> {
    let proves = |wrong: usize| binomial_cdf(wrong, n, limit) <= 1.0 - confidence;
    if !proves(0) {
        return None;
    }
    let (mut low, mut high) = (0, n);
    while high - low > 1 {
        let middle = usize::midpoint(low, high);
        if proves(middle) { low = middle } else { high = middle }
    }
    Some(low)
}
