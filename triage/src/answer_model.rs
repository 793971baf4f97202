//! How probable it is that an article answers a message.
//!
//! Ranks say which article is the best, not whether it is any good. So the articles that were found compete with each other and with the
//! possibility that none is right, in a conditional logit model (McFadden 1974): `P(i) = exp(u_i) / (exp(v) + Σ exp(u_j))`, where `u_i` is
//! linear in what is known of article `i` and `v` a constant. The weights are learnt from the shop's own
//! similar questions: each is searched as if it were not in the base, once with its article there and once with the article gone, too.
//!
//! All that holds for messages within the shop's scope. A message that the classifier takes for none of the shop's intents is answered by no
//! article, so every probability is multiplied by that of being within the scope.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shopdesk_kb::{Article, Hit};
use shopdesk_model::classifier::Classification;
use shopdesk_model::intents::Label;
use shopdesk_model::{Probability, lbfgs};

use crate::Found;

/// What is known of an article: its cosine, that of its three closest passages, the words it shares, its intents. And a constant for none of them.
const FEATURES: usize = 5;
const NONE: usize = FEATURES - 1;
/// The strength of the pull of weights to zero, in questions: only so that few questions cannot make them run away.
const PENALTY: f64 = 1.0;
const TOLERANCE: f64 = 1e-7;

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
    centres: [f64; FEATURES],
    scales: [f64; FEATURES],
    weights: [f64; FEATURES],
    /// How many searches it was learnt from.
    pub searches: usize,
}

/// A search whose outcome is known.
#[derive(Clone, Debug)]
pub(crate) struct KnownSearch {
    /// A row for each article found.
    features: Vec<[f64; FEATURES]>,
    /// Which of the articles found is right, if one is.
    right: Option<usize>,
    /// How much it counts.
    weight: f64,
}

impl KnownSearch {
    pub(crate) fn new(
        found: &Found,
        intents: &IntentChances,
        right: impl Fn(&Hit) -> bool,
        weight: f64,
    ) -> Self {
        Self { features: features(found, intents), right: found.hits.iter().position(right), weight }
    }
}

impl AnswerModel {
    /// Learns from searches; `None` when there are none.
    #[must_use]
    pub(crate) fn fit(searches: &[KnownSearch]) -> Option<Self> {
        let (centres, scales) = spread(searches)?;
        let mut model = Self { centres, scales, weights: [0.0; FEATURES], searches: searches.len() };
        let total: f64 = searches.iter().map(|search| search.weight).sum();
        let standard: Vec<(Vec<[f64; FEATURES]>, &KnownSearch)> =
            searches.iter().map(|search| (model.rows(&search.features), search)).collect();
        let weights = lbfgs::minimize(FEATURES, TOLERANCE, |weights, slope| {
            let weights: Vec<f64> = weights.iter().map(|&weight| f64::from(weight)).collect();
            let mut gradient: Vec<f64> = weights.iter().map(|weight| PENALTY / total * weight).collect();
            let mut loss = PENALTY / total / 2.0 * weights.iter().map(|weight| weight * weight).sum::<f64>();
            for (rows, search) in &standard {
                let chances = chances(rows, &weights);
                let right = search.right.unwrap_or(rows.len() - 1);
                let share = search.weight / total;
                loss -= share * chances[right].max(f64::MIN_POSITIVE).ln();
                for (place, (row, chance)) in rows.iter().zip(&chances).enumerate() {
                    let error = share * (chance - f64::from(u8::from(place == right)));
                    for (slope, feature) in gradient.iter_mut().zip(row) {
                        *slope += error * feature;
                    }
                }
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
        let in_scope = 1.0 - intents.out_of_scope;
        let chances = chances(&self.rows(&features(&found, intents)), &self.weights);
        let probability =
            |chance: f64| Probability::new((in_scope * chance).clamp(0.0, 1.0)).unwrap_or(Probability::ZERO);
        let hits = found.hits.into_iter().zip(chances);
        let mut ranked: Vec<RankedArticle> =
            hits.map(|(hit, chance)| RankedArticle { hit, probability: probability(chance) }).collect();
        // A stable sort: equals stay in the order of the search.
        ranked.sort_by(|a, b| b.probability.get().total_cmp(&a.probability.get()));
        ranked
    }

    /// Brings the rows to a common scale, and adds one for none of the articles.
    fn rows(&self, articles: &[[f64; FEATURES]]) -> Vec<[f64; FEATURES]> {
        let standard = |row: &[f64; FEATURES]| {
            let mut standard = [0.0; FEATURES];
            for at in 0..NONE {
                standard[at] = (row[at] - self.centres[at]) / self.scales[at];
            }
            standard
        };
        let mut none = [0.0; FEATURES];
        none[NONE] = 1.0;
        articles.iter().map(standard).chain([none]).collect()
    }
}

/// The softmax of what each row is worth.
fn chances(rows: &[[f64; FEATURES]], weights: &[f64]) -> Vec<f64> {
    let worth: Vec<f64> =
        rows.iter().map(|row| row.iter().zip(weights).map(|(value, weight)| value * weight).sum()).collect();
    let highest = worth.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = worth.iter().map(|worth| (worth - highest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn features(found: &Found, intents: &IntentChances) -> Vec<[f64; FEATURES]> {
    let row = |hit: &Hit| {
        let Hit { article, similarity, support, lexical, .. } = hit;
        [f64::from(*similarity), f64::from(*support), f64::from(*lexical), intents.of(article), 0.0]
    };
    found.hits.iter().map(row).collect()
}

/// The mean of each feature over the articles, and its standard deviation.
fn spread(searches: &[KnownSearch]) -> Option<([f64; FEATURES], [f64; FEATURES])> {
    let (mut centres, mut scales) = ([0.0; FEATURES], [1.0; FEATURES]);
    for at in 0..NONE {
        let values: Vec<f64> =
            searches.iter().flat_map(|search| &search.features).map(|row| row[at]).collect();
        if values.is_empty() {
            return None;
        }
        let count = values.len() as f64;
        centres[at] = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - centres[at]).powi(2)).sum::<f64>() / count;
        scales[at] = if variance > 0.0 { variance.sqrt() } else { 1.0 };
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
        Hit { article, part: Part::Question, passage, similarity, support: similarity, lexical, fused: 0.0 }
    }

    fn found(hits: Vec<Hit>) -> Found {
        Found { hits, words: 3 }
    }

    /// The right article is usually the closer one; when it is gone, nothing is close.
    fn model() -> AnswerModel {
        let mut random = fastrand::Rng::with_seed(7);
        let mut searches = Vec::new();
        for _ in 0..300 {
            let (near, far) = (0.6 + 0.2 * random.f32(), 0.3 + 0.25 * random.f32());
            let right = |hit: &Hit| hit.article.id.as_str() == "a";
            let both = found(vec![hit("a", near, 5.0 * random.f32()), hit("b", far, random.f32())]);
            searches.push(KnownSearch::new(&both, &IntentChances::default(), right, 0.9));
            let rest = found(vec![hit("b", far, random.f32())]);
            searches.push(KnownSearch::new(&rest, &IntentChances::default(), right, 0.1));
        }
        AnswerModel::fit(&searches).unwrap()
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
    fn probabilities_never_exceed_that_of_being_within_the_scope() {
        let intents = IntentChances { out_of_scope: 0.7, ..IntentChances::default() };
        let sum: f64 =
            ranked(vec![hit("a", 0.9, 9.0), hit("b", 0.8, 9.0)], &intents).iter().map(|(_, p)| p).sum();
        assert!(sum <= 0.3 + 1e-9, "{sum}");
    }

    #[test]
    fn nothing_is_learnt_from_nothing() {
        assert_eq!(AnswerModel::fit(&[]), None);
    }
}
