//! What an agent says to the shopper, from the page of a ticket.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;

use super::super::fields::Fields;
use super::super::visit::Visit;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::tickets::{Reply, write};
use crate::state::AppState;

/// What was written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    text: String,
    /// The same when the same is sent again.
    client_message_id: String,
}

/// The page learns of the message as of all others, so there is nothing to render.
pub(super) async fn send(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Fields(written): Fields<Written>,
) -> Result<impl IntoResponse, Problem> {
    visit.require(Role::Agent)?;
    // Forms end lines in a way of their own.
    let text = written.text.replace("\r\n", "\n");
    let reply = Reply { text, client_message_id: Some(written.client_message_id) };
    write(&app, &visit.staff, &id, reply).await?;
    Ok((StatusCode::NO_CONTENT, [("hx-trigger", "reply-sent")]))
}
