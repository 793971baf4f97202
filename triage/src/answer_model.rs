//! How probable it is that an article answers a message.
//!
//! Ranks say which article is the best, not whether it is any good. So the articles that were found compete with each other and with the
//! possibility that none is right, in a conditional logit model (McFadden 1974): `P(i) = exp(u_i) / (exp(v) + Σ exp(u_j))`, where `u_i` is
//! linear in what is known of article `i`, and `v` in what is known of the message. The weights are learnt from questions whose answers are
//! known, as far as the shop has any. Beside them, every similar question is searched as if it were not in the base, once with
//! its article there and once with the article gone, too; that alone has to do where there is nothing else.
//!
//! The possibility that none is right is the more probable the more the classifier takes the message for none of the shop's intents, the less
//! it is like what any article's questions have in common, and the more it is about what shoppers ask in vain: that is learnt from the
//! vectors of the questions with known answers ([`RidgeScore`]), each scored by what the others teach.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shopdesk_kb::{Article, Hit};
use shopdesk_model::classifier::Classification;
use shopdesk_model::intents::Label;
use shopdesk_model::{Probability, RidgeScore, lbfgs};

use crate::Found;

/// What is known of an article: its cosine, that of its three closest passages, that of its own text, that of its profile, the words its
/// text and its questions share with the message, its intents.
const FEATURES: usize = 7;
/// What is known of the message, for none of the articles: how many words it has, the highest cosine of a profile, how probably it is out of scope,
/// how far it is on the side of the questions that are answered, the highest cosine of an article's own text. And a constant.
const LENGTH: usize = FEATURES;
const CLOSEST_PROFILE: usize = FEATURES + 1;
const OUT_OF_SCOPE: usize = FEATURES + 2;
const ANSWERED: usize = FEATURES + 3;
const CLOSEST_TEXT: usize = FEATURES + 4;
const NONE: usize = FEATURES + 5;
const WEIGHTS: usize = FEATURES + 6;
/// The strength of the pull of weights to zero, in questions: only so that few questions cannot make them run away.
const PENALTY: f64 = 1.0;
const TOLERANCE: f64 = 1e-7;

/// So many questions with known answers count as much as all similar questions together. Those are searched under harder conditions than
/// shoppers' messages are: the shop wrote them to differ from each other, so that what is left is far from each.
const SIMILAR_QUESTIONS_COUNT: f64 = 40.0;

/// The least probability of an article's intents that is told from none: one in a thousand.
const LEAST_CHANCE: f64 = 1e-3;

/// An article that may answer a message.
#[derive(Clone, Debug)]
pub struct RankedArticle {
    /// What was found.
    pub hit: Hit,
    /// The calibrated probability that it answers the message.
    pub probability: Probability,
}

/// How probable a message's intents are, as far as a classifier has been asked.
#[derive(Clone, Debug, Default)]
pub struct IntentChances {
    chances: HashMap<String, f64>,
    out_of_scope: f64,
}

impl IntentChances {
    /// As the classifier sees it.
    #[must_use]
    pub fn new(classification: &Classification, labels: &[Label]) -> Self {
        let chances = classification.ranking.iter();
        Self {
            chances: chances
                .map(|&(label, chance)| (labels[label].id.as_str().to_owned(), chance.get()))
                .collect(),
            out_of_scope: classification.out_of_scope.get(),
        }
    }

    /// How probable it is that the message means one of the article's intents, as a logarithm; the same for all articles when no classifier was asked.
    fn of(&self, article: &Article) -> f64 {
        let chance: f64 = article.intents.iter().filter_map(|intent| self.chances.get(intent)).sum();
        (chance + LEAST_CHANCE).ln()
    }
}

/// Weights of the conditional logit model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerModel {
    /// What is taken from each feature, and what it is divided by then.
    centres: [f64; WEIGHTS],
    scales: [f64; WEIGHTS],
    weights: [f64; WEIGHTS],
    /// Which messages are answered at all, as far as questions with known answers tell.
    answered: Option<RidgeScore>,
    /// How many searches it was learnt from.
    pub searches: usize,
}

/// A search whose outcome is known.
#[derive(Clone, Debug)]
pub(crate) struct KnownSearch {
    /// A row for each article found, and one for none of them.
    rows: Vec<Row>,
    /// Which of the rows are right.
    right: Vec<bool>,
    /// How much it counts.
    weight: f64,
    /// A shopper's question, and whether any article answers it.
    asked: Option<(Vec<f32>, bool)>,
}

/// What is known of an article, or of the message where it is for none. What is not known is `None`.
type Row = [Option<f64>; WEIGHTS];

impl KnownSearch {
    /// With what was found, and whether any article answers the message at all.
    pub(crate) fn new(
        found: &Found,
        intents: &IntentChances,
        right: impl Fn(&Hit) -> bool,
        has_answer: bool,
        weight: f64,
    ) -> Self {
        let mut right: Vec<bool> = found.hits.iter().map(|hit| has_answer && right(hit)).collect();
        // An answer that was not found is as good as none.
        right.push(!right.contains(&true));
        Self { rows: rows(found, intents), right, weight, asked: None }
    }

    /// The same for a question as shoppers ask it, with its vector. Similar questions are all answered, so that they tell nothing of which are.
    #[must_use]
    pub(crate) fn asked_by_shopper(self, vector: Vec<f32>, is_answered: bool) -> Self {
        Self { asked: Some((vector, is_answered)), ..self }
    }

    fn none(&mut self) -> &mut Row {
        self.rows.last_mut().expect("one for none of them")
    }

    /// Adds to loss and gradient what the outcome says of these weights.
    fn learn(&self, rows: &[[f64; WEIGHTS]], weights: &[f64], share: f64, gradient: &mut [f64]) -> f64 {
        let chances = chances(rows, weights);
        let of_right: f64 =
            chances.iter().zip(&self.right).filter(|(_, right)| **right).map(|(chance, _)| chance).sum();
        let of_right = of_right.max(f64::MIN_POSITIVE);
        for ((row, &chance), &right) in rows.iter().zip(&chances).zip(&self.right) {
            let wanted = if right { chance / of_right } else { 0.0 };
            let error = share * (chance - wanted);
            for (slope, feature) in gradient.iter_mut().zip(row) {
                *slope += error * feature;
            }
        }
        -share * of_right.ln()
    }
}

impl AnswerModel {
    /// Learns from questions with known answers and from similar questions; `None` when there are neither.
    #[must_use]
    pub(crate) fn fit(mut labelled: Vec<KnownSearch>, mut similar: Vec<KnownSearch>) -> Option<Self> {
        let all: f64 = similar.iter().map(|search| search.weight).sum();
        if !labelled.is_empty() {
            similar.iter_mut().for_each(|search| search.weight *= SIMILAR_QUESTIONS_COUNT / all);
        }
        labelled.append(&mut similar);
        let mut searches = labelled;
        let answered = learn_answered(&mut searches);
        let (centres, scales) = spread(&searches)?;
        let mut model = Self { centres, scales, weights: [0.0; WEIGHTS], answered, searches: searches.len() };
        let total: f64 = searches.iter().map(|search| search.weight).sum();
        let standard: Vec<(Vec<[f64; WEIGHTS]>, &KnownSearch)> =
            searches.iter().map(|search| (model.standard(&search.rows), search)).collect();
        let weights = lbfgs::minimize(WEIGHTS, TOLERANCE, |weights, slope| {
            let weights: Vec<f64> = weights.iter().map(|&weight| f64::from(weight)).collect();
            let penalty = PENALTY / total;
            let mut gradient: Vec<f64> = weights.iter().map(|weight| penalty * weight).collect();
            let mut loss = penalty / 2.0 * weights.iter().map(|weight| weight * weight).sum::<f64>();
            for (rows, search) in &standard {
                loss += search.learn(rows, &weights, search.weight / total, &mut gradient);
            }
            for (slope, gradient) in slope.iter_mut().zip(&gradient) {
                *slope = *gradient as f32;
            }
            loss
        });
        for (own, weight) in model.weights.iter_mut().zip(weights) {
            *own = f64::from(weight);
        }
        Some(model)
    }

    /// The articles found, the most probable first. What their probabilities miss to 1 is the probability that none answers the message.
    #[must_use]
    pub fn rank(&self, found: Found, intents: &IntentChances) -> Vec<RankedArticle> {
        let mut rows = rows(&found, intents);
        if let (Some(none), Some(answered)) = (rows.last_mut(), &self.answered) {
            none[ANSWERED] = Some(answered.of(&found.vector));
        }
        let chances = chances(&self.standard(&rows), &self.weights);
        let probability = |chance: f64| Probability::new(chance.clamp(0.0, 1.0)).unwrap_or(Probability::ZERO);
        let hits = found.hits.into_iter().zip(chances);
        let mut ranked: Vec<RankedArticle> =
            hits.map(|(hit, chance)| RankedArticle { hit, probability: probability(chance) }).collect();
        // A stable sort: equals stay in the order of the search.
        ranked.sort_by(|a, b| b.probability.get().total_cmp(&a.probability.get()));
        ranked
    }

    /// Brings the rows to a common scale. What is not known is as usual.
    fn standard(&self, rows: &[Row]) -> Vec<[f64; WEIGHTS]> {
        let standard = |row: &Row| {
            std::array::from_fn(|at| {
                row[at].map_or(0.0, |value| (value - self.centres[at]) / self.scales[at])
            })
        };
        let mut standard: Vec<[f64; WEIGHTS]> = rows.iter().map(standard).collect();
        if let Some(none) = standard.last_mut() {
            none[NONE] = 1.0;
        }
        standard
    }
}

/// Learns which questions are answered at all, and says of each what the others teach.
fn learn_answered(searches: &mut [KnownSearch]) -> Option<RidgeScore> {
    let asked = searches.iter().filter_map(|search| search.asked.as_ref());
    let examples: Vec<(&[f32], bool)> =
        asked.map(|(vector, is_answered)| (vector.as_slice(), *is_answered)).collect();
    let (answered, left_out) = RidgeScore::fit(&examples)?;
    let asked = searches.iter_mut().filter(|search| search.asked.is_some());
    for (search, score) in asked.zip(left_out) {
        search.none()[ANSWERED] = Some(score);
    }
    Some(answered)
}

/// The softmax of what each row is worth.
fn chances(rows: &[[f64; WEIGHTS]], weights: &[f64]) -> Vec<f64> {
    let worth: Vec<f64> =
        rows.iter().map(|row| row.iter().zip(weights).map(|(value, weight)| value * weight).sum()).collect();
    let highest = worth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = worth.iter().map(|worth| (worth - highest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn rows(found: &Found, intents: &IntentChances) -> Vec<Row> {
    let row = |(hit, profile): (&Hit, &Option<f32>)| {
        let Hit { article, similarity, support, text_similarity, question_lexical, text_lexical, .. } = hit;
        let cosines = [Some(*similarity), Some(*support), Some(*text_similarity), *profile];
        let [similarity, support, text, profile] = cosines.map(|cosine| cosine.map(f64::from));
        let [text_words, question_words] =
            [text_lexical, question_lexical].map(|lexical| Some(f64::from(*lexical)));
        [
            similarity,
            support,
            text,
            profile,
            text_words,
            question_words,
            Some(intents.of(article)),
            None,
            None,
            None,
            None,
            None,
            None,
        ]
    };
    let mut none = [None; WEIGHTS];
    none[LENGTH] = Some((found.words as f64 + 1.0).ln());
    none[CLOSEST_PROFILE] = found.profiles.iter().flatten().copied().reduce(f32::max).map(f64::from);
    let texts = found.hits.iter().map(|hit| hit.text_similarity);
    none[CLOSEST_TEXT] = texts.reduce(f32::max).map(f64::from);
    none[OUT_OF_SCOPE] = Some(log_odds(intents.out_of_scope));
    found.hits.iter().zip(&found.profiles).map(row).chain([none]).collect()
}

/// Of a probability that is told from none and from certainty as far as those of intents are.
fn log_odds(probability: f64) -> f64 {
    let probability = probability.clamp(LEAST_CHANCE, 1.0 - LEAST_CHANCE);
    (probability / (1.0 - probability)).ln()
}

/// The mean of each feature over the rows that have it, and its standard deviation. A search counts as much as it weighs.
fn spread(searches: &[KnownSearch]) -> Option<([f64; WEIGHTS], [f64; WEIGHTS])> {
    let (mut centres, mut scales) = ([0.0; WEIGHTS], [1.0; WEIGHTS]);
    if searches.iter().all(|search| search.rows.len() == 1) {
        return None;
    }
    for at in 0..NONE {
        let values = || {
            let weighted =
                searches.iter().flat_map(|search| search.rows.iter().map(move |row| (row, search)));
            weighted.filter_map(|(row, search)| Some((row[at]?, search.weight)))
        };
        let total: f64 = values().map(|(_, weight)| weight).sum();
        if total > 0.0 {
            centres[at] = values().map(|(value, weight)| value * weight).sum::<f64>() / total;
            let squares = values().map(|(value, weight)| weight * (value - centres[at]).powi(2));
            let variance = squares.sum::<f64>() / total;
            scales[at] = if variance > 0.0 { variance.sqrt() } else { 1.0 };
        }
    }
    Some((centres, scales))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use shopdesk_kb::{ArticleKey, Part, PassageKey};

    use super::*;

    fn hit(id: &str, similarity: f32, lexical: f32) -> Hit {
        let text = format!(
            "---\nid: {id}\ntitle: T\nlanguage: en\nintents: [{id}]\nquestions: []\nanswer: A.\n---\n"
        );
        let article = Arc::new(Article::parse(Path::new(&format!("{id}.md")), &text).unwrap());
        let passage = PassageKey { article: Arc::new(ArticleKey::of(&article)), number: 0 };
        Hit {
            article,
            part: Part::Question,
            passage,
            similarity,
            support: similarity,
            text_similarity: similarity,
            lexical,
            question_lexical: lexical,
            text_lexical: 0.0,
            fused: 0.0,
        }
    }

    fn found(hits: Vec<Hit>) -> Found {
        Found { profiles: vec![None; hits.len()], hits, words: 3, vector: Vec::new() }
    }

    /// The right article is usually the closer one; when it is gone, nothing is close.
    fn model() -> AnswerModel {
        let mut random = fastrand::Rng::with_seed(7);
        let mut searches = Vec::new();
        for _ in 0..300 {
            let (near, far) = (0.6 + 0.2 * random.f32(), 0.3 + 0.25 * random.f32());
            let right = |hit: &Hit| hit.article.id.as_str() == "a";
            let both = found(vec![hit("a", near, 5.0 * random.f32()), hit("b", far, random.f32())]);
            searches.push(KnownSearch::new(&both, &IntentChances::default(), right, true, 0.9));
            let rest = found(vec![hit("b", far, random.f32())]);
            searches.push(KnownSearch::new(&rest, &IntentChances::default(), right, false, 0.1));
        }
        AnswerModel::fit(Vec::new(), searches).unwrap()
    }

    fn ranked(hits: Vec<Hit>, intents: &IntentChances) -> Vec<(String, f64)> {
        let ranked = model().rank(found(hits), intents);
        ranked.iter().map(|ranked| (ranked.hit.article.id.to_string(), ranked.probability.get())).collect()
    }

    #[test]
    fn a_close_article_is_probable_and_a_far_one_is_not() {
        let near = ranked(vec![hit("b", 0.35, 0.5), hit("a", 0.75, 3.0)], &IntentChances::default());
        assert_eq!(near[0].0, "a");
        assert!(near[0].1 > 0.8, "{near:?}");
        let far = ranked(vec![hit("a", 0.35, 0.5)], &IntentChances::default());
        assert!(far[0].1 < 0.5, "{far:?}");
    }

    #[test]
    fn what_is_probably_out_of_scope_is_probably_answered_by_nothing() {
        let intents = |out_of_scope| IntentChances { out_of_scope, ..IntentChances::default() };
        let near = || vec![hit("a", 0.7, 2.0)];
        let search = |out_of_scope, right: &'static str| {
            let is_right = move |hit: &Hit| hit.article.id.as_str() == right;
            KnownSearch::new(&found(near()), &intents(out_of_scope), is_right, true, 1.0)
        };
        let searches =
            (0..200).map(|number| if number % 2 == 0 { search(0.9, "none") } else { search(0.1, "a") });
        let model = AnswerModel::fit(searches.collect(), Vec::new()).unwrap();
        let chance = |out_of_scope| model.rank(found(near()), &intents(out_of_scope))[0].probability.get();
        assert!(chance(0.95) < 0.1 && chance(0.05) > 0.9, "{} {}", chance(0.95), chance(0.05));
    }

    #[test]
    fn what_is_like_no_articles_questions_is_probably_answered_by_nothing() {
        let near = |profile| Found { profiles: vec![Some(profile)], ..found(vec![hit("a", 0.7, 2.0)]) };
        let search = |profile, right: &'static str| {
            let is_right = move |hit: &Hit| hit.article.id.as_str() == right;
            KnownSearch::new(&near(profile), &IntentChances::default(), is_right, true, 1.0)
        };
        let searches =
            (0..200).map(|number| if number % 2 == 0 { search(0.1, "none") } else { search(0.6, "a") });
        let model = AnswerModel::fit(searches.collect(), Vec::new()).unwrap();
        let chance = |profile| model.rank(near(profile), &IntentChances::default())[0].probability.get();
        assert!(chance(0.0) < 0.1 && chance(0.7) > 0.9, "{} {}", chance(0.0), chance(0.7));
    }

    #[test]
    fn what_shoppers_ask_in_vain_is_probably_answered_by_nothing() {
        let mut random = fastrand::Rng::with_seed(9);
        let mut about = |side: f32| {
            let vector = [side, random.f32() - 0.5, random.f32() - 0.5];
            let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            vector.map(|x| x / length).to_vec()
        };
        let near = || found(vec![hit("a", 0.7, 2.0)]);
        let searches = (0..200).map(|number| {
            let is_answered = number % 2 == 0;
            let vector = about(if is_answered { 0.5 } else { -0.5 });
            let right = |hit: &Hit| hit.article.id.as_str() == "a";
            let search = KnownSearch::new(&near(), &IntentChances::default(), right, is_answered, 1.0);
            search.asked_by_shopper(vector, is_answered)
        });
        let model = AnswerModel::fit(searches.collect(), Vec::new()).unwrap();
        let mut chance = |side| {
            let found = Found { vector: about(side), ..near() };
            model.rank(found, &IntentChances::default())[0].probability.get()
        };
        assert!(chance(-0.6) < 0.1 && chance(0.6) > 0.9, "{} {}", chance(-0.6), chance(0.6));
    }

    #[test]
    fn known_answers_count_more_than_similar_questions() {
        let search = |right: &'static str| {
            let both = found(vec![hit("near", 0.8, 1.0), hit("far", 0.4, 5.0)]);
            let is_right = move |hit: &Hit| hit.article.id.as_str() == right;
            KnownSearch::new(&both, &IntentChances::default(), is_right, true, 1.0)
        };
        let similar = || vec![search("far"); 2_000];
        let first = |model: AnswerModel| {
            let both = found(vec![hit("near", 0.8, 1.0), hit("far", 0.4, 5.0)]);
            model.rank(both, &IntentChances::default())[0].hit.article.id.to_string()
        };
        assert_eq!(first(AnswerModel::fit(Vec::new(), similar()).unwrap()), "far");
        assert_eq!(first(AnswerModel::fit(vec![search("near"); 200], similar()).unwrap()), "near");
    }

    #[test]
    fn nothing_is_learnt_from_nothing() {
        assert_eq!(AnswerModel::fit(Vec::new(), Vec::new()), None);
    }
}
