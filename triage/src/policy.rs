//! What the shop chooses about its conversations, beside the promise that training keeps.

use serde::Deserialize;
use shopdesk_model::Probability;

/// Thresholds of [`decide`](crate::decide()), from the section `[policy]` of `shopdesk.toml`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The least cosine between the message and an article for that article to be the answer.
    pub answer_similarity: f32,
    /// The least probability for an intent to be offered as a choice when the message is not clear.
    pub clarify_confidence: Probability,
}
