//! What agents do to tickets. Every step checks where the ticket is, in the transaction that changes it.

use jiff::Timestamp;
use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_model::script::simplified;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::conversations::{lock, take};
use super::rows::{Signed, from_word, id, now, optional_id, required_json, to_json};
use super::settle::{priority_of, urgency};
use super::writing::{NewRow, Writing};
use super::{Lock, Store, StoreError};
use crate::agent::AgentId;
use crate::conversation::{ConversationId, ConversationState, ConversationStep};
use crate::live::Signal;
use crate::message::{Message, Sender};
use crate::ticket::{CorrectionId, Entry, TicketContents, TicketId, TicketState, TicketStep};
use crate::webhooks::TicketClosed;

/// Who does something to a ticket.
#[derive(Clone, Debug)]
pub struct Actor {
    /// What logs say: an agent's login, a key's name.
    pub name: String,
    /// What shoppers read.
    pub shown: String,
    /// The agent, if it is one.
    pub agent: Option<AgentId>,
}

/// What is to happen to a ticket.
#[derive(Clone, Debug)]
pub enum TicketChange {
    /// The actor takes it, if nobody has it.
    Claim,
    /// It is given to an agent, who is called that.
    Assign(AgentId, String),
    /// Nobody works on it any more.
    Release,
    /// Colleagues should know something.
    Note(String),
    /// It is about something else.
    Intent(IntentId),
    /// It is more or less urgent; with the deadlines that follow.
    Priority(Priority, Option<Timestamp>, Option<Timestamp>),
    /// It is put off until then.
    Snooze(Timestamp),
    /// It comes back.
    Wake,
    /// Another ticket goes on in its place.
    MergeInto(TicketId),
    /// It is done, for that reason.
    Close(Option<String>),
}

/// A ticket in a transaction.
struct Locked {
    state: TicketState,
    conversation: ConversationId,
    assignee: Option<AgentId>,
    priority: Priority,
    intent: Option<IntentId>,
    language: Option<String>,
    contents: TicketContents,
}

impl Store {
    /// Changes a ticket, and the conversation with it. Nothing when there is no such ticket.
    ///
    /// # Errors
    /// [`StoreError::TicketStep`] when it is not in a state for that; when the database fails.
    pub async fn change_ticket(
        &self,
        ticket: TicketId,
        actor: &Actor,
        change: TicketChange,
    ) -> Result<Option<()>, StoreError> {
        let lock = if matches!(change, TicketChange::MergeInto(_)) { Lock::Merging } else { Lock::Rows };
        let mut writing = self.begin(lock).await?;
        let Some(found) = locked(&mut writing, ticket).await? else { return Ok(None) };
        let by = Some(actor.name.as_str());
        match change {
            TicketChange::Claim => {
                if let Some(agent) = actor.agent {
                    assign(&mut writing, ticket, &found, TicketStep::Claim, (agent, &actor.shown), by)
                        .await?;
                }
            }
            TicketChange::Assign(agent, name) => {
                assign(&mut writing, ticket, &found, TicketStep::Assign, (agent, &name), by).await?;
            }
            TicketChange::Release => release(&mut writing, ticket, &found, by).await?,
            TicketChange::Note(text) => log(&mut writing, ticket, by, &Entry::Note { text }).await?,
            TicketChange::Intent(new) => correct_intent(&mut writing, ticket, found, new, actor).await?,
            TicketChange::Priority(new, first, resolution) => {
                correct_priority(&mut writing, ticket, found, (new, first, resolution), actor).await?;
            }
            TicketChange::Snooze(until) => {
                let state = found.state.after(TicketStep::Snooze)?;
                set_state(&mut writing, ticket, state).await?;
                sqlx::query("UPDATE tickets SET snoozed_until = $2 WHERE id = $1")
                    .bind(ticket.to_string())
                    .bind(until.as_millisecond())
                    .execute(&mut *writing)
                    .await?;
                log(&mut writing, ticket, by, &Entry::Snoozed { until }).await?;
            }
            TicketChange::Wake => wake(&mut writing, ticket, &found, by).await?,
            TicketChange::MergeInto(other) => merge(&mut writing, ticket, &found, other, by).await?,
            TicketChange::Close(reason) => close(&mut writing, ticket, &found, reason, actor).await?,
        }
        writing.signals.push(Signal::Ticket { ticket });
        writing.commit().await?;
        Ok(Some(()))
    }

    /// Keeps what an agent says to the shopper of a ticket. Sent again under the same id, it is the same message.
    ///
    /// # Errors
    /// [`StoreError::TicketStep`] when nobody or somebody else has the ticket; when the database fails.
    pub async fn reply_on_ticket(
        &self,
        ticket: TicketId,
        actor: &Actor,
        text: String,
        client_message_id: Option<String>,
    ) -> Result<Option<Message>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        let Some(found) = locked(&mut writing, ticket).await? else { return Ok(None) };
        if let Some(client_id) = &client_message_id {
            let columns = super::rows::EVENT;
            let row = sqlx::query(AssertSqlSafe(format!(
                "SELECT {columns} FROM events WHERE conversation = $1 AND client_message_id = $2"
            )))
            .bind(found.conversation.to_string())
            .bind(client_id.clone())
            .fetch_optional(&mut *writing)
            .await?;
            if let Some(row) = row {
                let known = super::rows::message_of(&row)?;
                if known.sender != Sender::Agent || known.text != text {
                    return Err(StoreError::ClientMessageIdReused);
                }
                return Ok(Some(known));
            }
        }
        let is_theirs = found.state == TicketState::Assigned && found.assignee == actor.agent;
        if !is_theirs {
            // Whoever answers takes the ticket; two agents do not answer one shopper.
            let Some(agent) = actor.agent else {
                found.state.after(TicketStep::Release)?;
                return self
                    .append_reply(writing, ticket, &found, actor, text, client_message_id)
                    .await
                    .map(Some);
            };
            assign(&mut writing, ticket, &found, TicketStep::Claim, (agent, &actor.shown), Some(&actor.name))
                .await?;
        }
        self.append_reply(writing, ticket, &found, actor, text, client_message_id).await.map(Some)
    }

    async fn append_reply(
        &self,
        mut writing: Writing,
        ticket: TicketId,
        found: &Locked,
        actor: &Actor,
        text: String,
        client_message_id: Option<String>,
    ) -> Result<Message, StoreError> {
        let contents = Some(to_json(&Signed { name: actor.shown.clone() }));
        let row = NewRow { sender: Sender::Agent, text, client_message_id, settled_by: None, contents };
        let message = writing.append_message(found.conversation, row).await?;
        sqlx::query("UPDATE tickets SET first_response_at = $2 WHERE id = $1 AND first_response_at IS NULL")
            .bind(ticket.to_string())
            .bind(message.created_at.as_millisecond())
            .execute(&mut *writing)
            .await?;
        log(&mut writing, ticket, Some(&actor.name), &Entry::Replied { message: message.id }).await?;
        writing.signals.push(Signal::Ticket { ticket });
        writing.commit().await?;
        Ok(Message { sender_name: Some(actor.shown.clone()), ..message })
    }

    /// Keeps that a correction was approved of, or not. Whether it waited for that.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn judge_correction(
        &self,
        correction: CorrectionId,
        approve: bool,
    ) -> Result<bool, StoreError> {
        let state = if approve { "approved" } else { "rejected" };
        let done = sqlx::query("UPDATE corrections SET state = $2 WHERE id = $1 AND state = 'waiting'")
            .bind(correction.to_string())
            .bind(state)
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

async fn locked(connection: &mut AnyConnection, ticket: TicketId) -> Result<Option<Locked>, StoreError> {
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

async fn assign(
    writing: &mut Writing,
    ticket: TicketId,
    found: &Locked,
    step: TicketStep,
    (agent, name): (AgentId, &str),
    by: Option<&str>,
) -> Result<(), StoreError> {
    let state = found.state.after(step)?;
    set_state(writing, ticket, state).await?;
    sqlx::query("UPDATE tickets SET assignee = $2, snoozed_until = NULL WHERE id = $1")
        .bind(ticket.to_string())
        .bind(agent.to_string())
        .execute(&mut **writing)
        .await?;
    log(writing, ticket, by, &Entry::Assigned { agent, name: name.to_owned() }).await?;
    let conversation = state_of(writing, found.conversation).await?;
    let from = match conversation {
        ConversationState::Closed => {
            take(writing, found.conversation, conversation, ConversationStep::ReopenForHuman, None, None)
                .await?
        }
        other => other,
    };
    take(writing, found.conversation, from, ConversationStep::Claim, None, Some(name.to_owned())).await?;
    Ok(())
}

async fn release(
    writing: &mut Writing,
    ticket: TicketId,
    found: &Locked,
    by: Option<&str>,
) -> Result<(), StoreError> {
    let state = found.state.after(TicketStep::Release)?;
    set_state(writing, ticket, state).await?;
    sqlx::query("UPDATE tickets SET assignee = NULL WHERE id = $1")
        .bind(ticket.to_string())
        .execute(&mut **writing)
        .await?;
    log(writing, ticket, by, &Entry::Released).await?;
    let conversation = state_of(writing, found.conversation).await?;
    if conversation == ConversationState::WithHuman {
        take(writing, found.conversation, conversation, ConversationStep::Release, None, None).await?;
    }
    Ok(())
}

async fn wake(
    writing: &mut Writing,
    ticket: TicketId,
    found: &Locked,
    by: Option<&str>,
) -> Result<(), StoreError> {
    // It goes back to whoever put it off.
    let state = found.state.after(TicketStep::Wake)?;
    let state = if found.assignee.is_some() { TicketState::Assigned } else { state };
    set_state(writing, ticket, state).await?;
    sqlx::query("UPDATE tickets SET snoozed_until = NULL WHERE id = $1")
        .bind(ticket.to_string())
        .execute(&mut **writing)
        .await?;
    log(writing, ticket, by, &Entry::Woken).await
}

/// The work goes on in the other ticket; the merged one's conversation is over, and the program answers whoever writes on in it.
async fn merge(
    writing: &mut Writing,
    ticket: TicketId,
    found: &Locked,
    into: TicketId,
    by: Option<&str>,
) -> Result<(), StoreError> {
    let state = found.state.after(TicketStep::Merge)?;
    let target = sqlx::query("UPDATE tickets SET updated_at = updated_at WHERE id = $1 RETURNING state")
        .bind(into.to_string())
        .fetch_optional(&mut **writing)
        .await?;
    let target: Option<TicketState> =
        target.map(|row| from_word(row.try_get("state")?, "tickets.state")).transpose()?;
    // Merging into what is gone, or into itself, would lose the shopper.
    match target {
        Some(target) if into != ticket => target.after(TicketStep::Assign).map(drop)?,
        _ => TicketState::Merged.after(TicketStep::Merge).map(drop)?,
    }
    set_state(writing, ticket, state).await?;
    sqlx::query("UPDATE tickets SET merged_into = $2 WHERE id = $1")
        .bind(ticket.to_string())
        .bind(into.to_string())
        .execute(&mut **writing)
        .await?;
    let conversation = state_of(writing, found.conversation).await?;
    if conversation != ConversationState::Closed {
        take(writing, found.conversation, conversation, ConversationStep::Close, None, None).await?;
    }
    log(writing, ticket, by, &Entry::MergedInto { ticket: into }).await?;
    log(writing, into, by, &Entry::MergedFrom { ticket }).await?;
    writing.signals.push(Signal::Ticket { ticket: into });
    Ok(())
}

async fn close(
    writing: &mut Writing,
    ticket: TicketId,
    found: &Locked,
    reason: Option<String>,
    actor: &Actor,
) -> Result<(), StoreError> {
    let state = found.state.after(TicketStep::Close)?;
    set_state(writing, ticket, state).await?;
    let closed = TicketClosed { ticket, conversation: found.conversation, reason: reason.clone() };
    writing.deliver(found.conversation, &closed).await?;
    log(writing, ticket, Some(&actor.name), &Entry::Closed { reason }).await?;
    let conversation = state_of(writing, found.conversation).await?;
    if conversation != ConversationState::Closed {
        let shown = Some(actor.shown.clone());
        take(writing, found.conversation, conversation, ConversationStep::Close, None, shown).await?;
    }
    Ok(())
}

async fn correct_intent(
    writing: &mut Writing,
    ticket: TicketId,
    found: Locked,
    new: IntentId,
    actor: &Actor,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE tickets SET intent = $2 WHERE id = $1")
        .bind(ticket.to_string())
        .bind(new.to_string())
        .execute(&mut **writing)
        .await?;
    let old = found.intent.as_ref().map(ToString::to_string);
    keep_correction(writing, ticket, &found, "intent", old, new.to_string(), actor).await?;
    log(writing, ticket, Some(&actor.name), &Entry::Intent { old: found.intent, new }).await
}

async fn correct_priority(
    writing: &mut Writing,
    ticket: TicketId,
    found: Locked,
    (new, first, resolution): (Priority, Option<Timestamp>, Option<Timestamp>),
    actor: &Actor,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE tickets SET priority = $2, first_response_due = $3, resolution_due = $4, alerts = (alerts / 16) * 16 WHERE id = $1",
    )
    .bind(ticket.to_string())
    .bind(urgency(new))
    .bind(first.map(Timestamp::as_millisecond))
    .bind(resolution.map(Timestamp::as_millisecond))
    .execute(&mut **writing)
    .await?;
    let old = Some(found.priority.as_str().to_owned());
    keep_correction(writing, ticket, &found, "priority", old, new.as_str().to_owned(), actor).await?;
    log(writing, ticket, Some(&actor.name), &Entry::Priority { old: found.priority, new }).await
}

async fn keep_correction(
    writing: &mut Writing,
    ticket: TicketId,
    found: &Locked,
    field: &str,
    old: Option<String>,
    new: String,
    actor: &Actor,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO corrections (id, ticket, text, language, field, old, new, actor, at, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting')",
    )
    .bind(CorrectionId::new().to_string())
    .bind(ticket.to_string())
    .bind(found.contents.text.clone())
    .bind(found.language.clone())
    .bind(field.to_owned())
    .bind(old)
    .bind(new)
    .bind(actor.name.clone())
    .bind(now().as_millisecond())
    .execute(&mut **writing)
    .await?;
    Ok(())
}

async fn state_of(
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
    sqlx::query("UPDATE tickets SET state = $2, closed_at = $3, updated_at = $4 WHERE id = $1")
        .bind(ticket.to_string())
        .bind(state.as_str())
        .bind(closed_at)
        .bind(now().as_millisecond())
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
    let sequence: i64 = row.try_get("last_log")?;
    sqlx::query("INSERT INTO ticket_log (ticket, sequence, at, kind, actor, contents) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(ticket.to_string())
        .bind(sequence)
        .bind(now().as_millisecond())
        .bind(entry.kind())
        .bind(actor.map(ToOwned::to_owned))
        .bind(to_json(entry))
        .execute(&mut **writing)
        .await?;
    Ok(())
}

/// The shopper wrote on in a conversation that a human has: its ticket is found by that, and comes back if it was put off.
pub(super) async fn touch(
    writing: &mut Writing,
    conversation: ConversationId,
    text: &str,
) -> Result<(), StoreError> {
    let Some((ticket, _)) = latest_of(writing, conversation).await? else { return Ok(()) };
    let Some(found) = locked(writing, ticket).await? else { return Ok(()) };
    sqlx::query("UPDATE tickets SET search = search || $2 WHERE id = $1 AND LENGTH(search) < 20000")
        .bind(ticket.to_string())
        .bind(format!("\n{}", searchable(text)))
        .execute(&mut **writing)
        .await?;
    if found.state == TicketState::Snoozed {
        wake(writing, ticket, &found, None).await?;
    }
    writing.signals.push(Signal::Ticket { ticket });
    Ok(())
}

/// A text as searches compare it: in small letters, in one Chinese script.
pub(super) fn searchable(text: &str) -> String {
    simplified(text).to_lowercase()
}
