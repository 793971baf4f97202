//! From which probabilities on the desk acts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::promise::Kept;
use crate::Probability;
use crate::intents::IntentId;

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
    /// Whether an automatic answer to a message with that intent, at that confidence, keeps the promise.
    #[must_use]
    pub fn allow(&self, intent: &IntentId, confidence: Probability) -> bool {
        let kept = self.intents.get(intent).unwrap_or(&self.promise);
        kept.threshold.is_some_and(|threshold| confidence >= threshold)
    }
}
