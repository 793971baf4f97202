//! `/console/invitation`: where somebody who was invited chooses a password. The link's secret stands behind the `#`, which no server and
//! no log sees; the page's script puts it into the form.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::account::weak_text;
use super::fields::Fields;
use super::frame::{Frame, render};
use super::visit::language_of;
use crate::problem::Problem;
use crate::routes::caller::Address;
use crate::routes::people::{Choose, take_invitation};
use crate::state::AppState;

const INVITATION: &str = "/console/invitation";

#[derive(Template)]
#[template(path = "console/invitation.html")]
struct Page {
    frame: Frame,
    outcome: Outcome,
}

#[derive(Template)]
#[template(path = "console/invitation_form.html")]
struct Part {
    frame: Frame,
    outcome: Outcome,
}

/// What became of it so far.
enum Outcome {
    /// Nothing was chosen yet; the sentence says what was wrong with the last try.
    Open(Option<String>),
    /// The password is kept.
    Chosen,
    /// The link holds no more.
    Gone,
}

pub(super) async fn show(State(app): State<AppState>, headers: HeaderMap) -> Result<Response, Problem> {
    let frame = Frame::of_nobody(&app, language_of(&headers), INVITATION);
    render(&Page { frame, outcome: Outcome::Open(None) })
}

/// What was filled in.
#[derive(Deserialize)]
pub(super) struct Chosen {
    invitation: String,
    password: String,
    again: String,
}

pub(super) async fn choose(
    State(app): State<AppState>,
    address: Address,
    headers: HeaderMap,
    Fields(chosen): Fields<Chosen>,
) -> Result<Response, Problem> {
    let frame = Frame::of_nobody(&app, language_of(&headers), INVITATION);
    let wrong = |text: String| (StatusCode::UNPROCESSABLE_ENTITY, Outcome::Open(Some(text)));
    let (status, outcome) = if chosen.password == chosen.again {
        let choose = Choose { invitation: chosen.invitation, password: chosen.password };
        match take_invitation(&app, &address, choose).await {
            Ok(Ok(())) => (StatusCode::OK, Outcome::Chosen),
            Ok(Err(weak)) => wrong(weak_text(&frame, weak)),
            Err(Problem::NoInvitation) => (StatusCode::NOT_FOUND, Outcome::Gone),
            Err(other) => return Err(other),
        }
    } else {
        wrong(frame.t("account.differ").to_string())
    };
    let mut response = render(&Part { frame, outcome })?;
    *response.status_mut() = status;
    Ok(response)
}
