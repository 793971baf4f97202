//! Temperature scaling: one number that makes a classifier's probabilities mean what they say.
//!
//! Guo et al. (2017), On Calibration of Modern Neural Networks, <https://arxiv.org/abs/1706.04599>. The logits are
//! divided by the temperature that maximises the likelihood of out-of-fold predictions; above 1 it tempers
//! overconfidence.

/// Probabilities of logits divided by `temperature`.
pub(super) fn softmax(logits: &[f32], temperature: f64) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut exponentials: Vec<f64> =
        logits.iter().map(|&logit| (f64::from(logit - largest) / temperature).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter_mut().for_each(|value| *value /= sum);
    exponentials
}

/// The temperature under which `logits`, made without seeing their `targets`, are the likeliest, and their mean loss: golden-section
/// search over its logarithm, in which the loss has one minimum.
pub(super) fn fit_temperature(logits: &[Vec<f32>], targets: &[usize]) -> (f64, f64) {
    let loss = |log_temperature: f64| -> f64 {
        let temperature = log_temperature.exp();
        logits
            .iter()
            .zip(targets)
            .map(|(row, &target)| -softmax(row, temperature)[target].max(1e-300).ln())
            .sum()
    };
    let ratio = (5_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (0.005_f64.ln(), 20_f64.ln());
    let (mut a, mut b) = (high - ratio * (high - low), low + ratio * (high - low));
    let (mut loss_a, mut loss_b) = (loss(a), loss(b));
    while high - low > 1e-4 {
        if loss_a < loss_b {
            (high, b, loss_b) = (b, a, loss_a);
            a = high - ratio * (high - low);
            loss_a = loss(a);
        } else {
            (low, a, loss_a) = (a, b, loss_b);
            b = low + ratio * (high - low);
            loss_b = loss(b);
        }
    }
    (f64::midpoint(low, high).exp(), loss_a.min(loss_b) / targets.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overconfident_logits_are_tempered() {
        // Always 8 nats for class 0, which is right 3 times in 4: the likeliest temperature solves
        // 1 / (1 + exp(-8 / T)) = 3/4, so T = 8 / ln 3.
        let logits = vec![vec![8.0, 0.0]; 400];
        let targets: Vec<usize> = (0..400).map(|i| usize::from(i % 4 == 0)).collect();
        let (temperature, _) = fit_temperature(&logits, &targets);
        assert!((temperature - 8.0 / 3_f64.ln()).abs() < 0.01, "{temperature}");
    }
}
