//! How a ticket reads in a line of the inbox.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::super::frame::Frame;
use crate::agent::{Agent, AgentId};
use crate::ticket::{Ticket, TicketState};

/// How much of a message stands in a line, in characters.
const SNIPPET: usize = 160;
/// A deadline that is nearer than this is shown as near.
const NEAR: SignedDuration = SignedDuration::from_mins(5);

/// A line of the inbox.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) number: i64,
    /// The word, for the look.
    pub(super) priority: &'static str,
    pub(super) priority_text: String,
    pub(super) state: &'static str,
    pub(super) state_text: String,
    pub(super) intent: String,
    pub(super) reason: String,
    pub(super) snippet: String,
    pub(super) sentiment: Option<String>,
    pub(super) is_unhappy: bool,
    pub(super) language: Option<String>,
    pub(super) customer: Option<String>,
    /// For programs and for whoever wants to know exactly.
    pub(super) opened_at: String,
    pub(super) waiting: String,
    pub(super) due: Option<DueText>,
    pub(super) assignee: Option<String>,
    pub(super) is_mine: bool,
    pub(super) can_claim: bool,
    pub(super) can_assign: bool,
}

/// The next deadline of a ticket, in words.
pub(in crate::routes::console) struct DueText {
    pub(in crate::routes::console) text: String,
    pub(in crate::routes::console) is_missed: bool,
    pub(in crate::routes::console) is_near: bool,
    pub(in crate::routes::console) at: String,
}

impl Row {
    pub(super) fn of(frame: &Frame, names: &HashMap<AgentId, String>, ticket: &Ticket) -> Self {
        let sentiment = ticket.sentiment.as_deref();
        let me = frame.agent.as_ref().map(|agent| agent.id);
        let is_over = matches!(ticket.state, TicketState::Closed | TicketState::Merged);
        Self {
            id: ticket.id.to_string(),
            number: ticket.number,
            priority: ticket.priority.as_str(),
            priority_text: frame.word("priority", ticket.priority.as_str()),
            state: ticket.state.as_str(),
            state_text: frame.word("state", ticket.state.as_str()),
            intent: ticket
                .intent
                .as_ref()
                .map_or_else(|| frame.t("inbox.no_intent").to_string(), |intent| frame.intent(intent)),
            reason: frame.word("reason", ticket.reason.as_str()),
            snippet: snippet(&ticket.contents.text),
            is_unhappy: sentiment.is_some_and(|level| level.ends_with("negative")),
            sentiment: sentiment.map(|level| frame.word("sentiment", level)),
            language: ticket.language.as_deref().map(|tag| frame.word("language", tag)),
            customer: ticket
                .customer
                .as_ref()
                .map(|customer| customer.name.clone().unwrap_or_else(|| customer.id.clone())),
            opened_at: frame.time(&ticket.opened_at),
            waiting: if is_over { "–".to_owned() } else { frame.since(&ticket.waits_since()) },
            due: DueText::of(frame, ticket),
            assignee: ticket.assignee.map(|agent| name_of(names, agent)),
            is_mine: ticket.assignee.is_some() && ticket.assignee == me,
            can_claim: matches!(ticket.state, TicketState::Open | TicketState::Snoozed),
            can_assign: !is_over,
        }
    }
}

impl DueText {
    /// The deadline that a ticket has to keep next; nothing when there is none, or no more.
    pub(in crate::routes::console) fn of(frame: &Frame, ticket: &Ticket) -> Option<Self> {
        if matches!(ticket.state, TicketState::Closed | TicketState::Merged) {
            return None;
        }
        let first = ticket.first_response_due.filter(|_| ticket.first_response_at.is_none());
        let (kind, at) = match (first, ticket.resolution_due) {
            (Some(at), _) => ("first", at),
            (None, Some(at)) => ("end", at),
            (None, None) => return None,
        };
        Some(Self::at(frame, kind, &at))
    }

    /// A deadline in words; `kind` is `first` or `end`.
    pub(in crate::routes::console) fn at(frame: &Frame, kind: &str, at: &Timestamp) -> Self {
        let is_missed = frame.has_passed(at);
        let (tense, length) = if is_missed { ("missed", frame.since(at)) } else { ("due", frame.until(at)) };
        Self {
            text: frame.t(&format!("inbox.{kind}_{tense}")).with("time", length).to_string(),
            is_missed,
            is_near: !is_missed && at.duration_since(frame.now) < NEAR,
            at: frame.time(at),
        }
    }
}

/// What everybody is called.
pub(super) fn names(agents: &[Agent]) -> HashMap<AgentId, String> {
    agents.iter().map(|agent| (agent.id, agent.name.clone())).collect()
}

fn name_of(names: &HashMap<AgentId, String>, agent: AgentId) -> String {
    names.get(&agent).cloned().unwrap_or_else(|| agent.to_string())
}

/// The beginning of a message, in one line.
fn snippet(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SNIPPET) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::snippet;

    #[test]
    fn a_snippet_is_one_line_of_whole_characters() {
        assert_eq!(snippet(" 我的\n\n包裹  呢 "), "我的 包裹 呢");
        let long = snippet(&"退".repeat(500));
        assert_eq!(long.chars().count(), 161);
        assert!(long.ends_with('…'));
    }
}
