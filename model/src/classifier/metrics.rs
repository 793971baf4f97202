//! What training measured about a classifier on examples that it had not seen.

use serde::{Deserialize, Serialize};

use crate::intents::{Handling, Label};

/// Out-of-fold figures, kept in the bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Examples, those out of scope included.
    pub examples: usize,
    /// Share of all examples whose likeliest class is the right one, "out of scope" being a class.
    pub accuracy: f64,
    /// Share of the examples of an intent whose likeliest intent is the right one.
    pub in_scope_accuracy: f64,
    /// What different confidence thresholds would mean, the strictest first.
    pub operating_points: Vec<OperatingPoint>,
}

/// The consequence of a threshold on the likeliest intent's probability, before the policy's other conditions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// Answer only when the probability is at least this.
    pub confidence: f64,
    /// Share of all examples that would be answered; those whose likeliest intent is kept for humans are not.
    pub coverage: f64,
    /// Share of those whose intent would be wrong; an example out of scope that is answered is wrong.
    pub error: f64,
}

/// A prediction made without having seen the example.
pub(super) struct OutOfFold {
    /// The right class.
    pub(super) target: usize,
    /// Probabilities of all classes.
    pub(super) probabilities: Vec<f64>,
}

impl Metrics {
    /// `labels` are the first classes; a class beyond them is "out of scope".
    pub(super) fn of(predictions: &[OutOfFold], labels: &[Label]) -> Self {
        let intents = labels.len();
        let right = predictions.iter().filter(|p| likeliest(&p.probabilities).0 == p.target).count();
        let in_scope: Vec<_> = predictions.iter().filter(|p| p.target < intents).collect();
        let in_scope_right =
            in_scope.iter().filter(|p| likeliest(&p.probabilities[..intents]).0 == p.target).count();
        let operating_points = [0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4]
            .map(|confidence| operating_point(predictions, labels, confidence))
            .to_vec();
        Self {
            examples: predictions.len(),
            accuracy: share(right, predictions.len()),
            in_scope_accuracy: share(in_scope_right, in_scope.len()),
            operating_points,
        }
    }
}

fn operating_point(predictions: &[OutOfFold], labels: &[Label], confidence: f64) -> OperatingPoint {
    let answered: Vec<_> = predictions
        .iter()
        .map(|p| (likeliest(&p.probabilities[..labels.len()]), p.target))
        .filter(|((class, probability), _)| {
            *probability >= confidence && labels[*class].handling == Handling::Answer
        })
        .collect();
    let wrong = answered.iter().filter(|((class, _), target)| class != target).count();
    OperatingPoint {
        confidence,
        coverage: share(answered.len(), predictions.len()),
        error: share(wrong, answered.len()),
    }
}

fn likeliest(probabilities: &[f64]) -> (usize, f64) {
    let best = probabilities.iter().copied().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
    best.unwrap_or((usize::MAX, 0.0))
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::intents::{IntentId, Priority};

    #[test]
    fn an_answer_to_a_message_out_of_scope_is_an_error() {
        let prediction =
            |target, probabilities: [f64; 3]| OutOfFold { target, probabilities: probabilities.to_vec() };
        let predictions = [
            prediction(0, [0.9, 0.1, 0.0]),
            prediction(1, [0.55, 0.45, 0.0]),
            prediction(2, [0.1, 0.85, 0.05]), // class 2 is out of scope
            prediction(2, [0.2, 0.2, 0.6]),
        ];
        let label = |id: &str, handling| Label {
            id: IntentId::new(id).unwrap(),
            title: BTreeMap::new(),
            priority: Priority::Normal,
            handling,
        };
        let metrics =
            Metrics::of(&predictions, &[label("a", Handling::Answer), label("b", Handling::Answer)]);
        assert_eq!(metrics.accuracy, 0.5);
        assert_eq!(metrics.in_scope_accuracy, 0.5);
        let at_eighty = metrics.operating_points.iter().find(|point| point.confidence == 0.8).unwrap();
        assert_eq!((at_eighty.coverage, at_eighty.error), (0.5, 0.5));
        let metrics = Metrics::of(&predictions, &[label("a", Handling::Answer), label("b", Handling::Human)]);
        let at_eighty = metrics.operating_points.iter().find(|point| point.confidence == 0.8).unwrap();
        assert_eq!((at_eighty.coverage, at_eighty.error), (0.25, 0.0));
    }
}
