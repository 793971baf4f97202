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
    /// Removes everything of a customer.
    ///
    /// # Errors
    /// When the database fails; then nothing is removed.
    pub async fn erase_customer(&self, customer: &str) -> Result<Erased, StoreError> {
        self.erase("SELECT id FROM conversations WHERE customer = $1", customer.to_owned()).await
    }

    /// Removes conversations that are over and in which nothing happened since that time.
    ///
    /// # Errors
    /// When the database fails; then nothing is removed.
    pub async fn erase_before(&self, at: Timestamp) -> Result<Erased, StoreError> {
        let old = "SELECT id FROM conversations WHERE updated_at < CAST($1 AS BIGINT) AND state IN ('closed', 'bot')";
        self.erase(old, at.as_millisecond().to_string()).await
    }

    async fn erase(&self, which: &str, value: String) -> Result<Erased, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        let rows = sqlx::query(AssertSqlSafe(which.to_owned())).bind(value).fetch_all(&mut *writing).await?;
        let mut erased = Erased::default();
        for row in rows {
            erase_conversation(&mut writing, row.try_get("id")?, &mut erased).await?;
        }
        writing.commit().await?;
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
        ("tickets", "DELETE FROM tickets WHERE conversation = $1".to_owned()),
        ("webhook deliveries", "DELETE FROM deliveries WHERE body LIKE '%' || $1 || '%'".to_owned()),
        ("events", "DELETE FROM events WHERE conversation = $1".to_owned()),
        ("conversations", "DELETE FROM conversations WHERE id = $1".to_owned()),
    ] {
        let done = sqlx::query(AssertSqlSafe(delete)).bind(id.clone()).execute(&mut **writing).await?;
        *erased.0.entry(what).or_default() += done.rows_affected();
    }
    Ok(())
}
