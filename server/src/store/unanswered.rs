//! Hand-overs of messages that found no answer.

use jiff::Timestamp;
use shopdesk_model::intents::IntentId;
use shopdesk_triage::EscalationReason;
use sqlx::Row as _;

use super::rows::{from_word, id, timestamp, unreadable};
use super::{Store, StoreError};
use crate::ticket::TicketId;

/// A message that no article answered.
#[derive(Clone, Debug, PartialEq)]
pub struct UnansweredMessage {
    /// The ticket that it became.
    pub ticket: TicketId,
    /// What people call that.
    pub number: i64,
    /// What the shopper wrote.
    pub text: String,
    /// What it is about: the likeliest intent, or what an agent said.
    pub intent: Option<IntentId>,
    /// Why nothing answered it.
    pub reason: EscalationReason,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Messages that were handed over since then because nothing answered them, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unanswered(
        &self,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<UnansweredMessage>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, number, intent, reason, opened_at, contents FROM tickets \
             WHERE opened_at >= $1 AND reason IN ('no_article', 'low_confidence', 'out_of_scope') \
             ORDER BY opened_at DESC, id DESC LIMIT $2",
        )
        .bind(since.as_millisecond())
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                let contents: TextOnly = super::rows::required_json(row, "contents")?;
                let intent: Option<String> = row.try_get("intent")?;
                let intent = intent
                    .map(|intent| IntentId::new(&intent).ok_or(intent).map_err(unreadable("tickets.intent")));
                Ok(UnansweredMessage {
                    ticket: id(row, "id")?,
                    number: row.try_get("number")?,
                    text: contents.text,
                    intent: intent.transpose()?,
                    reason: from_word(row.try_get("reason")?, "tickets.reason")?,
                    at: timestamp(row, "opened_at")?,
                })
            })
            .collect()
    }
}

/// What is needed here of a ticket's contents.
#[derive(serde::Deserialize)]
struct TextOnly {
    text: String,
}
