//! `/v1/conversations`: where shoppers talk.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Body;
use super::caller::{Address, Visitor, limit, require_origin};
use crate::conversation::{Conversation, ConversationId, ConversationState, Customer};
use crate::dialogue::{self, Waiting};
use crate::event::Event;
use crate::message::Message;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::NewConversation;

/// The most that a page may say beside the messages.
const CONTEXT_KEYS: usize = 16;
const CONTEXT_CHARACTERS: usize = 500;
/// The longest channel and language.
const TAG_CHARACTERS: usize = 64;
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
    let choices = app.choices();
    let site = choices.sites.get(&name).ok_or(Problem::NoSite)?;
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
pub(super) async fn can_rate(app: &AppState, conversation: &Conversation) -> Result<bool, Problem> {
    let is_over = conversation.state == ConversationState::Closed;
    Ok(conversation.rating.is_none() && (is_over || app.store.was_answered(conversation.id).await?))
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
