//! From the passages that are close to the articles that are found: one hit an article, fused by rank.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::index::{Candidate, Candidates, Filter, PassageKey};
use crate::{Article, ArticleId, Catalogue, Language, Part};

/// How much the first places of a list are worth more than later ones in reciprocal rank fusion (Cormack, Clarke and Büttcher 2009).
const RRF_K: f64 = 60.0;

/// An article that a message is close to.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The article, in the language that the reader likes best of those that it is there in.
    pub article: Arc<Article>,
    /// The part of it that is the closest.
    pub part: Part,
    /// That passage.
    pub passage: PassageKey,
    /// The highest cosine between the message and a passage of the article, in -1..=1.
    pub similarity: f32,
    /// The mean of the three highest such cosines: one close passage may be chance, three are not. A passage too far to be looked at counts as the
    /// farthest that was.
    pub support: f32,
    /// The highest cosine between the message and a passage of the article's own text, its similar questions left out. One that was too far to be
    /// looked at counts as the farthest that was.
    pub text_similarity: f32,
    /// The highest BM25 of a passage of the article; 0 when none was found by its words.
    pub lexical: f32,
    /// The highest BM25 of one of its similar questions.
    pub question_lexical: f32,
    /// The highest BM25 of a passage of its own text.
    pub text_lexical: f32,
    /// The sum of `1 / (60 + rank)` over the lists that the article is in. It orders hits and means nothing beside.
    pub fused: f64,
}

/// How many passages of an article support it.
const SUPPORT: usize = 3;

/// What orders the hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ranking {
    /// The cosine alone.
    Dense,
    /// The words alone.
    Lexical,
    /// The ranks in both.
    #[default]
    Fused,
}

/// Articles by what was found of them, the best first. Versions that are not in the catalogue are left out.
pub(crate) fn hits(
    candidates: &Candidates,
    catalogue: &Catalogue,
    filter: &Filter,
    ranking: Ranking,
) -> Vec<Hit> {
    let mut found: FxHashMap<&ArticleId, Found> = FxHashMap::default();
    let lists: &[(&[Candidate], Ranking)] =
        &[(&candidates.dense, Ranking::Dense), (&candidates.lexical, Ranking::Lexical)];
    for &(list, of) in lists.iter().filter(|(_, of)| ranking == Ranking::Fused || ranking == *of) {
        let mut rank = 0;
        for candidate in list {
            let key = &candidate.passage.article;
            let Some(article) = catalogue.get(key) else { continue };
            let entry = found.entry(&key.id).or_insert_with(|| Found::new(article, candidate));
            if entry.take(article, candidate, of) {
                rank += 1;
                entry.fused += 1.0 / (RRF_K + f64::from(rank));
            }
        }
    }
    let farthest = candidates.dense.last().map_or(0.0, |candidate| candidate.cosine);
    let hits = found.into_values().map(|found| found.hit(catalogue, filter, farthest));
    let mut hits: Vec<Hit> = hits.collect();
    // Equal ranks, one in each list, are common; the cosine tells more than the words.
    hits.sort_by(|a, b| {
        b.fused
            .total_cmp(&a.fused)
            .then_with(|| b.similarity.total_cmp(&a.similarity))
            .then_with(|| a.article.id.cmp(&b.article.id))
    });
    hits
}

/// What was found of an article in all languages.
struct Found {
    article: Arc<Article>,
    closest: Candidate,
    text_similarity: Option<f32>,
    question_lexical: f32,
    text_lexical: f32,
    fused: f64,
    /// The highest cosines, from the dense list.
    closest_few: Vec<f32>,
    dense_seen: bool,
    lexical_seen: bool,
}

impl Found {
    fn new(article: &Arc<Article>, candidate: &Candidate) -> Self {
        Self {
            article: Arc::clone(article),
            closest: candidate.clone(),
            text_similarity: None,
            question_lexical: 0.0,
            text_lexical: 0.0,
            fused: 0.0,
            closest_few: Vec::new(),
            dense_seen: false,
            lexical_seen: false,
        }
    }

    /// Takes a candidate in, and says whether it is the article's first in that list.
    fn take(&mut self, article: &Arc<Article>, candidate: &Candidate, of: Ranking) -> bool {
        if candidate.cosine > self.closest.cosine {
            self.closest = candidate.clone();
            self.article = Arc::clone(article);
        }
        let lexical = match candidate.part {
            Part::Question => &mut self.question_lexical,
            Part::Answer | Part::Body => {
                let closest = self.text_similarity.get_or_insert(candidate.cosine);
                *closest = closest.max(candidate.cosine);
                &mut self.text_lexical
            }
        };
        *lexical = lexical.max(candidate.lexical);
        if of == Ranking::Dense && self.closest_few.len() < SUPPORT {
            self.closest_few.push(candidate.cosine);
        }
        let seen = if of == Ranking::Lexical { &mut self.lexical_seen } else { &mut self.dense_seen };
        !std::mem::replace(seen, true)
    }

    fn hit(mut self, catalogue: &Catalogue, filter: &Filter, farthest: f32) -> Hit {
        self.closest_few.resize(SUPPORT, farthest);
        let liked = |language: &&Language| **language != self.article.language;
        let better = filter.languages.iter().take_while(liked).find_map(|language| {
            catalogue.translation(&self.article.id, language).filter(|article| filter.admits(article))
        });
        Hit {
            article: better.map_or(self.article, Arc::clone),
            part: self.closest.part,
            passage: self.closest.passage,
            similarity: self.closest.cosine,
            support: self.closest_few.iter().sum::<f32>() / SUPPORT as f32,
            text_similarity: self.text_similarity.unwrap_or(farthest),
            lexical: self.question_lexical.max(self.text_lexical),
            question_lexical: self.question_lexical,
            text_lexical: self.text_lexical,
            fused: self.fused,
        }
    }
}
