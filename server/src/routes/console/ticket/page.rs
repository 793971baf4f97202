//! `/console/tickets/{id}`: the whole page.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;

use super::super::frame::{Frame, Section, render};
use super::super::inbox::{Filling, fill};
use super::super::visit::Visit;
use super::conversation::{Line, lines};
use super::side::Side;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::tickets::find;
use crate::state::AppState;

/// A reply to insert.
struct Canned {
    title: String,
    text: String,
    language: String,
}

/// One of the shop's intents.
struct Meaning {
    id: String,
    title: String,
    /// What it is found by: its names in all languages.
    names: String,
}

#[derive(Template)]
#[template(path = "console/ticket/page.html")]
struct Page {
    frame: Frame,
    side: Side,
    lines: Vec<Line>,
    /// The number of the last event that is shown.
    last: i64,
    canned: Vec<Canned>,
    meanings: Vec<Meaning>,
    /// The longest message, in characters.
    longest: usize,
}

pub(super) async fn page(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let ticket = find(&app, &id).await?;
    visit.staff.audit(&app, "ticket.view", ticket.id).await?;
    let frame = visit.frame(Section::Inbox);
    let shopper = app.store.conversation(ticket.conversation).await?.ok_or(Problem::NoTicket)?;
    let (lines, last) = lines(&app, &frame, ticket.conversation, 0, shopper.shopper_read).await?;
    let side = Side::of(&app, &visit, &frame, &ticket, &shopper).await?;
    let customer = shopper.customer.as_ref().and_then(|customer| customer.name.as_deref());
    let canned = canned(&app, &frame, &Filling { agent: &visit.agent.name, customer }).await?;
    let meanings = meanings(&frame);
    let longest = app.settings.max_message_characters;
    render(&Page { frame, side, lines, last, canned, meanings, longest })
}

async fn canned(app: &AppState, frame: &Frame, filling: &Filling<'_>) -> Result<Vec<Canned>, Problem> {
    let replies = app.store.canned_replies().await?;
    let canned = replies.into_iter().map(|reply| Canned {
        text: fill(&reply, filling),
        language: frame.word("language", &reply.language),
        title: reply.title,
    });
    Ok(canned.collect())
}

fn meanings(frame: &Frame) -> Vec<Meaning> {
    let meaning = |label: &shopdesk_model::intents::Label| {
        let titles: Vec<&str> = label.title.values().map(String::as_str).collect();
        Meaning {
            id: label.id.to_string(),
            title: frame.title_of_intent(label).to_owned(),
            names: format!("{} {}", label.id, titles.join(" ")).to_lowercase(),
        }
    };
    let mut meanings: Vec<Meaning> = frame.intents.iter().map(meaning).collect();
    meanings.sort_by(|one, other| one.title.cmp(&other.title));
    meanings
}
