//! What people said a message is about, in place of what the program took it for: corrections on tickets, and reviews of wrong answers.
//! Once a supervisor approves of it, the next training learns from it.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::Row as _;

use super::rows::{id, timestamp};
use super::{Store, StoreError};
use crate::conversation::MessageId;
use crate::review::CountedShare;
use crate::ticket::{CorrectionId, TicketId};

/// Where a label comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelSource {
    /// An agent corrected a ticket.
    Correction(CorrectionId, TicketId),
    /// Somebody found an answer wrong.
    Review(MessageId),
}

/// A label that waits for approval.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitingLabel {
    /// Where it comes from.
    pub source: LabelSource,
    /// The message.
    pub text: String,
    /// `intent`, or `priority`, from which nothing is learnt.
    pub field: String,
    /// What the program said.
    pub old: Option<String>,
    /// What the person says.
    pub new: String,
    /// Who.
    pub actor: String,
    /// When.
    pub at: Timestamp,
}

/// A message with the intent that a person gave it and a supervisor approved of.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovedLabel {
    /// The message, as it was written.
    pub text: String,
    /// Its intent, or `out_of_scope`.
    pub intent: String,
    /// When it was said.
    pub at: Timestamp,
}

impl Store {
    /// What waits for approval, the latest first, and how many that are in all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting_labels(&self, limit: usize) -> Result<(Vec<WaitingLabel>, usize), StoreError> {
        let most = u32::try_from(limit).unwrap_or(u32::MAX);
        let corrections = self.corrections(Some("waiting"), most).await?;
        let corrections = corrections.into_iter().map(|correction| WaitingLabel {
            source: LabelSource::Correction(correction.id, correction.ticket),
            text: correction.text,
            field: correction.field,
            old: correction.old,
            new: correction.new,
            actor: correction.actor,
            at: correction.at,
        });
        let mut labels: Vec<WaitingLabel> =
            corrections.chain(self.reviews_with_text("waiting", most).await?).collect();
        labels.sort_by_key(|label| std::cmp::Reverse(label.at));
        labels.truncate(limit);
        Ok((labels, self.count_waiting_labels().await?))
    }

    async fn count_waiting_labels(&self) -> Result<usize, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM corrections WHERE state = 'waiting') \
                  + (SELECT COUNT(*) FROM reviews WHERE state = 'waiting') AS count",
        )
        .fetch_one(&self.readers)
        .await?;
        let count: i64 = row.try_get("count")?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    /// Everything that a training may learn from; of the same message, what was said last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn approved_labels(&self) -> Result<Vec<ApprovedLabel>, StoreError> {
        let corrections = self.corrections(Some("approved"), u32::MAX).await?;
        let corrections = corrections.into_iter().filter(|correction| correction.field == "intent");
        let corrections = corrections.map(|correction| ApprovedLabel {
            text: correction.text,
            intent: correction.new,
            at: correction.at,
        });
        let reviews = self.reviews_with_text("approved", u32::MAX).await?;
        let reviews = reviews.into_iter().map(|review| ApprovedLabel {
            text: review.text,
            intent: review.new,
            at: review.at,
        });
        let mut all: Vec<ApprovedLabel> = corrections.chain(reviews).collect();
        all.sort_by_key(|label| label.at);
        let mut last: HashMap<String, ApprovedLabel> = HashMap::new();
        for label in all {
            last.insert(label.text.trim().to_owned(), label);
        }
        let mut labels: Vec<ApprovedLabel> = last.into_values().collect();
        labels.sort_by(|a, b| (a.at, &a.text).cmp(&(b.at, &b.text)));
        Ok(labels)
    }

    /// How many labels that a training can learn from were approved of since then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn approved_since(&self, since: Option<Timestamp>) -> Result<i64, StoreError> {
        let row = sqlx::query(
            "SELECT (SELECT COUNT(*) FROM corrections WHERE state = 'approved' AND field = 'intent' AND COALESCE(judged_at, at) >= $1) \
                  + (SELECT COUNT(*) FROM reviews WHERE state = 'approved' AND COALESCE(judged_at, at) >= $1) AS count",
        )
        .bind(since.map_or(i64::MIN, Timestamp::as_millisecond))
        .fetch_one(&self.readers)
        .await?;
        Ok(row.try_get("count")?)
    }

    /// Keeps that a wrong answer's label was approved of, or not. Whether it waited for that.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn judge_review(
        &self,
        message: MessageId,
        approve: bool,
        by: &str,
    ) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "UPDATE reviews SET state = $2, judged_at = $3, judged_by = $4 WHERE message = $1 AND state = 'waiting'",
        )
        .bind(message.to_string())
        .bind(if approve { "approved" } else { "rejected" })
        .bind(super::rows::now().as_millisecond())
        .bind(by.to_owned())
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Of the tickets of those days that somebody has taken up or corrected, those whose intent an agent corrected.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn corrected_tickets(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<CountedShare, StoreError> {
        let range =
            |query: &'static str| sqlx::query(query).bind(from.as_millisecond()).bind(until.as_millisecond());
        let row = range(
            "SELECT COUNT(*) AS count FROM tickets WHERE opened_at >= $1 AND opened_at < $2 AND intent IS NOT NULL AND (state <> 'open' \
             OR EXISTS (SELECT 1 FROM corrections WHERE corrections.ticket = tickets.id AND corrections.field = 'intent'))",
        )
        .fetch_one(&self.readers)
        .await?;
        let whole: i64 = row.try_get("count")?;
        let rows = range(
            "SELECT corrections.ticket, corrections.old, corrections.new FROM corrections \
             JOIN tickets ON tickets.id = corrections.ticket \
             WHERE tickets.opened_at >= $1 AND tickets.opened_at < $2 AND corrections.field = 'intent' \
             AND corrections.old IS NOT NULL AND corrections.state <> 'rejected' ORDER BY corrections.at, corrections.id",
        )
        .fetch_all(&self.readers)
        .await?;
        // What the program said, and what the last correction says: who corrects a slip of their own has corrected nothing.
        let mut tickets: HashMap<String, (String, String)> = HashMap::new();
        for row in &rows {
            let (old, new): (String, String) = (row.try_get("old")?, row.try_get("new")?);
            tickets.entry(row.try_get("ticket")?).or_insert((old, String::new())).1 = new;
        }
        let part = tickets.values().filter(|(old, new)| old != new).count();
        Ok(CountedShare { part, whole: usize::try_from(whole).unwrap_or_default().max(part) })
    }

    /// The latest wrong answers in that state of approval, with what the shopper had written.
    async fn reviews_with_text(
        &self,
        state: &'static str,
        limit: u32,
    ) -> Result<Vec<WaitingLabel>, StoreError> {
        let rows = sqlx::query(
            "SELECT reviews.message, reviews.old, reviews.new, reviews.actor, reviews.at, asked.text FROM reviews \
             JOIN events answered ON answered.id = reviews.message \
             JOIN events asked ON asked.conversation = answered.conversation AND asked.settled_by = reviews.message \
             WHERE reviews.message IN (SELECT message FROM reviews WHERE state = $1 ORDER BY at DESC, message DESC LIMIT $2) \
             ORDER BY reviews.at, reviews.message, asked.sequence",
        )
        .bind(state)
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        let mut labels: Vec<WaitingLabel> = Vec::new();
        for row in &rows {
            let (source, line): (LabelSource, String) =
                (LabelSource::Review(id(row, "message")?), row.try_get("text")?);
            match labels.last_mut() {
                // The lines of one turn are one message, as the program read them.
                Some(last) if last.source == source => {
                    last.text.push('\n');
                    last.text.push_str(&line);
                }
                _ => labels.push(WaitingLabel {
                    source,
                    text: line,
                    field: "intent".to_owned(),
                    old: row.try_get("old")?,
                    new: row.try_get("new")?,
                    actor: row.try_get("actor")?,
                    at: timestamp(row, "at")?,
                }),
            }
        }
        Ok(labels)
    }
}
