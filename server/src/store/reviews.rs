//! Automatic answers, drawn at random, that supervisors look at: how often the program is wrong where nobody would have noticed.
//!
//! An answer's place in the draw is the random part of its id, which was drawn when the answer was kept. So every answer of some days is as
//! likely to come next as any other, whoever asks, and none comes twice; who asks again later goes on with the same draw.

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, Row as _};

use super::rows::{EVENT, from_word, id, message_of, now};
use super::{Lock, Store, StoreError};
use crate::conversation::{ConversationId, MessageId};
use crate::message::{Message, Sender};
use crate::review::{ReviewFigures, ReviewVerdict};

/// What an automatic answer of some days is in the database.
const IS_ANSWER: &str =
    "kind = 'message' AND sender = 'bot' AND reply_kind = 'answer' AND at >= $1 AND at < $2";
/// From which character on an id of version 7 is random and nothing else: its last 32 bits.
const RANDOM_FROM: u32 = 29;
/// How many messages before an answer are shown with it.
const CONTEXT: i64 = 12;

/// An answer to look at.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerToReview {
    /// The answer.
    pub answer: Message,
    /// Its conversation.
    pub conversation: ConversationId,
    /// What was said before it, the oldest first.
    pub before: Vec<Message>,
    /// Which of these the answer is to.
    pub answers: Vec<MessageId>,
}

/// What somebody says of an answer.
#[derive(Clone, Debug)]
pub struct NewReview {
    /// The answer.
    pub message: MessageId,
    /// Whether it was right.
    pub verdict: ReviewVerdict,
    /// Of a wrong one: what the question was about, where that was said.
    pub intent: Option<String>,
    /// Who says so.
    pub actor: String,
}

impl Store {
    /// The next answer of the draw from those days that nobody has looked at.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next_to_review(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Option<AnswerToReview>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT {EVENT}, conversation FROM events WHERE {IS_ANSWER} \
             AND NOT EXISTS (SELECT 1 FROM reviews WHERE reviews.message = events.id) \
             ORDER BY SUBSTR(id, {RANDOM_FROM}), id LIMIT 1"
        )))
        .bind(from.as_millisecond())
        .bind(until.as_millisecond())
        .fetch_optional(&self.readers)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let (answer, conversation): (Message, ConversationId) =
            (message_of(&row)?, id(&row, "conversation")?);
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {EVENT} FROM events WHERE conversation = $1 AND kind = 'message' AND sequence < $2 ORDER BY sequence DESC LIMIT $3"
        )))
        .bind(conversation.to_string())
        .bind(answer.sequence)
        .bind(CONTEXT)
        .fetch_all(&self.readers)
        .await?;
        let (mut before, mut answers) = (Vec::new(), Vec::new());
        for row in rows.iter().rev() {
            let message = message_of(row)?;
            let settled_by: Option<String> = row.try_get("settled_by")?;
            if message.sender == Sender::Shopper && settled_by == Some(answer.id.to_string()) {
                answers.push(message.id);
            }
            before.push(message);
        }
        Ok(Some(AnswerToReview { answer, conversation, before, answers }))
    }

    /// Keeps what somebody says of an answer. Nothing when there is no such answer; otherwise whether nobody had said anything before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn review(&self, review: NewReview) -> Result<Option<bool>, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        let row =
            sqlx::query(AssertSqlSafe(format!("SELECT {EVENT} FROM events WHERE id = $3 AND {IS_ANSWER}")))
                .bind(i64::MIN)
                .bind(i64::MAX)
                .bind(review.message.to_string())
                .fetch_optional(&mut *writing)
                .await?;
        let Some(row) = row else { return Ok(None) };
        let assessment = message_of(&row)?.reply.and_then(|reply| reply.assessment);
        let old =
            assessment.and_then(|assessed| assessed.intents.first().map(|intent| intent.id.to_string()));
        let new = review.intent.filter(|_| review.verdict == ReviewVerdict::Wrong);
        let state = new.as_ref().map(|_| "waiting");
        let kept = sqlx::query(
            "INSERT INTO reviews (message, verdict, old, new, actor, at, state) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (message) DO NOTHING",
        )
        .bind(review.message.to_string())
        .bind(review.verdict.as_str())
        .bind(old)
        .bind(new)
        .bind(review.actor)
        .bind(now().as_millisecond())
        .bind(state)
        .execute(&mut *writing)
        .await?;
        writing.commit().await?;
        Ok(Some(kept.rows_affected() == 1))
    }

    /// Takes back what somebody said of an answer, as long as nobody approved of it. Whether there was such a review.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_back_review(&self, message: MessageId, actor: &str) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "DELETE FROM reviews WHERE message = $1 AND actor = $2 AND (state IS NULL OR state = 'waiting')",
        )
        .bind(message.to_string())
        .bind(actor.to_owned())
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// How many answers of those days there are, and what was said of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn review_figures(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<ReviewFigures, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT (SELECT verdict FROM reviews WHERE reviews.message = events.id) AS said, COUNT(*) AS count \
             FROM events WHERE {IS_ANSWER} GROUP BY 1"
        )))
        .bind(from.as_millisecond())
        .bind(until.as_millisecond())
        .fetch_all(&self.readers)
        .await?;
        let mut figures = ReviewFigures::default();
        for row in &rows {
            let count: i64 = row.try_get("count")?;
            let count = usize::try_from(count).unwrap_or_default();
            figures.answers += count;
            match row.try_get::<Option<String>, _>("said")? {
                None => {}
                Some(word) => match from_word(word, "reviews.verdict")? {
                    ReviewVerdict::Right => figures.right += count,
                    ReviewVerdict::Wrong => figures.wrong += count,
                    ReviewVerdict::Unclear => figures.unclear += count,
                },
            }
        }
        Ok(figures)
    }
}
