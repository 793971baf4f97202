//! `/console/inbox`: the list of tickets, whole, brought up to date, or continued.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use serde::Deserialize;

use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use super::counted;
use super::filters::Filters;
use super::form::FilterForm;
use super::rows::{Row, names};
use super::views::Views;
use crate::agent::{Agent, Role};
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::state::AppState;
use crate::store::{MANY_TICKETS, TicketFilter};
use crate::ticket::TicketState;

/// How many tickets come at once.
const PAGE: u32 = 50;
/// How many tickets are brought up to date at once, at most.
const MOST: u32 = 1000;
/// How many new tickets are told of at once.
const ARRIVALS: u32 = 5;

/// Where in the list somebody is.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Place {
    /// Where the next page begins.
    after: String,
    /// How many tickets are shown.
    rows: String,
    /// The number of the last ticket that the page knows of.
    since: String,
}

/// The tickets, and what to tell of them.
struct List {
    rows: Vec<Row>,
    /// Where the list goes on, if it does.
    more: Option<String>,
    /// How many tickets there are like that; nothing for what continues a list.
    total: Option<String>,
    query: String,
    is_filtered: bool,
    /// The number of the last ticket that was opened.
    last_number: i64,
    /// New tickets that whoever looks may want to hear of.
    arrivals: Vec<Arrival>,
}

/// A new ticket, without anything that the shopper wrote: it is shown over other windows.
struct Arrival {
    number: i64,
    path: String,
    text: String,
}

#[derive(Template)]
#[template(path = "console/inbox/page.html")]
struct Page {
    frame: Frame,
    form: FilterForm,
    list: List,
    views: Views,
    agents: Vec<Agent>,
}

/// The list, and the views beside it.
#[derive(Template)]
#[template(path = "console/inbox/part.html")]
struct Part {
    frame: Frame,
    list: List,
    views: Views,
}

/// More lines of the list.
#[derive(Template)]
#[template(path = "console/inbox/rows.html")]
struct More {
    frame: Frame,
    list: List,
}

pub(super) async fn page(
    State(app): State<AppState>,
    visit: Visit,
    Parameters(filters): Parameters<Filters>,
    Parameters(place): Parameters<Place>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    if visit.wants_part {
        let mut part = part(&app, &visit, &filters, &place).await?;
        // Without what the form leaves empty.
        if let Ok(path) = HeaderValue::from_str(&filters.path()) {
            part.headers_mut().insert(HeaderName::from_static("hx-push-url"), path);
        }
        return Ok(part);
    }
    let frame = visit.frame(Section::Inbox);
    let agents = app.store.agents().await?;
    let views = Views::of(&app, &visit, &frame, &filters).await?;
    let list = List::of(&app, &visit, &frame, &agents, &filters, &place).await?;
    let form = FilterForm::new(&frame, &filters, &agents);
    let agents = agents.into_iter().filter(|agent| agent.is_active).collect();
    render(&Page { frame, form, list, views, agents })
}

pub(super) async fn refresh(
    State(app): State<AppState>,
    visit: Visit,
    Parameters(filters): Parameters<Filters>,
    Parameters(place): Parameters<Place>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    part(&app, &visit, &filters, &place).await
}

async fn part(app: &AppState, visit: &Visit, filters: &Filters, place: &Place) -> Result<Response, Problem> {
    let frame = visit.frame(Section::Inbox);
    let agents = app.store.agents().await?;
    let mut views = Views::of(app, visit, &frame, filters).await?;
    views.is_beside = true;
    let list = List::of(app, visit, &frame, &agents, filters, place).await?;
    render(&Part { frame, list, views })
}

pub(super) async fn more(
    State(app): State<AppState>,
    visit: Visit,
    Parameters(filters): Parameters<Filters>,
    Parameters(place): Parameters<Place>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let frame = visit.frame(Section::Inbox);
    let agents = app.store.agents().await?;
    let list = List::of(&app, &visit, &frame, &agents, &filters, &place).await?;
    render(&More { frame, list })
}

impl List {
    async fn of(
        app: &AppState,
        visit: &Visit,
        frame: &Frame,
        agents: &[Agent],
        filters: &Filters,
        place: &Place,
    ) -> Result<Self, Problem> {
        let mut filter = filters.filter(&visit.staff, frame.now)?;
        let total = if place.after.is_empty() {
            Some(counted(app.store.count_tickets(&filter, MANY_TICKETS).await?))
        } else {
            None
        };
        let wrong = |detail| Problem::InvalidParameter { detail };
        filter.after = Some(&place.after)
            .filter(|after| !after.is_empty())
            .map(|after| after.parse())
            .transpose()
            .map_err(wrong)?;
        filter.limit = place.rows.parse().unwrap_or(PAGE).clamp(PAGE, MOST);
        let page = app.store.tickets(&filter).await?;
        let last_number = app.store.last_ticket_number().await?;
        let known = place.since.parse().unwrap_or(last_number);
        let names = names(agents);
        let query = filters.query();
        Ok(Self {
            rows: page.tickets.iter().map(|ticket| Row::of(frame, &names, ticket)).collect(),
            more: page.next.map(|next| format!("/console/inbox/more?{query}&after={next}")),
            total,
            query,
            is_filtered: !filters.are_empty(),
            last_number,
            arrivals: if known < last_number {
                arrivals(app, visit, frame, known).await?
            } else {
                Vec::new()
            },
        })
    }
}

/// Tickets after that number that whoever looks may take, or was given.
async fn arrivals(app: &AppState, visit: &Visit, frame: &Frame, known: i64) -> Result<Vec<Arrival>, Problem> {
    let filter = TicketFilter {
        states: vec![TicketState::Open, TicketState::Assigned],
        latest_first: true,
        limit: ARRIVALS,
        ..TicketFilter::default()
    };
    let mut tickets = app.store.tickets(&filter).await?.tickets;
    let me = Some(visit.agent.id);
    tickets.retain(|ticket| ticket.number > known && (ticket.assignee.is_none() || ticket.assignee == me));
    let arrival = |ticket: &crate::ticket::Ticket| {
        let intent = ticket.intent.as_ref().map(|intent| frame.intent(intent));
        let text = frame
            .t("inbox.arrival")
            .with("number", ticket.number)
            .with("priority", frame.word("priority", ticket.priority.as_str()))
            .with("intent", intent.unwrap_or_else(|| frame.t("inbox.no_intent").to_string()));
        Arrival {
            number: ticket.number,
            path: format!("/console/tickets/{}", ticket.id),
            text: text.to_string(),
        }
    };
    Ok(tickets.iter().map(arrival).collect())
}
