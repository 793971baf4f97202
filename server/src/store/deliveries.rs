//! Messages to the shop's own systems, kept until they were taken or given up.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::{AssertSqlSafe, Row as _};

use super::rows::{now, timestamp};
use super::{Store, StoreError};

const DELIVERY: &str = "id, endpoint, kind, body, state, attempts, next_at, last_error, created_at";

/// Something that is delivered, was, or could not be.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Delivery {
    /// Its id, which the receiver sees, the same with every attempt.
    pub id: String,
    /// To which endpoint.
    pub endpoint: String,
    /// What it is.
    pub kind: String,
    /// What it says, as JSON.
    #[serde(skip)]
    pub body: String,
    /// What became of it.
    #[schema(value_type = crate::schema::DeliveryState)]
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried again, if it waits.
    #[schema(value_type = String, format = DateTime)]
    pub next_at: Timestamp,
    /// What went wrong the last time.
    #[schema(required)]
    pub last_error: Option<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// How many deliveries to an endpoint are in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryCount {
    /// To which endpoint.
    pub endpoint: String,
    /// `waiting`, `delivered` or `dead`.
    pub state: String,
    /// How many.
    pub count: i64,
}

impl Store {
    /// Takes one thing to deliver that is due; nobody else gets it before `until`.
    pub(crate) async fn take_delivery(
        &self,
        endpoint: &str,
        at: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Delivery>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "UPDATE deliveries SET next_at = $2, attempts = attempts + 1 WHERE id = \
             (SELECT id FROM deliveries WHERE state = 'waiting' AND endpoint = $3 AND next_at <= $1 ORDER BY next_at LIMIT 1) \
             AND next_at <= $1 RETURNING {DELIVERY}"
        )))
        .bind(at.as_millisecond())
        .bind(until.as_millisecond())
        .bind(endpoint.to_owned())
        .fetch_optional(&self.writer)
        .await?;
        row.as_ref().map(delivery_of).transpose()
    }

    /// Keeps how an attempt ended: well, or not, and then when the next one is, if there is one.
    pub(crate) async fn end_attempt(
        &self,
        id: &str,
        failure: Option<(&str, Option<Timestamp>)>,
    ) -> Result<(), StoreError> {
        let (state, error, next) = match failure {
            None => ("delivered", None, None),
            Some((error, Some(next))) => ("waiting", Some(error.to_owned()), Some(next)),
            Some((error, None)) => ("dead", Some(error.to_owned()), None),
        };
        sqlx::query("UPDATE deliveries SET state = $2, last_error = $3, next_at = COALESCE($4, next_at) WHERE id = $1")
            .bind(id.to_owned())
            .bind(state)
            .bind(error)
            .bind(next.map(Timestamp::as_millisecond))
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Forgets deliveries that were taken, or given up, before that time.
    pub(crate) async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, StoreError> {
        let done = sqlx::query("DELETE FROM deliveries WHERE state <> 'waiting' AND created_at < $1")
            .bind(before.as_millisecond())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected())
    }

    /// What is delivered, was, or could not be, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn deliveries(&self, state: Option<&str>, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        // A condition that takes everything would keep the database from its indexes.
        let wanted = if state.is_some() { "state = $1" } else { "$1 = ''" };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT {DELIVERY} FROM deliveries WHERE {wanted} ORDER BY created_at DESC, id DESC LIMIT $2"
        )))
        .bind(state.unwrap_or_default().to_owned())
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(delivery_of).collect()
    }

    /// How many deliveries are in which state, by endpoint.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_deliveries(&self) -> Result<Vec<DeliveryCount>, StoreError> {
        let rows = sqlx::query(
            "SELECT endpoint, state, COUNT(*) AS count FROM deliveries GROUP BY endpoint, state ORDER BY endpoint, state",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(DeliveryCount {
                    endpoint: row.try_get("endpoint")?,
                    state: row.try_get("state")?,
                    count: row.try_get("count")?,
                })
            })
            .collect()
    }

    /// Tries something again that was given up. Whether there was such a thing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revive_delivery(&self, id: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE deliveries SET state = 'waiting', attempts = 0, next_at = $2 WHERE id = $1 AND state = 'dead'")
            .bind(id.to_owned())
            .bind(now().as_millisecond())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn delivery_of(row: &sqlx::any::AnyRow) -> Result<Delivery, StoreError> {
    Ok(Delivery {
        id: row.try_get("id")?,
        endpoint: row.try_get("endpoint")?,
        kind: row.try_get("kind")?,
        body: row.try_get("body")?,
        state: row.try_get("state")?,
        attempts: row.try_get("attempts")?,
        next_at: timestamp(row, "next_at")?,
        last_error: row.try_get("last_error")?,
        created_at: timestamp(row, "created_at")?,
    })
}
