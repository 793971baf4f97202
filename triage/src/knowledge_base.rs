//! The knowledge base as the pipeline uses it: the shop's articles, embedded, indexed and searched.
//!
//! Embedding a whole base takes minutes on a small machine, and almost nothing of it changes from one start to the
//! next. So vectors are kept by the hash of their text, and only new texts are embedded.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::civil::DateTime;
use sha2::{Digest as _, Sha256};
use shopdesk_kb::{
    Article, ArticleId, ArticleKey, Catalogue, Entry, Filter, Hit, Index, Library, Part, Passage, PassageKey,
    Query, Ranking, Terms, Validity,
};
use shopdesk_model::script::simplified;
use shopdesk_model::{Embedding, Role, TextEncoder};

use crate::answer_model::{IntentChances, KnownSearch};
use crate::centres::{Centres, Sums};
use crate::profiles::Profiles;
use crate::{Error, KnownQuestion, Result, redact};

/// How many texts are embedded between two reports of progress.
const BATCH: usize = 64;
/// How many articles are looked up to learn from, as many as for a message.
pub(crate) const LOOKED_UP: usize = 20;
/// Learning stops after so many similar questions, evenly taken from all.
const MOST_QUESTIONS: usize = 1_000;
/// The share of messages within the shop's scope that no article answers, for lack of anything better to assume: one in ten.
const UNANSWERABLE: f64 = 0.1;

/// Where vectors are kept between two starts.
pub trait VectorStore: Send + Sync {
    /// The vectors of these texts, as far as they are there.
    ///
    /// # Errors
    /// When the store fails.
    fn get(&self, texts: &[TextHash]) -> Result<Vec<Option<Vec<f32>>>, StoreFailure>;

    /// Keeps vectors. What this has returned from is on disk.
    ///
    /// # Errors
    /// When the store fails.
    fn put(&self, vectors: &[(TextHash, Vec<f32>)]) -> Result<(), StoreFailure>;
}

/// Why a store of vectors failed.
pub type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

/// Names what was embedded: the encoder, the role and the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TextHash(pub [u8; 32]);

/// Vectors that are kept nowhere.
#[derive(Debug, Default)]
pub struct VectorsInMemory(Mutex<HashMap<TextHash, Vec<f32>>>);

impl VectorStore for VectorsInMemory {
    fn get(&self, texts: &[TextHash]) -> Result<Vec<Option<Vec<f32>>>, StoreFailure> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(texts.iter().map(|text| known.get(text).cloned()).collect())
    }

    fn put(&self, vectors: &[(TextHash, Vec<f32>)]) -> Result<(), StoreFailure> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(vectors.iter().cloned());
        Ok(())
    }
}

/// The articles and their index.
pub struct KnowledgeBase {
    encoder: Arc<TextEncoder>,
    vectors: Box<dyn VectorStore>,
    centres: Centres,
    library: Library,
    profiles: RwLock<Arc<Profiles>>,
}

impl KnowledgeBase {
    /// With an index that may hold passages from before, and no article in force yet. `centres` are those that the passages in the index
    /// were put with.
    #[must_use]
    pub fn new(
        encoder: Arc<TextEncoder>,
        index: Box<dyn Index>,
        vectors: Box<dyn VectorStore>,
        centres: Centres,
    ) -> Self {
        Self { encoder, vectors, centres, library: Library::new(index), profiles: RwLock::default() }
    }

    /// The centres of the vectors of these articles, which are embedded as far as that was not done before.
    ///
    /// # Errors
    /// When the model or the store of vectors fails.
    pub fn centres(
        encoder: &TextEncoder,
        vectors: &dyn VectorStore,
        articles: &[Arc<Article>],
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Centres> {
        let passages: Vec<Passage> = articles.iter().flat_map(Passage::of).collect();
        let mut sums = Sums::default();
        for (done, batch) in passages.chunks(BATCH).enumerate() {
            progress(done * BATCH, passages.len());
            for (passage, vector) in batch.iter().zip(vectors_of(encoder, vectors, batch)?) {
                sums.add(&passage.article.language, role_of(passage.part), &vector);
            }
        }
        progress(passages.len(), passages.len());
        Ok(sums.centres())
    }

    /// Embeds the passages of these articles as far as that was not done before. `progress` hears how many are done and how many there are.
    ///
    /// # Errors
    /// When the model or the store of vectors fails. What was embedded until then is kept.
    pub fn embed(
        encoder: &TextEncoder,
        vectors: &dyn VectorStore,
        articles: &[Arc<Article>],
        progress: impl FnMut(usize, usize),
    ) -> Result<()> {
        Self::centres(encoder, vectors, articles, progress).map(drop)
    }

    /// Brings these articles into force in place of those before, at once for whoever searches. Returns what is to be forgotten later, as
    /// [`Library::switch`] does.
    ///
    /// # Errors
    /// When the model, the store of vectors or the index fails; then the articles before stay in force.
    pub fn switch(&self, articles: &[Arc<Article>]) -> Result<Vec<ArticleKey>> {
        let counted: Vec<(Arc<Article>, usize)> =
            articles.iter().map(|article| (Arc::clone(article), Passage::of(article).len())).collect();
        // What may fail comes before the switch.
        let profiles = Arc::new(self.learn_profiles(articles)?);
        let surplus = self.library.switch(&counted, |article| self.entries(article))?;
        *self.profiles.write().unwrap_or_else(PoisonError::into_inner) = profiles;
        Ok(surplus)
    }

    fn learn_profiles(&self, articles: &[Arc<Article>]) -> Result<Profiles> {
        let mut questions: HashMap<ArticleId, Vec<Vec<f32>>> = HashMap::new();
        for article in articles {
            let mut passages = Passage::of(article);
            passages.retain(|passage| passage.part == Part::Question);
            let vectors = self.vectors_of(&passages)?.into_iter();
            let centred =
                vectors.map(|vector| self.centres.take_out(&article.language, Role::Query, &vector));
            questions.entry(article.id.clone()).or_default().extend(centred);
        }
        questions.retain(|_, vectors| !vectors.is_empty());
        Ok(Profiles::learn(&questions))
    }

    /// What all vectors of a kind have in common.
    #[must_use]
    pub fn centres_in_use(&self) -> &Centres {
        &self.centres
    }

    /// The articles in force.
    #[must_use]
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.library.catalogue()
    }

    /// The articles in force and their index.
    #[must_use]
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The articles that are the closest to a message, by that ranking.
    ///
    /// # Errors
    /// When the index cannot be reached.
    pub fn search(
        &self,
        text: &str,
        embedding: &Embedding,
        filter: &Filter,
        ranking: Ranking,
        limit: usize,
    ) -> Result<Found> {
        let messages = [(text, embedding, filter)];
        self.search_all(&messages, ranking, limit).pop().expect("one message has one answer")
    }

    /// The same for each of some messages, in their order, which takes less time than for one after the other.
    pub fn search_all(
        &self,
        messages: &[(&str, &Embedding, &Filter)],
        ranking: Ranking,
        limit: usize,
    ) -> Vec<Result<Found>> {
        let asked: Vec<(Terms, Vec<f32>, &Filter)> = messages
            .iter()
            .map(|&(text, embedding, filter)| {
                let vector = self.centres.of_query(filter.languages.first(), embedding.as_slice());
                (Terms::of_query(&simplified(text)), vector, filter)
            })
            .collect();
        let queries: Vec<(Query<'_>, &Filter)> =
            asked.iter().map(|(terms, vector, filter)| (Query { vector, terms }, *filter)).collect();
        let hits = self.library.search_all(&queries, ranking, limit);
        let profiles = Arc::clone(&self.profiles.read().unwrap_or_else(PoisonError::into_inner));
        let found = |((terms, vector, filter), hits): ((Terms, Vec<f32>, &Filter), _)| {
            let hits: Vec<Hit> = hits?;
            let profiles = similarities(&profiles, &hits, &vector, filter);
            Ok(Found { hits, profiles, words: terms.len(), vector })
        };
        asked.into_iter().zip(hits).map(found).collect()
    }

    /// Searches questions whose answers are known, as far as one of these is in force.
    ///
    /// # Errors
    /// When the model or the index fails.
    pub(crate) fn labelled_searches(
        &self,
        questions: &[KnownQuestion],
        intents: impl Fn(&str, &Embedding) -> IntentChances,
    ) -> Result<Vec<KnownSearch>> {
        let articles = self.catalogue().articles();
        let latest =
            articles.iter().filter_map(|article| article.validity.from).max().unwrap_or(DateTime::MIN);
        let search = |question: &KnownQuestion| {
            let right = articles.iter().filter(|article| question.is_answered_by(&article.id));
            let at = asked_at(&right.map(|article| article.validity).collect::<Vec<_>>(), latest);
            let text = redact(&question.text);
            let embedding = self.encoder.embed(&text, Role::Query)?.embedding;
            let filter = Filter::new(question.languages(), at);
            let found = self.search(&text, &embedding, &filter, Ranking::Fused, LOOKED_UP)?;
            let right = |hit: &Hit| question.is_answered_by(&hit.article.id);
            let is_answered = !question.articles.is_empty();
            let search = KnownSearch::new(&found, &intents(&text, &embedding), right, is_answered, 1.0);
            Ok(search.asked_by_shopper(found.vector, is_answered))
        };
        // What an article answered that is not there any more, another one may answer, or none.
        let is_judged = |question: &&KnownQuestion| {
            question.articles.is_empty()
                || articles.iter().any(|article| question.is_answered_by(&article.id))
        };
        questions.iter().filter(is_judged).map(search).collect()
    }

    /// Searches similar questions as if they were not in the base, and again as if their article were not, either. `intents` says how probable each
    /// intent of a message is, and how probable it is that it has none.
    ///
    /// # Errors
    /// When the model or the index fails.
    pub(crate) fn known_searches(
        &self,
        intents: impl Fn(&str, &Embedding) -> IntentChances,
    ) -> Result<Vec<KnownSearch>> {
        let articles = self.catalogue().articles();
        let questions: Vec<(&Arc<Article>, Passage)> = articles
            .iter()
            .flat_map(|article| Passage::of(article).into_iter().map(move |passage| (article, passage)))
            .filter(|(article, passage)| {
                // One that is the headline, too, would be found by that.
                passage.part == Part::Question && passage.text != article.title
            })
            .collect();
        let step = questions.len().div_ceil(MOST_QUESTIONS).max(1);
        let mut searches = Vec::new();
        for (article, passage) in questions.into_iter().step_by(step) {
            let vector = self.vectors_of(std::slice::from_ref(&passage))?.remove(0);
            let embedding = Embedding::normalized(vector)?;
            let chances = intents(&passage.text, &embedding);
            // An article counts at any time of its validity.
            let at = article.validity.from.unwrap_or(DateTime::MIN);
            let mut filter = Filter::new(vec![article.language.clone()], at);
            filter.audience.clone_from(&article.audience);
            filter.except_passage =
                Some(PassageKey { article: Arc::new(ArticleKey::of(article)), number: passage.number });
            let search =
                |filter: &Filter| self.search(&passage.text, &embedding, filter, Ranking::Fused, LOOKED_UP);
            let right = |hit: &Hit| hit.article.id == article.id;
            searches.push(KnownSearch::new(&search(&filter)?, &chances, right, true, 1.0 - UNANSWERABLE));
            filter.except_article = Some(article.id.clone());
            searches.push(KnownSearch::new(&search(&filter)?, &chances, right, false, UNANSWERABLE));
        }
        Ok(searches)
    }

    fn entries(&self, article: &Arc<Article>) -> Result<Vec<Entry>> {
        let passages = Passage::of(article);
        let vectors = self.vectors_of(&passages)?;
        let entry = |(passage, vector): (Passage, Vec<f32>)| {
            let vector = self.centres.take_out(&article.language, role_of(passage.part), &vector);
            let terms = Terms::of_passage(&simplified(&passage.text));
            Entry { passage, vector, terms }
        };
        Ok(passages.into_iter().zip(vectors).map(entry).collect())
    }

    fn vectors_of(&self, passages: &[Passage]) -> Result<Vec<Vec<f32>>> {
        vectors_of(&self.encoder, self.vectors.as_ref(), passages)
    }
}

/// When a question is searched that articles of this validity answer: at the `latest` beginning of any article, with which all have begun,
/// or, where those that answer it have ended by then, when the last of them began. It depends on no clock, so that the same articles
/// and questions teach the same.
fn asked_at(right: &[Validity], latest: DateTime) -> DateTime {
    if right.is_empty() || right.iter().any(|validity| validity.contains(latest)) {
        return latest;
    }
    right.iter().filter_map(|validity| validity.from).max().unwrap_or(DateTime::MIN)
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Articles, the best first.
    pub hits: Vec<Hit>,
    /// For each of them, the cosine between the message and what its similar questions have in common; nothing where it has none.
    pub profiles: Vec<Option<f32>>,
    /// How many different words the message has.
    pub words: usize,
    /// The message's vector without what those of its language have in common.
    pub vector: Vec<f32>,
}

/// From the store, or else from the model.
fn vectors_of(encoder: &TextEncoder, store: &dyn VectorStore, passages: &[Passage]) -> Result<Vec<Vec<f32>>> {
    let encoder_id = encoder.id().to_string();
    let hashes: Vec<TextHash> = passages.iter().map(|passage| hash(&encoder_id, passage)).collect();
    let mut vectors = store.get(&hashes).map_err(Error::Vectors)?;
    for role in [Role::Query, Role::Passage] {
        let mut once = HashSet::new();
        let missing: Vec<usize> = (0..passages.len())
            .filter(|&at| vectors[at].is_none() && role_of(passages[at].part) == role)
            .filter(|&at| once.insert(hashes[at]))
            .collect();
        if missing.is_empty() {
            continue;
        }
        let texts: Vec<&str> = missing.iter().map(|&at| passages[at].text.as_str()).collect();
        let embedded = encoder.embed_all(&texts, role)?;
        let new: Vec<(TextHash, Vec<f32>)> = missing
            .iter()
            .zip(embedded)
            .map(|(&at, embedded)| (hashes[at], embedded.embedding.as_slice().to_vec()))
            .collect();
        store.put(&new).map_err(Error::Vectors)?;
        let new: HashMap<TextHash, Vec<f32>> = new.into_iter().collect();
        for (vector, hash) in vectors.iter_mut().zip(&hashes).filter(|(vector, _)| vector.is_none()) {
            *vector = new.get(hash).cloned();
        }
    }
    Ok(vectors.into_iter().map(|vector| vector.expect("every part has a role")).collect())
}

fn hash(encoder: &str, passage: &Passage) -> TextHash {
    let role = match role_of(passage.part) {
        Role::Query => "query",
        Role::Passage => "passage",
    };
    let mut hasher = Sha256::new();
    for part in [encoder, role, passage.text.as_str()] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    TextHash(hasher.finalize().into())
}

/// A shopper's question is like another question, and like the passage that answers it.
pub(crate) fn role_of(part: Part) -> Role {
    match part {
        Part::Question => Role::Query,
        Part::Answer | Part::Body => Role::Passage,
    }
}

/// How close a message is to the profile of each hit's article.
fn similarities(profiles: &Profiles, hits: &[Hit], vector: &[f32], filter: &Filter) -> Vec<Option<f32>> {
    let whitened = profiles.whiten(vector);
    let similarity = |hit: &Hit| {
        let whitened = whitened.as_ref().filter(|_| !filter.except_parts.contains(&Part::Question))?;
        // A question that is left out of the search is left out of its article's profile, too.
        let is_left_out =
            filter.except_passage.as_ref().is_some_and(|passage| passage.article.id == hit.article.id);
        profiles.similarity(&hit.article.id, whitened, Some(whitened).filter(|_| is_left_out))
    };
    hits.iter().map(similarity).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_question_is_asked_while_an_article_that_answers_it_holds() {
        let always = Validity::default();
        let festival = Validity::days(Some(date(2026, 10, 20)), Some(date(2026, 11, 30)));
        let before = Validity::days(None, Some(date(2026, 10, 19)));
        let new_year = date(2027, 1, 10).at(0, 0, 0, 0);
        let festival_begins = date(2026, 10, 20).at(0, 0, 0, 0);
        for (right, at) in [
            (vec![], new_year),
            (vec![always], new_year),
            (vec![festival, always], new_year),
            (vec![festival], festival_begins),
            (vec![before, festival], festival_begins),
            (vec![before], DateTime::MIN),
        ] {
            assert_eq!(asked_at(&right, new_year), at, "{right:?}");
        }
    }
}
