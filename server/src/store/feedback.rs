//! What shoppers say of what they were told, how they can be reached, and up to where somebody has read.

use sqlx::{AssertSqlSafe, Row as _};

use super::conversations::lock;
use super::rows::to_json;
use super::{Lock, Store, StoreError};
use crate::conversation::{Contact, ConversationId, MessageId, Rating};
use crate::event::Change;
use crate::message::Sender;
use crate::webhooks::ConversationRated;

/// What came of whether an answer helped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How many answers in a row did not help.
    pub failed_answers: i64,
    /// Whether that had not been said of it before.
    pub is_new: bool,
}

impl Store {
    /// Keeps whether an answer helped; nothing when there is no such answer. What was said before changes nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_helpful(
        &self,
        conversation: ConversationId,
        message: MessageId,
        helpful: bool,
    ) -> Result<Option<Judged>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        if lock(&mut writing, conversation).await?.is_none() {
            return Ok(None);
        }
        let row = sqlx::query(
            "SELECT events.helpful, events.contents, failed_answers FROM events \
             JOIN conversations ON conversations.id = conversation \
             WHERE events.id = $1 AND conversation = $2 AND sender = 'bot'",
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
        let failed_answers: i64 = row.try_get("failed_answers")?;
        if row.try_get::<Option<i64>, _>("helpful")? == Some(i64::from(helpful)) {
            return Ok(Some(Judged { failed_answers, is_new: false }));
        }
        let failed_answers = if helpful { 0 } else { failed_answers + 1 };
        sqlx::query("UPDATE events SET helpful = $2 WHERE id = $1")
            .bind(message.to_string())
            .bind(i64::from(helpful))
            .execute(&mut *writing)
            .await?;
        sqlx::query("UPDATE conversations SET failed_answers = $2 WHERE id = $1")
            .bind(conversation.to_string())
            .bind(failed_answers)
            .execute(&mut *writing)
            .await?;
        writing.append_change(conversation, Change::Helpful { message, helpful }).await?;
        writing.commit().await?;
        Ok(Some(Judged { failed_answers, is_new: true }))
    }

    /// Whether the shopper was answered, by the program or by somebody.
    pub(crate) async fn was_answered(&self, conversation: ConversationId) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT id FROM events WHERE conversation = $1 \
             AND (sender = 'agent' OR reply_kind IN ('answer', 'order_status')) LIMIT 1",
        )
        .bind(conversation.to_string())
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.is_some())
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

    /// Keeps up to where somebody has read; never less than before, and never more than there is. Whether that is further than before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_read(
        &self,
        conversation: ConversationId,
        by: Sender,
        sequence: i64,
    ) -> Result<bool, StoreError> {
        let column = if by == Sender::Shopper { "shopper_read" } else { "agent_read" };
        let done = sqlx::query(AssertSqlSafe(format!(
            "UPDATE conversations SET {column} = $2 WHERE id = $1 AND {column} < $2 AND last_sequence >= $2"
        )))
        .bind(conversation.to_string())
        .bind(sequence)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}
