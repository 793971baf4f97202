//! What stands beside the conversation: the ticket, what the program knows of it, and what can be done.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use shopdesk_model::intents::Priority;

use super::super::frame::{Frame, Section, render};
use super::super::inbox::DueText;
use super::super::visit::Visit;
use super::about::{About, Earlier, Shopper, deadlines};
use super::log::{LogLine, Note};
use super::steps::next_morning;
use crate::agent::{Agent, Role};
use crate::conversation::Conversation;
use crate::problem::Problem;
use crate::routes::tickets::{earlier, find, keep_view};
use crate::state::AppState;
use crate::ticket::{Ticket, TicketState};

/// Reasons for closing to choose from, beside one's own words.
const CLOSINGS: [&str; 7] =
    ["solved", "explained", "refunded", "replaced", "no_answer", "duplicate", "not_for_us"];

/// Something that was typed and cannot be used.
pub(super) struct Mistake {
    /// The step whose form it was.
    pub(super) step: &'static str,
    /// What is wrong with it.
    pub(super) key: &'static str,
    pub(super) typed: String,
}

/// One of several values.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// What may be done just now.
pub(super) struct Steps {
    pub(super) claim: bool,
    pub(super) release: bool,
    pub(super) assign: bool,
    pub(super) snooze: bool,
    pub(super) wake: bool,
    pub(super) merge: bool,
    pub(super) close: bool,
    pub(super) reply: bool,
}

/// All that stands beside the conversation.
pub(super) struct Side {
    pub(super) id: String,
    pub(super) number: i64,
    pub(super) state: &'static str,
    pub(super) state_text: String,
    pub(super) priority: &'static str,
    pub(super) priority_text: String,
    pub(super) opened: String,
    pub(super) waiting: String,
    pub(super) assignee: Option<String>,
    pub(super) is_mine: bool,
    pub(super) snoozed_until: Option<String>,
    /// Until when a ticket is put off that is for tomorrow, by the shop's clock.
    pub(super) next_morning: Option<String>,
    pub(super) merged_into: Option<String>,
    pub(super) deadlines: Vec<DueText>,
    pub(super) steps: Steps,
    /// Whose turn it is to write, or why nobody can.
    pub(super) hint: String,
    pub(super) priorities: Vec<Choice>,
    pub(super) agents: Vec<Choice>,
    pub(super) closings: Vec<Choice>,
    pub(super) about: About,
    pub(super) shopper: Shopper,
    pub(super) earlier: Vec<Earlier>,
    pub(super) log: Vec<LogLine>,
    pub(super) notes: Vec<Note>,
    pub(super) mistake: Option<Mistake>,
    /// Whether it comes alone, to take the place of what was there.
    pub(super) is_alone: bool,
}

impl Side {
    pub(super) async fn of(
        app: &AppState,
        visit: &Visit,
        frame: &Frame,
        ticket: &Ticket,
        conversation: &Conversation,
    ) -> Result<Self, Problem> {
        let agents = app.store.agents().await?;
        let log = app.store.ticket_log(ticket.id).await?;
        let is_mine = ticket.assignee == Some(visit.agent.id) && ticket.state == TicketState::Assigned;
        let steps = Steps::of(ticket, is_mine);
        let assignee = ticket.assignee.map(|id| name_of(&agents, id));
        let earlier = earlier(app, ticket).await?;
        Ok(Self {
            id: ticket.id.to_string(),
            number: ticket.number,
            state: ticket.state.as_str(),
            state_text: frame.word("state", ticket.state.as_str()),
            priority: ticket.priority.as_str(),
            priority_text: frame.word("priority", ticket.priority.as_str()),
            opened: frame.time(&ticket.opened_at),
            waiting: frame.since(&ticket.opened_at),
            hint: hint(frame, ticket, is_mine, assignee.as_deref()),
            assignee,
            is_mine,
            snoozed_until: ticket.snoozed_until.map(|until| frame.time(&until)),
            next_morning: next_morning(app).map(|at| at.strftime("%Y-%m-%d %H:%M").to_string()),
            merged_into: ticket.merged_into.map(|other| format!("/console/tickets/{other}")),
            deadlines: deadlines(frame, ticket),
            steps,
            priorities: priorities(frame, ticket),
            agents: assignable(&agents, ticket),
            closings: closings(frame),
            about: About::of(frame, ticket),
            shopper: Shopper::of(frame, conversation),
            earlier: earlier.iter().map(|other| Earlier::of(frame, other)).collect(),
            log: log.iter().rev().map(|entry| LogLine::of(frame, &agents, entry)).collect(),
            notes: Note::all(frame, &agents, &log),
            mistake: None,
            is_alone: false,
        })
    }

    /// What is wrong with what was typed for that step.
    pub(super) fn mistake_in(&self, step: &str) -> Option<&Mistake> {
        self.mistake.as_ref().filter(|mistake| mistake.step == step)
    }
}

impl Steps {
    fn of(ticket: &Ticket, is_mine: bool) -> Self {
        use TicketState::{Assigned, Closed, Merged, Open, Snoozed};
        let state = ticket.state;
        let is_over = matches!(state, Closed | Merged);
        Self {
            claim: matches!(state, Open | Snoozed),
            release: state == Assigned,
            assign: !is_over,
            snooze: matches!(state, Open | Assigned),
            wake: state == Snoozed,
            merge: !is_over,
            close: !is_over,
            reply: is_mine || matches!(state, Open | Snoozed),
        }
    }
}

fn hint(frame: &Frame, ticket: &Ticket, is_mine: bool, assignee: Option<&str>) -> String {
    let key = match ticket.state {
        TicketState::Open | TicketState::Snoozed => "ticket.hint_claims",
        TicketState::Assigned if is_mine => "ticket.hint_mine",
        TicketState::Assigned => "ticket.hint_others",
        TicketState::Closed => "ticket.hint_closed",
        TicketState::Merged => "ticket.hint_merged",
    };
    frame.t(key).with("name", assignee.unwrap_or_default()).to_string()
}

fn priorities(frame: &Frame, ticket: &Ticket) -> Vec<Choice> {
    let choice = |priority: Priority| Choice {
        value: priority.as_str().to_owned(),
        label: frame.word("priority", priority.as_str()),
        is_chosen: priority == ticket.priority,
    };
    Priority::ALL.into_iter().map(choice).collect()
}

fn assignable(agents: &[Agent], ticket: &Ticket) -> Vec<Choice> {
    let active = agents.iter().filter(|agent| agent.is_active);
    let choice = |agent: &Agent| Choice {
        value: agent.id.to_string(),
        label: agent.name.clone(),
        is_chosen: ticket.assignee == Some(agent.id),
    };
    active.map(choice).collect()
}

fn closings(frame: &Frame) -> Vec<Choice> {
    let choice = |word: &str| Choice {
        value: word.to_owned(),
        label: frame.t(&format!("ticket.closing.{word}")).to_string(),
        is_chosen: word == CLOSINGS[0],
    };
    CLOSINGS.into_iter().map(choice).collect()
}

fn name_of(agents: &[Agent], id: crate::agent::AgentId) -> String {
    let found = agents.iter().find(|agent| agent.id == id);
    found.map_or_else(|| id.to_string(), |agent| agent.name.clone())
}

#[derive(Template)]
#[template(path = "console/ticket/side.html")]
struct Part {
    frame: Frame,
    side: Side,
}

/// Brings it up to date.
pub(super) async fn refresh(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let ticket = find(&app, &id).await?;
    keep_view(&app, &visit.staff, ticket.id).await?;
    part(&app, &visit, &ticket, None).await
}

/// It alone, after a step or a mistake.
pub(super) async fn part(
    app: &AppState,
    visit: &Visit,
    ticket: &Ticket,
    mistake: Option<Mistake>,
) -> Result<Response, Problem> {
    let frame = visit.frame(Section::Inbox);
    let conversation = app.store.conversation(ticket.conversation).await?.ok_or(Problem::NoTicket)?;
    let mut side = Side::of(app, visit, &frame, ticket, &conversation).await?;
    let status = if mistake.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    (side.mistake, side.is_alone) = (mistake, true);
    Ok((status, render(&Part { frame, side })?).into_response())
}
