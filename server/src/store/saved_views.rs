//! Searches of the inbox that agents keep under a name. Each agent has their own.

use sqlx::Row as _;

use super::rows::{id, now};
use super::{Store, StoreError};
use crate::agent::AgentId;
use crate::inbox::{SavedView, SavedViewId};

/// How many an agent may keep: they stand in a list beside the inbox.
pub(crate) const MOST_VIEWS: i64 = 50;

impl Store {
    /// What an agent keeps, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn saved_views(&self, agent: AgentId) -> Result<Vec<SavedView>, StoreError> {
        let rows =
            sqlx::query("SELECT id, name, query FROM saved_views WHERE agent = $1 ORDER BY created_at, id")
                .bind(agent.to_string())
                .fetch_all(&self.readers)
                .await?;
        rows.iter()
            .map(|row| {
                Ok(SavedView { id: id(row, "id")?, name: row.try_get("name")?, query: row.try_get("query")? })
            })
            .collect()
    }

    /// Keeps a search, in place of the agent's other one of that name. Whether there was room for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_view(&self, agent: AgentId, name: &str, query: &str) -> Result<bool, StoreError> {
        let done = sqlx::query(
            "INSERT INTO saved_views (id, agent, name, query, created_at) SELECT $1, $2, $3, $4, $5 \
             WHERE (SELECT COUNT(*) FROM saved_views WHERE agent = $2 AND name <> $3) < $6 \
             ON CONFLICT (agent, name) DO UPDATE SET query = excluded.query",
        )
        .bind(SavedViewId::new().to_string())
        .bind(agent.to_string())
        .bind(name.to_owned())
        .bind(query.to_owned())
        .bind(now().as_millisecond())
        .bind(MOST_VIEWS)
        .execute(&self.writer)
        .await?;
        Ok(done.rows_affected() == 1)
    }

    /// Forgets a search of that agent's. Whether the agent had it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_view(&self, agent: AgentId, view: SavedViewId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM saved_views WHERE id = $1 AND agent = $2")
            .bind(view.to_string())
            .bind(agent.to_string())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}
