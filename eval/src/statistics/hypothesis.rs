//! Tests: could it be chance?

use serde::{Deserialize, Serialize};
use statrs::function::factorial::ln_binomial;

pub use shopdesk_model::interval::binomial_cdf;

/// McNemar's test (1947) on messages that exactly one of two versions got right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct McNemar {
    /// Only the first was right.
    pub only_first_right: usize,
    /// Only the second was right.
    pub only_second_right: usize,
    /// The two-sided probability of a difference at least as large if neither were better: exact, from the binomial
    /// distribution with one half.
    pub p_value: f64,
    /// The statistic with Edwards' correction, for comparison with tables of chi-squared with one degree of freedom.
    pub chi_squared: f64,
}

/// Exact, for whatever numbers.
#[must_use]
pub fn mcnemar(only_first_right: usize, only_second_right: usize) -> McNemar {
    let (fewer, all) = (only_first_right.min(only_second_right), only_first_right + only_second_right);
    let distance = only_first_right.abs_diff(only_second_right) as f64;
    McNemar {
        only_first_right,
        only_second_right,
        p_value: (2.0 * binomial_cdf(fewer, all, 0.5)).min(1.0),
        chi_squared: if all == 0 { 0.0 } else { (distance - 1.0).max(0.0).powi(2) / all as f64 },
    }
}

/// Fisher's exact test, one-sided: the probability that so few or fewer of the `inside` are right, when of all messages together, those
/// `inside` and those `outside`, as many are right as are. The pairs are how many are right, of how many.
#[must_use]
pub fn fisher_less(inside: (usize, usize), outside: (usize, usize)) -> f64 {
    let (right, all) = (inside.0 + outside.0, inside.1 + outside.1);
    let least = right.saturating_sub(outside.1);
    let whole = ln_binomial(all as u64, inside.1 as u64);
    let wrong = all - right;
    let terms = (least..=inside.0).map(|k| {
        (ln_binomial(right as u64, k as u64) + ln_binomial(wrong as u64, (inside.1 - k) as u64) - whole).exp()
    });
    terms.sum::<f64>().min(1.0)
}

/// The p-values as Benjamini and Hochberg (1995) correct them: when those below 0.05 are believed, 5 % of what is believed is wrong on average.
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[b].total_cmp(&p_values[a]));
    let mut corrected = vec![1.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (place, &index) in order.iter().enumerate() {
        let rank = p_values.len() - place;
        smallest = smallest.min(p_values[index] * p_values.len() as f64 / rank as f64);
        corrected[index] = smallest;
    }
    corrected
}
