//! What shoppers and their pages say in a conversation: messages, and that somebody writes or has read.

use std::sync::PoisonError;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use shopdesk_model::intents::IntentId;
use shopdesk_triage::SmallTalk;
use utoipa::ToSchema;

use super::body::{Body, Parameters};
use super::caller::Visitor;
use crate::conversation::{ConversationId, ConversationState};
use crate::dialogue::{self, Exchange};
use crate::event::Sign;
use crate::live::Signal;
use crate::message::{Message, Sender};
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::NewMessage;

/// The longest id that a client may give to a message.
const CLIENT_MESSAGE_ID_CHARACTERS: usize = 128;

/// A message to send.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMessage)]
pub(super) struct Send {
    text: String,
    /// The sender's own id for it.
    #[schema(min_length = 1, max_length = 128)]
    client_message_id: Option<String>,
    /// The intent of the button that was pressed, with its title as `text`.
    #[schema(value_type = Option<String>)]
    choice: Option<IntentId>,
}

/// How to send it.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Sending {
    /// Whether to answer with the reply, and not as soon as the message is on disk; `true` when it is missing.
    #[serde(default = "waits")]
    wait: bool,
}

fn waits() -> bool {
    true
}

/// The message as it was kept, and what the shop says to it.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageSent)]
pub(super) struct Sent {
    message: Message,
    /// `null` when a human has the conversation, or when nobody waited.
    #[schema(required)]
    reply: Option<Message>,
    state: ConversationState,
}

/// Sends a message.
///
/// It is on disk before it is looked at. Sent again under the same `client_message_id`, it is the same message with the same reply.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages",
    operation_id = "send_message",
    tag = "conversations",
    params(("id" = String, Path, format = Uuid, description = "The conversation."), Sending),
    request_body = Send,
    responses(
        (status = 200, description = "The message, and what the shop says to it.", body = Sent),
        (status = 409, description = "`client-message-id-reused`"),
        (
            status = 422,
            description = "`empty-message`, `message-too-long`, `invalid-client-message-id`, `invalid-value`"
        )
    ),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn send(
    State(app): State<AppState>,
    visitor: Visitor,
    Parameters(sending): Parameters<Sending>,
    Body(send): Body<Send>,
) -> Result<Json<Sent>, Problem> {
    let new = checked(send, app.settings.max_message_characters)?;
    let Exchange { message, reply, state } =
        dialogue::receive(&app, visitor.conversation, new, sending.wait).await?;
    let reply = reply.map(|reply| visitor.reads(reply));
    Ok(Json(Sent { message, reply, state }))
}

fn checked(send: Send, limit: usize) -> Result<NewMessage, Problem> {
    let text = checked_text(send.text, limit)?;
    let client_message_id = checked_client_id(send.client_message_id)?;
    let ends = [SmallTalk::Thanks, SmallTalk::Bye, SmallTalk::Acknowledge];
    let reopens = !SmallTalk::of(&text).is_some_and(|small_talk| ends.contains(&small_talk));
    Ok(NewMessage { text, client_message_id, choice: send.choice, reopens })
}

/// A text of somebody's, neither empty nor too long.
pub(super) fn checked_text(text: String, limit: usize) -> Result<String, Problem> {
    if text.trim().is_empty() {
        return Err(Problem::EmptyMessage);
    }
    if text.chars().count() > limit {
        return Err(Problem::MessageTooLong { limit });
    }
    // PostgreSQL has no room for it in a text, and nobody types it.
    if text.contains('\0') {
        return Err(Problem::InvalidValue { detail: "Leave the character U+0000 out of `text`.".to_owned() });
    }
    Ok(text)
}

/// The sender's own id for a message.
pub(super) fn checked_client_id(id: Option<String>) -> Result<Option<String>, Problem> {
    let length = id.as_ref().map(|id| id.chars().count());
    let is_wrong = length.is_some_and(|length| !(1..=CLIENT_MESSAGE_ID_CHARACTERS).contains(&length));
    if is_wrong || id.as_ref().is_some_and(|id| id.contains('\0')) {
        return Err(Problem::InvalidClientMessageId { limit: CLIENT_MESSAGE_ID_CHARACTERS });
    }
    Ok(id)
}

/// Says that the shopper writes: the answer waits a little.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/typing",
    operation_id = "signal_typing",
    tag = "conversations",
    params(("id" = String, Path, format = Uuid, description = "The conversation.")),
    responses((status = 204, description = "Told.")),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn typing(State(app): State<AppState>, visitor: Visitor) -> Result<StatusCode, Problem> {
    let conversation = visitor.conversation;
    app.present.typing.lock().unwrap_or_else(PoisonError::into_inner).insert(conversation, Instant::now());
    let sign = Sign::Typing { by: Sender::Shopper, name: None };
    app.store.sign(Signal::Sign { conversation, sign }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Up to where somebody has read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadUpTo {
    /// The number of the last event that was read.
    pub(super) sequence: i64,
}

/// Says up to which event the shopper has read.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/read",
    operation_id = "mark_read",
    tag = "conversations",
    params(("id" = String, Path, format = Uuid, description = "The conversation.")),
    request_body = ReadUpTo,
    responses((status = 204, description = "Kept and told.")),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn read(
    State(app): State<AppState>,
    visitor: Visitor,
    Body(read): Body<ReadUpTo>,
) -> Result<StatusCode, Problem> {
    mark_read(&app, visitor.conversation, Sender::Shopper, read.sequence).await
}

/// Keeps up to where somebody has read, and tells the other side when that is further than before.
pub(super) async fn mark_read(
    app: &AppState,
    conversation: ConversationId,
    by: Sender,
    sequence: i64,
) -> Result<StatusCode, Problem> {
    if app.store.keep_read(conversation, by, sequence).await? {
        app.store.sign(Signal::Sign { conversation, sign: Sign::Read { by, sequence } }).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
