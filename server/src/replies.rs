//! The sentences that the program says beside the articles: the shop's own, by language, from `shopdesk.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use shopdesk_triage::{EscalationReason, MessageLanguage};

/// Sentences by language tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Replies(BTreeMap<String, LanguageReplies>);

/// Sentences in one language.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageReplies {
    /// Asks which of the offered meanings is meant.
    pub clarify: String,
    /// A human will look at something that we are not sure about.
    pub handed_over: String,
    /// A human was asked for and is on the way.
    pub handed_over_as_asked: String,
    /// A human will look at something that is always a human's business.
    pub handed_over_to_specialist: String,
    /// The message is outside of what the desk does; a human has a look.
    pub handed_over_out_of_scope: String,
}

impl Replies {
    /// Whether there are sentences in the language of that tag.
    #[must_use]
    pub fn has(&self, tag: &str) -> bool {
        self.0.contains_key(tag)
    }

    /// The sentences for a reader of `language`: its own tag, the tag without a script, the shop's default, any.
    #[must_use]
    pub fn for_language(&self, language: MessageLanguage, default: &str) -> Option<&LanguageReplies> {
        let tags = [Some(language.tag()), language.base(), Some(default)];
        tags.into_iter().flatten().find_map(|tag| self.0.get(tag)).or_else(|| self.0.values().next())
    }
}

impl LanguageReplies {
    /// What a shopper is told when a human takes over.
    #[must_use]
    pub fn on_escalation(&self, reason: EscalationReason) -> &str {
        match reason {
            EscalationReason::HumanRequested => &self.handed_over_as_asked,
            EscalationReason::OutOfScope => &self.handed_over_out_of_scope,
            EscalationReason::IntentNeedsHuman => &self.handed_over_to_specialist,
            EscalationReason::LowConfidence | EscalationReason::NoArticle | EscalationReason::Failure => {
                &self.handed_over
            }
        }
    }
}
