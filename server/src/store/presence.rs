//! Who was there when, with which sessions, and with how many tickets in hand.

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::Row as _;

use super::rows::{id, optional_timestamp, timestamp};
use super::{Lock, Store, StoreError};
use crate::agent::AgentId;

/// Somewhere where somebody is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// What the store finds it by.
    pub hash: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl Store {
    /// Keeps that somebody is there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_seen(&self, agent: AgentId, at: Timestamp) -> Result<(), StoreError> {
        sqlx::query("UPDATE agents SET last_seen_at = $2 WHERE id = $1")
            .bind(agent.to_string())
            .bind(at.as_millisecond())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// When everybody who ever came was last there, to the minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn last_seen(&self) -> Result<HashMap<AgentId, Timestamp>, StoreError> {
        let rows = sqlx::query("SELECT id, last_seen_at FROM agents WHERE last_seen_at IS NOT NULL")
            .fetch_all(&self.readers)
            .await?;
        let seen = rows.iter().map(|row| Ok((id(row, "id")?, optional_timestamp(row, "last_seen_at")?)));
        let seen: Vec<(AgentId, Option<Timestamp>)> = seen.collect::<Result<_, StoreError>>()?;
        Ok(seen.into_iter().filter_map(|(agent, at)| Some((agent, at?))).collect())
    }

    /// How many tickets, assigned or snoozed, everybody has who has any.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tickets_in_hand(&self) -> Result<HashMap<AgentId, i64>, StoreError> {
        let rows = sqlx::query(
            "SELECT assignee, COUNT(*) AS count FROM tickets \
             WHERE assignee IS NOT NULL AND state IN ('assigned', 'snoozed') GROUP BY assignee",
        )
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(|row| Ok((id(row, "assignee")?, row.try_get("count")?))).collect()
    }

    /// Where somebody is logged in, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions_of(&self, agent: AgentId, at: Timestamp) -> Result<Vec<StoredSession>, StoreError> {
        let rows = sqlx::query(
            "SELECT hash, created_at, expires_at FROM sessions WHERE agent = $1 AND expires_at > $2 \
             ORDER BY created_at DESC, hash",
        )
        .bind(agent.to_string())
        .bind(at.as_millisecond())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(StoredSession {
                    hash: row.try_get("hash")?,
                    created_at: timestamp(row, "created_at")?,
                    expires_at: timestamp(row, "expires_at")?,
                })
            })
            .collect()
    }

    /// Ends all sessions of somebody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_sessions(&self, agent: AgentId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM sessions WHERE agent = $1")
            .bind(agent.to_string())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Keeps the hash of another password that somebody chose. All sessions but `kept` end, and links to choose one hold no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_password(
        &self,
        agent: AgentId,
        password: &str,
        kept: &str,
    ) -> Result<(), StoreError> {
        let mut writing = self.begin(Lock::People).await?;
        sqlx::query("UPDATE agents SET password = $2 WHERE id = $1")
            .bind(agent.to_string())
            .bind(password.to_owned())
            .execute(&mut *writing)
            .await?;
        sqlx::query("DELETE FROM sessions WHERE agent = $1 AND hash <> $2")
            .bind(agent.to_string())
            .bind(kept.to_owned())
            .execute(&mut *writing)
            .await?;
        sqlx::query("DELETE FROM invitations WHERE agent = $1")
            .bind(agent.to_string())
            .execute(&mut *writing)
            .await?;
        writing.commit().await
    }
}
