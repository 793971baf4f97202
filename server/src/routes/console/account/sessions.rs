//! Where somebody is logged in, and the way out of everywhere at once.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use jiff::Timestamp;

use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::caller::{Staff, session_hash};
use crate::routes::console::visit::Visit;
use crate::routes::people::log_out_everywhere;
use crate::state::AppState;

/// A session.
pub(super) struct Row {
    pub(super) began: Timestamp,
    pub(super) ends: Timestamp,
    /// Whether it is the one of this page.
    pub(super) is_this: bool,
}

pub(super) async fn rows(app: &AppState, visit: &Visit) -> Result<Vec<Row>, Problem> {
    let Staff::Agent { agent, session } = &visit.staff else { return Err(Problem::NotAllowed) };
    let this = session_hash(session);
    let sessions = app.store.sessions_of(agent.id, app.time()).await?;
    let row = |session: crate::store::StoredSession| Row {
        began: session.created_at,
        ends: session.expires_at,
        is_this: session.hash == this,
    };
    Ok(sessions.into_iter().map(row).collect())
}

pub(super) async fn end_all(State(app): State<AppState>, visit: Visit) -> Result<impl IntoResponse, Problem> {
    visit.require(Role::Agent)?;
    let cookie = log_out_everywhere(&app, &visit.staff).await?;
    Ok(([cookie], [("hx-redirect", "/console/login")], StatusCode::NO_CONTENT))
}
