//! `/v1/conversations`: where shoppers talk.

use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shopdesk_model::intents::IntentId;
use shopdesk_triage::{EscalationReason, SmallTalk};
use utoipa::ToSchema;

use super::body::{Body, Parameters, Segments};
use super::caller::{Address, Visitor, limit, require_origin};
use crate::conversation::{
    Contact, Conversation, ConversationId, ConversationState, Customer, MessageId, Rating,
};
use crate::dialogue::{self, Exchange, Waiting};
use crate::event::{Event, Sign};
use crate::live::Signal;
use crate::message::{Message, Reply, ReplyKind, Sender};
use crate::problem::Problem;
use crate::state::{AppState, reader_of};
use crate::store::{NewConversation, NewMessage};

/// The longest id that a client may give to a message.
const CLIENT_MESSAGE_ID_CHARACTERS: usize = 128;
/// The most that a page may say beside the messages.
const CONTEXT_KEYS: usize = 16;
const CONTEXT_CHARACTERS: usize = 500;
/// The longest name, contact, note or comment.
const SHORT_CHARACTERS: usize = 1000;
/// The longest channel and language.
const TAG_CHARACTERS: usize = 64;
/// The most reasons of a rating.
const REASONS: usize = 8;
/// The site of conversations that do not say.
const DEFAULT_SITE: &str = "main";

/// A conversation to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    /// `main` when it is missing.
    site: Option<String>,
    /// How the shopper reaches the shop; `api` when it is missing.
    #[schema(max_length = 64)]
    channel: Option<String>,
    /// The page's language, for when a message does not tell.
    #[schema(max_length = 64)]
    language: Option<String>,
    customer: Option<Claimed>,
    /// What the page is about: at most 16 keys, and 500 characters for each key and value.
    #[serde(default)]
    context: BTreeMap<String, String>,
}

/// A customer whom the shop vouches for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClaimedCustomer)]
struct Claimed {
    #[schema(max_length = 500)]
    id: String,
    /// The HMAC-SHA256 of the id under the site's identity secret, in hexadecimal digits.
    signature: String,
    #[schema(max_length = 500)]
    name: Option<String>,
}

/// A conversation that was begun, and the token to take part in it.
#[derive(Serialize, ToSchema)]
#[schema(as = ConversationBegun)]
pub(super) struct Begun {
    #[serde(flatten)]
    conversation: Conversation,
    #[serde(flatten)]
    token: Token,
}

/// The token that lets a visitor take part in a conversation.
#[derive(Serialize, ToSchema)]
#[schema(as = VisitorToken)]
pub(super) struct Token {
    token: String,
    token_expires_at: Timestamp,
}

/// Begins a conversation.
///
/// Every key may be left out: `{}` will do. Pages of a site's origins may call this, and whoever sends no `Origin`.
#[utoipa::path(
    post,
    path = "/v1/conversations",
    operation_id = "begin_conversation",
    tag = "conversations",
    request_body = Begin,
    responses(
        (status = 201, description = "The conversation, and the token to take part in it.", body = Begun),
        (status = 401, description = "`wrong-signature`"),
        (status = 403, description = "`origin-not-allowed`"),
        (status = 404, description = "`no-site`"),
        (status = 422, description = "`invalid-value`")
    )
)]
pub(super) async fn create(
    State(app): State<AppState>,
    address: Address,
    headers: HeaderMap,
    Body(begin): Body<Begin>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    limit(&app.present.beginnings, &address.key())?;
    let name = begin.site.clone().unwrap_or_else(|| DEFAULT_SITE.to_owned());
    let site = app.settings.sites.get(&name).ok_or(Problem::NoSite)?;
    limit(&app.present.sites, &name)?;
    require_origin(site, &headers)?;
    let customer = match &begin.customer {
        Some(claimed)
            if site.identity.as_ref().is_some_and(|check| check.accepts(&claimed.id, &claimed.signature)) =>
        {
            Some(Customer { id: claimed.id.clone(), name: claimed.name.clone() })
        }
        Some(_) => return Err(Problem::WrongSignature),
        None => None,
    };
    let new = checked_beginning(name, customer, begin)?;
    let conversation = app.store.create_conversation(new).await?;
    let token = issue(&app, conversation.id);
    Ok((StatusCode::CREATED, Json(Begun { conversation, token })))
}

fn checked_beginning(
    site: String,
    customer: Option<Customer>,
    begin: Begin,
) -> Result<NewConversation, Problem> {
    let too_long = |text: &str| text.chars().count() > CONTEXT_CHARACTERS;
    let Begin { channel, language, context, .. } = begin;
    let texts = context.iter().flat_map(|(key, value)| [key, value]).chain(&channel).chain(&language);
    let texts = texts
        .chain(customer.iter().flat_map(|customer| [Some(&customer.id), customer.name.as_ref()]).flatten());
    if texts.into_iter().any(|text| text.contains('\0')) {
        return Err(Problem::InvalidValue { detail: "Leave the character U+0000 out.".to_owned() });
    }
    if context.len() > CONTEXT_KEYS || context.iter().any(|(key, value)| too_long(key) || too_long(value)) {
        let detail =
            format!("Give `context` at most {CONTEXT_KEYS} keys and {CONTEXT_CHARACTERS} characters each.");
        return Err(Problem::InvalidValue { detail });
    }
    let words = [channel.as_deref(), language.as_deref()];
    let names = [
        customer.as_ref().map(|customer| customer.id.as_str()),
        customer.as_ref().and_then(|customer| customer.name.as_deref()),
    ];
    if words.into_iter().flatten().any(|word| word.chars().count() > TAG_CHARACTERS)
        || names.into_iter().flatten().any(too_long)
    {
        let detail = format!(
            "Give `channel` and `language` at most {TAG_CHARACTERS} characters, and the customer's id and name at most {CONTEXT_CHARACTERS}."
        );
        return Err(Problem::InvalidValue { detail });
    }
    let channel = channel.unwrap_or_else(|| "api".to_owned());
    Ok(NewConversation { site, channel, language, customer, context })
}

fn issue(app: &AppState, conversation: ConversationId) -> Token {
    let token_expires_at = app.time() + app.settings.token_lifetime;
    Token { token: app.tokens.issue(conversation.uuid(), token_expires_at), token_expires_at }
}

/// A fresh token; the old one goes on until it ends.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/token",
    operation_id = "renew_token",
    tag = "conversations",
    params(("id" = String, Path, format = Uuid, description = "The conversation.")),
    responses((status = 200, description = "The token.", body = Token)),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn renew(State(app): State<AppState>, visitor: Visitor) -> Json<Token> {
    Json(issue(&app, visitor.conversation))
}

/// A conversation with all that a page needs to show it.
#[derive(Serialize, ToSchema)]
#[schema(as = ConversationShown)]
pub(super) struct Shown {
    #[serde(flatten)]
    conversation: Conversation,
    messages: Vec<Message>,
    /// Who spoke for the shop when: the events of kind `state`.
    notices: Vec<Event>,
    /// What whoever waits can expect; `null` unless the state is `waiting_for_human`.
    #[schema(required)]
    waiting: Option<Waiting>,
    /// Whether a rating would be taken.
    can_rate: bool,
}

/// A conversation with all that was said in it.
#[utoipa::path(
    get,
    path = "/v1/conversations/{id}",
    operation_id = "read_conversation",
    tag = "conversations",
    params(("id" = String, Path, format = Uuid, description = "The conversation.")),
    responses((status = 200, description = "The conversation.", body = Shown)),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn show(State(app): State<AppState>, visitor: Visitor) -> Result<Json<Shown>, Problem> {
    let found = app.store.conversation_with_notices(visitor.conversation).await?;
    let (conversation, messages, notices) = found.ok_or(Problem::NoConversation)?;
    let waiting = dialogue::waiting(&app, visitor.conversation).await?;
    let can_rate = can_rate(&app, &conversation).await?;
    let messages = messages.into_iter().map(|message| visitor.reads(message)).collect();
    Ok(Json(Shown { conversation, messages, notices, waiting, can_rate }))
}

/// Whether there is something to rate that was not rated: an answer, or an end.
async fn can_rate(app: &AppState, conversation: &Conversation) -> Result<bool, Problem> {
    let is_over = conversation.state == ConversationState::Closed;
    Ok(conversation.rating.is_none() && (is_over || app.store.was_answered(conversation.id).await?))
}

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

/// Who speaks for the shop from now on.
#[derive(Serialize, ToSchema)]
pub(super) struct StateNow {
    state: ConversationState,
}

/// Asks for a human.
///
/// Nothing happens unless the state is `bot`.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/human",
    operation_id = "ask_for_human",
    tag = "conversations",
    params(("id" = String, Path, format = Uuid, description = "The conversation.")),
    responses((status = 200, description = "Who speaks for the shop now.", body = StateNow)),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn human(State(app): State<AppState>, visitor: Visitor) -> Result<Json<StateNow>, Problem> {
    let state = dialogue::hand_over(&app, visitor.conversation).await?;
    Ok(Json(StateNow { state }))
}

/// Ends a conversation, and its ticket with it.
#[utoipa::path(
    post,
    path = "/v1/conversations/{id}/close",
    operation_id = "close_conversation",
    tag = "conversations",
    params(("id" = String, Path, format = Uuid, description = "The conversation.")),
    responses((status = 200, description = "It is over.", body = StateNow)),
    security(("visitor_token" = []), ("key" = ["conversations"])),
)]
pub(super) async fn close(State(app): State<AppState>, visitor: Visitor) -> Result<Json<StateNow>, Problem> {
    let state = app.store.close_conversation(visitor.conversation).await?.ok_or(Problem::NoConversation)?;
    Ok(Json(StateNow { state }))
}

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
