//! The views beside the inbox: those that every agent has, with how many tickets are in each, and those that an agent keeps.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::super::fields::Fields;
use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use super::counted;
use super::filters::Filters;
use crate::agent::Role;
use crate::inbox::SavedViewId;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::{MOST_VIEWS, TicketCounts};

/// The longest name of a view, in characters.
const LONGEST_NAME: usize = 40;

/// The views that every agent has: the name, and what they filter by.
const EVERYBODYS: [(&str, &str); 7] = [
    ("in_work", ""),
    ("mine", "assignee=me"),
    ("unassigned", "assignee=nobody"),
    ("urgent", "priority=urgent"),
    ("overdue", "overdue=true"),
    ("snoozed", "state=snoozed"),
    ("closed", "state=closed"),
];

/// What stands beside the list.
pub(super) struct Views {
    pub(super) everybodys: Vec<View>,
    pub(super) own: Vec<OwnView>,
    /// What the list is filtered by, to keep it under a name.
    pub(super) query: String,
    /// Whether that is a view already.
    pub(super) is_known: bool,
    /// What is wrong with the name that was typed.
    pub(super) mistake: Option<String>,
    pub(super) typed: String,
    pub(super) longest_name: usize,
    /// Whether it comes with a list, to take the place of what stood beside it.
    pub(super) is_beside: bool,
}

pub(super) struct View {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) count: String,
    /// Whether the count should be noticed.
    pub(super) is_alarming: bool,
    pub(super) is_current: bool,
}

pub(super) struct OwnView {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) path: String,
    pub(super) is_current: bool,
}

impl Views {
    pub(super) async fn of(
        app: &AppState,
        visit: &Visit,
        frame: &Frame,
        filters: &Filters,
    ) -> Result<Self, Problem> {
        let counts = app.store.ticket_counts(visit.agent.id, frame.now).await?;
        let query = filters.query();
        let everybodys: Vec<View> =
            EVERYBODYS.iter().map(|(name, of)| everybodys(frame, name, of, &counts, &query)).collect();
        let own = app.store.saved_views(visit.agent.id).await?.into_iter().map(|view| OwnView {
            id: view.id.to_string(),
            is_current: view.query == query,
            path: Filters::from_query(&view.query).path(),
            name: view.name,
        });
        let own: Vec<OwnView> = own.collect();
        let is_known =
            everybodys.iter().any(|view| view.is_current) || own.iter().any(|view| view.is_current);
        Ok(Self {
            everybodys,
            own,
            query,
            is_known,
            mistake: None,
            typed: String::new(),
            longest_name: LONGEST_NAME,
            is_beside: false,
        })
    }
}

fn everybodys(frame: &Frame, name: &str, of: &str, counts: &TicketCounts, query: &str) -> View {
    let count = match name {
        "mine" => counts.mine,
        "unassigned" => counts.unassigned,
        "urgent" => counts.urgent,
        "overdue" => counts.overdue,
        "snoozed" => counts.snoozed,
        "closed" => counts.closed,
        _ => counts.in_work,
    };
    View {
        name: frame.t(&format!("inbox.view_{name}")).to_string(),
        path: Filters::from_query(of).path(),
        count: if name == "closed" { counted(count) } else { count.to_string() },
        is_alarming: matches!(name, "urgent" | "overdue") && count > 0,
        is_current: of == query,
    }
}

/// The views alone.
#[derive(Template)]
#[template(path = "console/inbox/views.html")]
struct Part {
    frame: Frame,
    views: Views,
}

/// A view to keep.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewView {
    name: String,
    query: String,
}

pub(super) async fn save(
    State(app): State<AppState>,
    visit: Visit,
    Fields(new): Fields<NewView>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let filters = Filters::from_query(&new.query);
    // What cannot be looked for is not kept.
    filters.filter(&visit.staff, app.time())?;
    let name = new.name.trim();
    let text = |key: &str| visit.language.text(key);
    let mistake = if !(1..=LONGEST_NAME).contains(&name.chars().count()) || name.contains('\0') {
        Some(text("inbox.view_name_wrong").with("count", LONGEST_NAME))
    } else if !app.store.save_view(visit.agent.id, name, &filters.query()).await? {
        Some(text("inbox.too_many_views").with("count", MOST_VIEWS))
    } else {
        None
    };
    part(&app, &visit, &filters, mistake.map(|mistake| (mistake.to_string(), new.name))).await
}

pub(super) async fn forget(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let id: SavedViewId = id.parse().map_err(|_| Problem::NoRoute)?;
    if !app.store.forget_view(visit.agent.id, id).await? {
        return Err(Problem::NoRoute);
    }
    // Where the page is, whose list stays as it is.
    let page = headers.get("hx-current-url").and_then(|url| url.to_str().ok()).unwrap_or_default();
    let query = page.split_once('?').map_or("", |(_, query)| query);
    part(&app, &visit, &Filters::from_query(query), None).await
}

async fn part(
    app: &AppState,
    visit: &Visit,
    filters: &Filters,
    mistake: Option<(String, String)>,
) -> Result<Response, Problem> {
    let frame = visit.frame(Section::Inbox);
    let mut views = Views::of(app, visit, &frame, filters).await?;
    let status = if mistake.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    if let Some((mistake, typed)) = mistake {
        (views.mistake, views.typed) = (Some(mistake), typed);
    }
    Ok((status, render(&Part { frame, views })?).into_response())
}
