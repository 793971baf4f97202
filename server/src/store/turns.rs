//! What shoppers write: taken in, and owed a reply until something became of it.

use jiff::Timestamp;
use shopdesk_model::intents::{IntentId, Priority};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::conversations::{locking, state_of, take};
use super::rows::{CONVERSATION, EVENT, conversation_of, from_word, id, message_of, now, to_json};
use super::settle::priority_of;
use super::statements::Statement;
use super::writing::{NewRow, Writing, insert_message_for_program, lock_and_take_next};
use super::{Store, StoreError};
use crate::conversation::{Conversation, ConversationId, ConversationState, ConversationStep, MessageId};
use crate::deadlines::{Due, DueTime};
use crate::message::{Message, Sender};
use crate::ticket::{Entry, TicketId, TicketStep};

/// Messages that are a human's to answer are settled by this word.
pub(super) const HUMAN: &str = "human";

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
    /// The ticket that it opened again, if it did.
    pub reopened: Option<TicketId>,
    /// Whether it was not sent before.
    pub is_new: bool,
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
const BEFORE: usize = 6;
/// How many of the last messages hold a turn and what was said before it, mostly.
const LATEST: i64 = 20;

impl Store {
    /// Keeps a shopper's message; nothing when there is no such conversation. `due` says by when a ticket of that urgency that the message
    /// opens again should be answered and closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn receive(
        &self,
        conversation: ConversationId,
        new: NewMessage,
        due: impl Fn(Priority) -> Due + Send,
    ) -> Result<Option<Received>, StoreError> {
        if let Some(message) = self.receive_for_program(conversation, &new).await? {
            let state = ConversationState::Bot;
            return Ok(Some(Received { message, reply: None, state, reopened: None, is_new: true }));
        }
        let (mut writing, mut answers) = self.begin_in_group([locking(conversation)].into()).await?;
        let Some(mut state) = state_of(answers.optional().as_ref())? else { return Ok(None) };
        if let Some(known) = known(&mut writing, conversation, new.client_message_id.as_deref()).await? {
            let (message, settled_by) = known;
            let reply = reply_of(&mut writing, settled_by).await?;
            writing.leave().await?;
            return Ok(Some(Received { message, reply, state, reopened: None, is_new: false }));
        }
        let mut reopened = None;
        if state == ConversationState::Closed && new.reopens {
            (state, reopened) = reopen(&mut writing, conversation, due).await?;
        }
        let settled_by = (state != ConversationState::Bot).then_some(HUMAN);
        let contents = new.choice.map(|choice| to_json(&choice));
        let row =
            NewRow { settled_by, contents, ..NewRow::of(Sender::Shopper, new.text, new.client_message_id) };
        let message = writing.append_message(conversation, row).await?;
        if state != ConversationState::Bot {
            super::ticket_steps::touch(&mut writing, conversation, &message.text).await?;
        }
        writing.commit().await?;
        Ok(Some(Received { message, reply: None, state, reopened, is_new: true }))
    }

    /// Keeps a message in a conversation in which the program speaks, which most messages are; nothing when it is another one, or when
    /// the message is there already.
    async fn receive_for_program(
        &self,
        conversation: ConversationId,
        new: &NewMessage,
    ) -> Result<Option<Message>, StoreError> {
        let contents = new.choice.as_ref().map(to_json);
        let row = NewRow {
            contents,
            ..NewRow::of(Sender::Shopper, new.text.clone(), new.client_message_id.clone())
        };
        let made = (MessageId::new(), now());
        let statements =
            [lock_and_take_next(conversation), insert_message_for_program(conversation, made, &row)];
        let (mut writing, mut answers) = match self.begin_in_group(statements.into()).await {
            Err(StoreError::Database(sqlx::Error::Database(refused))) if refused.is_unique_violation() => {
                return Ok(None);
            }
            begun => begun?,
        };
        let Some(found) = writing.taken(answers.optional().as_ref())? else { return Ok(None) };
        let message = row.numbered(made, found.last_sequence);
        writing.run(writing.created(conversation, &message)).await?;
        writing.commit().await?;
        Ok(Some(message))
    }

    /// What the program owes a reply to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn turn(&self, id: ConversationId) -> Result<Option<Turn>, StoreError> {
        let conversation =
            Statement::new(format!("SELECT {CONVERSATION}, failed_answers FROM conversations WHERE id = $1"))
                .bind(id.to_string());
        let mut answers = self.read([conversation, latest_messages(id, LATEST)].into()).await?;
        let Some(row) = answers.optional() else { return Ok(None) };
        let mut latest = with_debts(answers.rows())?;
        if latest.len() as i64 == LATEST && latest.iter().any(|(_, is_owed)| *is_owed) {
            // The turn may begin before them, or what was said before it.
            latest = with_debts(self.read([latest_messages(id, i64::MAX)].into()).await?.rows())?;
        }
        let first = latest.iter().position(|(_, is_owed)| *is_owed).unwrap_or(latest.len());
        let owed = latest[first..].iter().filter(|(_, is_owed)| *is_owed);
        let choice = owed.clone().next_back().map(|(row, _)| super::rows::json(row, "contents"));
        let choice = choice.transpose()?.flatten();
        let messages: Vec<Message> = owed.map(|(row, _)| message_of(row)).collect::<Result<_, _>>()?;
        let before = latest[first.saturating_sub(BEFORE)..first].iter();
        let before: Vec<Message> = before.map(|(row, _)| message_of(row)).collect::<Result<_, _>>()?;
        Ok(Some(Turn {
            conversation: conversation_of(&row)?,
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
}

/// The last messages of a conversation, the latest first.
fn latest_messages(id: ConversationId, limit: i64) -> Statement {
    // A limit that is bound makes SQLite plan the statement anew each time.
    Statement::new(format!(
        "SELECT {EVENT} FROM events WHERE conversation = $1 AND kind = 'message' ORDER BY sequence DESC LIMIT {limit}"
    ))
    .bind(id.to_string())
}

/// The same in their order, and whether the program owes a reply to each.
fn with_debts(latest: Vec<AnyRow>) -> Result<Vec<(AnyRow, bool)>, StoreError> {
    let with_debt = |row: AnyRow| {
        let sender: Sender = from_word(row.try_get("sender")?, "events.sender")?;
        let is_owed = sender == Sender::Shopper && row.try_get::<Option<String>, _>("settled_by")?.is_none();
        Ok((row, is_owed))
    };
    latest.into_iter().rev().map(with_debt).collect()
}

/// Opens a closed conversation again: for the agents when there is a ticket, or else for the program.
async fn reopen(
    writing: &mut Writing,
    id: ConversationId,
    due: impl Fn(Priority) -> Due + Send,
) -> Result<(ConversationState, Option<TicketId>), StoreError> {
    let closed = ConversationState::Closed;
    if let Some((ticket, at)) = super::ticket_rows::latest_of(writing, id).await?
        && let Ok(open) = at.after(TicketStep::Reopen)
    {
        begin_anew(writing, ticket, due).await?;
        super::ticket_rows::set_state(writing, ticket, open).await?;
        super::ticket_rows::log(writing, ticket, None, &Entry::Reopened).await?;
        let state = take(writing, id, closed, ConversationStep::ReopenForHuman, None, None).await?;
        return Ok((state, Some(ticket)));
    }
    Ok((take(writing, id, closed, ConversationStep::ReopenForBot, None, None).await?, None))
}

/// Whoever writes again waits again: for nobody in particular, because whoever had the ticket may be gone for the day, and with new
/// deadlines. How it went the first time stays for figures, and what was missed stays in the log.
async fn begin_anew(
    writing: &mut Writing,
    ticket: TicketId,
    due: impl Fn(Priority) -> Due + Send,
) -> Result<(), StoreError> {
    let row = sqlx::query("SELECT priority FROM tickets WHERE id = $1")
        .bind(ticket.to_string())
        .fetch_one(&mut **writing)
        .await?;
    let due = due(priority_of(row.try_get("priority")?));
    let at = |deadline: Option<DueTime>| deadline.map(|deadline| deadline.due_at.as_millisecond());
    sqlx::query(
        "UPDATE tickets SET \
         opening_response_due = CASE WHEN reopened_at IS NULL THEN first_response_due ELSE opening_response_due END, \
         opening_response_at = CASE WHEN reopened_at IS NULL THEN first_response_at ELSE opening_response_at END, \
         opening_resolution_due = CASE WHEN reopened_at IS NULL THEN resolution_due ELSE opening_resolution_due END, \
         opening_closed_at = CASE WHEN reopened_at IS NULL THEN closed_at ELSE opening_closed_at END, \
         reopened_at = $2, first_response_due = $3, resolution_due = $4, first_response_at = NULL, alerts = 0, assignee = NULL \
         WHERE id = $1",
    )
    .bind(ticket.to_string())
    .bind(now().as_millisecond())
    .bind(at(due.first_response))
    .bind(at(due.resolution))
    .execute(&mut **writing)
    .await?;
    Ok(())
}

/// The message that was sent under that id before, and what settled it.
pub(super) async fn known(
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
