//! From which probabilities on the desk acts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Promise;
use super::metrics::Prediction;
use super::promise::{self, Kept, Trial};
use crate::Probability;
use crate::intents::{Handling, IntentId, Label};

/// How much in-scope accuracy recognising messages out of scope may cost.
const SCOPE_LOSS: f64 = 0.015;

/// The thresholds that training chose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// The promise for all intents that have none of their own.
    pub promise: Kept,
    /// Promises for single intents.
    pub intents: BTreeMap<IntentId, Kept>,
    /// A message that is more probably out of scope than this is handed over as such.
    pub out_of_scope: Probability,
}

impl Thresholds {
    /// Those that keep the promise on messages like the predicted ones.
    pub(super) fn choose(predictions: &[Prediction], labels: &[Label], promise: &Promise) -> Self {
        let own = |intent: usize| promise.intents.get(&labels[intent].id).copied();
        let trials = |belongs: &dyn Fn(usize) -> bool| -> Vec<Trial> {
            let candidates = predictions.iter().filter_map(|prediction| {
                let (intent, confidence) = prediction.likeliest();
                let may_be_answered = labels[intent].handling == Handling::Answer && belongs(intent);
                let right = prediction.target == Some(intent);
                may_be_answered.then_some(Trial { confidence, right })
            });
            candidates.collect()
        };
        let choose = |belongs: &dyn Fn(usize) -> bool, max_error: f64| {
            promise::choose(&trials(belongs), predictions.len(), max_error, promise.confidence)
        };
        let intents = labels.iter().enumerate().filter_map(|(intent, label)| {
            Some((label.id.clone(), choose(&|other| other == intent, own(intent)?)))
        });
        Self {
            intents: intents.collect(),
            promise: choose(&|intent| own(intent).is_none(), promise.max_error),
            out_of_scope: scope_threshold(predictions),
        }
    }

    /// Whether an automatic answer to a message with that intent, at that confidence, keeps the promise.
    #[must_use]
    pub fn allow(&self, intent: &IntentId, confidence: Probability) -> bool {
        let kept = self.intents.get(intent).unwrap_or(&self.promise);
        kept.threshold.is_some_and(|threshold| confidence >= threshold)
    }
}

/// The lowest that costs no more in-scope accuracy than is allowed, and at most one half.
fn scope_threshold(predictions: &[Prediction]) -> Probability {
    let in_scope: Vec<&Prediction> = predictions.iter().filter(|p| p.target.is_some()).collect();
    let right = in_scope.iter().filter(|p| Some(p.likeliest().0) == p.target);
    let mut right: Vec<f64> = right.map(|p| p.out_of_scope).collect();
    right.sort_by(|a, b| b.total_cmp(a));
    let allowed = (in_scope.len() as f64 * SCOPE_LOSS) as usize;
    Probability::rounded(right.get(allowed).copied().unwrap_or(0.5).min(0.5))
}
