//! What a human gets when the program hands over: classified, with suggestions, so that nobody has to repeat anything.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shopdesk_model::Probability;
use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_triage::{EscalationReason, RuleName};

use crate::agent::AgentId;
use crate::conversation::{Contact, ConversationId, Customer, MessageId, id_newtype};
use crate::message::{Assessed, Citation};
use crate::schema;

id_newtype!(
    /// Names a ticket.
    TicketId,
    /// Names a correction.
    CorrectionId
);

/// A conversation that a human has to look at.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// What people call it.
    pub number: i64,
    /// The conversation.
    pub conversation: ConversationId,
    /// The message that was not answered.
    pub message: MessageId,
    /// Where it is.
    pub state: TicketState,
    /// How soon to look at it.
    #[schema(value_type = schema::Priority)]
    pub priority: Priority,
    /// What it is about: the likeliest intent, or what an agent said.
    #[schema(required, value_type = Option<String>)]
    pub intent: Option<IntentId>,
    /// Why the program did not answer.
    #[schema(value_type = schema::EscalationReason)]
    pub reason: EscalationReason,
    /// The shopper's language.
    #[schema(required)]
    pub language: Option<String>,
    /// How the shopper probably feels.
    #[schema(required, value_type = Option<schema::Sentiment>)]
    pub sentiment: Option<String>,
    /// The shop's customer, if the shop vouches for it.
    #[schema(required)]
    pub customer: Option<Customer>,
    /// How the shopper can be reached elsewhere.
    #[schema(required)]
    pub contact: Option<Contact>,
    /// Who works on it.
    #[schema(required)]
    pub assignee: Option<AgentId>,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub opened_at: Timestamp,
    /// When the shopper opened it again, the last time.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reopened_at: Option<Timestamp>,
    /// When anything about it changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Until when somebody should have answered.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub first_response_due: Option<Timestamp>,
    /// When somebody did.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub first_response_at: Option<Timestamp>,
    /// Until when it should be closed.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub resolution_due: Option<Timestamp>,
    /// When it was.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// Until when nobody wants to see it.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub snoozed_until: Option<Timestamp>,
    /// The ticket that goes on in its place.
    #[schema(required)]
    pub merged_into: Option<TicketId>,
    /// What the program knew when it was opened.
    #[serde(flatten)]
    pub contents: TicketContents,
}

impl Ticket {
    /// Since when the shopper has waited for its end.
    #[must_use]
    pub fn waits_since(&self) -> Timestamp {
        self.reopened_at.unwrap_or(self.opened_at)
    }
}

/// What the program knew when it opened a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TicketContents {
    /// What was not answered.
    pub text: String,
    /// The rules that made it more urgent than its intents do; empty when the intents alone made it so.
    #[serde(default)]
    #[schema(required, value_type = Vec<String>)]
    pub raised_by: Vec<RuleName>,
    /// What the pipeline made of the message; nothing when the pipeline failed.
    #[schema(required)]
    pub assessment: Option<Assessed>,
    /// Articles that may help, the closest first.
    pub suggestions: Vec<Suggestion>,
}

/// An article that may help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Suggestion {
    /// The article.
    pub article: Citation,
    /// Its short answer, to send or to edit.
    pub answer: String,
    /// Cosine between the message and the article.
    pub similarity: f32,
    /// How probable it is that it answers the message; nothing in what was stored by older versions.
    #[serde(default)]
    #[schema(required, value_type = Option<schema::Probability>)]
    pub probability: Option<Probability>,
}

/// Where a ticket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TicketState {
    /// It waits for an agent.
    Open,
    /// An agent works on it.
    Assigned,
    /// It comes back later.
    Snoozed,
    /// It is done, until the shopper writes again.
    Closed,
    /// Another ticket goes on in its place.
    Merged,
}

/// What happens to a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketStep {
    /// An agent takes it.
    Claim,
    /// It is given to an agent, whoever has it now.
    Assign,
    /// Its agent gives it back.
    Release,
    /// It is put off.
    Snooze,
    /// It comes back after it was put off.
    Wake,
    /// It is done.
    Close,
    /// The shopper writes again.
    Reopen,
    /// Another ticket goes on in its place.
    Merge,
}

/// A step that a ticket cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ticket that is `{}` cannot take the step {step:?}", state.as_str())]
pub struct IllegalTicketStep {
    /// Where the ticket is.
    pub state: TicketState,
    /// What was to happen.
    pub step: TicketStep,
}

impl TicketState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Open, Self::Assigned, Self::Snoozed, Self::Closed, Self::Merged];

    /// The word used in JSON and in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Assigned => "assigned",
            Self::Snoozed => "snoozed",
            Self::Closed => "closed",
            Self::Merged => "merged",
        }
    }

    /// Where a step leads from here.
    ///
    /// # Errors
    /// When it leads nowhere from here.
    pub fn after(self, step: TicketStep) -> Result<Self, IllegalTicketStep> {
        use TicketStep::{Assign, Claim, Close, Merge, Release, Reopen, Snooze, Wake};
        match (self, step) {
            (Self::Open | Self::Snoozed, Claim) => Ok(Self::Assigned),
            (Self::Open | Self::Assigned | Self::Snoozed, Assign) => Ok(Self::Assigned),
            (Self::Assigned, Release) | (Self::Snoozed, Wake) | (Self::Closed, Reopen) => Ok(Self::Open),
            (Self::Open | Self::Assigned, Snooze) => Ok(Self::Snoozed),
            (Self::Open | Self::Assigned | Self::Snoozed, Close) => Ok(Self::Closed),
            (Self::Open | Self::Assigned | Self::Snoozed, Merge) => Ok(Self::Merged),
            (state, step) => Err(IllegalTicketStep { state, step }),
        }
    }
}

impl FromStr for TicketState {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == word);
        found.ok_or_else(|| format!("`{word}` is none of open, assigned, snoozed, closed, merged"))
    }
}

/// Something that happened to a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct LogEntry {
    /// 1 for the first of its ticket.
    pub sequence: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who did it: an agent's login, a key's name; nothing when the program did.
    #[schema(required)]
    pub actor: Option<String>,
    /// What it was.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened to a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// It was opened.
    Opened,
    /// Somebody works on it from now on.
    Assigned {
        /// Who.
        agent: AgentId,
        /// What the agent is called.
        name: String,
    },
    /// Nobody works on it any more.
    Released,
    /// An agent wrote to the shopper.
    Replied {
        /// The message.
        message: MessageId,
    },
    /// Something that only colleagues see.
    Note {
        /// What.
        text: String,
    },
    /// What it is about was corrected.
    Intent {
        /// What it was said to be about.
        #[schema(required, value_type = Option<String>)]
        old: Option<IntentId>,
        /// What it is about.
        #[schema(value_type = String)]
        new: IntentId,
    },
    /// How soon to look at it was corrected.
    Priority {
        /// What it was.
        #[schema(value_type = schema::Priority)]
        old: Priority,
        /// What it is.
        #[schema(value_type = schema::Priority)]
        new: Priority,
    },
    /// It was put off.
    Snoozed {
        /// Until when.
        #[schema(value_type = String, format = DateTime)]
        until: Timestamp,
    },
    /// It came back.
    Woken,
    /// Another ticket goes on in its place.
    MergedInto {
        /// Which.
        ticket: TicketId,
    },
    /// It goes on in place of another one.
    MergedFrom {
        /// Which.
        ticket: TicketId,
    },
    /// It is done.
    Closed {
        /// Why.
        #[schema(required)]
        reason: Option<String>,
    },
    /// The shopper wrote again.
    Reopened,
    /// A deadline is near, or was missed.
    Deadline {
        /// Which.
        deadline: Deadline,
        /// Whether it was missed.
        missed: bool,
    },
    /// Nobody came in time, and the shopper was told so.
    ShopperTold,
}

impl Entry {
    /// The word used in JSON and in the database.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Assigned { .. } => "assigned",
            Self::Released => "released",
            Self::Replied { .. } => "replied",
            Self::Note { .. } => "note",
            Self::Intent { .. } => "intent",
            Self::Priority { .. } => "priority",
            Self::Snoozed { .. } => "snoozed",
            Self::Woken => "woken",
            Self::MergedInto { .. } => "merged_into",
            Self::MergedFrom { .. } => "merged_from",
            Self::Closed { .. } => "closed",
            Self::Reopened => "reopened",
            Self::Deadline { .. } => "deadline",
            Self::ShopperTold => "shopper_told",
        }
    }
}

/// Something that a ticket should have by a certain time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deadline {
    /// A human's first answer.
    FirstResponse,
    /// Its end.
    Resolution,
}

/// What an agent said the program got wrong.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Correction {
    /// Its id.
    pub id: CorrectionId,
    /// On which ticket.
    pub ticket: TicketId,
    /// The message.
    pub text: String,
    /// Its language.
    #[schema(required)]
    pub language: Option<String>,
    /// What it corrects.
    #[schema(value_type = schema::CorrectedField)]
    pub field: String,
    /// What the program said.
    #[schema(required)]
    pub old: Option<String>,
    /// What the agent says.
    pub new: String,
    /// Who.
    pub actor: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What became of it.
    #[schema(value_type = schema::CorrectionState)]
    pub state: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_a_ticket_leads_where_it_should_or_nowhere() {
        use TicketState::{Assigned, Closed, Merged, Open, Snoozed};
        use TicketStep::{Assign, Claim, Close, Merge, Release, Reopen, Snooze, Wake};
        let steps = [Claim, Assign, Release, Snooze, Wake, Close, Reopen, Merge];
        let expected = [
            (
                Open,
                [Some(Assigned), Some(Assigned), None, Some(Snoozed), None, Some(Closed), None, Some(Merged)],
            ),
            (
                Assigned,
                [None, Some(Assigned), Some(Open), Some(Snoozed), None, Some(Closed), None, Some(Merged)],
            ),
            (
                Snoozed,
                [Some(Assigned), Some(Assigned), None, None, Some(Open), Some(Closed), None, Some(Merged)],
            ),
            (Closed, [None, None, None, None, None, None, Some(Open), None]),
            (Merged, [None; 8]),
        ];
        for (state, ends) in expected {
            for (step, end) in steps.into_iter().zip(ends) {
                assert_eq!(state.after(step), end.ok_or(IllegalTicketStep { state, step }));
            }
        }
    }
}
