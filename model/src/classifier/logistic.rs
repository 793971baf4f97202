//! Logistic regression on a handful of features, for a yes or a no.

use faer::linalg::solvers::{Llt, Solve as _};
use faer::{Mat, Side};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// L2 penalty on the weights of the standardised features: as much as an observation counts, so that a few observations make
/// small weights.
const PENALTY: f64 = 1.0;

const NEWTON_STEPS: usize = 30;

/// The log-odds of a yes are a weighted sum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Logistic {
    weights: Vec<f64>,
    intercept: f64,
}

/// Features of an example, whether it is a yes, and how much it counts.
pub(super) struct Observation {
    pub(super) features: Vec<f64>,
    pub(super) yes: bool,
    pub(super) weight: f64,
}

impl Logistic {
    /// Fits by Newton's method; all observations have the same number of features.
    ///
    /// # Errors
    /// When a feature is not finite.
    pub(super) fn fit(observations: &[Observation]) -> Result<Self> {
        let count = observations.first().map_or(0, |first| first.features.len());
        let total: f64 = observations.iter().map(|observation| observation.weight).sum();
        let mean_of = |value: &dyn Fn(&Observation) -> f64| {
            observations.iter().map(|observation| observation.weight * value(observation)).sum::<f64>()
                / total
        };
        let means: Vec<f64> = (0..count).map(|i| mean_of(&|o| o.features[i])).collect();
        let deviations: Vec<f64> =
            (0..count).map(|i| mean_of(&|o| (o.features[i] - means[i]).powi(2)).sqrt().max(1e-9)).collect();
        // The last one is the intercept's.
        let standardized = |o: &Observation| -> Vec<f64> {
            let scaled = (0..count).map(|i| (o.features[i] - means[i]) / deviations[i]);
            scaled.chain([1.0]).collect()
        };
        let rows: Vec<Vec<f64>> = observations.iter().map(standardized).collect();
        let mut parameters = vec![0.0; count + 1];
        for _ in 0..NEWTON_STEPS {
            let mut gradient = Mat::<f64>::zeros(count + 1, 1);
            let mut hessian = Mat::<f64>::zeros(count + 1, count + 1);
            for i in 0..=count {
                let penalty = if i < count { PENALTY / total } else { 1e-9 };
                gradient[(i, 0)] = penalty * parameters[i];
                hessian[(i, i)] = penalty;
            }
            for (row, observation) in rows.iter().zip(observations) {
                let p = sigmoid(dot(row, &parameters));
                let share = observation.weight / total;
                let slope = share * (p - f64::from(u8::from(observation.yes)));
                let curvature = share * (p * (1.0 - p)).max(1e-12);
                for i in 0..=count {
                    gradient[(i, 0)] += slope * row[i];
                    for j in 0..=i {
                        hessian[(i, j)] += curvature * row[i] * row[j];
                    }
                }
            }
            let factor = Llt::new(hessian.as_ref(), Side::Lower).map_err(|_| Error::DegenerateKernel)?;
            let step = factor.solve(&gradient);
            // Far from the minimum, Newton's method may overshoot.
            let longest = (0..=count).map(|i| step[(i, 0)].abs()).fold(0.0, f64::max);
            let damping = if longest > 2.0 { 2.0 / longest } else { 1.0 };
            for (i, parameter) in parameters.iter_mut().enumerate() {
                *parameter -= damping * step[(i, 0)];
            }
            if longest < 1e-9 {
                break;
            }
        }
        let weights: Vec<f64> = (0..count).map(|i| parameters[i] / deviations[i]).collect();
        let intercept = parameters[count] - dot(&weights, &means);
        Ok(Self { weights, intercept })
    }

    /// How probable a yes is.
    pub(super) fn probability(&self, features: &[f64]) -> f64 {
        sigmoid(dot(&self.weights, features) + self.intercept)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn sigmoid(x: f64) -> f64 {
    if x >= 0.0 { 1.0 / (1.0 + (-x).exp()) } else { x.exp() / (1.0 + x.exp()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observe(feature: f64, yes: bool, weight: f64) -> Observation {
        Observation { features: vec![feature], yes, weight }
    }

    #[test]
    fn frequencies_are_met() {
        // Of those with 0, one in four is a yes; of those with 1, three in four.
        let mut observations = Vec::new();
        for i in 0..400 {
            observations.push(observe(0.0, i % 4 == 0, 1.0));
            observations.push(observe(1.0, i % 4 != 0, 1.0));
        }
        let fitted = Logistic::fit(&observations).unwrap();
        assert!((fitted.probability(&[0.0]) - 0.25).abs() < 0.01);
        assert!((fitted.probability(&[1.0]) - 0.75).abs() < 0.01);
    }

    #[test]
    fn weights_are_as_good_as_repetition() {
        let once = [observe(0.3, true, 3.0), observe(0.1, false, 1.0), observe(0.4, false, 1.0)];
        let again = [0.3, 0.3, 0.3].map(|feature| observe(feature, true, 1.0));
        let again: Vec<_> =
            again.into_iter().chain([observe(0.1, false, 1.0), observe(0.4, false, 1.0)]).collect();
        let (once, again) = (Logistic::fit(&once).unwrap(), Logistic::fit(&again).unwrap());
        assert!((once.probability(&[0.25]) - again.probability(&[0.25])).abs() < 1e-6);
    }

    #[test]
    fn what_can_be_separated_stays_finite() {
        let fitted = Logistic::fit(&[observe(-1.0, false, 1.0), observe(1.0, true, 1.0)]).unwrap();
        assert!(fitted.probability(&[1.0]) > 0.6 && fitted.probability(&[1.0]) < 1.0);
    }
}
