//! A transaction that writes, and tells those who follow what it wrote once that is on disk.

use std::mem;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use shopdesk_model::intents::IntentId;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row as _, Transaction};
use uuid::Uuid;

use super::group_commit::Member;
use super::rows::{CONVERSATION, conversation_of, now, to_json};
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
}

impl Writing {
    /// Appends a message with the next number, and returns its event. Its `reply` is left out.
    pub(super) async fn append_message(
        &mut self,
        conversation: ConversationId,
        new: NewRow,
    ) -> Result<Message, StoreError> {
        let sequence = self.next_sequence(conversation).await?;
        self.insert_message(conversation, sequence, new).await
    }

    /// The same with a number that was taken for it.
    pub(super) async fn insert_message(
        &mut self,
        conversation: ConversationId,
        sequence: i64,
        new: NewRow,
    ) -> Result<Message, StoreError> {
        let (id, at) = (MessageId::new(), now());
        sqlx::query(
            "INSERT INTO events (id, conversation, sequence, kind, at, sender, text, client_message_id, settled_by, contents, \
             reply_kind, intent) VALUES ($1, $2, $3, 'message', $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(id.to_string())
        .bind(conversation.to_string())
        .bind(sequence)
        .bind(at.as_millisecond())
        .bind(new.sender.as_str())
        .bind(new.text.clone())
        .bind(new.client_message_id.clone())
        .bind(new.settled_by)
        .bind(new.contents)
        .bind(new.reply_kind.map(ReplyKind::as_str))
        .bind(new.intent.map(|intent| intent.to_string()))
        .execute(&mut **self)
        .await?;
        let (sender, text) = (new.sender, new.text.clone());
        let created = MessageCreated { conversation, message: id, sequence, sender, text };
        self.deliver(conversation, &created).await?;
        Ok(Message {
            id,
            sequence,
            sender: new.sender,
            sender_name: None,
            text: new.text,
            created_at: at,
            client_message_id: new.client_message_id,
            reply: None,
            helpful: None,
        })
    }

    /// Keeps a delivery for everybody who subscribed to that kind.
    pub(super) async fn deliver<T: Payload + Sync>(
        &mut self,
        conversation: ConversationId,
        payload: &T,
    ) -> Result<(), StoreError> {
        let kind = T::KIND;
        let subscriptions = Arc::clone(&self.subscriptions);
        let wanted = |subscription: &&Subscription| {
            subscription.events.is_empty() || subscription.events.iter().any(|event| event == kind)
        };
        let at = now();
        for subscription in subscriptions.iter().filter(wanted) {
            let body = serde_json::json!({ "type": kind, "timestamp": at, "data": payload });
            sqlx::query(
                "INSERT INTO deliveries (id, endpoint, conversation, kind, body, state, next_at, created_at) \
                 VALUES ($1, $2, $6, $3, $4, 'waiting', $5, $5)",
            )
            .bind(format!("msg_{}", Uuid::now_v7().simple()))
            .bind(subscription.endpoint.clone())
            .bind(kind)
            .bind(body.to_string())
            .bind(at.as_millisecond())
            .bind(conversation.to_string())
            .execute(&mut **self)
            .await?;
        }
        Ok(())
    }

    /// Appends whatever else happened.
    pub(super) async fn append_change(
        &mut self,
        conversation: ConversationId,
        change: Change,
    ) -> Result<Event, StoreError> {
        let sequence = self.next_sequence(conversation).await?;
        self.insert_change(conversation, sequence, change).await
    }

    /// The same with a number that was taken for it.
    pub(super) async fn insert_change(
        &mut self,
        conversation: ConversationId,
        sequence: i64,
        change: Change,
    ) -> Result<Event, StoreError> {
        let at = now();
        let contents = to_json(&change);
        let happening = Happening::Change(change);
        sqlx::query(
            "INSERT INTO events (id, conversation, sequence, kind, at, contents) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(MessageId::new().to_string())
        .bind(conversation.to_string())
        .bind(sequence)
        .bind(happening.kind())
        .bind(at.as_millisecond())
        .bind(contents)
        .execute(&mut **self)
        .await?;
        Ok(Event { sequence, at, happening })
    }

    async fn next_sequence(&mut self, conversation: ConversationId) -> Result<i64, StoreError> {
        let row = sqlx::query(
            "UPDATE conversations SET last_sequence = last_sequence + 1, updated_at = $2 WHERE id = $1 RETURNING last_sequence",
        )
        .bind(conversation.to_string())
        .bind(now().as_millisecond())
        .fetch_one(&mut **self)
        .await?;
        self.has_stored(conversation);
        Ok(row.try_get("last_sequence")?)
    }

    /// Locks a conversation in which the program speaks, and takes the next number in it, which is its `last_sequence` then. Nothing when there
    /// is no such conversation or others speak.
    pub(super) async fn lock_and_take_next(
        &mut self,
        conversation: ConversationId,
    ) -> Result<Option<Conversation>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "UPDATE conversations SET last_sequence = last_sequence + 1, updated_at = $2 \
             WHERE id = $1 AND state = 'bot' RETURNING {CONVERSATION}"
        )))
        .bind(conversation.to_string())
        .bind(now().as_millisecond())
        .fetch_optional(&mut **self)
        .await?;
        if row.is_some() {
            self.has_stored(conversation);
        }
        row.as_ref().map(conversation_of).transpose()
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
