//! What the shop chooses about answering by itself.

use serde::Deserialize;
use shopdesk_model::Probability;

/// Thresholds of [`decide`](crate::decide()), from the section `[policy]` of `shopdesk.toml`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The least probability of an intent for an answer without a human.
    pub answer_confidence: Probability,
    /// The least cosine between the message and an article for that article to be the answer.
    pub answer_similarity: f32,
    /// The least probability for an intent to be offered as a choice when the message is not clear.
    pub clarify_confidence: Probability,
    /// The largest probability of "none of the intents" for a message to be answered or clarified.
    pub out_of_scope_limit: Probability,
}
