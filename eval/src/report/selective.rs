//! What answering only the surest messages would give, before articles and hand-over rules come in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::quality::by_confidence;
use crate::Observation;
use crate::metrics::CurvePoint;

/// For which accuracies the coverage is given.
const ACCURACIES: [(&str, f64); 3] = [("0.95", 0.95), ("0.98", 0.98), ("0.99", 0.99)];

/// Points of the curve.
const POINTS: usize = 200;

/// What answering only the surest messages would give.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selective {
    /// The area under the risk-coverage curve: the lower, the better.
    pub aurc: f64,
    /// How much of it is due to the order alone: the area less that of the best order with as many errors.
    pub excess_aurc: f64,
    /// The largest share of messages that could be answered with that accuracy, if the threshold were known.
    pub coverage_at_accuracy: BTreeMap<String, f64>,
    /// What each threshold on the confidence would do, from strict to lax.
    pub curve: Vec<CurvePoint>,
}

impl Selective {
    pub(super) fn of(observations: &[Observation], weights: &[f64]) -> Self {
        let ranked = by_confidence(observations);
        let aurc = ranked.aurc(weights).unwrap_or_default();
        let best: Vec<(f64, bool)> = observations
            .iter()
            .map(|o| (f64::from(u8::from(o.likeliest_right())), o.likeliest_right()))
            .collect();
        let best = crate::metrics::Ranked::of(&best).aurc(weights).unwrap_or_default();
        Self {
            aurc,
            excess_aurc: aurc - best,
            coverage_at_accuracy: ACCURACIES
                .map(|(name, accuracy)| {
                    (name.to_owned(), ranked.coverage_at(accuracy, weights).unwrap_or_default())
                })
                .into(),
            curve: ranked.curve(weights, POINTS),
        }
    }
}
