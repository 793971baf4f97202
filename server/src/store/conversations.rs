//! Conversations: begun, read, closed.

use std::collections::BTreeMap;

use shopdesk_triage::EscalationReason;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::rows::{
    CONVERSATION, EVENT, conversation_of, event_of, from_word, json, message_of, now, to_json,
};
use super::settle::last_of_shopper;
use super::statements::Statement;
use super::writing::{Writing, insert_change};
use super::{Lock, Store, StoreError};
use crate::conversation::{Conversation, ConversationId, ConversationState, ConversationStep, Customer};
use crate::event::{Change, Event, Happening};
use crate::message::{Assessed, Message, Reply, ReplyKind};
use crate::ticket::{Entry, TicketStep};
use crate::webhooks::TicketClosed;

/// A conversation to begin.
#[derive(Clone, Debug)]
pub struct NewConversation {
    /// The site on which it is begun.
    pub site: String,
    /// How the shopper reached us.
    pub channel: String,
    /// The language of the page, as a BCP 47 tag.
    pub language: Option<String>,
    /// The shop's customer, if the shop vouches for it.
    pub customer: Option<Customer>,
    /// What the page says beside the messages.
    pub context: BTreeMap<String, String>,
}

impl Store {
    /// Begins a conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn create_conversation(&self, new: NewConversation) -> Result<Conversation, StoreError> {
        let conversation = Conversation {
            id: ConversationId::new(),
            state: ConversationState::Bot,
            created_at: now(),
            last_sequence: 0,
            site: new.site,
            channel: new.channel,
            language: new.language,
            customer: new.customer,
            context: new.context,
            contact: None,
            rating: None,
            shopper_read: 0,
            agent_read: 0,
        };
        let insert = Statement::new(
            "INSERT INTO conversations (id, state, created_at, updated_at, last_sequence, site, channel, language, customer, customer_name, context) \
             VALUES ($1, $2, $3, $3, 0, $4, $5, $6, $7, $8, $9)",
        )
        .bind(conversation.id.to_string())
        .bind(conversation.state.as_str())
        .bind(conversation.created_at.as_millisecond())
        .bind(conversation.site.clone())
        .bind(conversation.channel.clone())
        .bind(conversation.language.clone())
        .bind(conversation.customer.as_ref().map(|customer| customer.id.clone()))
        .bind(conversation.customer.as_ref().and_then(|customer| customer.name.clone()))
        .bind(Some(&conversation.context).filter(|context| !context.is_empty()).map(to_json));
        let (writing, _) = self.begin_in_group([insert].into()).await?;
        writing.commit().await?;
        Ok(conversation)
    }

    /// A conversation, if there is such a one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn conversation(&self, id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        let mut reader = self.readers.acquire().await?;
        conversation(&mut reader, id).await
    }

    /// A conversation, and what its shopper wrote last, if anything.
    pub(crate) async fn conversation_with_last_text(
        &self,
        id: ConversationId,
    ) -> Result<Option<(Conversation, Option<String>)>, StoreError> {
        let mut reader = self.snapshot().await?;
        let Some(conversation) = conversation(&mut reader, id).await? else { return Ok(None) };
        let last = last_of_shopper(&mut reader, id).await?;
        Ok(Some((conversation, last.map(|message| message.text))))
    }

    /// What the program made of the last message that it assessed in a conversation.
    pub(crate) async fn last_assessed(&self, id: ConversationId) -> Result<Option<Assessed>, StoreError> {
        // Whatever is assessed has a likeliest intent.
        let row = sqlx::query(
            "SELECT contents FROM events WHERE conversation = $1 AND sender = 'bot' AND intent IS NOT NULL \
             ORDER BY sequence DESC LIMIT 1",
        )
        .bind(id.to_string())
        .fetch_optional(&self.readers)
        .await?;
        let reply: Option<Reply> = row.map(|row| json(&row, "contents")).transpose()?.flatten();
        Ok(reply.and_then(|reply| reply.assessment))
    }

    /// Whether the program said something of that kind in a conversation.
    pub(crate) async fn has_said(&self, id: ConversationId, kind: ReplyKind) -> Result<bool, StoreError> {
        let row = sqlx::query("SELECT id FROM events WHERE conversation = $1 AND reply_kind = $2 LIMIT 1")
            .bind(id.to_string())
            .bind(kind.as_str())
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.is_some())
    }

    /// A conversation and everything said in it, in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn conversation_with_messages(
        &self,
        id: ConversationId,
    ) -> Result<Option<(Conversation, Vec<Message>)>, StoreError> {
        let mut reader = self.snapshot().await?;
        let Some(conversation) = conversation(&mut reader, id).await? else { return Ok(None) };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {EVENT} FROM events WHERE conversation = $1 AND kind = 'message' ORDER BY sequence"
        )))
        .bind(id.to_string())
        .fetch_all(&mut *reader)
        .await?;
        Ok(Some((conversation, rows.iter().map(message_of).collect::<Result<_, _>>()?)))
    }

    /// A conversation with everything said in it, and with who spoke for the shop when, each in order.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn conversation_with_notices(
        &self,
        id: ConversationId,
    ) -> Result<Option<(Conversation, Vec<Message>, Vec<Event>)>, StoreError> {
        let mut reader = self.snapshot().await?;
        let Some(conversation) = conversation(&mut reader, id).await? else { return Ok(None) };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {EVENT} FROM events WHERE conversation = $1 AND kind IN ('message', 'state') ORDER BY sequence"
        )))
        .bind(id.to_string())
        .fetch_all(&mut *reader)
        .await?;
        let (mut messages, mut notices) = (Vec::new(), Vec::new());
        for row in &rows {
            let event = event_of(row)?;
            match event.happening {
                Happening::Message { message } => messages.push(*message),
                Happening::Change(_) => notices.push(event),
            }
        }
        Ok(Some((conversation, messages, notices)))
    }

    /// The first `limit` events after that number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&self, id: ConversationId, after: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
        // A limit that is bound makes SQLite plan the statement anew each time.
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {EVENT} FROM events WHERE conversation = $1 AND sequence > $2 ORDER BY sequence LIMIT {limit}"
        )))
        .bind(id.to_string())
        .bind(after)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(event_of).collect()
    }

    /// Ends a conversation for the shopper, with its ticket if it has one; the state after it. Nothing when there is no such one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_conversation(
        &self,
        id: ConversationId,
    ) -> Result<Option<ConversationState>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        let Some(state) = lock(&mut writing, id).await? else { return Ok(None) };
        if state == ConversationState::Closed {
            return Ok(Some(state));
        }
        let state = take(&mut writing, id, state, ConversationStep::Close, None, None).await?;
        if let Some((ticket, at)) = super::ticket_rows::latest_of(&mut writing, id).await?
            && let Ok(closed) = at.after(TicketStep::Close)
        {
            super::ticket_rows::set_state(&mut writing, ticket, closed).await?;
            let closed = TicketClosed { ticket, conversation: id, reason: Some("shopper".to_owned()) };
            writing.deliver(id, &closed).await?;
            super::ticket_rows::log(
                &mut writing,
                ticket,
                None,
                &Entry::Closed { reason: Some("shopper".to_owned()) },
            )
            .await?;
        }
        // Nobody waits for a reply any more.
        sqlx::query("UPDATE events SET settled_by = 'closed' WHERE conversation = $1 AND sender = 'shopper' AND settled_by IS NULL")
            .bind(id.to_string())
            .execute(&mut *writing)
            .await?;
        writing.commit().await?;
        Ok(Some(state))
    }
}

/// A conversation, as that connection sees it.
pub(super) async fn conversation(
    connection: &mut AnyConnection,
    id: ConversationId,
) -> Result<Option<Conversation>, StoreError> {
    let row = sqlx::query(AssertSqlSafe(format!("SELECT {CONVERSATION} FROM conversations WHERE id = $1")))
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(conversation_of).transpose()
}

/// The state of a conversation, which nobody else changes before this transaction ends.
pub(super) async fn lock(
    connection: &mut AnyConnection,
    id: ConversationId,
) -> Result<Option<ConversationState>, StoreError> {
    let row = sqlx::query(LOCK).bind(id.to_string()).bind(now().as_millisecond());
    state_of(row.fetch_optional(connection).await?.as_ref())
}

/// The same to be run with others; [`state_of`] reads its answer.
pub(super) fn locking(id: ConversationId) -> Statement {
    Statement::new(LOCK).bind(id.to_string()).bind(now().as_millisecond())
}

/// The state that a lock found.
pub(super) fn state_of(row: Option<&AnyRow>) -> Result<Option<ConversationState>, StoreError> {
    row.map(|row| from_word(row.try_get("state")?, "conversations.state")).transpose()
}

const LOCK: &str = "UPDATE conversations SET updated_at = $2 WHERE id = $1 RETURNING state";

/// Takes a step and tells of it.
pub(super) async fn take(
    writing: &mut Writing,
    id: ConversationId,
    from: ConversationState,
    step: ConversationStep,
    reason: Option<EscalationReason>,
    agent: Option<String>,
) -> Result<ConversationState, StoreError> {
    let (state, statements) = step_of(id, from, step, reason, agent)?;
    writing.run(statements).await?;
    writing.has_stored(id);
    Ok(state)
}

/// The same to be run with others: the state after it. Answers that did not help are those of one speaker.
pub(super) fn step_of(
    id: ConversationId,
    from: ConversationState,
    step: ConversationStep,
    reason: Option<EscalationReason>,
    agent: Option<String>,
) -> Result<(ConversationState, [Statement; 2]), StoreError> {
    let (state, at) = (from.after(step)?, now());
    let update = Statement::new(
        "UPDATE conversations SET state = $2, failed_answers = 0, last_sequence = last_sequence + 1, updated_at = $3 WHERE id = $1",
    )
    .bind(id.to_string())
    .bind(state.as_str())
    .bind(at.as_millisecond());
    Ok((state, [update, insert_change(id, at, &Change::State { state, reason, agent })]))
}
