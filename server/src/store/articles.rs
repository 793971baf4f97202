//! Articles in the database: every text that was ever in force, which one is in force now, and the vectors of their passages.

use std::sync::Arc;

use shopdesk_kb::import::Change;
use shopdesk_kb::{Article, ArticleId, Language, Version};
use shopdesk_triage::TextHash;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::rows::{from_word, now, timestamp, unreadable};
use super::{ArticleInForce, HistoryEntry, Lock, Origin, Shelf, Store, StoreError};
use crate::message::{ArticleVersion, Citation};

/// How many vectors are looked for in one query; SQLite takes up to 32,766 parameters.
const VECTORS: usize = 500;

impl Store {
    /// The articles in force.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn articles(&self) -> Result<Shelf, StoreError> {
        let mut reader = self.readers.begin().await?;
        let revision = revision(&mut reader).await?;
        let rows = sqlx::query(
            "SELECT contents, version, origin FROM articles JOIN article_versions USING (article, language, version) \
             ORDER BY language, article",
        )
        .fetch_all(&mut *reader)
        .await?;
        let articles = rows.iter().map(|row| {
            let contents: String = row.try_get("contents")?;
            let mut article =
                Article::from_json(&contents).map_err(unreadable("article_versions.contents"))?;
            // What it was called when it came into force is what quotes name, however this program would call it.
            article.version = Version::new(row.try_get::<String, _>("version")?);
            let origin = from_word(row.try_get("origin")?, "articles.origin")?;
            Ok(ArticleInForce { article: Arc::new(article), origin })
        });
        Ok(Shelf { revision, articles: articles.collect::<Result<_, StoreError>>()? })
    }

    /// The number of the last change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revision(&self) -> Result<i64, StoreError> {
        let mut reader = self.readers.acquire().await?;
        revision(&mut reader).await
    }

    /// Makes all changes at once, if nothing changed since `since`, and returns the new revision; nothing otherwise.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change(
        &self,
        since: i64,
        changes: &[Change],
        origin: Origin,
    ) -> Result<Option<i64>, StoreError> {
        let mut writer = self.begin(Lock::Articles).await?;
        if revision(&mut writer).await? != since {
            return Ok(None);
        }
        if changes.is_empty() {
            return Ok(Some(since));
        }
        let next = since + 1;
        for change in changes {
            let (id, language) = change.name();
            let (new, replaced) = match change {
                Change::Add(new) => (Some(new), None),
                Change::Replace { old, new } => (Some(new), Some(old)),
                Change::Withdraw { old, .. } => (None, Some(old)),
            };
            match new {
                Some(new) => put(&mut writer, new, origin).await?,
                None => withdraw(&mut writer, id, language).await?,
            }
            sqlx::query(
                "INSERT INTO article_history (revision, article, language, version, replaced, at) \
                 VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind(next)
            .bind(id.as_str())
            .bind(language.as_str())
            .bind(new.map(|new| new.version.as_str()))
            .bind(replaced.map(Version::as_str))
            .bind(now().as_millisecond())
            .execute(&mut *writer)
            .await?;
        }
        writer.commit().await?;
        Ok(Some(next))
    }

    /// What was in force when, the latest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn history(
        &self,
        id: &ArticleId,
        language: &Language,
    ) -> Result<Vec<HistoryEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT revision, version, replaced, at FROM article_history \
             WHERE article = $1 AND language = $2 ORDER BY revision DESC",
        )
        .bind(id.as_str())
        .bind(language.as_str())
        .fetch_all(&self.readers)
        .await?;
        let version = |text: Option<String>| text.map(Version::new);
        rows.iter()
            .map(|row| {
                Ok(HistoryEntry {
                    revision: row.try_get("revision")?,
                    version: version(row.try_get("version")?),
                    replaced: version(row.try_get("replaced")?),
                    at: timestamp(row, "at")?,
                })
            })
            .collect()
    }

    /// An article in a version that was in use at any time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn article_version(
        &self,
        id: &str,
        language: &str,
        version: &str,
    ) -> Result<Option<ArticleVersion>, StoreError> {
        let row = sqlx::query(
            "SELECT article, language, version, title, answer, body FROM article_versions \
             WHERE article = $1 AND language = $2 AND version = $3",
        )
        .bind(id)
        .bind(language)
        .bind(version)
        .fetch_optional(&self.readers)
        .await?;
        row.map(|row| {
            let name = |column| -> Result<serde_json::Value, StoreError> {
                Ok(serde_json::Value::String(row.try_get(column)?))
            };
            let citation = serde_json::json!({
                "id": name("article")?, "language": name("language")?, "version": name("version")?, "title": name("title")?,
            });
            let citation: Citation = serde_json::from_value(citation).map_err(unreadable("article_versions"))?;
            Ok(ArticleVersion { citation, answer: row.try_get("answer")?, body: row.try_get("body")? })
        })
        .transpose()
    }

    /// Vectors of passages, as far as they are there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn vectors(&self, texts: &[TextHash]) -> Result<Vec<Option<Vec<f32>>>, StoreError> {
        let mut found = std::collections::HashMap::new();
        let mut reader = self.readers.begin().await?;
        for some in texts.chunks(VECTORS) {
            let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
            let select =
                format!("SELECT hash, vector FROM passage_vectors WHERE hash IN ({})", places.join(", "));
            let mut query = sqlx::query(AssertSqlSafe(select));
            for hash in some {
                query = query.bind(hash.0.to_vec());
            }
            for row in query.fetch_all(&mut *reader).await? {
                let hash: Vec<u8> = row.try_get("hash")?;
                let vector: Vec<u8> = row.try_get("vector")?;
                let numbers = vector
                    .chunks_exact(4)
                    .map(|four| f32::from_le_bytes(four.try_into().expect("four bytes")));
                found.insert(hash, numbers.collect::<Vec<f32>>());
            }
        }
        Ok(texts.iter().map(|hash| found.get(hash.0.as_slice()).cloned()).collect())
    }

    /// Keeps vectors of passages.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_vectors(&self, vectors: &[(TextHash, Vec<f32>)]) -> Result<(), StoreError> {
        let mut writer = self.begin(Lock::Articles).await?;
        for (hash, vector) in vectors {
            let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
            sqlx::query("INSERT INTO passage_vectors (hash, vector) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                .bind(hash.0.to_vec())
                .bind(bytes)
                .execute(&mut *writer)
                .await?;
        }
        writer.commit().await?;
        Ok(())
    }

    /// Forgets all that is made from the articles: it is made again when it is needed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_derived(&self) -> Result<(), StoreError> {
        let mut writer = self.begin(Lock::Articles).await?;
        sqlx::query("DELETE FROM passage_vectors").execute(&mut *writer).await?;
        sqlx::query("DELETE FROM derived").execute(&mut *writer).await?;
        writer.commit().await?;
        Ok(())
    }

    /// What was kept under a name and made from just that, as JSON.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn derived(&self, name: &str, made_from: &str) -> Result<Option<String>, StoreError> {
        let row = sqlx::query("SELECT value FROM derived WHERE name = $1 AND made_from = $2")
            .bind(name)
            .bind(made_from)
            .fetch_optional(&self.readers)
            .await?;
        Ok(row.map(|row| row.try_get("value")).transpose()?)
    }

    /// Keeps something in place of what was kept under that name before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_derived(&self, name: &str, made_from: &str, value: &str) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO derived (name, made_from, value) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET made_from = excluded.made_from, value = excluded.value",
        )
        .bind(name)
        .bind(made_from)
        .bind(value)
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}

async fn revision(connection: &mut AnyConnection) -> Result<i64, StoreError> {
    let row = sqlx::query("SELECT COALESCE(MAX(revision), 0) AS revision FROM article_history")
        .fetch_one(connection)
        .await?;
    Ok(row.try_get("revision")?)
}

/// Keeps the text for good and brings it into force.
async fn put(writer: &mut AnyConnection, article: &Article, origin: Origin) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO article_versions (article, language, version, title, answer, body, contents) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(article.id.as_str())
    .bind(article.language.as_str())
    .bind(article.version.as_str())
    .bind(&article.title)
    .bind(&article.answer)
    .bind(&article.body)
    .bind(article.to_json())
    .execute(&mut *writer)
    .await?;
    sqlx::query(
        "INSERT INTO articles (article, language, version, origin) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (article, language) DO UPDATE SET version = excluded.version, origin = excluded.origin",
    )
    .bind(article.id.as_str())
    .bind(article.language.as_str())
    .bind(article.version.as_str())
    .bind(origin.as_str())
    .execute(writer)
    .await?;
    Ok(())
}

async fn withdraw(writer: &mut AnyConnection, id: &ArticleId, language: &Language) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM articles WHERE article = $1 AND language = $2")
        .bind(id.as_str())
        .bind(language.as_str())
        .execute(writer)
        .await?;
    Ok(())
}
