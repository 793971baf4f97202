//! One of the shop's people: the name, what they may do and take, a new link, and whether they still work here.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::Tab;
use super::agent_form::AgentForm;
use crate::agent::{Agent, Role};
use crate::problem::Problem;
use crate::routes::console::fields::Fields;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::routes::people::{ChangeAgent, Changed, change_agent};
use crate::state::AppState;

#[derive(Template)]
#[template(path = "console/settings/agent.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    one: One,
    form: AgentForm,
}

#[derive(Template)]
#[template(path = "console/settings/agent_part.html")]
struct Part {
    frame: Frame,
    one: One,
    form: AgentForm,
}

struct One {
    agent: Agent,
    /// Whoever looks is this one, and cannot take their own rights away.
    is_self: bool,
    in_hand: i64,
    /// The link that is shown this once.
    invitation: Option<String>,
    is_saved: bool,
}

pub(super) async fn show(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let id = id.parse().map_err(|_| Problem::NoAgent)?;
    let agent = app.store.agent(id).await?.ok_or(Problem::NoAgent)?;
    let form = AgentForm::of(&app, &frame, &agent);
    let one = one(&app, &visit, agent).await?;
    render(&Page { frame, tab: Tab::Agents, one, form })
}

pub(super) async fn change(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let mut form = AgentForm { is_new: false, ..AgentForm::filled(&app, &frame, &fields)? };
    let Some(skills) = form.checked(&frame) else {
        let id = id.parse().map_err(|_| Problem::NoAgent)?;
        let agent = app.store.agent(id).await?.ok_or(Problem::NoAgent)?;
        let one = one(&app, &visit, agent).await?;
        let part = render(&Part { frame, one, form })?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, part).into_response());
    };
    let (name, role) = (Some(form.name), Some(form.role));
    let change = ChangeAgent { name, role, skills: Some(skills), ..ChangeAgent::default() };
    changed(&app, &visit, frame, &id, change).await
}

/// Makes a new link, in place of those before.
pub(super) async fn invite(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    changed(&app, &visit, frame, &id, ChangeAgent { invite: true, ..ChangeAgent::default() }).await
}

/// Whether somebody works here from now on. Where it is missing nothing changes, but whoever may not ask learns that first.
#[derive(Deserialize)]
pub(super) struct Activate {
    is_active: Option<bool>,
}

pub(super) async fn activate(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Fields(activate): Fields<Activate>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let change = ChangeAgent { is_active: activate.is_active, ..ChangeAgent::default() };
    changed(&app, &visit, frame, &id, change).await
}

/// Changes somebody as the API does, and shows what became of it.
async fn changed(
    app: &AppState,
    visit: &Visit,
    frame: Frame,
    id: &str,
    change: ChangeAgent,
) -> Result<Response, Problem> {
    let Changed { agent, invitation } = change_agent(app, &visit.staff, id, change).await?;
    let form = AgentForm::of(app, &frame, &agent);
    let one = One { is_saved: invitation.is_none(), invitation, ..one(app, visit, agent).await? };
    render(&Part { frame, one, form })
}

async fn one(app: &AppState, visit: &Visit, agent: Agent) -> Result<One, Problem> {
    Ok(One {
        is_self: visit.agent.id == agent.id,
        in_hand: app.store.tickets_in_hand().await?.get(&agent.id).copied().unwrap_or_default(),
        agent,
        invitation: None,
        is_saved: false,
    })
}
