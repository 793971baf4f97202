//! Who looked at, changed or took out what.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};
use uuid::Uuid;

use super::rows::{id, now, timestamp};
use super::{Store, StoreError, Writing};

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

/// Which entries are wanted. What is empty does not matter.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Of that one, by login or name.
    pub actor: Option<String>,
    /// That was done.
    pub action: Option<String>,
    /// Not before that time.
    pub from: Option<Timestamp>,
    /// Before that time.
    pub until: Option<Timestamp>,
    /// Behind that place, as a page before named it.
    pub after: Option<AuditCursor>,
    /// How many at most.
    pub limit: u32,
}

/// A place in the audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditCursor {
    at: i64,
    id: Uuid,
}

impl std::fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}

impl FromStr for AuditCursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('.').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
        let (at, id) = parts.ok_or_else(|| format!("`{text}` is not the `next` of a page"))?;
        Ok(Self { at, id })
    }
}

/// Some of the entries that were wanted.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The latest first.
    pub entries: Vec<AuditEntry>,
    /// Where the next page begins, if there is one.
    pub next: Option<AuditCursor>,
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
        let mut writer = self.writer.acquire().await?;
        insert(&mut writer, actor, action, subject, detail).await
    }

    /// Whether it was kept since then that somebody did that.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_audit(
        &self,
        actor: &str,
        action: &str,
        subject: &str,
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let row = sqlx::query(
            "SELECT id FROM audit WHERE at >= $1 AND actor = $2 AND action = $3 AND subject = $4 LIMIT 1",
        )
        .bind(since.as_millisecond())
        .bind(actor.to_owned())
        .bind(action.to_owned())
        .bind(subject.to_owned())
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.is_some())
    }

    /// What was done, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audit(&self, filter: &AuditFilter) -> Result<AuditPage, StoreError> {
        let (behind, behind_id) = match &filter.after {
            Some(AuditCursor { at, id }) => (*at, id.to_string()),
            None => (i64::MAX, String::new()),
        };
        // A condition that takes everything would keep the database from its indexes.
        let actor = if filter.actor.is_some() { "actor = $1" } else { "$1 = ''" };
        let action = if filter.action.is_some() { "action = $2" } else { "$2 = ''" };
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT id, at, actor, action, subject, contents FROM audit \
             WHERE {actor} AND {action} AND at >= $3 AND at < $4 AND (at < $5 OR (at = $5 AND id < $6)) \
             ORDER BY at DESC, id DESC LIMIT $7"
        )))
        .bind(filter.actor.clone().unwrap_or_default())
        .bind(filter.action.clone().unwrap_or_default())
        .bind(filter.from.map_or(i64::MIN, Timestamp::as_millisecond))
        .bind(filter.until.map_or(i64::MAX, Timestamp::as_millisecond))
        .bind(behind)
        .bind(behind_id)
        .bind(i64::from(filter.limit) + 1)
        .fetch_all(&self.readers)
        .await?;
        let has_more = rows.len() > filter.limit as usize;
        let rows = &rows[..rows.len().min(filter.limit as usize)];
        let next = match rows.last().filter(|_| has_more) {
            Some(last) => Some(AuditCursor { at: last.try_get("at")?, id: id(last, "id")? }),
            None => None,
        };
        Ok(AuditPage { entries: rows.iter().map(entry_of).collect::<Result<_, _>>()?, next })
    }

    /// All that anybody has done, each word once, in order: what the log can be looked through by.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn audited_actions(&self) -> Result<Vec<String>, StoreError> {
        let rows =
            sqlx::query("SELECT DISTINCT action FROM audit ORDER BY action").fetch_all(&self.readers).await?;
        rows.iter().map(|row| Ok(row.try_get("action")?)).collect()
    }
}

impl Writing {
    /// Keeps that somebody did something, together with what was done.
    pub(super) async fn audit(
        &mut self,
        actor: &str,
        action: &str,
        subject: Option<String>,
        detail: Option<String>,
    ) -> Result<(), StoreError> {
        insert(self, actor, action, subject, detail).await
    }
}

async fn insert(
    connection: &mut AnyConnection,
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
    .execute(connection)
    .await?;
    Ok(())
}

fn entry_of(row: &AnyRow) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        at: timestamp(row, "at")?,
        actor: row.try_get("actor")?,
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        detail: row.try_get("contents")?,
    })
}
