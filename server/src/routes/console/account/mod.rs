//! `/console/account`: somebody's own name, password and sessions.

mod password;
mod sessions;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};

use super::frame::{Frame, Section, render};
use super::visit::Visit;
use crate::agent::Role;
use crate::auth::WeakPassword;
use crate::problem::Problem;
use crate::state::AppState;

pub(super) fn pages() -> Router<AppState> {
    Router::new()
        .route("/console/account", get(show))
        .route("/console/account/password", post(password::change))
        .route("/console/account/sessions", post(sessions::end_all))
}

#[derive(Template)]
#[template(path = "console/account/page.html")]
struct Page {
    frame: Frame,
    role: String,
    password: password::Form,
    sessions: Vec<sessions::Row>,
}

async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let frame = frame(&visit);
    let sessions = sessions::rows(&app, &visit).await?;
    let role = frame.word("role", visit.agent.role.as_str());
    render(&Page { frame, role, password: password::Form::default(), sessions })
}

/// It belongs to no section.
fn frame(visit: &Visit) -> Frame {
    Frame { section: None, ..visit.frame(Section::Inbox) }
}

/// Why a password is not taken.
pub(super) fn weak_text(frame: &Frame, weak: WeakPassword) -> String {
    let text = match weak {
        WeakPassword::TooShort { shortest } => frame.t("account.too_short").with("count", shortest),
        WeakPassword::TooLong { longest } => frame.t("account.too_long").with("count", longest),
        WeakPassword::Common => frame.t("account.common"),
        WeakPassword::ContainsLogin => frame.t("account.contains_login"),
    };
    text.to_string()
}
