//! The conversation of a ticket, in lines: what was said, and what happened between.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;

use super::super::frame::{Frame, Section, render};
use super::super::markdown::to_html;
use super::super::visit::Visit;
use super::article_path;
use crate::agent::Role;
use crate::conversation::{ConversationId, ConversationState};
use crate::event::{Change, Event, Happening};
use crate::message::{Message, Sender};
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::routes::tickets::{find, keep_view};
use crate::state::AppState;

/// How many events are read at once.
const PAGE: i64 = 500;

/// A line of a conversation.
pub(super) struct Line {
    pub(super) sequence: i64,
    /// For programs and for whoever wants to know exactly.
    pub(super) full_time: String,
    pub(super) time: String,
    /// Something that was said; nothing for what happened.
    pub(super) said: Option<Said>,
    /// What happened, in words.
    pub(super) happened: String,
}

/// Something that was said.
pub(super) struct Said {
    pub(super) id: String,
    /// The word, for the look.
    pub(super) sender: &'static str,
    pub(super) sender_name: String,
    /// A text of the program's, rendered.
    pub(super) html: Option<String>,
    /// Anybody else's text.
    pub(super) text: String,
    pub(super) article: Option<Source>,
    /// What the shopper was given to choose from.
    pub(super) choices: Vec<String>,
    pub(super) helped: bool,
    pub(super) did_not_help: bool,
    pub(super) is_agents: bool,
    pub(super) is_read: bool,
}

/// An article that was quoted.
pub(super) struct Source {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) path: String,
}

/// Which lines are wanted.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    after: i64,
}

#[derive(Template)]
#[template(path = "console/ticket/lines.html")]
struct Part {
    frame: Frame,
    lines: Vec<Line>,
}

/// The lines after those that a page has.
pub(super) async fn rest(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let ticket = find(&app, &id).await?;
    keep_view(&app, &visit.staff, ticket.id).await?;
    let frame = visit.frame(Section::Inbox);
    let shopper = app.store.conversation(ticket.conversation).await?.ok_or(Problem::NoTicket)?;
    let (lines, _) = lines(&app, &frame, ticket.conversation, wanted.after, shopper.shopper_read).await?;
    render(&Part { frame, lines })
}

/// The lines after that event, and the number of the last one.
pub(super) async fn lines(
    app: &AppState,
    frame: &Frame,
    conversation: ConversationId,
    after: i64,
    shopper_read: i64,
) -> Result<(Vec<Line>, i64), Problem> {
    let (mut lines, mut last) = (Vec::new(), after);
    loop {
        let events = app.store.events(conversation, last, PAGE).await?;
        let is_end = (events.len() as i64) < PAGE;
        for event in events {
            last = event.sequence;
            lines.extend(line(frame, event, shopper_read));
        }
        if is_end {
            return Ok((lines, last));
        }
    }
}

fn line(frame: &Frame, event: Event, shopper_read: i64) -> Option<Line> {
    let (said, happened) = match event.happening {
        Happening::Message { message } => (Some(said(frame, *message, shopper_read)), String::new()),
        Happening::Change(change) => (None, happened(frame, change)?),
    };
    let (full_time, time) = (frame.time(&event.at), frame.short_time(&event.at));
    Some(Line { sequence: event.sequence, full_time, time, said, happened })
}

fn said(frame: &Frame, message: Message, shopper_read: i64) -> Said {
    let is_bots = message.sender == Sender::Bot;
    let is_agents = message.sender == Sender::Agent;
    let article = message.reply.as_ref().and_then(|reply| reply.article.as_ref());
    let choices = message.reply.iter().flat_map(|reply| &reply.choices);
    Said {
        id: message.id.to_string(),
        sender: message.sender.as_str(),
        sender_name: message.sender_name.unwrap_or_else(|| frame.word("sender", message.sender.as_str())),
        article: article.map(|article| Source {
            title: article.title.clone(),
            version: short(article.version.as_str()),
            path: article_path(article),
        }),
        choices: choices.map(|choice| choice.title.clone()).collect(),
        html: is_bots.then(|| to_html(&message.text)),
        text: message.text,
        helped: message.helpful == Some(true),
        did_not_help: message.helpful == Some(false),
        is_agents,
        is_read: is_agents && message.sequence <= shopper_read,
    }
}

/// Enough of a version to tell it from others.
pub(super) fn short(version: &str) -> String {
    version.chars().take(8).collect()
}

/// What happened, in words; nothing for what is seen elsewhere.
fn happened(frame: &Frame, change: Change) -> Option<String> {
    Some(match change {
        Change::State { state: ConversationState::WaitingForHuman, reason: Some(reason), .. } => {
            let reason = frame.word("reason", reason.as_str());
            frame.t("ticket.handed_over_because").with("reason", reason).to_string()
        }
        Change::State { state: ConversationState::WithHuman, agent: Some(agent), .. } => {
            frame.t("ticket.taken_by").with("name", agent).to_string()
        }
        Change::State { state: ConversationState::Closed, agent: Some(agent), .. } => {
            frame.t("ticket.closed_by").with("name", agent).to_string()
        }
        Change::State { state, .. } => frame.t(&format!("ticket.now_{}", state.as_str())).to_string(),
        // The message has a mark.
        Change::Helpful { .. } => return None,
        Change::Rating { score, reasons } => {
            let reasons: Vec<String> =
                reasons.iter().map(|reason| frame.word("rating", serde_word(reason))).collect();
            let rated = frame.t("ticket.rated").with("score", score).to_string();
            if reasons.is_empty() { rated } else { format!("{rated}: {}", reasons.join(", ")) }
        }
        Change::Contact => frame.t("ticket.left_contact").to_string(),
    })
}

/// The word that a value has in JSON.
fn serde_word(value: &impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}
