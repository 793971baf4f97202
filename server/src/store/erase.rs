//! Removes what is known of a customer, or what is older than the shop wants to keep, and says what was removed.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Lock, Store, StoreError, Writing};

/// How many rows went from where.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Erased(pub BTreeMap<&'static str, u64>);

impl Store {
    /// Removes everything of a customer, one conversation after the other.
    ///
    /// # Errors
    /// When the database fails; then what was not removed yet stays, and can be removed by asking again.
    pub async fn erase_customer(&self, customer: &str) -> Result<Erased, StoreError> {
        self.erase("customer = $1", customer.to_owned()).await
    }

    /// Removes conversations that no human has to look at and in which nothing happened since that time.
    ///
    /// # Errors
    /// When the database fails; then what was not removed yet stays, and can be removed by asking again.
    pub async fn erase_before(&self, at: Timestamp) -> Result<Erased, StoreError> {
        let old = "updated_at < CAST($1 AS BIGINT) AND state IN ('closed', 'bot')";
        self.erase(old, at.as_millisecond().to_string()).await
    }

    /// A transaction for each conversation, so that others can write in between.
    async fn erase(&self, condition: &str, value: String) -> Result<Erased, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT id FROM conversations WHERE {condition}")))
            .bind(value.clone())
            .fetch_all(&self.readers)
            .await?;
        let mut erased = Erased::default();
        for row in rows {
            let id: String = row.try_get("id")?;
            let mut writing = self.begin(Lock::Rows).await?;
            // Locks the conversation first, as everywhere; its shopper may have written meanwhile.
            let lock =
                format!("UPDATE conversations SET state = state WHERE {condition} AND id = $2 RETURNING id");
            let still = sqlx::query(AssertSqlSafe(lock))
                .bind(value.clone())
                .bind(id.clone())
                .fetch_optional(&mut *writing)
                .await?;
            if still.is_some() {
                erase_conversation(&mut writing, id, &mut erased).await?;
            }
            writing.commit().await?;
        }
        Ok(erased)
    }
}

async fn erase_conversation(
    writing: &mut Writing,
    id: String,
    erased: &mut Erased,
) -> Result<(), StoreError> {
    let tickets = "(SELECT id FROM tickets WHERE conversation = $1)";
    for (what, delete) in [
        ("corrections", format!("DELETE FROM corrections WHERE ticket IN {tickets}")),
        ("ticket log entries", format!("DELETE FROM ticket_log WHERE ticket IN {tickets}")),
        (
            "reviews",
            "DELETE FROM reviews WHERE message IN (SELECT id FROM events WHERE conversation = $1)".to_owned(),
        ),
        ("tickets", "DELETE FROM tickets WHERE conversation = $1".to_owned()),
        ("webhook deliveries", "DELETE FROM deliveries WHERE conversation = $1".to_owned()),
        ("events", "DELETE FROM events WHERE conversation = $1".to_owned()),
        ("conversations", "DELETE FROM conversations WHERE id = $1".to_owned()),
    ] {
        let done = sqlx::query(AssertSqlSafe(delete)).bind(id.clone()).execute(&mut **writing).await?;
        *erased.0.entry(what).or_default() += done.rows_affected();
    }
    Ok(())
}
