//! The sentences that the program says beside the articles: the shop's own, by language, from `shopdesk.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use shopdesk_triage::{EscalationReason, MessageLanguage, SmallTalk};

/// Sentences by language tag.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Replies(BTreeMap<String, LanguageReplies>);

/// Sentences in one language. Names in braces are filled in when they are said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LanguageReplies {
    /// Asks which of the offered meanings is meant.
    pub clarify: String,
    /// Asks what the message is about.
    pub clarify_openly: String,
    /// Somebody is there.
    pub greeting: String,
    /// Somebody is grateful.
    pub thanks: String,
    /// Somebody leaves.
    pub bye: String,
    /// Somebody has understood.
    pub acknowledge: String,
    /// An answer did not help.
    pub not_helpful: String,
    /// A human was asked for and is on the way.
    pub handed_over_as_asked: String,
    /// The message is outside of what the desk does; a human has a look.
    pub handed_over_out_of_scope: String,
    /// A human will look at something that is always a human's business.
    pub handed_over_to_specialist: String,
    /// A human will look at something that we are not sure about.
    pub handed_over_unsure: String,
    /// Answers did not help.
    pub handed_over_after_failures: String,
    /// The shopper is upset.
    pub handed_over_upset: String,
    /// A danger, a threat, a complaint.
    pub handed_over_complaint: String,
    /// A part of the program failed.
    pub handed_over_failure: String,
    /// Too many people write at once.
    pub handed_over_busy: String,
    /// The shopper wrote again after the end: people have it again.
    pub reopened: String,
    /// People are there: `{minutes}`.
    pub wait_open: String,
    /// Others wait already: `{position}`.
    pub wait_queue: String,
    /// Nobody is there: `{hours}`, `{opens}`.
    pub wait_closed: String,
    /// Nobody came in time.
    pub nobody_yet: String,
    /// How an order stands: `{order}`, `{status}`.
    pub order_status: String,
    /// There is no such order to tell of: `{order}`.
    pub order_unknown: String,
    /// Asks for an order's number.
    pub ask_order_number: String,
    /// A contact was left.
    pub contact_thanks: String,
}

impl Replies {
    /// Whether there are sentences in the language of that tag.
    #[must_use]
    pub fn has(&self, tag: &str) -> bool {
        self.0.contains_key(tag)
    }

    /// The tags of the languages that there are sentences in.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
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
            EscalationReason::LowConfidence | EscalationReason::NoArticle => &self.handed_over_unsure,
            EscalationReason::AnswersFailed => &self.handed_over_after_failures,
            EscalationReason::Upset => &self.handed_over_upset,
            EscalationReason::Urgent => &self.handed_over_complaint,
            EscalationReason::Busy => &self.handed_over_busy,
            EscalationReason::Failure => &self.handed_over_failure,
        }
    }

    /// What is said to a message that wants nothing.
    #[must_use]
    pub fn on_small_talk(&self, small_talk: SmallTalk) -> &str {
        match small_talk {
            SmallTalk::Greeting => &self.greeting,
            SmallTalk::Thanks => &self.thanks,
            SmallTalk::Bye => &self.bye,
            SmallTalk::Acknowledge => &self.acknowledge,
        }
    }
}

/// A sentence with its names in braces filled in.
pub(crate) fn filled(sentence: &str, names: &[(&str, &str)]) -> String {
    names.iter().fold(sentence.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}
