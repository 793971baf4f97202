//! Whether confidence is accuracy, of all messages and by language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Observation;
use crate::metrics::{Bin, Reliability};

/// Whether confidence is accuracy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Bins of equal width, the least confident first.
    pub bins: Vec<Bin>,
    /// Bins of as many messages each.
    pub equal_mass_bins: Vec<Bin>,
    /// Of all messages.
    pub all: CalibrationFigures,
    /// Of the likeliest intent alone, whether or not the message was then taken for out of scope: by the classifier's scores, before
    /// calibration; nothing when that was not kept.
    pub before: Option<CalibrationFigures>,
    /// The same after calibration.
    pub after: CalibrationFigures,
    /// By the language that the messages are labelled or else detected to be in.
    pub languages: BTreeMap<String, CalibrationFigures>,
}

/// Of the class that a message was taken for: how sure the pipeline was, and whether it was right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationFigures {
    /// How many messages there are.
    pub messages: usize,
    /// Expected calibration error over bins of equal width.
    pub ece: f64,
    /// The mean squared distance between confidence and being right.
    pub brier: f64,
    /// The mean negative logarithm of the probability of what happened.
    pub log_loss: f64,
}

impl Calibration {
    pub(super) fn of(observations: &[Observation], weights: &[f64]) -> Self {
        let reliability = |observations: &[&Observation]| {
            Reliability::of(observations.iter().map(|o| (o.predicted_probability(), o.right())).collect())
        };
        let of_likeliest = |probabilities: Vec<(f64, bool)>| {
            CalibrationFigures::of(&Reliability::of(probabilities), weights)
        };
        let before: Option<Vec<(f64, bool)>> =
            observations.iter().map(|o| Some((o.uncalibrated?, o.likeliest_right()))).collect();
        let after = observations.iter().map(|o| (o.confidence, o.likeliest_right())).collect();
        let all = reliability(&observations.iter().collect::<Vec<_>>());
        let mut languages: BTreeMap<&str, Vec<&Observation>> = BTreeMap::new();
        for observation in observations {
            let language = observation.slices.get("language").map_or("", String::as_str);
            languages.entry(language).or_default().push(observation);
        }
        let by_language = languages.into_iter().map(|(language, observations)| {
            let weights: Vec<f64> = observations.iter().map(|observation| observation.weight).collect();
            (language.to_owned(), CalibrationFigures::of(&reliability(&observations), &weights))
        });
        Self {
            bins: all.bins(weights),
            equal_mass_bins: all.equal_mass_bins(weights),
            all: CalibrationFigures::of(&all, weights),
            before: before.map(of_likeliest),
            after: of_likeliest(after),
            languages: by_language.collect(),
        }
    }
}

impl CalibrationFigures {
    fn of(reliability: &Reliability, weights: &[f64]) -> Self {
        Self {
            messages: weights.len(),
            ece: reliability.calibration_error(weights).unwrap_or_default(),
            brier: reliability.brier(weights).unwrap_or_default(),
            log_loss: reliability.log_loss(weights).unwrap_or_default(),
        }
    }
}
