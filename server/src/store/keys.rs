//! Keys of the shop's own systems, and what this installation made for itself.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row as _};

use super::rows::{now, optional_timestamp, required_json, timestamp, to_json, unreadable};
use super::{Store, StoreError};
use crate::auth::digest::hex;
use crate::auth::{KeyRecord, Scope, Scopes};

const KEY: &str = "id, name, hash, scopes, created_at, revoked_at";

/// A key, without its secret, which nobody has but its owner.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct StoredKey {
    /// The part of the key that may be seen.
    pub id: String,
    /// What the shop calls it.
    pub name: String,
    /// What is kept of the secret part.
    #[serde(skip)]
    pub record: KeyRecord,
    /// What it may do.
    #[schema(value_type = Vec<Scope>)]
    pub scopes: Scopes,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Since when it may do nothing any more.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

impl Store {
    /// Keeps a new key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_key(&self, record: &KeyRecord, name: &str, scopes: &Scopes) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO api_keys (id, name, hash, scopes, created_at) VALUES ($1, $2, $3, $4, $5)")
            .bind(record.id.clone())
            .bind(name.to_owned())
            .bind(hex(&record.hash))
            .bind(to_json(scopes))
            .bind(now().as_millisecond())
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// All keys, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT {KEY} FROM api_keys ORDER BY created_at, id")))
            .fetch_all(&self.readers)
            .await?;
        rows.iter().map(key_of).collect()
    }

    /// A key that may still do something.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key(&self, id: &str) -> Result<Option<StoredKey>, StoreError> {
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT {KEY} FROM api_keys WHERE id = $1 AND revoked_at IS NULL"
        )))
        .bind(id.to_owned())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(key_of).transpose()
    }

    /// Takes everything from a key. Whether there was such a one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_key(&self, id: &str) -> Result<bool, StoreError> {
        let done = sqlx::query("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
            .bind(id.to_owned())
            .bind(now().as_millisecond())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }

    /// What this installation keeps under a name; `new` the first time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn installation(
        &self,
        name: &str,
        new: impl FnOnce() -> String + Send,
    ) -> Result<String, StoreError> {
        sqlx::query("INSERT INTO installation (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(name.to_owned())
            .bind(new())
            .execute(&self.writer)
            .await?;
        let row = sqlx::query("SELECT value FROM installation WHERE name = $1")
            .bind(name.to_owned())
            .fetch_one(&self.writer)
            .await?;
        Ok(row.try_get("value")?)
    }
}

fn key_of(row: &AnyRow) -> Result<StoredKey, StoreError> {
    Ok(StoredKey {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        record: KeyRecord { id: row.try_get("id")?, hash: from_hex(&row.try_get::<String, _>("hash")?)? },
        scopes: required_json(row, "scopes")?,
        created_at: timestamp(row, "created_at")?,
        revoked_at: optional_timestamp(row, "revoked_at")?,
    })
}

fn from_hex(text: &str) -> Result<[u8; 32], StoreError> {
    let byte = |at: usize| text.get(2 * at..2 * at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    let bytes: Option<Vec<u8>> = (0..32).map(byte).collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or("not a SHA-256").map_err(unreadable("api_keys.hash"))
}
