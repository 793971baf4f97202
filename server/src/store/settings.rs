//! What was chosen in the console in place of what the settings file says, section by section.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use jiff::Timestamp;
use serde::Serialize;
use sqlx::Row as _;

use super::rows::{now, timestamp, to_json};
use super::{Lock, Store, StoreError};

/// What is chosen as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettingsSection {
    /// When people are there.
    Hours,
    /// How soon they should answer.
    Deadlines,
    /// How often an automatic answer may be wrong.
    Promise,
    /// The storefront of that name.
    Site(String),
}

/// What stands before the name of a storefront.
const SITES: &str = "sites.";

/// Everything that was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeptSettings {
    /// The number of the last change; 0 before the first.
    pub revision: i64,
    /// The sections that were ever changed.
    pub sections: BTreeMap<SettingsSection, KeptSection>,
}

/// What was chosen last in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSection {
    /// As JSON; nothing when somebody went back to the file.
    pub value: Option<String>,
    /// The number of that change.
    pub revision: i64,
    /// Who chose it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Display for SettingsSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hours => f.write_str("hours"),
            Self::Deadlines => f.write_str("deadlines"),
            Self::Promise => f.write_str("promise"),
            Self::Site(name) => write!(f, "{SITES}{name}"),
        }
    }
}

impl SettingsSection {
    /// The section of that name, if there is one.
    fn of(name: &str) -> Option<Self> {
        match name {
            "hours" => Some(Self::Hours),
            "deadlines" => Some(Self::Deadlines),
            "promise" => Some(Self::Promise),
            other => other.strip_prefix(SITES).map(|site| Self::Site(site.to_owned())),
        }
    }
}

impl Store {
    /// Everything that was chosen in the console.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_settings(&self) -> Result<KeptSettings, StoreError> {
        let rows = sqlx::query("SELECT section, value, revision, updated_by, updated_at FROM settings")
            .fetch_all(&self.readers)
            .await?;
        let mut kept = KeptSettings::default();
        for row in &rows {
            let (name, revision): (String, i64) = (row.try_get("section")?, row.try_get("revision")?);
            kept.revision = kept.revision.max(revision);
            let Some(section) = SettingsSection::of(&name) else {
                tracing::warn!(section = %name, "the database has settings of a newer shopdesk, which are left alone");
                continue;
            };
            let value = row.try_get("value")?;
            let (by, at) = (row.try_get("updated_by")?, timestamp(row, "updated_at")?);
            kept.sections.insert(section, KeptSection { value, revision, by, at });
        }
        Ok(kept)
    }

    /// The number of the last change of any section; 0 before the first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settings_revision(&self) -> Result<i64, StoreError> {
        let row = sqlx::query("SELECT COALESCE(MAX(revision), 0) AS revision FROM settings")
            .fetch_one(&self.readers)
            .await?;
        Ok(row.try_get("revision")?)
    }

    /// Chooses a section, and keeps in the audit log who did, unless it was changed since the change of that number, which is 0 before the
    /// first. Returns the number of this change; nothing when somebody was faster.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_settings<T: Serialize + Sync>(
        &self,
        section: &SettingsSection,
        value: &T,
        since: i64,
        by: &str,
    ) -> Result<Option<i64>, StoreError> {
        self.put_settings(section, Some(to_json(value)), since, by).await
    }

    /// Goes back to what the settings file says of a section, in the same way.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reset_settings(
        &self,
        section: &SettingsSection,
        since: i64,
        by: &str,
    ) -> Result<Option<i64>, StoreError> {
        self.put_settings(section, None, since, by).await
    }

    async fn put_settings(
        &self,
        section: &SettingsSection,
        value: Option<String>,
        since: i64,
        by: &str,
    ) -> Result<Option<i64>, StoreError> {
        let mut writing = self.begin(Lock::Settings).await?;
        let row = sqlx::query(
            "SELECT COALESCE(MAX(revision), 0) AS newest, \
             COALESCE(MAX(CASE WHEN section = $1 THEN revision END), 0) AS own FROM settings",
        )
        .bind(section.to_string())
        .fetch_one(&mut *writing)
        .await?;
        let (newest, own): (i64, i64) = (row.try_get("newest")?, row.try_get("own")?);
        if own != since {
            writing.leave().await?;
            return Ok(None);
        }
        let revision = newest + 1;
        sqlx::query(
            "INSERT INTO settings (section, value, revision, updated_by, updated_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (section) DO UPDATE SET value = excluded.value, revision = excluded.revision, \
             updated_by = excluded.updated_by, updated_at = excluded.updated_at",
        )
        .bind(section.to_string())
        .bind(value.clone())
        .bind(revision)
        .bind(by.to_owned())
        .bind(now().as_millisecond())
        .execute(&mut *writing)
        .await?;
        let subject = Some(section.to_string());
        match value {
            Some(value) => writing.audit(by, "settings.change", subject, Some(value)).await?,
            None => writing.audit(by, "settings.reset", subject, None).await?,
        }
        writing.commit().await?;
        Ok(Some(revision))
    }
}
