//! The embedded index: every passage in memory, compared with every message. Up to about 100,000 passages that is faster than
//! anything that needs a service.
//!
//! Vectors are kept in 8 bits beside their exact numbers. A search compares the message with all of the former, and then exactly with
//! those that are close enough for rounding to matter. Changes wait for searches and not the other way round, but for the instant in
//! which rows are appended.

mod postings;
mod vectors;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rustc_hash::FxHashMap;

use crate::index::{ArticleKey, Candidate, Candidates, PassageKey};
use crate::{Article, Entry, Error, Filter, Index, Part, Query, Result};
use postings::Postings;
use vectors::{RoughCosines, Vectors};

/// Rows of removed passages are given up when they are this share of all.
const SURPLUS: f64 = 0.25;

/// All passages in memory.
#[derive(Debug)]
pub struct EmbeddedIndex {
    rows: RwLock<Rows>,
    /// Held by whoever changes the rows, from reading them to writing them.
    changing: Mutex<()>,
    dimension: usize,
}

impl EmbeddedIndex {
    /// An empty index of vectors of that many numbers.
    #[must_use]
    pub fn new(dimension: usize) -> Self {
        Self { rows: RwLock::new(Rows::new(dimension)), changing: Mutex::new(()), dimension }
    }

    fn read(&self) -> RwLockReadGuard<'_, Rows> {
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Rows> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn require_dimension(&self, vector: &[f32]) -> Result<()> {
        if vector.len() == self.dimension {
            return Ok(());
        }
        Err(Error::WrongDimension { expected: self.dimension, found: vector.len() })
    }
}

impl Index for EmbeddedIndex {
    fn candidates(&self, query: &Query<'_>, filter: &Filter, limit: usize) -> Result<Candidates> {
        self.candidates_of_all(&[(*query, filter)], limit).pop().expect("one message has one answer")
    }

    fn candidates_of_all(&self, queries: &[(Query<'_>, &Filter)], limit: usize) -> Vec<Result<Candidates>> {
        let fits = |(query, _): &(Query<'_>, &Filter)| self.require_dimension(query.vector);
        let fitting: Vec<(Query<'_>, &Filter)> =
            queries.iter().filter(|query| fits(query).is_ok()).copied().collect();
        let mut candidates = self.read().candidates(&fitting, limit).into_iter();
        let answer = |query| fits(query).map(|()| candidates.next().expect("each that fits has its own"));
        queries.iter().map(answer).collect()
    }

    fn put(&self, entries: Vec<Entry>) -> Result<()> {
        entries.iter().try_for_each(|entry| self.require_dimension(&entry.vector))?;
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        self.write().put(entries);
        Ok(())
    }

    fn remove(&self, articles: &[ArticleKey]) -> Result<()> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        {
            let mut rows = self.write();
            articles.iter().for_each(|key| rows.remove(key));
        }
        // Searches go on while the rows are copied.
        let compacted = {
            let rows = self.read();
            (rows.surplus() > SURPLUS).then(|| rows.compacted())
        };
        if let Some(compacted) = compacted {
            *self.write() = compacted;
        }
        Ok(())
    }

    fn articles(&self) -> Result<Vec<(ArticleKey, usize)>> {
        let rows = self.read();
        let alive = rows.articles.iter().flatten();
        let mut articles: Vec<_> =
            alive.map(|shelved| (shelved.key.as_ref().clone(), shelved.rows.len())).collect();
        articles.sort();
        Ok(articles)
    }

    fn passages(&self) -> Result<usize> {
        Ok(self.read().alive)
    }
}

/// A version in the index.
#[derive(Debug)]
struct Shelved {
    article: Arc<Article>,
    key: Arc<ArticleKey>,
    rows: Vec<u32>,
}

/// One passage.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// Position in `articles`; nothing is there any more when the passage was removed.
    article: u32,
    number: u32,
    part: Part,
}

#[derive(Debug)]
struct Rows {
    articles: Vec<Option<Shelved>>,
    by_key: HashMap<Arc<ArticleKey>, u32>,
    rows: Vec<Row>,
    vectors: Vectors,
    postings: Postings,
    /// How many rows are of articles that are there.
    alive: usize,
    /// Which rows are not.
    gone: Vec<bool>,
}

impl Rows {
    fn new(dimension: usize) -> Self {
        Self {
            articles: Vec::new(),
            by_key: HashMap::new(),
            rows: Vec::new(),
            vectors: Vectors::new(dimension),
            postings: Postings::default(),
            alive: 0,
            gone: Vec::new(),
        }
    }

    fn put(&mut self, entries: Vec<Entry>) {
        let mut arrived: HashMap<ArticleKey, u32> = HashMap::new();
        for Entry { passage, vector, terms } in entries {
            let key = ArticleKey::of(&passage.article);
            let position = match arrived.get(&key) {
                Some(&position) => position,
                None => {
                    self.remove(&key);
                    let position = self.shelve(Arc::clone(&passage.article), Arc::new(key.clone()));
                    arrived.insert(key, position);
                    position
                }
            };
            let row = self.rows.len() as u32;
            self.rows.push(Row { article: position, number: passage.number, part: passage.part });
            self.vectors.push(&vector);
            self.postings.add(row, &terms);
            self.shelved_mut(position).rows.push(row);
            self.gone.push(false);
            self.alive += 1;
        }
    }

    fn shelve(&mut self, article: Arc<Article>, key: Arc<ArticleKey>) -> u32 {
        let position = self.articles.len() as u32;
        self.articles.push(Some(Shelved { article, key: Arc::clone(&key), rows: Vec::new() }));
        self.by_key.insert(key, position);
        position
    }

    fn shelved_mut(&mut self, position: u32) -> &mut Shelved {
        self.articles[position as usize].as_mut().expect("it was shelved just now")
    }

    fn remove(&mut self, key: &ArticleKey) {
        let Some(position) = self.by_key.remove(key) else { return };
        if let Some(shelved) = self.articles[position as usize].take() {
            self.alive -= shelved.rows.len();
            for row in shelved.rows {
                self.gone[row as usize] = true;
            }
        }
    }

    /// The share of rows whose article is gone.
    fn surplus(&self) -> f64 {
        1.0 - self.alive as f64 / self.rows.len().max(1) as f64
    }

    /// The same without the rows of articles that are gone.
    fn compacted(&self) -> Self {
        let mut new = Self::new(self.vectors.dimension());
        let terms = self.postings.by_row(self.rows.len());
        for shelved in self.articles.iter().flatten() {
            let position = new.shelve(Arc::clone(&shelved.article), Arc::clone(&shelved.key));
            for &old in &shelved.rows {
                let row = new.rows.len() as u32;
                new.rows.push(Row { article: position, ..self.rows[old as usize] });
                new.vectors.push(self.vectors.exact(old));
                new.postings.add_weights(row, &terms[old as usize]);
                new.shelved_mut(position).rows.push(row);
                new.gone.push(false);
                new.alive += 1;
            }
        }
        new
    }

    /// For each of some messages, with which the rows are gone through once.
    fn candidates(&self, queries: &[(Query<'_>, &Filter)], limit: usize) -> Vec<Candidates> {
        let vectors: Vec<&[f32]> = queries.iter().map(|(query, _)| query.vector).collect();
        let rough = self.vectors.rough_cosines(&vectors);
        let candidates = |((query, filter), rough): (&(Query<'_>, &Filter), _)| {
            self.candidates_among(query, filter, limit, &rough)
        };
        queries.iter().zip(rough).map(candidates).collect()
    }

    fn candidates_among(
        &self,
        query: &Query<'_>,
        filter: &Filter,
        limit: usize,
        rough: &RoughCosines,
    ) -> Candidates {
        let admitted = self.admitted(filter);
        let admits = |row: u32| admitted[row as usize];
        let dense = self.vectors.nearest(query.vector, rough, limit, admits, |a, b| self.order(a, b));
        let scores = self.postings.scores(query.terms, self.alive, &self.gone);
        let found = || (0..).zip(scores.iter().copied()).filter(|&(row, score)| score > 0.0 && admits(row));
        let least = vectors::nth_highest(found().map(|(_, score)| score), limit.max(1)).unwrap_or(0.0);
        let mut lexical: Vec<(u32, f32)> = found().filter(|&(_, score)| score >= least).collect();
        lexical.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| self.order(a.0, b.0)));
        lexical.truncate(limit);
        let by_row: FxHashMap<u32, f32> = lexical.iter().copied().collect();
        let candidate = |row: u32, cosine: f32| Candidate {
            passage: self.passage(row),
            part: self.rows[row as usize].part,
            cosine,
            lexical: by_row.get(&row).copied().unwrap_or(0.0),
        };
        let cosines = self.vectors.cosines(query.vector, lexical.iter().map(|&(row, _)| row));
        let candidates =
            |found: Vec<(u32, f32)>| found.into_iter().map(|(row, cosine)| candidate(row, cosine)).collect();
        Candidates { dense: candidates(dense), lexical: candidates(cosines) }
    }

    /// Which rows may be found.
    fn admitted(&self, filter: &Filter) -> Vec<bool> {
        let mut admitted = vec![false; self.rows.len()];
        for shelved in self.articles.iter().flatten().filter(|shelved| filter.admits(&shelved.article)) {
            let exception = filter.except_passage.as_ref().filter(|passage| passage.article == shelved.key);
            if exception.is_none() && filter.except_parts.is_empty() {
                shelved.rows.iter().for_each(|&row| admitted[row as usize] = true);
                continue;
            }
            for &row in &shelved.rows {
                let Row { number, part, .. } = self.rows[row as usize];
                admitted[row as usize] = !filter.except_parts.contains(&part)
                    && exception.is_none_or(|passage| passage.number != number);
            }
        }
        admitted
    }

    fn passage(&self, row: u32) -> PassageKey {
        let Row { article, number, .. } = self.rows[row as usize];
        let shelved = self.articles[article as usize].as_ref().expect("only what is there is found");
        PassageKey { article: Arc::clone(&shelved.key), number }
    }

    /// So that the order of equal passages never depends on how they came in.
    fn order(&self, a: u32, b: u32) -> std::cmp::Ordering {
        let key = |row: u32| {
            let Row { article, number, .. } = self.rows[row as usize];
            (self.articles[article as usize].as_ref().map(|shelved| &shelved.key), number)
        };
        key(a).cmp(&key(b))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::civil::DateTime;

    use super::*;
    use crate::{Language, Passage, Terms};

    fn entries(id: &str, edit: u32) -> Vec<Entry> {
        let text = format!(
            "---\nid: {id}\ntitle: T\nlanguage: en\nintents: [x]\nquestions: []\nanswer: Edit {edit}.\n---\n"
        );
        let article = Arc::new(Article::parse(Path::new(&format!("{id}.md")), &text).unwrap());
        let entry = |number: u32| Entry {
            passage: Passage { article: Arc::clone(&article), number, part: Part::Body, text: String::new() },
            vector: vec![0.6, 0.8],
            terms: Terms::of_passage(&format!("{id} edit{edit} number{number}")),
        };
        (0..3).map(entry).collect()
    }

    /// Places found by these words: article, number and score.
    fn found(index: &EmbeddedIndex, words: &str) -> Vec<(String, u32, f32)> {
        let (vector, terms) = ([0.6, 0.8], Terms::of_query(words));
        let query = Query { vector: &vector, terms: &terms };
        let candidates = index.candidates(&query, &Filter::new(Vec::new(), DateTime::ZERO), 100).unwrap();
        candidates
            .lexical
            .iter()
            .map(|found| (found.passage.article.id.to_string(), found.passage.number, found.lexical))
            .collect()
    }

    #[test]
    fn messages_are_answered_together_as_alone_but_for_those_that_do_not_fit() {
        let index = EmbeddedIndex::new(2);
        index.put([entries("a", 1), entries("b", 2)].concat()).unwrap();
        let languages = |code: &str| Filter::new(vec![Language::new(code)], DateTime::ZERO);
        let asked = [
            (vec![1.0, 0.0], Terms::of_query("b"), Filter::new(Vec::new(), DateTime::ZERO)),
            (vec![1.0], Terms::of_query("b"), languages("en")),
            (vec![0.0, 1.0], Terms::of_query("edit1"), languages("en")),
            (vec![0.5, 0.5], Terms::of_query("a b"), languages("zh")),
        ];
        let queries: Vec<(Query<'_>, &Filter)> =
            asked.iter().map(|(vector, terms, filter)| (Query { vector, terms }, filter)).collect();
        let together = index.candidates_of_all(&queries, 4);
        let found: Vec<Option<(usize, usize)>> = together
            .iter()
            .map(|found| found.as_ref().ok().map(|found| (found.dense.len(), found.lexical.len())))
            .collect();
        assert_eq!(found, [Some((4, 3)), None, Some((4, 3)), Some((0, 0))]);
        for ((query, filter), together) in queries.iter().zip(together) {
            match index.candidates(query, filter, 4) {
                Ok(alone) => {
                    let together = together.unwrap();
                    assert_eq!((together.dense, together.lexical), (alone.dense, alone.lexical));
                }
                Err(error) => {
                    assert_eq!(query.vector.len(), 1);
                    assert_eq!(together.unwrap_err().to_string(), error.to_string());
                }
            }
        }
    }

    #[test]
    fn what_many_edits_leave_is_what_a_new_index_would_hold() {
        let index = EmbeddedIndex::new(2);
        let mut old = None;
        for edit in 0..40 {
            index.put(entries("edited", edit)).unwrap();
            let key = ArticleKey::of(&entries("edited", edit)[0].passage.article);
            if let Some(old) = old.replace(key) {
                index.remove(&[old]).unwrap();
            }
            index.put(entries("kept", 0)).unwrap();
        }
        let fresh = EmbeddedIndex::new(2);
        fresh.put([entries("edited", 39), entries("kept", 0)].concat()).unwrap();
        assert_eq!(index.articles().unwrap(), fresh.articles().unwrap());
        assert_eq!(index.passages().unwrap(), 6);
        for words in ["edited", "edit39 number2", "edit38", "kept number1"] {
            assert_eq!(found(&index, words), found(&fresh, words), "{words}");
        }
    }
}
