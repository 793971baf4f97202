//! The articles in force, where they came from, and the vectors of their passages for the pipeline.

use std::sync::Arc;

use jiff::Timestamp;
use shopdesk_kb::import::InForce;
use shopdesk_kb::{Article, Version};
use shopdesk_triage::{StoreFailure, TextHash, VectorStore};
use tokio::runtime::Handle;

use super::Store;

/// The articles in force.
#[derive(Clone, Debug)]
pub struct Shelf {
    /// Counts changes; 0 before the first.
    pub revision: i64,
    /// Sorted by language and id.
    pub articles: Vec<ArticleInForce>,
}

/// An article in force, and where it came from.
#[derive(Clone, Debug)]
pub struct ArticleInForce {
    /// The article.
    pub article: Arc<Article>,
    /// Who brought it.
    pub origin: Origin,
}

/// Who brings an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A folder of articles, which is complete: what is missing in it is withdrawn.
    Folder,
    /// A file, which adds to what is there.
    File,
}

impl Origin {
    /// The word used in data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::File => "file",
        }
    }
}

impl Shelf {
    /// The articles themselves.
    #[must_use]
    pub fn articles(&self) -> Vec<Arc<Article>> {
        self.articles.iter().map(|kept| Arc::clone(&kept.article)).collect()
    }

    /// What an import from there compares with.
    #[must_use]
    pub fn in_force(&self, origin: Origin) -> Vec<InForce> {
        let in_force = self.articles.iter().map(|kept| InForce {
            id: kept.article.id.clone(),
            language: kept.article.language.clone(),
            version: kept.article.version.clone(),
            withdrawn_if_missing: origin == Origin::Folder && kept.origin == Origin::Folder,
        });
        in_force.collect()
    }
}

/// A text of an article, and when it was in force.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct HistoryEntry {
    /// The change that it was part of.
    pub revision: i64,
    /// What came into force; nothing when the article was withdrawn.
    pub version: Option<Version>,
    /// What it replaced, if anything.
    pub replaced: Option<Version>,
    /// When.
    pub at: Timestamp,
}

/// The store's vectors for the pipeline, which waits for them. Not for threads that serve connections.
pub struct StoredVectors {
    store: Store,
    runtime: Handle,
}

impl StoredVectors {
    /// The runtime is that of the store.
    #[must_use]
    pub fn new(store: Store, runtime: Handle) -> Self {
        Self { store, runtime }
    }
}

impl VectorStore for StoredVectors {
    fn get(&self, texts: &[TextHash]) -> Result<Vec<Option<Vec<f32>>>, StoreFailure> {
        Ok(self.runtime.block_on(self.store.vectors(texts))?)
    }

    fn put(&self, vectors: &[(TextHash, Vec<f32>)]) -> Result<(), StoreFailure> {
        Ok(self.runtime.block_on(self.store.keep_vectors(vectors))?)
    }
}
