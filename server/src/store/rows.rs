//! Between rows and what they hold.

use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::StoreError;
use crate::conversation::{Conversation, Customer};
use crate::event::{Event, Happening};
use crate::message::{Message, Sender};

pub(super) const CONVERSATION: &str = "id, state, created_at, last_sequence, site, channel, language, customer, customer_name, context, \
                                       contact, rating_contents, shopper_read, agent_read";
pub(super) const EVENT: &str =
    "id, sequence, kind, at, sender, text, client_message_id, settled_by, helpful, contents";

/// A row of `conversations`.
pub(super) fn conversation_of(row: &AnyRow) -> Result<Conversation, StoreError> {
    Ok(Conversation {
        id: id(row, "id")?,
        state: from_word(row.try_get("state")?, "conversations.state")?,
        created_at: timestamp(row, "created_at")?,
        last_sequence: row.try_get("last_sequence")?,
        site: row.try_get("site")?,
        channel: row.try_get("channel")?,
        language: row.try_get("language")?,
        customer: customer_of(row)?,
        context: json(row, "context")?.unwrap_or_default(),
        contact: json(row, "contact")?,
        rating: json(row, "rating_contents")?,
        shopper_read: row.try_get("shopper_read")?,
        agent_read: row.try_get("agent_read")?,
    })
}

fn customer_of(row: &AnyRow) -> Result<Option<Customer>, StoreError> {
    let customer: Option<String> = row.try_get("customer")?;
    let name: Option<String> = row.try_get("customer_name")?;
    Ok(customer.map(|id| Customer { id, name }))
}

/// A row of `events`.
pub(super) fn event_of(row: &AnyRow) -> Result<Event, StoreError> {
    let kind: String = row.try_get("kind")?;
    let happening = match kind.as_str() {
        "message" => Happening::Message { message: Box::new(message_of(row)?) },
        _ => Happening::Change(required_json(row, "contents")?),
    };
    Ok(Event { sequence: row.try_get("sequence")?, at: timestamp(row, "at")?, happening })
}

/// What only an agent's message has.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct Signed {
    pub(super) name: String,
}

/// A row of `events` that is a message.
pub(super) fn message_of(row: &AnyRow) -> Result<Message, StoreError> {
    let sender: Sender = from_word(row.try_get("sender")?, "events.sender")?;
    let helpful: Option<i64> = row.try_get("helpful")?;
    let (reply, sender_name) = match sender {
        Sender::Shopper => (None, None),
        Sender::Bot => (json(row, "contents")?, None),
        Sender::Agent => (None, json::<Signed>(row, "contents")?.map(|signed| signed.name)),
    };
    Ok(Message {
        id: id(row, "id")?,
        sequence: row.try_get("sequence")?,
        sender,
        sender_name,
        text: row.try_get("text")?,
        created_at: timestamp(row, "at")?,
        client_message_id: row.try_get("client_message_id")?,
        reply,
        helpful: helpful.map(|helpful| helpful != 0),
    })
}

pub(super) fn id<T>(row: &AnyRow, column: &'static str) -> Result<T, StoreError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let id: String = row.try_get(column)?;
    id.parse().map_err(unreadable(column))
}

pub(super) fn optional_id<T>(row: &AnyRow, column: &'static str) -> Result<Option<T>, StoreError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let id: Option<String> = row.try_get(column)?;
    id.map(|id| id.parse().map_err(unreadable(column))).transpose()
}

pub(super) fn timestamp(row: &AnyRow, column: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(row.try_get(column)?).map_err(unreadable(column))
}

pub(super) fn optional_timestamp(
    row: &AnyRow,
    column: &'static str,
) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> = row.try_get(column)?;
    at.map(|at| Timestamp::from_millisecond(at).map_err(unreadable(column))).transpose()
}

pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &AnyRow,
    column: &'static str,
) -> Result<Option<T>, StoreError> {
    let json: Option<String> = row.try_get(column)?;
    json.map(|json| from_json(&json, column)).transpose()
}

pub(super) fn required_json<T: serde::de::DeserializeOwned>(
    row: &AnyRow,
    column: &'static str,
) -> Result<T, StoreError> {
    let json: String = row.try_get(column)?;
    from_json(&json, column)
}

/// The present to the millisecond, which is what the database keeps.
pub(super) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

pub(super) fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data")
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(
    json: &str,
    what: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(unreadable(what))
}

pub(super) fn from_word<T: serde::de::DeserializeOwned>(
    word: String,
    what: &'static str,
) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(unreadable(what))
}

pub(super) fn unreadable<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> StoreError {
    move |error| StoreError::Unreadable { what, problem: error.to_string() }
}
