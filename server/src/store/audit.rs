//! Who looked at, changed or took out what.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;
use uuid::Uuid;

use super::rows::{now, timestamp};
use super::{Store, StoreError};

/// Something that somebody did and that others may have to know of.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct AuditEntry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who: an agent's login, a key's name, or `command line`.
    pub actor: String,
    /// What, such as `login` or `ticket.view`.
    pub action: String,
    /// To what, by its id.
    #[schema(required)]
    pub subject: Option<String>,
    /// More about it.
    #[schema(required)]
    pub detail: Option<String>,
}

impl Store {
    /// Keeps that somebody did something.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_audit(
        &self,
        actor: &str,
        action: &str,
        subject: Option<String>,
        detail: Option<String>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO audit (id, at, actor, action, subject, contents) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(now().as_millisecond())
        .bind(actor.to_owned())
        .bind(action.to_owned())
        .bind(subject)
        .bind(detail)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// What was done, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT at, actor, action, subject, contents FROM audit ORDER BY at DESC, id DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(AuditEntry {
                    at: timestamp(row, "at")?,
                    actor: row.try_get("actor")?,
                    action: row.try_get("action")?,
                    subject: row.try_get("subject")?,
                    detail: row.try_get("contents")?,
                })
            })
            .collect()
    }
}
