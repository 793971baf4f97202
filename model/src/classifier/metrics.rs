//! What training measured about a classifier on messages that it had not seen.

use serde::{Deserialize, Serialize};

use crate::intents::{Handling, Label};

/// Bins of the reliability table, and of the calibration error: each holds as many messages.
const BINS: usize = 15;

/// Figures on messages that the classifier had not seen, kept in the bundle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metrics {
    /// Messages, those out of scope included.
    pub examples: usize,
    /// Whether they were given as validation data; otherwise they are the training messages, each predicted as if it had not been there.
    pub validation: bool,
    /// Share of all messages whose likeliest class is the right one, "out of scope" being a class.
    pub accuracy: f64,
    /// Share of the messages of an intent whose likeliest intent is the right one.
    pub in_scope_accuracy: f64,
    /// The mean of the intents' F1.
    pub macro_f1: f64,
    /// Expected calibration error of the likeliest class: the mean distance between confidence and accuracy over 15 bins of equal mass.
    pub calibration_error: f64,
    /// Mean squared distance between the probabilities of all classes and what was right.
    pub brier: f64,
    /// Mean negative logarithm of the right class's probability.
    pub log_loss: f64,
    /// How often a message out of scope is held for likelier to be so than one that is not; `None` when there were none of either.
    pub out_of_scope_auroc: Option<f64>,
    /// Confidence against accuracy, the least confident first.
    pub reliability: Vec<ReliabilityBin>,
    /// What different thresholds on the confidence would mean, the strictest first.
    pub operating_points: Vec<OperatingPoint>,
}

/// Messages of similar confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliabilityBin {
    /// How many.
    pub messages: usize,
    /// The mean probability of their likeliest class.
    pub confidence: f64,
    /// The share of them for which it was right.
    pub accuracy: f64,
}

/// The consequence of a threshold on the likeliest intent's probability, before the policy's other conditions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatingPoint {
    /// Answer only when the probability is at least this.
    pub confidence: f64,
    /// Share of all messages that would be answered; those whose likeliest intent is kept for humans are not.
    pub coverage: f64,
    /// Share of those whose intent would be wrong; a message out of scope that is answered is wrong.
    pub error: f64,
}

/// A prediction made without having seen the message.
#[derive(Clone, Debug)]
pub(super) struct Prediction {
    /// The right intent, or none.
    pub(super) target: Option<usize>,
    /// The intent that scores best.
    pub(super) likeliest: usize,
    /// Probabilities of the intents.
    pub(super) intents: Vec<f64>,
    /// The probability of none.
    pub(super) out_of_scope: f64,
    /// That of the likeliest intent by the scores alone.
    pub(super) uncalibrated: f64,
}

impl Prediction {
    /// The likeliest intent and its probability.
    pub(super) fn likeliest(&self) -> (usize, f64) {
        (self.likeliest, self.intents[self.likeliest])
    }

    /// The likeliest class, none being one, and its probability.
    fn likeliest_class(&self) -> (Option<usize>, f64) {
        let (intent, probability) = self.likeliest();
        if self.out_of_scope > probability { (None, self.out_of_scope) } else { (Some(intent), probability) }
    }
}

impl Metrics {
    pub(super) fn of(predictions: &[Prediction], labels: &[Label], validation: bool) -> Self {
        let count = predictions.len();
        let in_scope: Vec<&Prediction> = predictions.iter().filter(|p| p.target.is_some()).collect();
        let in_scope_right = in_scope.iter().filter(|p| Some(p.likeliest().0) == p.target).count();
        let right = predictions.iter().filter(|p| p.likeliest_class().0 == p.target).count();
        let reliability = reliability(predictions);
        let gaps = reliability.iter().map(|bin| bin.messages as f64 * (bin.confidence - bin.accuracy).abs());
        let brier = predictions.iter().map(|p| {
            let intents = p.intents.iter().enumerate().map(|(i, &q)| (q, p.target == Some(i)));
            let all = intents.chain([(p.out_of_scope, p.target.is_none())]);
            all.map(|(q, right)| (q - f64::from(u8::from(right))).powi(2)).sum::<f64>()
        });
        let log_loss = predictions.iter().map(|p| {
            let probability = p.target.map_or(p.out_of_scope, |target| p.intents[target]);
            -probability.max(1e-15).ln()
        });
        let operating_points = [0.99, 0.98, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4]
            .map(|confidence| operating_point(predictions, labels, confidence));
        Self {
            examples: count,
            validation,
            accuracy: share(right, count),
            in_scope_accuracy: share(in_scope_right, in_scope.len()),
            macro_f1: macro_f1(predictions, labels.len()),
            calibration_error: gaps.sum::<f64>() / count.max(1) as f64,
            brier: brier.sum::<f64>() / count.max(1) as f64,
            log_loss: log_loss.sum::<f64>() / count.max(1) as f64,
            out_of_scope_auroc: auroc(predictions),
            reliability,
            operating_points: operating_points.to_vec(),
        }
    }
}

fn reliability(predictions: &[Prediction]) -> Vec<ReliabilityBin> {
    let mut outcomes: Vec<(f64, bool)> = predictions
        .iter()
        .map(|p| {
            let (class, probability) = p.likeliest_class();
            (probability, class == p.target)
        })
        .collect();
    outcomes.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let bins = BINS.min(outcomes.len());
    let bounds = (0..bins).map(|bin| (bin * outcomes.len() / bins, (bin + 1) * outcomes.len() / bins));
    bounds
        .map(|(from, to)| {
            let bin = &outcomes[from..to];
            ReliabilityBin {
                messages: bin.len(),
                confidence: bin.iter().map(|(probability, _)| probability).sum::<f64>() / bin.len() as f64,
                accuracy: share(bin.iter().filter(|(_, right)| *right).count(), bin.len()),
            }
        })
        .collect()
}

/// Over the intents that occur.
fn macro_f1(predictions: &[Prediction], intents: usize) -> f64 {
    let (mut right, mut predicted, mut actual) = (vec![0; intents], vec![0; intents], vec![0; intents]);
    for prediction in predictions {
        let class = prediction.likeliest_class().0;
        if let Some(class) = class {
            predicted[class] += 1;
            right[class] += usize::from(prediction.target == Some(class));
        }
        if let Some(target) = prediction.target {
            actual[target] += 1;
        }
    }
    let occurring: Vec<f64> = (0..intents)
        .filter(|&intent| actual[intent] > 0)
        .map(|intent| share(2 * right[intent], predicted[intent] + actual[intent]))
        .collect();
    if occurring.is_empty() { 0.0 } else { occurring.iter().sum::<f64>() / occurring.len() as f64 }
}

/// Mann-Whitney: ties count half.
fn auroc(predictions: &[Prediction]) -> Option<f64> {
    let mut scores: Vec<(f64, bool)> =
        predictions.iter().map(|p| (p.out_of_scope, p.target.is_none())).collect();
    scores.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let outside = scores.iter().filter(|(_, outside)| *outside).count();
    let inside = scores.len() - outside;
    if outside == 0 || inside == 0 {
        return None;
    }
    let (mut below, mut wins) = (0.0, 0.0);
    for tied in scores.chunk_by(|(a, _), (b, _)| a == b) {
        let outside = tied.iter().filter(|(_, outside)| *outside).count() as f64;
        let inside = tied.len() as f64 - outside;
        wins += outside * (below + inside / 2.0);
        below += inside;
    }
    Some(wins / (outside as f64 * inside as f64))
}

fn operating_point(predictions: &[Prediction], labels: &[Label], confidence: f64) -> OperatingPoint {
    let answered: Vec<_> = predictions
        .iter()
        .map(|p| (p.likeliest(), p.target))
        .filter(|((intent, probability), _)| {
            *probability >= confidence && labels[*intent].handling == Handling::Answer
        })
        .collect();
    let wrong = answered.iter().filter(|((intent, _), target)| Some(*intent) != *target).count();
    OperatingPoint {
        confidence,
        coverage: share(answered.len(), predictions.len()),
        error: share(wrong, answered.len()),
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::intents::{IntentId, Priority};

    fn prediction(target: Option<usize>, intents: [f64; 2], out_of_scope: f64) -> Prediction {
        let likeliest = usize::from(intents[1] > intents[0]);
        let uncalibrated = intents[likeliest];
        Prediction { target, likeliest, intents: intents.to_vec(), out_of_scope, uncalibrated }
    }

    fn label(id: &str, handling: Handling) -> Label {
        Label { id: IntentId::new(id).unwrap(), title: BTreeMap::new(), priority: Priority::Normal, handling }
    }

    fn labels(second: Handling) -> [Label; 2] {
        [label("a", Handling::Answer), label("b", second)]
    }

    fn predictions() -> [Prediction; 4] {
        [
            prediction(Some(0), [0.9, 0.1], 0.0),
            prediction(Some(1), [0.55, 0.45], 0.0),
            prediction(None, [0.1, 0.85], 0.05),
            prediction(None, [0.2, 0.2], 0.6),
        ]
    }

    #[test]
    fn an_answer_to_a_message_out_of_scope_is_an_error() {
        let metrics = Metrics::of(&predictions(), &labels(Handling::Answer), false);
        assert_eq!((metrics.accuracy, metrics.in_scope_accuracy), (0.5, 0.5));
        let at_eighty = |metrics: &Metrics| {
            let point = metrics.operating_points.iter().find(|point| point.confidence == 0.8).unwrap();
            (point.coverage, point.error)
        };
        assert_eq!(at_eighty(&metrics), (0.5, 0.5));
        let metrics = Metrics::of(&predictions(), &labels(Handling::Human), false);
        assert_eq!(at_eighty(&metrics), (0.25, 0.0));
    }

    #[test]
    fn figures_are_those_of_their_definitions() {
        let metrics = Metrics::of(&predictions(), &labels(Handling::Answer), false);
        // Intent 0: one right of two predicted, one there: F1 2/3. Intent 1: one predicted, wrongly: 0.
        assert!((metrics.macro_f1 - 1.0 / 3.0).abs() < 1e-12);
        // Four bins of one: |0.55 - 0|, |0.6 - 1|, |0.85 - 0|, |0.9 - 1|.
        assert!((metrics.calibration_error - (0.55 + 0.4 + 0.85 + 0.1) / 4.0).abs() < 1e-12);
        let brier = [0.02, 0.605, 0.01 + 0.7225 + 0.9025, 0.04 + 0.04 + 0.16].iter().sum::<f64>() / 4.0;
        assert!((metrics.brier - brier).abs() < 1e-12);
        // 0.05 and 0.6 against 0 and 0.
        assert_eq!(metrics.out_of_scope_auroc, Some(1.0));
    }

    #[test]
    fn ties_count_half() {
        let tied = [prediction(Some(0), [1.0, 0.0], 0.5), prediction(None, [1.0, 0.0], 0.5)];
        assert_eq!(Metrics::of(&tied, &labels(Handling::Answer), false).out_of_scope_auroc, Some(0.5));
        assert_eq!(Metrics::of(&tied[..1], &labels(Handling::Answer), false).out_of_scope_auroc, None);
    }

    #[test]
    fn no_message_is_no_figure() {
        let metrics = Metrics::of(&[], &labels(Handling::Answer), false);
        assert_eq!((metrics.accuracy, metrics.calibration_error, metrics.macro_f1), (0.0, 0.0, 0.0));
    }
}
