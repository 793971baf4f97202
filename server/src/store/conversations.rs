//! Conversations: begun, read, written to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use shopdesk_model::intents::IntentId;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::rows::{CONVERSATION, EVENT, conversation_of, event_of, from_word, id, message_of, now, to_json};
use super::writing::{NewRow, Writing};
use super::{Lock, Store, StoreError};
use crate::conversation::{
    Contact, Conversation, ConversationId, ConversationState, ConversationStep, Customer, MessageId, Rating,
};
use crate::event::{Change, Event};
use crate::message::{Message, Sender};
use crate::ticket::{Entry, TicketStep};
use crate::webhooks::{ConversationRated, TicketClosed};

/// Messages that are a human's to answer are settled by this word.
pub(super) const HUMAN: &str = "human";

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

/// A message that a shopper sends.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What it says.
    pub text: String,
    /// The sender's own id for it: sent again, it is the same message.
    pub client_message_id: Option<String>,
    /// The meaning that the shopper chose among those asked about.
    pub choice: Option<IntentId>,
    /// Whether it opens a closed conversation again; thanks do not.
    pub reopens: bool,
}

/// A message that is on disk.
#[derive(Clone, Debug)]
pub struct Received {
    /// The message; the one from the first time when it was sent before.
    pub message: Message,
    /// Its reply, when it was answered before.
    pub reply: Option<Message>,
    /// Who speaks for the shop.
    pub state: ConversationState,
}

/// What the program owes a reply to: all that the shopper wrote since its last word.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The conversation.
    pub conversation: Conversation,
    /// The messages, in their order. None when there is nothing to say.
    pub messages: Vec<Message>,
    /// The meaning that the shopper chose with the last of them.
    pub choice: Option<IntentId>,
    /// What was said before, the latest last.
    pub before: Vec<Message>,
    /// How many answers in a row did not help.
    pub failed_answers: i64,
}

/// How many messages before a turn are looked at.
const BEFORE: i64 = 6;

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
        sqlx::query(
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
        .bind(Some(&conversation.context).filter(|context| !context.is_empty()).map(to_json))
        .execute(&self.writer)
        .await?;
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

    /// The first `limit` events after that number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&self, id: ConversationId, after: i64, limit: i64) -> Result<Vec<Event>, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {EVENT} FROM events WHERE conversation = $1 AND sequence > $2 ORDER BY sequence LIMIT $3"
        )))
        .bind(id.to_string())
        .bind(after)
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(event_of).collect()
    }

    /// Keeps a shopper's message; nothing when there is no such conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn receive(
        &self,
        conversation: ConversationId,
        new: NewMessage,
    ) -> Result<Option<Received>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        let Some(mut state) = lock(&mut writing, conversation).await? else { return Ok(None) };
        if let Some(known) = known(&mut writing, conversation, new.client_message_id.as_deref()).await? {
            let (message, settled_by) = known;
            let reply = reply_of(&mut writing, settled_by).await?;
            return Ok(Some(Received { message, reply, state }));
        }
        if state == ConversationState::Closed && new.reopens {
            state = reopen(&mut writing, conversation).await?;
        }
        let settled_by = (state != ConversationState::Bot).then_some(HUMAN);
        let message = writing
            .append_message(
                conversation,
                NewRow {
                    sender: Sender::Shopper,
                    text: new.text,
                    client_message_id: new.client_message_id,
                    settled_by,
                    contents: new.choice.map(|choice| to_json(&choice)),
                },
            )
            .await?;
        if state != ConversationState::Bot {
            super::ticket_steps::touch(&mut writing, conversation, &message.text).await?;
        }
        writing.commit().await?;
        Ok(Some(Received { message, reply: None, state }))
    }

    /// What the program owes a reply to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn turn(&self, id: ConversationId) -> Result<Option<Turn>, StoreError> {
        let mut reader = self.snapshot().await?;
        let Some(found) = conversation(&mut reader, id).await? else { return Ok(None) };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {EVENT} FROM events WHERE conversation = $1 AND kind = 'message' AND sender = 'shopper' \
             AND settled_by IS NULL ORDER BY sequence"
        )))
        .bind(id.to_string())
        .fetch_all(&mut *reader)
        .await?;
        let messages: Vec<Message> = rows.iter().map(message_of).collect::<Result<_, _>>()?;
        let choice = rows.last().map(|row| super::rows::json(row, "contents")).transpose()?.flatten();
        let first = messages.first().map_or(i64::MAX, |message| message.sequence);
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {EVENT} FROM events WHERE conversation = $1 AND kind = 'message' AND sequence < $2 ORDER BY sequence DESC LIMIT $3"
        )))
        .bind(id.to_string())
        .bind(first)
        .bind(BEFORE)
        .fetch_all(&mut *reader)
        .await?;
        let mut before: Vec<Message> = rows.iter().map(message_of).collect::<Result<_, _>>()?;
        before.reverse();
        let row = sqlx::query("SELECT failed_answers FROM conversations WHERE id = $1")
            .bind(id.to_string())
            .fetch_one(&mut *reader)
            .await?;
        Ok(Some(Turn {
            conversation: found,
            messages,
            choice,
            before,
            failed_answers: row.try_get("failed_answers")?,
        }))
    }

    /// What became of a message: the reply, if there is one, and whether the program owes one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reply_to(&self, message: MessageId) -> Result<(Option<Message>, bool), StoreError> {
        let mut reader = self.snapshot().await?;
        let row = sqlx::query("SELECT settled_by FROM events WHERE id = $1")
            .bind(message.to_string())
            .fetch_optional(&mut *reader)
            .await?;
        let settled_by: Option<String> = row.map(|row| row.try_get("settled_by")).transpose()?.flatten();
        let is_owed = settled_by.is_none();
        Ok((reply_of(&mut reader, settled_by).await?, is_owed))
    }

    /// Conversations with messages from before that time that nothing became of: the program was stopped while it looked at them, or was
    /// too busy to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unsettled(&self, before: Timestamp) -> Result<Vec<ConversationId>, StoreError> {
        let rows = sqlx::query(
            "SELECT DISTINCT conversation FROM events \
             WHERE kind = 'message' AND sender = 'shopper' AND settled_by IS NULL AND at < $1 \
               AND conversation IN (SELECT id FROM conversations WHERE state = 'bot') \
             ORDER BY conversation",
        )
        .bind(before.as_millisecond())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| id(row, "conversation")).collect()
    }

    /// Keeps whether an answer helped, and returns how many in a row did not; nothing when there is no such answer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_helpful(
        &self,
        conversation: ConversationId,
        message: MessageId,
        helpful: bool,
    ) -> Result<Option<i64>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        if lock(&mut writing, conversation).await?.is_none() {
            return Ok(None);
        }
        let row = sqlx::query(
            "SELECT helpful, contents FROM events WHERE id = $1 AND conversation = $2 AND sender = 'bot'",
        )
        .bind(message.to_string())
        .bind(conversation.to_string())
        .fetch_optional(&mut *writing)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let reply: Option<crate::message::Reply> = super::rows::json(&row, "contents")?;
        if !reply.is_some_and(|reply| reply.asks_if_helpful) {
            return Ok(None);
        }
        let before: Option<i64> = row.try_get("helpful")?;
        let failed = if helpful {
            "0"
        } else if before == Some(0) {
            // Said twice of one answer.
            "failed_answers"
        } else {
            "failed_answers + 1"
        };
        sqlx::query("UPDATE events SET helpful = $2 WHERE id = $1")
            .bind(message.to_string())
            .bind(i64::from(helpful))
            .execute(&mut *writing)
            .await?;
        let row = sqlx::query(AssertSqlSafe(format!(
            "UPDATE conversations SET failed_answers = {failed} WHERE id = $1 RETURNING failed_answers"
        )))
        .bind(conversation.to_string())
        .fetch_one(&mut *writing)
        .await?;
        let failed = row.try_get("failed_answers")?;
        writing.append_change(conversation, Change::Helpful { message, helpful }).await?;
        writing.commit().await?;
        Ok(Some(failed))
    }

    /// Keeps a rating, the first one only. Whether it is the first; nothing when there is no such conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rate(
        &self,
        conversation: ConversationId,
        rating: &Rating,
    ) -> Result<Option<bool>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        if lock(&mut writing, conversation).await?.is_none() {
            return Ok(None);
        }
        let done = sqlx::query(
            "UPDATE conversations SET rating = $2, rating_contents = $3 WHERE id = $1 AND rating IS NULL",
        )
        .bind(conversation.to_string())
        .bind(i64::from(rating.score))
        .bind(to_json(rating))
        .execute(&mut *writing)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(Some(false));
        }
        let change = Change::Rating { score: rating.score, reasons: rating.reasons.clone() };
        writing.append_change(conversation, change).await?;
        let rated = ConversationRated { conversation, rating: rating.clone() };
        writing.deliver(conversation, &rated).await?;
        writing.commit().await?;
        Ok(Some(true))
    }

    /// Keeps how a shopper can be reached. Whether there is such a conversation.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_contact(
        &self,
        conversation: ConversationId,
        contact: &Contact,
    ) -> Result<bool, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        if lock(&mut writing, conversation).await?.is_none() {
            return Ok(false);
        }
        sqlx::query("UPDATE conversations SET contact = $2 WHERE id = $1")
            .bind(conversation.to_string())
            .bind(to_json(contact))
            .execute(&mut *writing)
            .await?;
        writing.append_change(conversation, Change::Contact).await?;
        writing.commit().await?;
        Ok(true)
    }

    /// Keeps up to where somebody has read; never less than before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_read(
        &self,
        conversation: ConversationId,
        by: Sender,
        sequence: i64,
    ) -> Result<(), StoreError> {
        let column = if by == Sender::Shopper { "shopper_read" } else { "agent_read" };
        sqlx::query(AssertSqlSafe(format!(
            "UPDATE conversations SET {column} = $2 WHERE id = $1 AND {column} < $2 AND last_sequence >= $2"
        )))
        .bind(conversation.to_string())
        .bind(sequence)
        .execute(&self.writer)
        .await?;
        Ok(())
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
        if let Some((ticket, at)) = super::ticket_steps::latest_of(&mut writing, id).await?
            && let Ok(closed) = at.after(TicketStep::Close)
        {
            super::ticket_steps::set_state(&mut writing, ticket, closed).await?;
            let closed = TicketClosed { ticket, conversation: id, reason: Some("shopper".to_owned()) };
            writing.deliver(id, &closed).await?;
            super::ticket_steps::log(
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
    let row = sqlx::query("UPDATE conversations SET updated_at = $2 WHERE id = $1 RETURNING state")
        .bind(id.to_string())
        .bind(now().as_millisecond())
        .fetch_optional(connection)
        .await?;
    row.map(|row| from_word(row.try_get("state")?, "conversations.state")).transpose()
}

/// Takes a step and tells of it.
pub(super) async fn take(
    writing: &mut Writing,
    id: ConversationId,
    from: ConversationState,
    step: ConversationStep,
    reason: Option<shopdesk_triage::EscalationReason>,
    agent: Option<String>,
) -> Result<ConversationState, StoreError> {
    let state = from.after(step)?;
    sqlx::query("UPDATE conversations SET state = $2 WHERE id = $1")
        .bind(id.to_string())
        .bind(state.as_str())
        .execute(&mut **writing)
        .await?;
    writing.append_change(id, Change::State { state, reason, agent }).await?;
    Ok(state)
}

/// Opens a closed conversation again: for the agents when there is a ticket, or else for the program.
async fn reopen(writing: &mut Writing, id: ConversationId) -> Result<ConversationState, StoreError> {
    let closed = ConversationState::Closed;
    if let Some((ticket, at)) = super::ticket_steps::latest_of(writing, id).await?
        && let Ok(open) = at.after(TicketStep::Reopen)
    {
        super::ticket_steps::set_state(writing, ticket, open).await?;
        // Whoever had it may be gone for the day.
        sqlx::query("UPDATE tickets SET assignee = NULL WHERE id = $1")
            .bind(ticket.to_string())
            .execute(&mut **writing)
            .await?;
        super::ticket_steps::log(writing, ticket, None, &Entry::Reopened).await?;
        return take(writing, id, closed, ConversationStep::ReopenForHuman, None, None).await;
    }
    take(writing, id, closed, ConversationStep::ReopenForBot, None, None).await
}

/// The message that was sent under that id before, and what settled it.
async fn known(
    connection: &mut AnyConnection,
    conversation: ConversationId,
    client_message_id: Option<&str>,
) -> Result<Option<(Message, Option<String>)>, StoreError> {
    let Some(client_message_id) = client_message_id else { return Ok(None) };
    let row = sqlx::query(AssertSqlSafe(format!(
        "SELECT {EVENT} FROM events WHERE conversation = $1 AND client_message_id = $2"
    )))
    .bind(conversation.to_string())
    .bind(client_message_id)
    .fetch_optional(connection)
    .await?;
    row.map(|row| Ok((message_of(&row)?, row.try_get("settled_by")?))).transpose()
}

/// The reply that settled a message, if a reply did.
pub(super) async fn reply_of(
    connection: &mut AnyConnection,
    settled_by: Option<String>,
) -> Result<Option<Message>, StoreError> {
    let Some(reply) = settled_by else { return Ok(None) };
    let row = sqlx::query(AssertSqlSafe(format!("SELECT {EVENT} FROM events WHERE id = $1")))
        .bind(reply)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(message_of).transpose()
}
