//! Articles in the database: every text that was ever in force, which one is in force now, and the vectors of their passages.

use std::sync::Arc;

use shopdesk_kb::import::Change;
use shopdesk_kb::{Article, ArticleId, Language, Version};
use shopdesk_triage::TextHash;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::rows::{from_word, now, timestamp, unreadable};
use super::{ArticleInForce, HistoryEntry, KeptArticle, Lock, Origin, Shelf, Store, StoreError};
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
        let articles = articles.collect::<Result<_, StoreError>>()?;
        let withdrawn_by_people = withdrawn_by_people(&mut reader).await?;
        Ok(Shelf { revision, articles, withdrawn_by_people })
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
        self.change_by(since, changes, origin, None).await
    }

    /// The same for what a person does in the console.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn change_by_hand(
        &self,
        since: i64,
        changes: &[Change],
        actor: &str,
    ) -> Result<Option<i64>, StoreError> {
        self.change_by(since, changes, Origin::Console, Some(actor)).await
    }

    async fn change_by(
        &self,
        since: i64,
        changes: &[Change],
        origin: Origin,
        actor: Option<&str>,
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
                Change::TakeOver(same) => (Some(same), Some(&same.version)),
            };
            match new {
                Some(new) => put(&mut writer, new, origin).await?,
                None => withdraw(&mut writer, id, language).await?,
            }
            sqlx::query(
                "INSERT INTO article_history (revision, article, language, version, replaced, at, origin, actor) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(next)
            .bind(id.as_str())
            .bind(language.as_str())
            .bind(new.map(|new| new.version.as_str()))
            .bind(replaced.map(Version::as_str))
            .bind(now().as_millisecond())
            .bind(origin.as_str())
            .bind(actor.map(ToOwned::to_owned))
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
            "SELECT revision, version, replaced, at, origin, actor FROM article_history \
             WHERE article = $1 AND language = $2 ORDER BY revision DESC",
        )
        .bind(id.as_str())
        .bind(language.as_str())
        .fetch_all(&self.readers)
        .await?;
        rows.iter().map(entry_of).collect()
    }

    /// All articles that are or were in force, or all translations of one, sorted by id and language.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn kept_articles(&self, id: Option<&ArticleId>) -> Result<Vec<KeptArticle>, StoreError> {
        let rows = sqlx::query(
            "SELECT last.revision, last.version, last.replaced, last.at, last.origin, last.actor, \
                    kept.article, kept.language, kept.version AS text_version, title, answer, body, contents \
             FROM article_history AS last \
             JOIN (SELECT article, language, MAX(revision) AS revision FROM article_history GROUP BY article, language) AS newest \
               ON newest.article = last.article AND newest.language = last.language AND newest.revision = last.revision \
             JOIN article_versions AS kept \
               ON kept.article = last.article AND kept.language = last.language \
              AND kept.version = COALESCE(last.version, last.replaced) \
             WHERE $1 = '' OR kept.article = $1 \
             ORDER BY kept.article, kept.language",
        )
        .bind(id.map(ArticleId::as_str).unwrap_or_default().to_owned())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| Ok(KeptArticle { article: Arc::new(text_of(row)?), last: entry_of(row)? }))
            .collect()
    }

    /// The whole text of an article in a version that was in force at any time. Of texts that older programs kept, only what was
    /// answered with is known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn article_text(
        &self,
        id: &ArticleId,
        language: &Language,
        version: &Version,
    ) -> Result<Option<Article>, StoreError> {
        let row = sqlx::query(
            "SELECT article, language, version AS text_version, title, answer, body, contents FROM article_versions \
             WHERE article = $1 AND language = $2 AND version = $3",
        )
        .bind(id.as_str())
        .bind(language.as_str())
        .bind(version.as_str())
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(text_of).transpose()
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

/// What people took out of force, and nobody brought back since.
async fn withdrawn_by_people(
    connection: &mut AnyConnection,
) -> Result<Vec<(ArticleId, Language)>, StoreError> {
    let rows = sqlx::query(
        "SELECT article, language FROM article_history AS last WHERE version IS NULL AND origin = 'console' \
         AND NOT EXISTS (SELECT 1 FROM articles WHERE article = last.article AND language = last.language) \
         AND NOT EXISTS (SELECT 1 FROM article_history AS later WHERE later.article = last.article \
                         AND later.language = last.language AND later.revision > last.revision)",
    )
    .fetch_all(connection)
    .await?;
    rows.iter().map(name_of).collect()
}

/// A row's article and language.
fn name_of(row: &AnyRow) -> Result<(ArticleId, Language), StoreError> {
    let id: String = row.try_get("article")?;
    let id = ArticleId::new(id.as_str()).ok_or(id).map_err(unreadable("article_versions.article"))?;
    Ok((id, Language::new(row.try_get::<String, _>("language")?)))
}

/// A row of `article_history`.
fn entry_of(row: &AnyRow) -> Result<HistoryEntry, StoreError> {
    let version =
        |column| -> Result<_, StoreError> { Ok(row.try_get::<Option<String>, _>(column)?.map(Version::new)) };
    let origin: Option<String> = row.try_get("origin")?;
    Ok(HistoryEntry {
        revision: row.try_get("revision")?,
        version: version("version")?,
        replaced: version("replaced")?,
        at: timestamp(row, "at")?,
        origin: origin.map(|origin| from_word(origin, "article_history.origin")).transpose()?,
        actor: row.try_get("actor")?,
    })
}

/// A row of `article_versions`, with the version called as it was when it came into force.
fn text_of(row: &AnyRow) -> Result<Article, StoreError> {
    let contents: Option<String> = row.try_get("contents")?;
    let (id, language) = name_of(row)?;
    let contents = match contents {
        Some(contents) => contents,
        None => serde_json::json!({
            "id": id, "language": language, "intents": [], "questions": [], "tags": [],
            "title": row.try_get::<String, _>("title")?, "answer": row.try_get::<String, _>("answer")?,
            "body": row.try_get::<String, _>("body")?,
        })
        .to_string(),
    };
    let mut article = Article::from_json(&contents).map_err(unreadable("article_versions.contents"))?;
    article.version = Version::new(row.try_get::<String, _>("text_version")?);
    Ok(article)
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
