//! What shoppers say about the service: whether an answer helped, how to reach them, how it was.

use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use shopdesk_triage::EscalationReason;
use utoipa::ToSchema;

use super::body::{Body, Segments};
use super::caller::Visitor;
use super::conversations::can_rate;
use crate::conversation::{Contact, ConversationState, MessageId, Rating};
use crate::dialogue;
use crate::message::{Reply, ReplyKind};
use crate::problem::Problem;
use crate::state::{AppState, reader_of};

/// The longest contact, note or comment.
const SHORT_CHARACTERS: usize = 1000;
/// The most reasons of a rating.
const REASONS: usize = 8;

/// Whether an answer helped.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Helpful {
    helpful: bool,
}

/// Says whether an answer helped.
///
/// Said once more, it overwrites. After several answers that did not help, a human takes over.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/messages/{message}/helpful",
    operation_id = "say_helpful",
    tag = "conversations",
    params(
        ("id" = String, Path, format = Uuid, description = "The conversation."),
        ("message" = String, Path, format = Uuid, description = "A message with `asks_if_helpful`.")
    ),
    request_body = Helpful,
    responses(
        (status = 204, description = "Kept."),
        (status = 404, description = "`no-message`")
    ),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn helpful(
    State(app): State<AppState>,
    visitor: Visitor,
    Segments((_conversation, message)): Segments<(String, String)>,
    Body(Helpful { helpful }): Body<Helpful>,
) -> Result<StatusCode, Problem> {
    let conversation = visitor.conversation;
    let message: MessageId = message.parse().map_err(|_| Problem::NoMessage)?;
    let judged = app.store.keep_helpful(conversation, message, helpful).await?.ok_or(Problem::NoMessage)?;
    if helpful {
        return Ok(StatusCode::NO_CONTENT);
    }
    if judged.failed_answers >= i64::from(app.settings.dialogue.failed_answers.get()) {
        dialogue::handed_over_because(&app, conversation, EscalationReason::AnswersFailed).await?;
    } else if judged.is_new {
        let (_, language) = reader_of(&app, conversation).await?.ok_or(Problem::NoConversation)?;
        let text = app.replies_for(language).map(|replies| replies.not_helpful.clone()).unwrap_or_default();
        let reply = Reply::plain(ReplyKind::Notice, None);
        app.store.say(conversation, ConversationState::Bot, text, reply).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Leaves a number or an address.
///
/// The ticket shows the last one.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/contact",
    operation_id = "leave_contact",
    tag = "conversations",
    params(("id" = String, Path, format = Uuid, description = "The conversation.")),
    request_body = Contact,
    responses(
        (status = 204, description = "Kept."),
        (status = 422, description = "`invalid-value`")
    ),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn contact(
    State(app): State<AppState>,
    visitor: Visitor,
    Body(contact): Body<Contact>,
) -> Result<StatusCode, Problem> {
    let texts = [Some(&contact.value), contact.note.as_ref()];
    if contact.value.trim().is_empty()
        || texts.into_iter().flatten().any(|text| text.chars().count() > SHORT_CHARACTERS)
    {
        let detail =
            format!("Give `value` a number or an address, and `note` at most {SHORT_CHARACTERS} characters.");
        return Err(Problem::InvalidValue { detail });
    }
    let conversation = visitor.conversation;
    if !app.store.keep_contact(conversation, &contact).await? {
        return Err(Problem::NoConversation);
    }
    let (found, language) = reader_of(&app, conversation).await?.ok_or(Problem::NoConversation)?;
    let text = app.replies_for(language).map(|replies| replies.contact_thanks.clone()).unwrap_or_default();
    let reply = Reply::plain(ReplyKind::Notice, None);
    app.store.say(conversation, found.state, text, reply).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Rates a conversation, once.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/rating",
    operation_id = "rate_conversation",
    tag = "conversations",
    params(("id" = String, Path, format = Uuid, description = "The conversation.")),
    request_body = Rating,
    responses(
        (status = 201, description = "Kept."),
        (status = 409, description = "`already-rated`, `cannot-rate-yet`"),
        (status = 422, description = "`invalid-value`")
    ),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn rate(
    State(app): State<AppState>,
    visitor: Visitor,
    Body(rating): Body<Rating>,
) -> Result<StatusCode, Problem> {
    if !(1..=5).contains(&rating.score) {
        return Err(Problem::InvalidValue { detail: "Give `score` a number from 1 to 5.".to_owned() });
    }
    if rating.comment.as_ref().is_some_and(|comment| comment.chars().count() > SHORT_CHARACTERS)
        || rating.reasons.len() > REASONS
    {
        let detail =
            format!("Give at most {REASONS} `reasons`, and `comment` at most {SHORT_CHARACTERS} characters.");
        return Err(Problem::InvalidValue { detail });
    }
    let conversation = app.store.conversation(visitor.conversation).await?.ok_or(Problem::NoConversation)?;
    if conversation.rating.is_some() {
        return Err(Problem::AlreadyRated);
    }
    if !can_rate(&app, &conversation).await? {
        return Err(Problem::CannotRateYet);
    }
    match app.store.rate(visitor.conversation, &rating).await? {
        Some(true) => Ok(StatusCode::CREATED),
        Some(false) => Err(Problem::AlreadyRated),
        None => Err(Problem::NoConversation),
    }
}
