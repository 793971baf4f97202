//! `/v1/conversations`: where shoppers talk.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::conversation::{Conversation, ConversationId, ConversationState, Message};
use crate::dialogue::{self, Exchange};
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::NewMessage;

/// The longest id that a client may give to a message.
const CLIENT_MESSAGE_ID_CHARACTERS: usize = 128;

pub(super) async fn create(State(app): State<AppState>) -> Result<(StatusCode, Json<Conversation>), Problem> {
    Ok((StatusCode::CREATED, Json(app.store.create_conversation().await?)))
}

/// A conversation with its messages.
#[derive(Serialize)]
pub(super) struct Shown {
    #[serde(flatten)]
    conversation: Conversation,
    messages: Vec<Message>,
}

pub(super) async fn show(
    State(app): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Shown>, Problem> {
    let found = app.store.conversation(parse(&id)?).await?;
    let (conversation, messages) = found.ok_or(Problem::NoConversation)?;
    Ok(Json(Shown { conversation, messages }))
}

/// A message to send.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Send {
    text: String,
    client_message_id: Option<String>,
}

/// The message as it was kept, and what the shop says to it.
#[derive(Serialize)]
pub(super) struct Sent {
    message: Message,
    reply: Option<Message>,
    state: ConversationState,
}

pub(super) async fn send(
    State(app): State<AppState>,
    Path(id): Path<String>,
    body: Result<Json<Send>, JsonRejection>,
) -> Result<Json<Sent>, Problem> {
    let Json(send) = body.map_err(|rejection| Problem::InvalidBody {
        status: rejection.status(),
        detail: rejection.body_text(),
    })?;
    let new = checked(send, app.max_message_characters)?;
    let Exchange { message, reply, state } = dialogue::receive(&app, parse(&id)?, new).await?;
    Ok(Json(Sent { message, reply, state }))
}

fn checked(send: Send, limit: usize) -> Result<NewMessage, Problem> {
    if send.text.trim().is_empty() {
        return Err(Problem::EmptyMessage);
    }
    if send.text.chars().count() > limit {
        return Err(Problem::MessageTooLong { limit });
    }
    let length = send.client_message_id.as_ref().map(|id| id.chars().count());
    if length.is_some_and(|length| !(1..=CLIENT_MESSAGE_ID_CHARACTERS).contains(&length)) {
        return Err(Problem::InvalidClientMessageId { limit: CLIENT_MESSAGE_ID_CHARACTERS });
    }
    Ok(NewMessage { text: send.text, client_message_id: send.client_message_id })
}

/// What is no id is the id of no conversation.
fn parse(id: &str) -> Result<ConversationId, Problem> {
    id.parse().map_err(|_| Problem::NoConversation)
}
