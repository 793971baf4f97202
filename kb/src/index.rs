//! What every index of passages can do.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use jiff::civil::DateTime;

use crate::{Article, ArticleId, Language, Part, Passage, Result, Terms, Version};

/// A passage, its vector of unit length, and its terms.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What is found.
    pub passage: Passage,
    /// By what it is found.
    pub vector: Vec<f32>,
    /// By which words it is found.
    pub terms: Terms,
}

/// One version of an article in one language.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArticleKey {
    /// Shared by the translations.
    pub id: ArticleId,
    /// Which translation.
    pub language: Language,
    /// Which text of it.
    pub version: Version,
}

impl ArticleKey {
    /// Of an article.
    #[must_use]
    pub fn of(article: &Article) -> Self {
        Self { id: article.id.clone(), language: article.language.clone(), version: article.version.clone() }
    }
}

impl fmt::Display for ArticleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, version {})", self.id, self.language, self.version)
    }
}

/// A message to look up.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Its vector, of unit length.
    pub vector: &'a [f32],
    /// Its words.
    pub terms: &'a Terms,
}

/// Which passages may be found.
#[derive(Clone, Debug)]
pub struct Filter {
    /// Only in these languages, the first being the one that is liked best; empty means in all.
    pub languages: Vec<Language>,
    /// Only articles that hold at this time of the shop's clock.
    pub at: DateTime,
    /// Who asks: articles for everybody, and those for one of these.
    pub audience: Vec<String>,
    /// Not in this article, in any language.
    pub except_article: Option<ArticleId>,
    /// Not this passage.
    pub except_passage: Option<PassageKey>,
    /// Not in these parts.
    pub except_parts: Vec<Part>,
}

impl Filter {
    /// All articles that hold at that time, for readers of these languages who are nobody special.
    #[must_use]
    pub fn new(languages: Vec<Language>, at: DateTime) -> Self {
        Self {
            languages,
            at,
            audience: Vec::new(),
            except_article: None,
            except_passage: None,
            except_parts: Vec::new(),
        }
    }

    /// Whether passages of `article` may be found, as far as that depends on the article.
    #[must_use]
    pub fn admits(&self, article: &Article) -> bool {
        (self.languages.is_empty() || self.languages.contains(&article.language))
            && article.validity.contains(self.at)
            && article.is_for(&self.audience)
            && self.except_article.as_ref() != Some(&article.id)
    }
}

/// A passage of a version of an article.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PassageKey {
    /// The version.
    pub article: Arc<ArticleKey>,
    /// Its place among the passages of that version, from 0.
    pub number: u32,
}

/// A passage that a message is close to.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The passage.
    pub passage: PassageKey,
    /// Which part of the article it is.
    pub part: Part,
    /// The cosine between the message and the passage, in -1..=1.
    pub cosine: f32,
    /// BM25; 0 when the passage was not found by its words.
    pub lexical: f32,
}

/// The passages that a message is the closest to.
#[derive(Clone, Debug, Default)]
pub struct Candidates {
    /// By cosine, the highest first.
    pub dense: Vec<Candidate>,
    /// By the words they share, the highest first; only those that share one.
    pub lexical: Vec<Candidate>,
}

/// Passages by their vectors and words.
///
/// All methods may be called from several threads at once. Those that change the index return when the next search sees the change.
pub trait Index: Send + Sync {
    /// The `limit` passages that the message is the closest to, and the `limit` that share the most words with it. Equal ones
    /// stand in the order of article, language, version and number.
    ///
    /// # Errors
    /// When the vector does not fit or, for an index elsewhere, when that cannot be reached.
    fn candidates(&self, query: &Query<'_>, filter: &Filter, limit: usize) -> Result<Candidates>;

    /// The same for each of some messages, in their order, which may take less time than for one after the other.
    fn candidates_of_all(&self, queries: &[(Query<'_>, &Filter)], limit: usize) -> Vec<Result<Candidates>> {
        queries.iter().map(|(query, filter)| self.candidates(query, filter, limit)).collect()
    }

    /// Takes in passages; all those of a version come in one call. What is there already is replaced.
    ///
    /// # Errors
    /// When a vector does not fit or the index cannot be reached; then the version may be there in part, and is to be put again.
    fn put(&self, entries: Vec<Entry>) -> Result<()>;

    /// Removes these versions.
    ///
    /// # Errors
    /// When the index cannot be reached.
    fn remove(&self, articles: &[ArticleKey]) -> Result<()>;

    /// The versions that are there, each with how many passages it has.
    ///
    /// # Errors
    /// When the index cannot be reached.
    fn articles(&self) -> Result<Vec<(ArticleKey, usize)>>;

    /// Whether searches would be answered now. What is in memory always answers.
    ///
    /// # Errors
    /// When the index cannot be reached.
    fn ping(&self) -> Result<()> {
        Ok(())
    }

    /// Whether other programs search it, too. They may be behind with the articles in force, so nothing is removed at once.
    fn is_shared(&self) -> bool {
        false
    }

    /// How many passages there are.
    ///
    /// # Errors
    /// When the index cannot be reached.
    fn passages(&self) -> Result<usize> {
        Ok(self.articles()?.iter().map(|(_, passages)| passages).sum())
    }
}

/// What is in the index and should not be, and the other way round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// To be put.
    pub missing: Vec<ArticleKey>,
    /// To be removed.
    pub surplus: Vec<ArticleKey>,
}

impl Difference {
    /// Between an index and the articles that should be in it, each with how many passages it has.
    ///
    /// # Errors
    /// When the index cannot be reached.
    pub fn between(index: &dyn Index, wanted: &[(ArticleKey, usize)]) -> Result<Self> {
        let there: HashSet<(ArticleKey, usize)> = index.articles()?.into_iter().collect();
        let keys: HashSet<&ArticleKey> = wanted.iter().map(|(key, _)| key).collect();
        let missing = wanted.iter().filter(|wanted| !there.contains(wanted)).map(|(key, _)| key.clone());
        let mut surplus: Vec<ArticleKey> =
            there.iter().filter(|(key, _)| !keys.contains(key)).map(|(key, _)| key.clone()).collect();
        surplus.sort();
        Ok(Self { missing: missing.collect(), surplus })
    }
}
