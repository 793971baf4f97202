//! How well the knowledge base finds the right article, whatever the intent: by vectors alone, by words alone, and by both; with the similar
//! questions and without them; and how far the probability that an article answers can be believed.

use std::collections::HashSet;
use std::path::Path;

use jiff::civil::DateTime;
use serde::Serialize;
use shopdesk_kb::{Filter, Language, Part, Ranking};
use shopdesk_model::{Embedding, Role, TextEncoder};
use shopdesk_triage::{KnowledgeBase, KnownQuestion, RankedArticle, Triage, redact};

use crate::metrics::{Bin, Ranked, Reliability, Retrieved, ndcg};
use crate::statistics::Share;
use crate::{Error, Result};

/// How many articles are looked at.
const DEPTH: usize = 10;

/// Reads questions, one JSON object a line.
///
/// # Errors
/// With the line, when one is no question.
pub fn read_questions(path: &Path) -> Result<Vec<KnownQuestion>> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    let lines = (1_u64..).zip(text.trim_start_matches('\u{feff}').lines());
    lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| Error::Line {
                path: path.to_path_buf(),
                line: number,
                problem: format!("{error}. A line is `{{\"text\": \"…\", \"articles\": [\"an-id\"]}}`"),
            })
        })
        .collect()
}

/// How well articles are found in one way.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FoundBy {
    /// `dense`: by vectors alone; `lexical`: by words alone; `by rank`: by the ranks in both; `fused`: as the chat does, by the probability that is
    /// learnt from both and from the intents.
    pub ranking: &'static str,
    /// Whether the similar questions were searched, too.
    pub similar_questions: bool,
    /// Of the questions that have an answer, those whose first article is right.
    pub hit_at_1: Share,
    /// Those with a right article among the first three.
    pub hit_at_3: Share,
    /// The mean of one over the place of the first right article.
    pub mrr: f64,
    /// Normalised discounted cumulative gain of the first ten.
    pub ndcg_at_10: f64,
}

/// How far the probability that there is an answer can be believed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AnswerProbability {
    /// How often it is higher for a question with an answer than for one without.
    pub auroc: Option<f64>,
    /// The mean distance between it and the share of questions that have an answer, over bins of as many questions each.
    pub calibration_error: Option<f64>,
    /// The bins.
    pub bins: Vec<Bin>,
    /// The same distance for the first article: its own probability, and whether it is right.
    pub first_article_calibration_error: Option<f64>,
}

/// How well a knowledge base is searched.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SearchQuality {
    /// Questions that an article answers.
    pub answerable: usize,
    /// Questions that none does.
    pub unanswerable: usize,
    /// In each way.
    pub found_by: Vec<FoundBy>,
    /// Of the fused search with similar questions, which is the one that serves the chat.
    pub answer_probability: AnswerProbability,
    /// Questions whose first article is wrong, with what came first.
    pub missed: Vec<Missed>,
}

/// A question whose first article is wrong.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Missed {
    /// The question.
    pub text: String,
    /// What answers it.
    pub right: Vec<String>,
    /// What was found, the best first.
    pub found: Vec<String>,
    /// The probability that something answers it.
    pub answer_probability: f64,
}

/// Measures a knowledge base at that time of the shop's clock.
///
/// # Errors
/// When the encoder or the index fails.
pub fn search_quality(triage: &Triage, questions: &[KnownQuestion], at: DateTime) -> Result<SearchQuality> {
    require_known_articles(triage.knowledge_base(), questions)?;
    let asked = questions
        .iter()
        .map(|question| Asked::new(question, triage.encoder()))
        .collect::<Result<Vec<_>>>()?;
    let mut found_by = Vec::new();
    for similar_questions in [true, false] {
        for (ranking, name) in
            [(Ranking::Dense, "dense"), (Ranking::Lexical, "lexical"), (Ranking::Fused, "by rank")]
        {
            let found = asked
                .iter()
                .map(|asked| asked.search(triage.knowledge_base(), ranking, similar_questions, at))
                .collect::<Result<Vec<_>>>()?;
            found_by.push(FoundBy::of(name, similar_questions, questions, &found));
        }
        let found = asked
            .iter()
            .map(|asked| Ok(ids(&asked.rank(triage, similar_questions, at)?)))
            .collect::<Result<Vec<_>>>()?;
        found_by.push(FoundBy::of("fused", similar_questions, questions, &found));
    }
    let mut missed = Vec::new();
    let (mut any, mut first) = (Vec::new(), Vec::new());
    for asked in &asked {
        let found = asked.rank(triage, true, at)?;
        let right = &asked.question.articles;
        let probability: f64 = found.iter().map(|article| article.probability.get()).sum();
        any.push((probability.min(1.0), !right.is_empty()));
        let is_right = |article: &RankedArticle| right.iter().any(|id| id == article.hit.article.id.as_str());
        if let Some(best) = found.first() {
            first.push((best.probability.get(), is_right(best)));
        }
        if !right.is_empty() && !found.first().is_some_and(is_right) {
            missed.push(Missed {
                text: asked.question.text.clone(),
                right: right.clone(),
                found: found.iter().take(3).map(|article| article.hit.article.id.to_string()).collect(),
                answer_probability: probability,
            });
        }
    }
    let weights = vec![1.0; questions.len()];
    let reliability = Reliability::of(any.clone());
    Ok(SearchQuality {
        answerable: questions.iter().filter(|question| !question.articles.is_empty()).count(),
        unanswerable: questions.iter().filter(|question| question.articles.is_empty()).count(),
        found_by,
        answer_probability: AnswerProbability {
            auroc: Ranked::of(&any).auroc(&weights),
            calibration_error: reliability.equal_mass_error(&weights),
            bins: reliability.equal_mass_bins(&weights),
            first_article_calibration_error: Reliability::of(first.clone())
                .equal_mass_error(&weights[..first.len()]),
        },
        missed,
    })
}

/// A right article that is not in force would be missed whatever the search does.
fn require_known_articles(knowledge_base: &KnowledgeBase, questions: &[KnownQuestion]) -> Result<()> {
    let articles = knowledge_base.catalogue().articles();
    let known: HashSet<&str> = articles.iter().map(|article| article.id.as_str()).collect();
    let unknown =
        questions.iter().flat_map(|question| &question.articles).find(|id| !known.contains(id.as_str()));
    unknown.map_or(Ok(()), |id| Err(Error::UnknownArticle { id: id.clone() }))
}

/// A question on its way to the index.
struct Asked<'a> {
    question: &'a KnownQuestion,
    text: String,
    embedding: Embedding,
    languages: Vec<Language>,
}

impl<'a> Asked<'a> {
    fn new(question: &'a KnownQuestion, encoder: &TextEncoder) -> Result<Self> {
        let text = redact(&question.text).into_owned();
        let embedding = encoder.embed(&text, Role::Query)?.embedding;
        let languages = question.languages();
        Ok(Self { question, text, embedding, languages })
    }

    /// What one list finds, or both fused by rank.
    fn search(
        &self,
        knowledge_base: &KnowledgeBase,
        ranking: Ranking,
        similar_questions: bool,
        at: DateTime,
    ) -> Result<Vec<String>> {
        let filter = self.filter(similar_questions, at);
        let found = knowledge_base.search(&self.text, &self.embedding, &filter, ranking, DEPTH)?;
        Ok(found.hits.iter().map(|hit| hit.article.id.to_string()).collect())
    }

    /// What the chat finds.
    fn rank(&self, triage: &Triage, similar_questions: bool, at: DateTime) -> Result<Vec<RankedArticle>> {
        let mut found = triage.search(&self.text, &self.embedding, &self.filter(similar_questions, at))?;
        found.truncate(DEPTH);
        Ok(found)
    }

    fn filter(&self, similar_questions: bool, at: DateTime) -> Filter {
        let mut filter = Filter::new(self.languages.clone(), at);
        if !similar_questions {
            filter.except_parts.push(Part::Question);
        }
        filter
    }
}

fn ids(found: &[RankedArticle]) -> Vec<String> {
    found.iter().map(|article| article.hit.article.id.to_string()).collect()
}

impl FoundBy {
    fn of(
        ranking: &'static str,
        similar_questions: bool,
        questions: &[KnownQuestion],
        found: &[Vec<String>],
    ) -> Self {
        let retrieved: Vec<Retrieved> = questions
            .iter()
            .zip(found)
            .filter(|(question, _)| !question.articles.is_empty())
            .map(|(question, found)| Retrieved::of(found.iter().map(String::as_str), &question.articles))
            .collect();
        let mean =
            |of: fn(&Retrieved) -> f64| retrieved.iter().map(of).sum::<f64>() / retrieved.len().max(1) as f64;
        Self {
            ranking,
            similar_questions,
            hit_at_1: Share::of(retrieved.iter().map(|retrieved| (1.0, retrieved.hit(1)))),
            hit_at_3: Share::of(retrieved.iter().map(|retrieved| (1.0, retrieved.hit(3)))),
            mrr: mean(Retrieved::reciprocal_rank),
            ndcg_at_10: mean(|retrieved| ndcg(retrieved, DEPTH)),
        }
    }
}
