//! The articles in force, where they came from, and the vectors of their passages for the pipeline.

use std::sync::Arc;

use jiff::Timestamp;
use shopdesk_kb::import::{Owner, Standing};
use shopdesk_kb::{Article, ArticleId, Language, Version};
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
    /// What people took out of force in the console, which no import brings back by itself.
    pub withdrawn_by_people: Vec<(ArticleId, Language)>,
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
    /// Somebody in the console. No import undoes that by itself.
    Console,
}

impl Origin {
    /// The word used in data.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::File => "file",
            Self::Console => "console",
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
    pub fn standings(&self, origin: Origin) -> Vec<Standing> {
        let owner = |of: Origin| match of {
            Origin::Console => Owner::People,
            Origin::Folder if origin == Origin::Folder => Owner::Import,
            Origin::Folder | Origin::File => Owner::AnotherImport,
        };
        let in_force = self.articles.iter().map(|kept| Standing {
            id: kept.article.id.clone(),
            language: kept.article.language.clone(),
            version: Some(kept.article.version.clone()),
            owner: owner(kept.origin),
        });
        let withdrawn = self.withdrawn_by_people.iter().map(|(id, language)| Standing {
            id: id.clone(),
            language: language.clone(),
            version: None,
            owner: Owner::People,
        });
        in_force.chain(withdrawn).collect()
    }
}

/// An article that is or was in force.
#[derive(Clone, Debug)]
pub struct KeptArticle {
    /// Its text: that in force, or else the last one that was. Of texts that older programs kept, only what was answered with is known.
    pub article: Arc<Article>,
    /// What happened to it last; it is in force when that brought a version.
    pub last: HistoryEntry,
}

impl KeptArticle {
    /// Whether it is in force.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        self.last.version.is_some()
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
    /// Where it came from; nothing for changes from before that was kept.
    pub origin: Option<Origin>,
    /// Who changed it, where a person did.
    pub actor: Option<String>,
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
