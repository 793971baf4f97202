//! What a human gets when the program hands over: classified, with suggestions, so that nobody has to repeat anything.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shopdesk_model::Probability;
use shopdesk_model::intents::Priority;
use shopdesk_triage::{EscalationReason, RuleName};
use uuid::Uuid;

use crate::conversation::{Assessed, Citation, ConversationId, MessageId, id_newtype};

id_newtype!(
    /// Names a ticket.
    TicketId
);

/// A conversation that waits for a human.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// The conversation to take over.
    pub conversation: ConversationId,
    /// The message that was not answered.
    pub message: MessageId,
    /// What it says.
    pub text: String,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How soon to look at it.
    pub priority: Priority,
    /// The rules that made it more urgent than its intents do; empty when the intents alone made it so.
    #[serde(default)]
    pub raised_by: Vec<RuleName>,
    /// Why the program did not answer.
    pub reason: EscalationReason,
    /// What the pipeline made of the message; nothing when the pipeline failed.
    pub assessment: Option<Assessed>,
    /// Articles that may help, the closest first.
    pub suggestions: Vec<Suggestion>,
}

/// An article that may help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The article.
    pub article: Citation,
    /// Its short answer, to send or to edit.
    pub answer: String,
    /// Cosine between the message and the article.
    pub similarity: f32,
    /// How probable it is that it answers the message; nothing in what was stored by older versions.
    #[serde(default)]
    pub probability: Option<Probability>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_from_before_priorities_were_raised_can_be_read() {
        let stored = r#"{"id":"019aaaaa-0000-7000-8000-000000000000","conversation":"019aaaaa-0000-7000-8000-000000000001",
            "message":"019aaaaa-0000-7000-8000-000000000002","text":"退款呢","opened_at":"2026-11-01T08:00:00Z",
            "priority":"high","reason":"intent_needs_human","assessment":null,"suggestions":[]}"#;
        let ticket: Ticket = serde_json::from_str(stored).unwrap();
        assert_eq!((ticket.priority, ticket.raised_by), (Priority::High, vec![]));
    }
}
