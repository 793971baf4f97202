//! What agents do to tickets. Every step checks where the ticket is, in the transaction that changes it.

use jiff::Timestamp;
use shopdesk_model::intents::{IntentId, Priority};
use sqlx::Row as _;

use super::conversations::take;
use super::corrections::{correct_intent, correct_priority};
use super::rows::from_word;
use super::search::{SEARCHED, searchable};
use super::ticket_rows::{Locked, latest_of, locked, log, set_state, state_of};
use super::writing::Writing;
use super::{Lock, Store, StoreError};
use crate::agent::AgentId;
use crate::conversation::{ConversationId, ConversationState, ConversationStep};
use crate::live::Signal;
use crate::ticket::{Entry, TicketId, TicketState, TicketStep};
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

impl Actor {
    /// What happens by itself.
    pub(super) fn program() -> Self {
        Self { name: "shopdesk".to_owned(), shown: String::new(), agent: None }
    }
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

impl Store {
    /// Changes a ticket, and the conversation with it. Nothing when there is no such ticket.
    ///
    /// # Errors
    /// [`StoreError::TicketStep`] when it is not in a state for that; [`StoreError::ClaimByNobody`] when an actor who is no agent claims it;
    /// when the database fails.
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
                let agent = actor.agent.ok_or(StoreError::ClaimByNobody)?;
                assign(&mut writing, ticket, &found, TicketStep::Claim, (agent, &actor.shown), by).await?;
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
}

pub(super) async fn assign(
    writing: &mut Writing,
    ticket: TicketId,
    found: &Locked,
    step: TicketStep,
    (agent, name): (AgentId, &str),
    by: Option<&str>,
) -> Result<(), StoreError> {
    let state = found.state.after(step)?;
    set_state(writing, ticket, state).await?;
    sqlx::query("UPDATE tickets SET assignee = $2 WHERE id = $1")
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
    found.state.after(TicketStep::Release)?;
    give_back(writing, ticket, found, by).await
}

/// Nobody works on it any more: it waits for somebody else or, when it was put off, for its time.
pub(super) async fn give_back(
    writing: &mut Writing,
    ticket: TicketId,
    found: &Locked,
    by: Option<&str>,
) -> Result<(), StoreError> {
    if found.state == TicketState::Assigned {
        set_state(writing, ticket, TicketState::Open).await?;
    }
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

/// The shopper wrote on in a conversation that a human has: its ticket is found by that, and comes back if it was put off.
pub(super) async fn touch(
    writing: &mut Writing,
    conversation: ConversationId,
    text: &str,
) -> Result<(), StoreError> {
    let Some((ticket, _)) = latest_of(writing, conversation).await? else { return Ok(()) };
    let Some(found) = locked(writing, ticket).await? else { return Ok(()) };
    sqlx::query("UPDATE tickets SET search = search || $2 WHERE id = $1 AND LENGTH(search) < $3")
        .bind(ticket.to_string())
        .bind(format!("\n{}", searchable(text)))
        .bind(SEARCHED)
        .execute(&mut **writing)
        .await?;
    if found.state == TicketState::Snoozed {
        wake(writing, ticket, &found, None).await?;
    }
    writing.signals.push(Signal::Ticket { ticket });
    Ok(())
}
