//! A transaction that writes, and tells those who follow what it wrote once that is on disk.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use jiff::Timestamp;
use shopdesk_model::intents::IntentId;
use sqlx::any::AnyRow;
use sqlx::{Any, AnyConnection, Row as _, Transaction};
use uuid::Uuid;

use super::group_commit::Member;
use super::rows::{CONVERSATION, conversation_of, now, to_json};
use super::statements::{Answers, Statement, Statements};
use super::{Dialect, StoreError, Subscription};
use crate::conversation::{Conversation, ConversationId, MessageId};
use crate::event::{Change, Event, Happening};
use crate::live::{Live, Signal};
use crate::message::{Message, Reply, ReplyKind, Sender};
use crate::store::listen::CHANNEL;
use crate::webhooks::{MessageCreated, Payload};

pub(super) struct Writing {
    pub(super) transaction: Begun,
    pub(super) dialect: Dialect,
    pub(super) live: Live,
    pub(super) subscriptions: Arc<Vec<Subscription>>,
    pub(super) signals: Vec<Signal>,
}

/// A transaction that was begun.
pub(super) enum Begun {
    /// By itself.
    Alone(Transaction<'static, Any>),
    /// Together with others.
    InGroup(Member),
}

/// A message to append.
pub(super) struct NewRow {
    pub(super) sender: Sender,
    pub(super) text: String,
    pub(super) client_message_id: Option<String>,
    pub(super) settled_by: Option<&'static str>,
    /// Of a reply of the program's: what it is, and the likeliest intent, for figures.
    pub(super) reply_kind: Option<ReplyKind>,
    pub(super) intent: Option<IntentId>,
    pub(super) contents: Option<String>,
}

impl NewRow {
    /// What a person says.
    pub(super) fn of(sender: Sender, text: String, client_message_id: Option<String>) -> Self {
        let (settled_by, reply_kind, intent, contents) = Default::default();
        Self { sender, text, client_message_id, settled_by, reply_kind, intent, contents }
    }

    /// What the program says.
    pub(super) fn reply(text: String, reply: &Reply) -> Self {
        let likeliest = reply.assessment.as_ref().and_then(|assessed| assessed.intents.first());
        // A number alone says little of what is meant by it.
        let meant = reply.order.as_ref().map(|order| &order.intent);
        Self {
            reply_kind: Some(reply.kind),
            intent: meant.or(likeliest.map(|intent| &intent.id)).cloned(),
            contents: Some(to_json(reply)),
            ..Self::of(Sender::Bot, text, None)
        }
    }

    /// The message that becomes of it. Its `reply` is left out.
    pub(super) fn numbered(self, (id, at): (MessageId, Timestamp), sequence: i64) -> Message {
        Message {
            id,
            sequence,
            sender: self.sender,
            sender_name: None,
            text: self.text,
            created_at: at,
            client_message_id: self.client_message_id,
            reply: None,
            helpful: None,
        }
    }
}

/// Takes the next number in a conversation, which is its `last_sequence` then.
pub(super) fn take_next(conversation: ConversationId) -> Statement {
    Statement::new(
        "UPDATE conversations SET last_sequence = last_sequence + 1, updated_at = $2 WHERE id = $1 RETURNING last_sequence",
    )
    .bind(conversation.to_string())
    .bind(now().as_millisecond())
}

/// Locks a conversation in which the program speaks, and takes the next number in it, which is its `last_sequence` then. No row when there
/// is no such conversation or others speak.
pub(super) fn lock_and_take_next(conversation: ConversationId) -> Statement {
    Statement::new(format!(
        "UPDATE conversations SET last_sequence = last_sequence + 1, updated_at = $2 \
         WHERE id = $1 AND state = 'bot' RETURNING {CONVERSATION}"
    ))
    .bind(conversation.to_string())
    .bind(now().as_millisecond())
}

/// Inserts a message under the number that was taken for it just now.
pub(super) fn insert_message(
    conversation: ConversationId,
    made: (MessageId, Timestamp),
    new: &NewRow,
) -> Statement {
    insert_message_where("id = $2", conversation, made, new)
}

/// The same where the program speaks in the conversation; elsewhere it inserts nothing.
pub(super) fn insert_message_for_program(
    conversation: ConversationId,
    made: (MessageId, Timestamp),
    new: &NewRow,
) -> Statement {
    insert_message_where("id = $2 AND state = 'bot'", conversation, made, new)
}

fn insert_message_where(
    condition: &str,
    conversation: ConversationId,
    (id, at): (MessageId, Timestamp),
    new: &NewRow,
) -> Statement {
    Statement::new(format!(
        "INSERT INTO events (id, conversation, sequence, kind, at, sender, text, client_message_id, settled_by, contents, \
         reply_kind, intent) SELECT $1, $2, last_sequence, 'message', $3, $4, $5, $6, $7, $8, $9, $10 FROM conversations WHERE {condition}"
    ))
    .bind(id.to_string())
    .bind(conversation.to_string())
    .bind(at.as_millisecond())
    .bind(new.sender.as_str())
    .bind(new.text.clone())
    .bind(new.client_message_id.clone())
    .bind(new.settled_by)
    .bind(new.contents.clone())
    .bind(new.reply_kind.map(ReplyKind::as_str))
    .bind(new.intent.as_ref().map(ToString::to_string))
}

/// Inserts whatever else happened under the number that was taken for it just now.
pub(super) fn insert_change(conversation: ConversationId, at: Timestamp, change: &Change) -> Statement {
    Statement::new(
        "INSERT INTO events (id, conversation, sequence, kind, at, contents) \
         SELECT $1, $2, last_sequence, $3, $4, $5 FROM conversations WHERE id = $2",
    )
    .bind(MessageId::new().to_string())
    .bind(conversation.to_string())
    .bind(change.kind())
    .bind(at.as_millisecond())
    .bind(to_json(change))
}

impl Writing {
    /// Runs these statements.
    pub(super) async fn run(&mut self, statements: impl Into<Statements>) -> Result<Answers, StoreError> {
        let dialect = self.dialect;
        Ok(statements.into().run(self, dialect).await?)
    }

    /// Appends a message with the next number, and returns its event. Its `reply` is left out.
    pub(super) async fn append_message(
        &mut self,
        conversation: ConversationId,
        new: NewRow,
    ) -> Result<Message, StoreError> {
        let made = (MessageId::new(), now());
        let statements = [take_next(conversation), insert_message(conversation, made, &new)];
        let sequence = self.run(statements).await?.one()?.try_get("last_sequence")?;
        self.has_stored(conversation);
        let message = new.numbered(made, sequence);
        self.run(self.created(conversation, &message)).await?;
        Ok(message)
    }

    /// Keeps that a message was written for everybody who subscribed to that.
    pub(super) fn created(&self, conversation: ConversationId, message: &Message) -> Statements {
        let &Message { id, sequence, sender, .. } = message;
        let text = message.text.clone();
        self.deliveries(conversation, &MessageCreated { conversation, message: id, sequence, sender, text })
    }

    /// Keeps a delivery for everybody who subscribed to that kind.
    pub(super) async fn deliver<T: Payload>(
        &mut self,
        conversation: ConversationId,
        payload: &T,
    ) -> Result<(), StoreError> {
        self.run(self.deliveries(conversation, payload)).await?;
        Ok(())
    }

    /// The same to be run with others.
    pub(super) fn deliveries<T: Payload>(&self, conversation: ConversationId, payload: &T) -> Statements {
        let kind = T::KIND;
        let wanted = |subscription: &&Subscription| {
            subscription.events.is_empty() || subscription.events.iter().any(|event| event == kind)
        };
        let at = now();
        let mut statements = Statements::default();
        for subscription in self.subscriptions.iter().filter(wanted) {
            let body = serde_json::json!({ "type": kind, "timestamp": at, "data": payload });
            let insert = Statement::new(
                "INSERT INTO deliveries (id, endpoint, conversation, kind, body, state, next_at, created_at) \
                 VALUES ($1, $2, $6, $3, $4, 'waiting', $5, $5)",
            );
            statements.push(
                insert
                    .bind(format!("msg_{}", Uuid::now_v7().simple()))
                    .bind(subscription.endpoint.clone())
                    .bind(kind)
                    .bind(body.to_string())
                    .bind(at.as_millisecond())
                    .bind(conversation.to_string()),
            );
        }
        statements
    }

    /// Appends whatever else happened.
    pub(super) async fn append_change(
        &mut self,
        conversation: ConversationId,
        change: Change,
    ) -> Result<Event, StoreError> {
        let at = now();
        let statements = [take_next(conversation), insert_change(conversation, at, &change)];
        let sequence = self.run(statements).await?.one()?.try_get("last_sequence")?;
        self.has_stored(conversation);
        Ok(Event { sequence, at, happening: Happening::Change(change) })
    }

    /// The conversation that [`lock_and_take_next`] took a number in.
    pub(super) fn taken(&mut self, row: Option<&AnyRow>) -> Result<Option<Conversation>, StoreError> {
        let conversation = row.map(conversation_of).transpose()?;
        if let Some(conversation) = &conversation {
            self.has_stored(conversation.id);
        }
        Ok(conversation)
    }

    /// Whoever follows the conversation is told when this is on disk.
    pub(super) fn has_stored(&mut self, conversation: ConversationId) {
        let signal = Signal::Stored { conversation };
        if !self.signals.contains(&signal) {
            self.signals.push(signal);
        }
    }

    /// Ends the transaction. From here on it is on disk, and whoever follows hears of it.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        if self.dialect == Dialect::Postgres {
            for signal in mem::take(&mut self.signals) {
                sqlx::query("SELECT pg_notify($1, $2)")
                    .bind(CHANNEL)
                    .bind(to_json(&signal))
                    .execute(&mut *self)
                    .await?;
                self.signals.push(signal);
            }
        }
        let Self { transaction, live, signals, .. } = self;
        let transaction = match transaction {
            Begun::Alone(transaction) => transaction,
            Begun::InGroup(member) => return member.commit(signals).await,
        };
        // In a task of its own: whoever asked may go away, and those who follow must hear of it all the same.
        let finishing = tokio::spawn(async move {
            transaction.commit().await?;
            for signal in signals {
                live.tell(signal);
            }
            Ok::<_, sqlx::Error>(())
        });
        Ok(finishing.await.map_err(|_| sqlx::Error::WorkerCrashed)??)
    }

    /// Ends the transaction without what it wrote. From here on what it saw is on disk.
    pub(super) async fn leave(self) -> Result<(), StoreError> {
        match self.transaction {
            Begun::Alone(transaction) => Ok(transaction.rollback().await?),
            Begun::InGroup(member) => member.leave().await,
        }
    }
}

impl Deref for Writing {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        match &self.transaction {
            Begun::Alone(transaction) => transaction,
            Begun::InGroup(member) => member.connection(),
        }
    }
}

impl DerefMut for Writing {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        match &mut self.transaction {
            Begun::Alone(transaction) => transaction,
            Begun::InGroup(member) => member.connection_mut(),
        }
    }
}
