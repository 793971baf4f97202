//! What the shop chooses about its conversations, beside the promise that training keeps.

use serde::Deserialize;
use shopdesk_model::Probability;
use shopdesk_model::intents::IntentId;

/// Thresholds of [`decide`](crate::decide()), from the section `[policy]` of `shopdesk.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// The least probability that an article answers the message for it to be given as the answer.
    pub answer_probability: Probability,
    /// The least probability for an intent to be offered as a choice when the message is not clear.
    pub clarify_confidence: Probability,
    /// The least probability of the likeliest intent for a message to be read alone; below it, it is read together with what was said
    /// before.
    pub context_confidence: Probability,
    /// The least probability of being very upset for a human to take over; never when there is none.
    pub upset_confidence: Option<Probability>,
    /// The intent of asking for a human, if the shop has one: who means it is not asked what else is meant.
    pub human_intent: Option<IntentId>,
    /// The intents of wanting nothing, such as greeting and thanking: nobody is asked whether that is meant.
    #[serde(default)]
    pub small_talk_intents: Vec<IntentId>,
}
