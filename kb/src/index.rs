//! What every index of passages can do.

use std::sync::Arc;

use jiff::civil::Date;

use crate::{Article, Language, Part, Passage, Result};

/// A passage and its vector, of unit length.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What is found.
    pub passage: Passage,
    /// By what it is found.
    pub vector: Vec<f32>,
}

/// Which articles may be found.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only in these languages; empty means in all.
    pub languages: Vec<Language>,
    /// Only articles that hold on this day.
    pub day: Date,
}

impl Filter {
    /// Whether `article` may be found.
    #[must_use]
    pub fn admits(&self, article: &Article) -> bool {
        (self.languages.is_empty() || self.languages.contains(&article.language))
            && article.validity.contains(self.day)
    }
}

/// An article that a message is close to.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The article.
    pub article: Arc<Article>,
    /// The part of it that is the closest.
    pub part: Part,
    /// The cosine between the message and that part, in -1..=1.
    pub similarity: f32,
}

/// Passages by their vectors.
pub trait Index: Send + Sync {
    /// The `limit` articles that `query`, of unit length, is the closest to, the closest first; each article once,
    /// by its closest passage.
    ///
    /// # Errors
    /// When the vector does not fit or, for an index elsewhere, when that cannot be reached.
    fn search(&self, query: &[f32], filter: &Filter, limit: usize) -> Result<Vec<Hit>>;

    /// How many passages there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
