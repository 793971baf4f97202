//! The articles in force and the index over their passages, which change while shoppers ask.
//!
//! The catalogue says which version of an article is the one in force; the index may hold others beside, that are on their way in or out.
//! New versions are put into the index, then the catalogue is switched in one step, then old versions are removed. A search that a
//! switch overtakes is made again. So a search sees an article's old text or its new one, never both and never neither.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use crate::index::{ArticleKey, Candidates, Difference, Filter, Query};
use crate::search::{self, Hit, Ranking};
use crate::{Article, ArticleId, Entry, Index, Language, Result};

/// How many passages a search looks at in each list.
const CANDIDATES: usize = 100;
/// How often a search is made again because the articles were switched under it. One switch needs a second try; no shop switches so
/// often that it needs more than a few.
const TRIES: usize = 16;
/// How many passages are put into the index in one call, unless a version has more.
const BATCH: usize = 256;

/// The articles in force at one time.
#[derive(Debug, Default)]
pub struct Catalogue {
    articles: FxHashMap<ArticleKey, Arc<Article>>,
    translations: FxHashMap<(ArticleId, Language), Arc<Article>>,
}

impl Catalogue {
    fn of(articles: &[Arc<Article>]) -> Self {
        let by_key = articles.iter().map(|article| (ArticleKey::of(article), Arc::clone(article)));
        let translations = articles
            .iter()
            .map(|article| ((article.id.clone(), article.language.clone()), Arc::clone(article)));
        Self { articles: by_key.collect(), translations: translations.collect() }
    }

    /// That version, if it is in force.
    #[must_use]
    pub fn get(&self, key: &ArticleKey) -> Option<&Arc<Article>> {
        self.articles.get(key)
    }

    /// The version in force of an article in a language.
    #[must_use]
    pub fn translation(&self, id: &ArticleId, language: &Language) -> Option<&Arc<Article>> {
        self.translations.get(&(id.clone(), language.clone()))
    }

    /// All articles in force, sorted by language and id.
    #[must_use]
    pub fn articles(&self) -> Vec<Arc<Article>> {
        let mut articles: Vec<Arc<Article>> = self.articles.values().cloned().collect();
        articles.sort_by(|a, b| (&a.language, &a.id).cmp(&(&b.language, &b.id)));
        articles
    }

    /// How many articles there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.articles.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }
}

/// What may be found now.
pub struct Library {
    index: Box<dyn Index>,
    catalogue: RwLock<Arc<Catalogue>>,
    switching: Mutex<()>,
}

impl Library {
    /// With an index that may hold passages from before.
    #[must_use]
    pub fn new(index: Box<dyn Index>) -> Self {
        Self { index, catalogue: RwLock::default(), switching: Mutex::new(()) }
    }

    /// The articles in force.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The index over the passages.
    #[must_use]
    pub fn index(&self) -> &dyn Index {
        self.index.as_ref()
    }

    /// Brings these articles into force in place of those before, each with how many passages it has. `entries` makes the passages of an
    /// article, and is asked for those only that are not in the index as they should be.
    ///
    /// Returns versions that are still in an index which other programs search, too, and which [`Library::forget`] removes when those
    /// programs have switched as well.
    ///
    /// # Errors
    /// When `entries` fails or the index cannot be reached; then the articles before stay in force, but for those that are withdrawn.
    pub fn switch<E: From<crate::Error>>(
        &self,
        articles: &[(Arc<Article>, usize)],
        mut entries: impl FnMut(&Arc<Article>) -> Result<Vec<Entry>, E>,
    ) -> Result<Vec<ArticleKey>, E> {
        let _one_at_a_time = self.switching.lock().unwrap_or_else(PoisonError::into_inner);
        let by_key: HashMap<ArticleKey, &Arc<Article>> =
            articles.iter().map(|(article, _)| (ArticleKey::of(article), article)).collect();
        let wanted: Vec<(ArticleKey, usize)> =
            articles.iter().map(|(article, passages)| (ArticleKey::of(article), *passages)).collect();
        self.withdraw_all_but(&by_key);
        let Difference { missing, surplus } = Difference::between(self.index.as_ref(), &wanted)?;
        let mut batch = Vec::new();
        for key in &missing {
            batch.extend(entries(by_key[key])?);
            if batch.len() >= BATCH {
                self.index.put(std::mem::take(&mut batch))?;
            }
        }
        if !batch.is_empty() {
            self.index.put(batch)?;
        }
        let articles: Vec<Arc<Article>> = articles.iter().map(|(article, _)| Arc::clone(article)).collect();
        self.set_catalogue(Catalogue::of(&articles));
        if self.index.is_shared() {
            return Ok(surplus);
        }
        self.index.remove(&surplus)?;
        Ok(Vec::new())
    }

    /// Removes those of these versions that are not in force now.
    ///
    /// # Errors
    /// When the index cannot be reached.
    pub fn forget(&self, versions: &[ArticleKey]) -> Result<()> {
        let _one_at_a_time = self.switching.lock().unwrap_or_else(PoisonError::into_inner);
        let catalogue = self.catalogue();
        let gone: Vec<ArticleKey> =
            versions.iter().filter(|version| catalogue.get(version).is_none()).cloned().collect();
        if gone.is_empty() { Ok(()) } else { self.index.remove(&gone) }
    }

    /// The `limit` articles that answer the message best, by that ranking.
    ///
    /// # Errors
    /// When the vector does not fit or the index cannot be reached.
    pub fn search(
        &self,
        query: &Query<'_>,
        filter: &Filter,
        ranking: Ranking,
        limit: usize,
    ) -> Result<Vec<Hit>> {
        self.search_all(&[(*query, filter)], ranking, limit).pop().expect("one message has one answer")
    }

    /// The same for each of some messages, in their order, which takes less time than for one after the other.
    pub fn search_all(
        &self,
        queries: &[(Query<'_>, &Filter)],
        ranking: Ranking,
        limit: usize,
    ) -> Vec<Result<Vec<Hit>>> {
        let Some((candidates, catalogue)) = self.candidates(queries) else {
            return queries.iter().map(|_| Err(crate::Error::Unsettled)).collect();
        };
        let hits = |((_, filter), candidates): (&(Query<'_>, &Filter), Result<Candidates>)| {
            let mut hits = search::hits(&candidates?, &catalogue, filter, ranking);
            hits.truncate(limit);
            Ok(hits)
        };
        queries.iter().zip(candidates).map(hits).collect()
    }

    /// What is withdrawn is not found from now on, whatever becomes of the index.
    fn withdraw_all_but(&self, wanted: &HashMap<ArticleKey, &Arc<Article>>) {
        let names: HashSet<(&ArticleId, &Language)> =
            wanted.keys().map(|key| (&key.id, &key.language)).collect();
        let old = self.catalogue();
        let kept: Vec<Arc<Article>> = old
            .articles
            .values()
            .filter(|article| names.contains(&(&article.id, &article.language)))
            .cloned()
            .collect();
        if kept.len() < old.len() {
            self.set_catalogue(Catalogue::of(&kept));
        }
    }

    fn set_catalogue(&self, catalogue: Catalogue) {
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(catalogue);
    }

    /// Candidates of each, and the catalogue that was in force all the while; nothing when it changed each time.
    fn candidates(
        &self,
        queries: &[(Query<'_>, &Filter)],
    ) -> Option<(Vec<Result<Candidates>>, Arc<Catalogue>)> {
        let mut catalogue = self.catalogue();
        for _ in 0..TRIES {
            let candidates = self.index.candidates_of_all(queries, CANDIDATES);
            let now = self.catalogue();
            if Arc::ptr_eq(&catalogue, &now) {
                return Some((candidates, catalogue));
            }
            catalogue = now;
        }
        None
    }
}
