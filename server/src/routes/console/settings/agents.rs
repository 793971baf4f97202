//! Everybody who works for the shop, and how somebody is added.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::Tab;
use super::agent_form::AgentForm;
use crate::agent::{Agent, Role};
use crate::problem::Problem;
use crate::routes::body::Body;
use crate::routes::console::fields::Fields;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::routes::people;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "console/settings/agents.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    list: List,
    form: AgentForm,
}

#[derive(Template)]
#[template(path = "console/settings/agents_part.html")]
struct Part {
    frame: Frame,
    list: List,
    form: AgentForm,
}

struct List {
    rows: Vec<Row>,
    /// Who was added just now, with the link that is shown this once.
    invited: Option<(String, String)>,
}

struct Row {
    agent: Agent,
    /// The intents that the agent takes, as the shop calls them; any when empty.
    intents: Vec<String>,
    languages: Vec<String>,
    in_hand: i64,
    seen: Option<Timestamp>,
    is_there: bool,
}

pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let form = AgentForm::blank(&app, &frame);
    let rows = rows(&app, &frame).await?;
    render(&Page { frame, tab: Tab::Agents, list: List { rows, invited: None }, form })
}

pub(super) async fn add(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let mut form = AgentForm::filled(&app, &frame, &fields)?;
    let mut invited = None;
    if let Some(skills) = form.checked_new(&frame) {
        let body = Body(form.as_new(skills));
        match people::add(State(app.clone()), visit.staff, body).await {
            Ok((_, axum::Json(added))) => {
                invited = Some((added.agent.name, added.invitation));
                form = AgentForm::blank(&app, &frame);
            }
            Err(Problem::LoginTaken) => form.refuse("login", &frame.t("settings.agents.login_taken")),
            Err(other) => return Err(other),
        }
    }
    let status = if invited.is_some() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let rows = rows(&app, &frame).await?;
    let part = render(&Part { frame, list: List { rows, invited }, form })?;
    Ok((status, part).into_response())
}

async fn rows(app: &AppState, frame: &Frame) -> Result<Vec<Row>, Problem> {
    let agents = app.store.agents().await?;
    let in_hand = app.store.tickets_in_hand().await?;
    let seen = app.store.last_seen().await?;
    let row = |agent: Agent| Row {
        intents: agent.skills.intents.iter().map(|id| frame.intent(id)).collect(),
        languages: agent.skills.languages.iter().map(|tag| frame.word("language", tag)).collect(),
        in_hand: in_hand.get(&agent.id).copied().unwrap_or_default(),
        seen: seen.get(&agent.id).copied(),
        is_there: app.present.is_there(agent.id),
        agent,
    };
    let mut rows: Vec<Row> = agents.into_iter().map(row).collect();
    // Whoever has left comes last.
    rows.sort_by_key(|row| !row.agent.is_active);
    Ok(rows)
}
