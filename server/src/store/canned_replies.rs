//! What all agents write again and again.

use sqlx::{AssertSqlSafe, Row as _, any::AnyRow};

use super::rows::{id, now, timestamp};
use super::{Store, StoreError};
use crate::inbox::{CannedReply, CannedReplyId};

const REPLY: &str = "id, title, text, language, updated_by, updated_at";

impl Store {
    /// All of them, by title.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canned_replies(&self) -> Result<Vec<CannedReply>, StoreError> {
        let select = format!("SELECT {REPLY} FROM canned_replies ORDER BY title, id");
        let rows = sqlx::query(AssertSqlSafe(select)).fetch_all(&self.readers).await?;
        rows.iter().map(reply_of).collect()
    }

    /// One of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn canned_reply(&self, reply: CannedReplyId) -> Result<Option<CannedReply>, StoreError> {
        let select = format!("SELECT {REPLY} FROM canned_replies WHERE id = $1");
        let row = sqlx::query(AssertSqlSafe(select)).bind(reply.to_string());
        row.fetch_optional(&self.readers).await?.as_ref().map(reply_of).transpose()
    }

    /// Keeps one: a new one, or a known one as it is now. `by` is a login.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_canned_reply(
        &self,
        reply: CannedReplyId,
        (title, text, language): (&str, &str, &str),
        by: &str,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO canned_replies (id, title, text, language, updated_by, updated_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO UPDATE SET title = excluded.title, text = excluded.text, language = excluded.language, \
             updated_by = excluded.updated_by, updated_at = excluded.updated_at",
        )
        .bind(reply.to_string())
        .bind(title.to_owned())
        .bind(text.to_owned())
        .bind(language.to_owned())
        .bind(by.to_owned())
        .bind(now().as_millisecond())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Deletes one. Whether it was there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn delete_canned_reply(&self, reply: CannedReplyId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM canned_replies WHERE id = $1")
            .bind(reply.to_string())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

fn reply_of(row: &AnyRow) -> Result<CannedReply, StoreError> {
    Ok(CannedReply {
        id: id(row, "id")?,
        title: row.try_get("title")?,
        text: row.try_get("text")?,
        language: row.try_get("language")?,
        updated_by: row.try_get("updated_by")?,
        updated_at: timestamp(row, "updated_at")?,
    })
}
