//! A new password in place of the old one, by whoever knows the old one.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::{frame, weak_text};
use crate::agent::Role;
use crate::auth::check_new_password;
use crate::problem::Problem;
use crate::routes::caller::{Address, Staff, session_hash};
use crate::routes::console::fields::Fields;
use crate::routes::console::frame::{Frame, render};
use crate::routes::console::visit::Visit;
use crate::routes::people::{attempt, hashed, is_password, succeeded};
use crate::state::AppState;

#[derive(Template)]
#[template(path = "console/account/password.html")]
struct Part {
    frame: Frame,
    password: Form,
}

/// The form as it is shown.
#[derive(Default)]
pub(super) struct Form {
    /// What is wrong with the old password.
    pub(super) old: Option<String>,
    /// What is wrong with the new one.
    pub(super) new: Option<String>,
    /// What is wrong with its repetition.
    pub(super) again: Option<String>,
    pub(super) is_done: bool,
}

/// What was filled in.
#[derive(Deserialize)]
pub(super) struct Change {
    old: String,
    new: String,
    again: String,
}

pub(super) async fn change(
    State(app): State<AppState>,
    visit: Visit,
    address: Address,
    Fields(change): Fields<Change>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let frame = frame(&visit);
    let password = changed(&app, &visit, &address, &frame, change).await?;
    let status = if password.is_done { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let mut response = render(&Part { frame, password })?;
    *response.status_mut() = status;
    Ok(response)
}

/// Changes the password, or says in the form why not. Whoever sits at somebody else's screen may guess no faster than at the door.
async fn changed(
    app: &AppState,
    visit: &Visit,
    address: &Address,
    frame: &Frame,
    change: Change,
) -> Result<Form, Problem> {
    let Staff::Agent { agent, session } = &visit.staff else { return Err(Problem::NotAllowed) };
    if let Err(weak) = check_new_password(&change.new, &agent.login) {
        return Ok(Form { new: Some(weak_text(frame, weak)), ..Form::default() });
    }
    if change.new != change.again {
        return Ok(Form { again: Some(frame.t("account.differ").to_string()), ..Form::default() });
    }
    attempt(app, &agent.login, address.0)?;
    let stored = app.store.agent_by_login(&agent.login).await?.and_then(|found| found.password);
    if !is_password(app, change.old, stored).await? {
        return Ok(Form { old: Some(frame.t("account.wrong_old").to_string()), ..Form::default() });
    }
    succeeded(app, &agent.login, address.0);
    let hashed = hashed(app, change.new).await?;
    app.store.change_password(agent.id, &hashed, &session_hash(session)).await?;
    visit.staff.audit(app, "password.change", agent.id).await?;
    Ok(Form { is_done: true, ..Form::default() })
}
