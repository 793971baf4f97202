//! Conversations, and who speaks for the shop in them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id_newtype {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new id; later ones sort after earlier ones.
            #[must_use]
            #[expect(clippy::new_without_default, reason = "every call gives another id")]
            pub fn new() -> Self {
                Self(uuid::Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}
pub(crate) use id_newtype;

id_newtype!(
    /// Names a conversation.
    ConversationId,
    /// Names a message.
    MessageId
);

impl ConversationId {
    /// The id as a visitor's token carries it.
    pub(crate) fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for ConversationId {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

/// A conversation without what was said in it.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Who speaks for the shop.
    pub state: ConversationState,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The number of its last event.
    pub last_sequence: i64,
    /// The site on which it was begun.
    pub site: String,
    /// How the shopper reached us, such as `widget`.
    pub channel: String,
    /// The language of the page, as a BCP 47 tag, if it was said.
    #[schema(required)]
    pub language: Option<String>,
    /// The shop's customer, if the shop vouches for it.
    #[schema(required)]
    pub customer: Option<Customer>,
    /// What the page says beside the messages, such as an order.
    pub context: BTreeMap<String, String>,
    /// How the shopper can be reached when nobody came in time.
    #[schema(required)]
    pub contact: Option<Contact>,
    /// What the shopper says of the conversation.
    #[schema(required)]
    pub rating: Option<Rating>,
    /// Up to which event the shopper has read.
    pub shopper_read: i64,
    /// Up to which event an agent has read.
    pub agent_read: i64,
}

/// A customer of the shop, by the shop's own id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Customer {
    /// The shop's id.
    pub id: String,
    /// What to call the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// How a shopper can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What `value` is.
    pub kind: ContactKind,
    /// A number, an address.
    pub value: String,
    /// Anything else, such as when to call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A way to reach a shopper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContactKind {
    /// By telephone.
    Phone,
    /// By e-mail.
    Email,
    /// As the note says.
    Other,
}

/// What a shopper says of a conversation, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// From 1, bad, to 5, good.
    #[schema(minimum = 1, maximum = 5)]
    pub score: u8,
    /// Why.
    #[serde(default)]
    pub reasons: Vec<RatingReason>,
    /// In the shopper's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Why a conversation was good or bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatingReason {
    /// It took long.
    Slow,
    /// The problem is still there.
    NotSolved,
    /// It was hard to understand.
    Unclear,
    /// Somebody was rude.
    Rude,
    /// It was quick.
    Fast,
    /// The problem is gone.
    Solved,
    /// Somebody was kind.
    Friendly,
}

/// Who speaks for the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConversationState {
    /// The program answers.
    Bot,
    /// A ticket waits for an agent. The program is silent: nobody talks over a human.
    WaitingForHuman,
    /// An agent answers.
    WithHuman,
    /// It is over, until the shopper writes again.
    Closed,
}

/// What happens to a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConversationStep {
    /// A human has to answer: a ticket is open.
    HandOver,
    /// An agent takes the ticket.
    Claim,
    /// The agent gives it back.
    Release,
    /// Shopper or agent end it.
    Close,
    /// The shopper writes again and the program may answer.
    ReopenForBot,
    /// The shopper writes again to the agents.
    ReopenForHuman,
}

/// A step that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a conversation that is `{}` cannot take the step {step:?}", state.as_str())]
pub struct IllegalStep {
    /// Where the conversation is.
    pub state: ConversationState,
    /// What was to happen.
    pub step: ConversationStep,
}

impl ConversationState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bot, Self::WaitingForHuman, Self::WithHuman, Self::Closed];

    /// The word used in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bot => "bot",
            Self::WaitingForHuman => "waiting_for_human",
            Self::WithHuman => "with_human",
            Self::Closed => "closed",
        }
    }

    /// Where a step leads from here.
    ///
    /// # Errors
    /// When it leads nowhere from here.
    pub fn after(self, step: ConversationStep) -> Result<Self, IllegalStep> {
        use ConversationStep::{Claim, Close, HandOver, Release, ReopenForBot, ReopenForHuman};
        match (self, step) {
            (Self::Bot, HandOver) | (Self::WithHuman, Release) | (Self::Closed, ReopenForHuman) => {
                Ok(Self::WaitingForHuman)
            }
            // An agent may write to whoever still talks to the program, and hand a claimed ticket to a colleague.
            (Self::Bot | Self::WaitingForHuman | Self::WithHuman, Claim) => Ok(Self::WithHuman),
            (Self::Bot | Self::WaitingForHuman | Self::WithHuman, Close) => Ok(Self::Closed),
            (Self::Closed, ReopenForBot) => Ok(Self::Bot),
            (state, step) => Err(IllegalStep { state, step }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_leads_where_it_should_or_nowhere() {
        use ConversationState::{Bot, Closed, WaitingForHuman, WithHuman};
        use ConversationStep::{Claim, Close, HandOver, Release, ReopenForBot, ReopenForHuman};
        let steps = [HandOver, Claim, Release, Close, ReopenForBot, ReopenForHuman];
        let expected = [
            (Bot, [Some(WaitingForHuman), Some(WithHuman), None, Some(Closed), None, None]),
            (WaitingForHuman, [None, Some(WithHuman), None, Some(Closed), None, None]),
            (WithHuman, [None, Some(WithHuman), Some(WaitingForHuman), Some(Closed), None, None]),
            (Closed, [None, None, None, None, Some(Bot), Some(WaitingForHuman)]),
        ];
        for (state, ends) in expected {
            for (step, end) in steps.into_iter().zip(ends) {
                assert_eq!(state.after(step), end.ok_or(IllegalStep { state, step }));
            }
        }
    }
}
