//! What happens in a conversation, numbered without gaps, so that whoever reconnects misses nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shopdesk_triage::EscalationReason;

use crate::conversation::{ConversationState, MessageId, RatingReason};
use crate::message::Message;

/// Something that happened in a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Event {
    /// 1 for the first of its conversation, without gaps.
    pub sequence: i64,
    /// When it was stored.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub happening: Happening,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happening {
    /// Somebody said something.
    Message {
        /// What.
        message: Box<Message>,
    },
    /// Something changed.
    #[serde(untagged)]
    Change(Change),
}

impl Happening {
    /// The word used in JSON and in the database.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Message { .. } => "message",
            Self::Change(change) => change.kind(),
        }
    }
}

/// What can change in a conversation beside what is said. It is kept as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// Somebody else speaks for the shop.
    State {
        /// Who.
        state: ConversationState,
        /// Why a human takes over, if one does.
        #[schema(required, value_type = Option<crate::schema::EscalationReason>)]
        reason: Option<EscalationReason>,
        /// What the agent is called, if there is one.
        #[schema(required)]
        agent: Option<String>,
    },
    /// The shopper said whether an answer helped.
    Helpful {
        /// Which.
        message: MessageId,
        /// Whether it did.
        helpful: bool,
    },
    /// The shopper rated the conversation.
    Rating {
        /// From 1 to 5.
        score: u8,
        /// Why.
        reasons: Vec<RatingReason>,
    },
    /// The shopper left a number or an address.
    Contact,
}

impl Change {
    /// The word used in JSON and in the database.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::State { .. } => "state",
            Self::Helpful { .. } => "helpful",
            Self::Rating { .. } => "rating",
            Self::Contact => "contact",
        }
    }
}

/// What happens now and is not kept: whoever is not there misses nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Sign {
    /// Somebody writes.
    Typing {
        /// Who.
        by: crate::message::Sender,
        /// What the agent is called.
        #[serde(skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// Somebody has read.
    Read {
        /// Who.
        by: crate::message::Sender,
        /// Up to which event.
        sequence: i64,
    },
}

impl Sign {
    /// The word used in JSON.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Typing { .. } => "typing",
            Self::Read { .. } => "read",
        }
    }
}
