//! How sure the classifier may be: whether its likeliest intent is right, and whether a message is any intent at all.
//!
//! Two logistic regressions look at what the scores and the similarities say together: how high the best intent
//! scores and how far ahead of the next it is, how near the nearest training message is in meaning and to the letter, and how
//! the class of messages out of scope scores, where the shop has some. They learn from scores that were made without the message
//! itself. A shop without messages out of scope is taught by its own intents: a fifth of them at a time is left out of
//! the classifier, and their messages stand for what it does not know.
//!
//! This is Platt's scaling (1999) with more to go by than one score. Temperature scaling alone gave the same accuracy but a calibration error two to
//! three times as large, and answered a quarter less under the same promise (`docs/classifier.md`).

use serde::{Deserialize, Serialize};

use super::kernel::Nearest;
use super::logistic::{Logistic, Observation};
use crate::Result;

/// What is known of a message and its scores.
#[derive(Clone, Debug)]
pub(super) struct Signs {
    /// Which intent scores best.
    pub(super) best: usize,
    features: Vec<f64>,
}

impl Signs {
    /// `intents` are the scores of the intents, `none` that of the messages out of scope, where the classifier knows some.
    pub(super) fn new(intents: &[f32], none: Option<f32>, nearest: Nearest) -> Self {
        // Only differences between scores mean anything; a class that nothing was learnt of pushes the others up.
        let mean = intents.iter().sum::<f32>() / intents.len().max(1) as f32;
        let scores = || intents.iter().map(|score| score - mean);
        let (mut place, mut best, mut second) = (0, f32::NEG_INFINITY, f32::NEG_INFINITY);
        for (intent, score) in scores().enumerate() {
            if score > best {
                (place, best, second) = (intent, score, best);
            } else if score > second {
                second = score;
            }
        }
        let margin = if second.is_finite() { best - second } else { best };
        let length = scores().map(|score| score * score).sum::<f32>().sqrt();
        let mut features = vec![best, margin, length, nearest.embedding, nearest.lexical];
        features.extend(none.map(|none| none - mean));
        Self { best: place, features: features.into_iter().map(f64::from).collect() }
    }
}

/// A message that the classifier did not see.
#[derive(Clone, Debug)]
pub(super) struct Witness {
    pub(super) signs: Signs,
    /// Its intent, or none.
    pub(super) target: Option<usize>,
    /// For how many messages it stands.
    pub(super) weight: f64,
}

/// What the signs mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfidenceModel {
    right: Logistic,
    /// Nothing when there was nothing to learn it from.
    out_of_scope: Option<Logistic>,
}

impl ConfidenceModel {
    pub(super) fn fit(witnesses: &[Witness]) -> Result<Self> {
        let fit = |yes: &dyn Fn(&Witness) -> bool| {
            let observations = witnesses.iter().map(|witness| Observation {
                features: witness.signs.features.clone(),
                yes: yes(witness),
                weight: witness.weight,
            });
            Logistic::fit(&observations.collect::<Vec<_>>())
        };
        let strangers = witnesses.iter().any(|witness| witness.target.is_none());
        Ok(Self {
            right: fit(&|witness| witness.target == Some(witness.signs.best))?,
            out_of_scope: strangers.then(|| fit(&|witness| witness.target.is_none())).transpose()?,
        })
    }

    /// Probabilities of the intents and of none of them, from how the intents share what is theirs. The best one's is
    /// the probability that it is right; the others and none share the rest, and none of the others has more than the best.
    pub(super) fn probabilities(&self, mut intents: Vec<f64>, signs: &Signs) -> (Vec<f64>, f64) {
        let right = self.right.probability(&signs.features);
        let none = self.out_of_scope.as_ref().map_or(0.0, |model| model.probability(&signs.features));
        let others = (1.0 - none) * (1.0 - intents[signs.best]);
        let rest = if none + others > 0.0 { (1.0 - right) / (none + others) } else { 0.0 };
        for (intent, probability) in intents.iter_mut().enumerate() {
            *probability =
                if intent == signs.best { right } else { (*probability * (1.0 - none) * rest).min(right) };
        }
        (intents, none * rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signs(level: f32) -> Signs {
        Signs::new(&[level, 0.1, 0.0], None, Nearest { embedding: level, lexical: level * 0.5 })
    }

    fn model() -> ConfidenceModel {
        let inside = (0..50).map(|i| Witness {
            signs: signs(0.4 + 0.01 * i as f32),
            target: Some(usize::from(i % 10 == 0)),
            weight: 1.0,
        });
        let outside =
            (0..10).map(|i| Witness { signs: signs(0.2 + 0.02 * i as f32), target: None, weight: 1.0 });
        ConfidenceModel::fit(&inside.chain(outside).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_message_that_is_like_nothing_is_out_of_scope() {
        let of = |level| model().probabilities(vec![0.8, 0.1, 0.1], &signs(level));
        let (far, near) = (of(0.2), of(0.8));
        assert!(far.1 > 0.5 && far.0[0] < 0.3, "{far:?}");
        assert!(near.1 < 0.05 && near.0[0] > 0.8, "{near:?}");
    }

    #[test]
    fn probabilities_sum_to_one_or_less_and_the_best_stays_the_best() {
        for level in [0.15, 0.3, 0.5, 0.9] {
            let (intents, none) = model().probabilities(vec![0.5, 0.45, 0.05], &signs(level));
            let sum: f64 = intents.iter().sum::<f64>() + none;
            assert!(sum <= 1.0 + 1e-9, "{intents:?} {none}");
            assert!(intents.iter().all(|&probability| probability <= intents[0]), "{intents:?}");
        }
    }

    #[test]
    fn one_intent_alone_is_ahead_of_nothing() {
        let nearest = Nearest { embedding: 0.0, lexical: 0.0 };
        assert_eq!(Signs::new(&[0.5], None, nearest).features[..2], [0.0, 0.0]);
        let known = Signs::new(&[0.25, 0.5], Some(0.1), nearest);
        assert_eq!((known.best, known.features.len()), (1, 6));
    }
}
