//! Taking and giving tickets from the list. The list brings itself up to date afterwards.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::super::fields::Fields;
use super::super::visit::Visit;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::tickets::{Action, take_action};
use crate::state::AppState;

/// What a page hears of after a change.
const CHANGED: [(&str, &str); 1] = [("hx-trigger", "ticket-changed")];

/// A ticket to take.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Claim {
    ticket: String,
}

pub(super) async fn claim(
    State(app): State<AppState>,
    visit: Visit,
    Fields(Claim { ticket }): Fields<Claim>,
) -> Result<impl IntoResponse, Problem> {
    visit.require(Role::Agent)?;
    take_action(&app, &visit.staff, &ticket, Action::Claim).await?;
    Ok((StatusCode::NO_CONTENT, CHANGED))
}

/// A ticket to give to somebody.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Assign {
    ticket: String,
    agent: String,
}

pub(super) async fn assign(
    State(app): State<AppState>,
    visit: Visit,
    Fields(Assign { ticket, agent }): Fields<Assign>,
) -> Result<impl IntoResponse, Problem> {
    visit.require(Role::Agent)?;
    let agent = agent.parse().map_err(|_| Problem::NoAgent)?;
    take_action(&app, &visit.staff, &ticket, Action::Assign { agent }).await?;
    Ok((StatusCode::NO_CONTENT, CHANGED))
}
