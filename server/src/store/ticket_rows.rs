//! A ticket in a transaction: locked, moved from state to state, with its log.

use shopdesk_model::intents::{IntentId, Priority};
use sqlx::{AnyConnection, Row as _};

use super::StoreError;
use super::conversations::lock;
use super::rows::{from_word, id, now, optional_id, required_json, to_json};
use super::settle::priority_of;
use super::statements::Statement;
use super::writing::Writing;
use crate::agent::AgentId;
use crate::conversation::{ConversationId, ConversationState};
use crate::live::Signal;
use crate::ticket::{Entry, TicketContents, TicketId, TicketState};

/// A ticket in a transaction.
pub(super) struct Locked {
    pub(super) state: TicketState,
    pub(super) conversation: ConversationId,
    pub(super) assignee: Option<AgentId>,
    pub(super) priority: Priority,
    pub(super) intent: Option<IntentId>,
    pub(super) language: Option<String>,
    pub(super) contents: TicketContents,
}

pub(super) async fn locked(
    connection: &mut AnyConnection,
    ticket: TicketId,
) -> Result<Option<Locked>, StoreError> {
    // The conversation first, as everywhere, so that two transactions never wait for each other.
    let row = sqlx::query("SELECT conversation FROM tickets WHERE id = $1")
        .bind(ticket.to_string())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let conversation: ConversationId = id(&row, "conversation")?;
    lock(connection, conversation).await?;
    let row = sqlx::query(
        "UPDATE tickets SET updated_at = $2 WHERE id = $1 RETURNING state, assignee, priority, intent, language, contents",
    )
    .bind(ticket.to_string())
    .bind(now().as_millisecond())
    .fetch_one(connection)
    .await?;
    Ok(Some(Locked {
        state: from_word(row.try_get("state")?, "tickets.state")?,
        conversation,
        assignee: optional_id(&row, "assignee")?,
        priority: priority_of(row.try_get("priority")?),
        intent: row.try_get::<Option<String>, _>("intent")?.and_then(|intent| IntentId::new(&intent)),
        language: row.try_get("language")?,
        contents: required_json(&row, "contents")?,
    }))
}

pub(super) async fn state_of(
    connection: &mut AnyConnection,
    id: ConversationId,
) -> Result<ConversationState, StoreError> {
    let row = sqlx::query("SELECT state FROM conversations WHERE id = $1")
        .bind(id.to_string())
        .fetch_one(connection)
        .await?;
    from_word(row.try_get("state")?, "conversations.state")
}

/// The latest ticket of a conversation that was not merged away.
pub(super) async fn latest_of(
    connection: &mut AnyConnection,
    conversation: ConversationId,
) -> Result<Option<(TicketId, TicketState)>, StoreError> {
    let row = sqlx::query(
        "SELECT id, state FROM tickets WHERE conversation = $1 AND state <> 'merged' ORDER BY number DESC LIMIT 1",
    )
    .bind(conversation.to_string())
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((id(&row, "id")?, from_word(row.try_get("state")?, "tickets.state")?))).transpose()
}

pub(super) async fn set_state(
    writing: &mut Writing,
    ticket: TicketId,
    state: TicketState,
) -> Result<(), StoreError> {
    let closed_at =
        matches!(state, TicketState::Closed | TicketState::Merged).then(|| now().as_millisecond());
    // Whoever puts it off says until when after this.
    let next_alert_at = matches!(state, TicketState::Open | TicketState::Assigned).then_some(0_i64);
    sqlx::query(
        "UPDATE tickets SET state = $2, closed_at = $3, updated_at = $4, next_alert_at = $5, \
         snoozed_until = NULL WHERE id = $1",
    )
    .bind(ticket.to_string())
    .bind(state.as_str())
    .bind(closed_at)
    .bind(now().as_millisecond())
    .bind(next_alert_at)
    .execute(&mut **writing)
    .await?;
    writing.signals.push(Signal::Ticket { ticket });
    Ok(())
}

/// Appends to a ticket's log.
pub(super) async fn log(
    writing: &mut Writing,
    ticket: TicketId,
    actor: Option<&str>,
    entry: &Entry,
) -> Result<(), StoreError> {
    let row = sqlx::query("UPDATE tickets SET last_log = last_log + 1 WHERE id = $1 RETURNING last_log")
        .bind(ticket.to_string())
        .fetch_one(&mut **writing)
        .await?;
    let sequence = row.try_get("last_log")?;
    writing.run([insert_log(ticket, sequence, actor, entry)]).await?;
    Ok(())
}

/// Inserts an entry under a number that was taken for it.
pub(super) fn insert_log(ticket: TicketId, sequence: i64, actor: Option<&str>, entry: &Entry) -> Statement {
    Statement::new(
        "INSERT INTO ticket_log (ticket, sequence, at, kind, actor, contents) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(ticket.to_string())
    .bind(sequence)
    .bind(now().as_millisecond())
    .bind(entry.kind())
    .bind(actor.map(ToOwned::to_owned))
    .bind(to_json(entry))
}
