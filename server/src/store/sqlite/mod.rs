//! The embedded store: one SQLite file.
//!
//! Write-ahead log, `synchronous = FULL`: what was acknowledged survives a crash and a power cut. All writing goes
//! through one connection, so that a transaction never waits for a lock it cannot get; readers have their own.

mod articles;

use std::path::Path;

use async_trait::async_trait;
use jiff::Timestamp;
use shopdesk_model::intents::Priority;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row as _, SqliteConnection};

use super::{NewMessage, Outcome, Received, Store, StoreError};
use crate::conversation::{
    Conversation, ConversationId, ConversationState, Message, MessageId, Reply, Sender,
};
use crate::ticket::{Ticket, TicketId};

const READERS: u32 = 4;
/// Takes the lock at once, so that a transaction that has read never finds that it may not write.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// One SQLite file.
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the file, makes it when it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// When the file cannot be used, or was made by a newer program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        sqlx::migrate!("migrations/sqlite").run(&writer).await?;
        let readers =
            SqlitePoolOptions::new().max_connections(READERS).connect_with(options.read_only(true)).await?;
        Ok(Self { writer, readers })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn create_conversation(&self) -> Result<Conversation, StoreError> {
        let conversation =
            Conversation { id: ConversationId::new(), state: ConversationState::Bot, created_at: now() };
        sqlx::query("INSERT INTO conversations (id, state, created_at) VALUES ($1, $2, $3)")
            .bind(conversation.id.to_string())
            .bind(conversation.state.as_str())
            .bind(conversation.created_at.as_millisecond())
            .execute(&self.writer)
            .await?;
        Ok(conversation)
    }

    async fn conversation(
        &self,
        id: ConversationId,
    ) -> Result<Option<(Conversation, Vec<Message>)>, StoreError> {
        let mut reader = self.readers.begin().await?;
        let row = sqlx::query("SELECT state, created_at FROM conversations WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *reader)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let conversation =
            Conversation { id, state: state_of(&row)?, created_at: timestamp(&row, "created_at")? };
        let rows = sqlx::query(
            "SELECT id, sequence, sender, text, created_at, reply FROM messages WHERE conversation = $1 ORDER BY sequence",
        )
        .bind(id.to_string())
        .fetch_all(&mut *reader)
        .await?;
        let messages = rows.iter().map(message_of).collect::<Result<_, _>>()?;
        Ok(Some((conversation, messages)))
    }

    async fn receive(
        &self,
        conversation: ConversationId,
        new: NewMessage,
    ) -> Result<Option<Received>, StoreError> {
        let mut writer = self.writer.begin_with(BEGIN).await?;
        let Some(state) = state(&mut writer, conversation).await? else { return Ok(None) };
        if let Some(client_id) = &new.client_message_id {
            let known = sqlx::query(
                "SELECT id, sequence, sender, text, created_at, reply FROM messages \
                 WHERE conversation = $1 AND client_message_id = $2",
            )
            .bind(conversation.to_string())
            .bind(client_id)
            .fetch_optional(&mut *writer)
            .await?;
            if let Some(row) = known {
                let message = message_of(&row)?;
                let reply = reply_to(&mut writer, message.id).await?;
                return Ok(Some(Received { message, reply, state, asked_back: false }));
            }
        }
        let asked_back = asked_back(&mut writer, conversation).await?;
        let message = insert(
            &mut writer,
            conversation,
            Insert {
                sender: Sender::Shopper,
                text: new.text,
                client_message_id: new.client_message_id,
                reply_to: None,
                reply: None,
            },
        )
        .await?;
        writer.commit().await?;
        Ok(Some(Received { message, reply: None, state, asked_back }))
    }

    async fn settle(
        &self,
        conversation: ConversationId,
        message: &Message,
        outcome: Outcome,
    ) -> Result<(Option<Message>, ConversationState), StoreError> {
        let mut writer = self.writer.begin_with(BEGIN).await?;
        let state = state(&mut writer, conversation).await?.unwrap_or(ConversationState::WaitingForHuman);
        if let Some(reply) = reply_to(&mut writer, message.id).await? {
            return Ok((Some(reply), state));
        }
        if state != ConversationState::Bot {
            return Ok((None, state));
        }
        let Outcome { text, reply, ticket } = outcome;
        let assessment = reply.assessment.clone();
        let reply = insert(
            &mut writer,
            conversation,
            Insert {
                sender: Sender::Bot,
                text,
                client_message_id: None,
                reply_to: Some(message.id),
                reply: Some(reply),
            },
        )
        .await?;
        let mut state = state;
        if let Some(ticket) = ticket {
            let ticket = Ticket {
                id: TicketId::new(),
                conversation,
                message: message.id,
                text: message.text.clone(),
                opened_at: now(),
                priority: ticket.priority,
                raised_by: ticket.raised_by,
                reason: ticket.reason,
                assessment,
                suggestions: ticket.suggestions,
            };
            open_ticket(&mut writer, &ticket).await?;
            state = ConversationState::WaitingForHuman;
        }
        writer.commit().await?;
        Ok((Some(reply), state))
    }

    async fn unsettled(&self, before: Timestamp) -> Result<Vec<(ConversationId, Message)>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, sequence, sender, text, created_at, reply, conversation FROM messages \
             WHERE sender = 'shopper' AND created_at < $1 \
               AND conversation IN (SELECT id FROM conversations WHERE state = 'bot') \
               AND id NOT IN (SELECT reply_to FROM messages WHERE reply_to IS NOT NULL) \
             ORDER BY id",
        )
        .bind(before.as_millisecond())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let conversation: String = row.try_get("conversation")?;
                Ok((conversation.parse().map_err(unreadable("messages.conversation"))?, message_of(row)?))
            })
            .collect()
    }

    async fn tickets(&self, limit: u32) -> Result<Vec<Ticket>, StoreError> {
        let rows = sqlx::query("SELECT contents FROM tickets ORDER BY priority, opened_at LIMIT $1")
            .bind(limit)
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(|row| from_json(row.try_get("contents")?, "tickets.contents")).collect()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1 FROM conversations LIMIT 1").fetch_optional(&self.readers).await?;
        Ok(())
    }
}

/// A row of `messages` to write.
struct Insert {
    sender: Sender,
    text: String,
    client_message_id: Option<String>,
    reply_to: Option<MessageId>,
    reply: Option<Reply>,
}

/// Appends to the conversation, with the next sequence number.
async fn insert(
    writer: &mut SqliteConnection,
    conversation: ConversationId,
    new: Insert,
) -> Result<Message, StoreError> {
    let id = MessageId::new();
    let created_at = now();
    let sender = match new.sender {
        Sender::Shopper => "shopper",
        Sender::Bot => "bot",
    };
    let row = sqlx::query(
        "INSERT INTO messages (id, conversation, sequence, sender, text, created_at, client_message_id, reply_to, reply) \
         VALUES ($1, $2, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM messages WHERE conversation = $2), \
                 $3, $4, $5, $6, $7, $8) RETURNING sequence",
    )
    .bind(id.to_string())
    .bind(conversation.to_string())
    .bind(sender)
    .bind(&new.text)
    .bind(created_at.as_millisecond())
    .bind(new.client_message_id)
    .bind(new.reply_to.map(|id| id.to_string()))
    .bind(new.reply.as_ref().map(to_json))
    .fetch_one(writer)
    .await?;
    Ok(Message {
        id,
        sequence: row.try_get("sequence")?,
        sender: new.sender,
        text: new.text,
        created_at,
        reply: new.reply,
    })
}

async fn open_ticket(writer: &mut SqliteConnection, ticket: &Ticket) -> Result<(), StoreError> {
    let urgency = match ticket.priority {
        Priority::Urgent => 0,
        Priority::High => 1,
        Priority::Normal => 2,
        Priority::Low => 3,
    };
    sqlx::query(
        "INSERT INTO tickets (id, conversation, message, priority, opened_at, contents) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(ticket.id.to_string())
    .bind(ticket.conversation.to_string())
    .bind(ticket.message.to_string())
    .bind(urgency)
    .bind(ticket.opened_at.as_millisecond())
    .bind(to_json(ticket))
    .execute(&mut *writer)
    .await?;
    sqlx::query("UPDATE conversations SET state = $2 WHERE id = $1")
        .bind(ticket.conversation.to_string())
        .bind(ConversationState::WaitingForHuman.as_str())
        .execute(writer)
        .await?;
    Ok(())
}

async fn state(
    connection: &mut SqliteConnection,
    id: ConversationId,
) -> Result<Option<ConversationState>, StoreError> {
    let row = sqlx::query("SELECT state FROM conversations WHERE id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(state_of).transpose()
}

async fn reply_to(
    connection: &mut SqliteConnection,
    message: MessageId,
) -> Result<Option<Message>, StoreError> {
    let row =
        sqlx::query("SELECT id, sequence, sender, text, created_at, reply FROM messages WHERE reply_to = $1")
            .bind(message.to_string())
            .fetch_optional(connection)
            .await?;
    row.as_ref().map(message_of).transpose()
}

/// Whether the program's last message offered choices.
async fn asked_back(
    connection: &mut SqliteConnection,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    let row = sqlx::query(
        "SELECT reply FROM messages WHERE conversation = $1 AND sender = 'bot' ORDER BY sequence DESC LIMIT 1",
    )
    .bind(conversation.to_string())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(false) };
    let reply: Option<Reply> = row
        .try_get::<Option<String>, _>("reply")?
        .map(|json| from_json(&json, "messages.reply"))
        .transpose()?;
    Ok(reply.is_some_and(|reply| !reply.choices.is_empty()))
}

fn message_of(row: &SqliteRow) -> Result<Message, StoreError> {
    let id: String = row.try_get("id")?;
    let sender: String = row.try_get("sender")?;
    let reply: Option<String> = row.try_get("reply")?;
    Ok(Message {
        id: id.parse().map_err(unreadable("messages.id"))?,
        sequence: row.try_get("sequence")?,
        sender: from_word(sender, "messages.sender")?,
        text: row.try_get("text")?,
        created_at: timestamp(row, "created_at")?,
        reply: reply.map(|json| from_json(&json, "messages.reply")).transpose()?,
    })
}

fn state_of(row: &SqliteRow) -> Result<ConversationState, StoreError> {
    from_word(row.try_get("state")?, "conversations.state")
}

fn timestamp(row: &SqliteRow, column: &'static str) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(row.try_get(column)?).map_err(unreadable("a time"))
}

/// The present to the millisecond, which is what the database keeps.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

fn to_json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data")
}

fn from_json<T: serde::de::DeserializeOwned>(json: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(json).map_err(unreadable(what))
}

fn from_word<T: serde::de::DeserializeOwned>(word: String, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(unreadable(what))
}

fn unreadable<E: std::fmt::Display>(what: &'static str) -> impl FnOnce(E) -> StoreError {
    move |error| StoreError::Unreadable { what, problem: error.to_string() }
}
