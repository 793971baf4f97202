//! What a human gets when the program hands over: classified, with suggestions, so that nobody has to repeat anything.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shopdesk_model::intents::Priority;
use shopdesk_triage::EscalationReason;
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
}
