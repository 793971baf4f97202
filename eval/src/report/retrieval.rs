//! Whether the right articles were found, where the file says which are right.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Observation;
use crate::metrics::{Retrieved, ndcg};
use crate::pipeline::Action;
use crate::statistics::Share;

/// How many articles from the first are looked at.
const FIRST: [usize; 4] = [1, 3, 5, 10];

/// Whether the right articles were found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retrieval {
    /// How many messages have an article.
    pub messages: usize,
    /// Of these, those with a right one among the first so many.
    pub hit_at: BTreeMap<usize, Share>,
    /// The mean of one over the place of the first right one.
    pub mrr: f64,
    /// Normalised discounted cumulative gain of the first ten.
    pub ndcg_at_10: f64,
    /// Of those that were answered, those that got a right article.
    pub answered_right: Share,
    /// Of the messages for which nothing fits, those that were answered all the same.
    pub answered_although_nothing_fits: Share,
}

impl Retrieval {
    pub(super) fn of(observations: &[Observation]) -> Option<Self> {
        let labelled = || {
            observations.iter().filter_map(|o| o.expectation.articles.as_ref().map(|articles| (o, articles)))
        };
        labelled().next()?;
        let retrieved: Vec<(f64, Retrieved)> = labelled()
            .filter(|(_, right)| !right.is_empty())
            .map(|(o, right)| {
                (o.weight, Retrieved::of(o.articles.iter().map(|found| found.id.as_str()), right))
            })
            .collect();
        let answered = |o: &Observation| matches!(o.action, Action::Answer { .. });
        Some(Self {
            messages: retrieved.len(),
            hit_at: FIRST
                .map(|k| {
                    (k, Share::of(retrieved.iter().map(|(weight, retrieved)| (*weight, retrieved.hit(k)))))
                })
                .into(),
            mrr: mean(&retrieved, Retrieved::reciprocal_rank),
            ndcg_at_10: mean(&retrieved, |retrieved| ndcg(retrieved, 10)),
            answered_right: Share::of(labelled().filter(|(_, right)| !right.is_empty()).filter_map(
                |(o, right)| match &o.action {
                    Action::Answer { article } => Some((o.weight, right.contains(article))),
                    Action::Clarify | Action::Escalate { .. } => None,
                },
            )),
            answered_although_nothing_fits: Share::of(
                labelled().filter(|(_, right)| right.is_empty()).map(|(o, _)| (o.weight, answered(o))),
            ),
        })
    }
}

fn mean(retrieved: &[(f64, Retrieved)], of: impl Fn(&Retrieved) -> f64) -> f64 {
    let weights: f64 = retrieved.iter().map(|(weight, _)| weight).sum();
    let sum: f64 = retrieved.iter().map(|(weight, retrieved)| weight * of(retrieved)).sum();
    if weights > 0.0 { sum / weights } else { 0.0 }
}
