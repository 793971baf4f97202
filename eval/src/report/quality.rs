//! The figures that others are judged by, with their intervals.

use serde::{Deserialize, Serialize};

use crate::Observation;
use crate::metrics::{Classes, Ranked, Reliability, log_loss, macro_average, weighted_f1};
use crate::statistics::{Interval, Share, bootstrap};

/// The figures that others are judged by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// The share of all messages that were taken for what they are, out of scope being a class.
    pub accuracy: f64,
    /// The rest.
    pub misclassification: f64,
    /// Of the messages with an intent, the share whose likeliest intent is the right one.
    pub in_scope_accuracy: Option<f64>,
    /// The mean precision over the classes that have messages.
    pub macro_precision: f64,
    /// The mean recall over them.
    pub macro_recall: f64,
    /// The mean F1 over them.
    pub macro_f1: f64,
    /// The same, each class counting by how many messages it has.
    pub weighted_f1: f64,
    /// Expected calibration error over 15 bins of equal width.
    pub ece: f64,
    /// The same over 15 bins of as many messages each.
    pub ece_equal_mass: f64,
    /// Over all classes. Messages whose intent the bundle does not know are left out, here and in the next.
    pub brier: Option<f64>,
    /// The mean negative logarithm of the right class's probability.
    pub log_loss: Option<f64>,
    /// How often a message out of scope is held for likelier to be so than one with an intent.
    pub oos_auroc: Option<f64>,
}

/// 95 % intervals: Wilson's for the first three, bootstrapped for the others.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "each is the interval of the figure of that name")]
pub struct Intervals {
    pub accuracy: Option<Interval>,
    pub misclassification: Option<Interval>,
    pub in_scope_accuracy: Option<Interval>,
    pub macro_f1: Option<Interval>,
    pub weighted_f1: Option<Interval>,
    pub ece: Option<Interval>,
    pub brier: Option<Interval>,
    pub log_loss: Option<Interval>,
    pub oos_auroc: Option<Interval>,
    pub aurc: Option<Interval>,
}

pub(super) fn of(observations: &[Observation], classes: &Classes, weights: &[f64]) -> (Metrics, Intervals) {
    let reliability =
        Reliability::of(observations.iter().map(|o| (o.predicted_probability(), o.right())).collect());
    let scope = scope(observations);
    let confidence = by_confidence(observations);
    let accuracy = Share::of(observations.iter().map(|o| (o.weight, o.right())));
    let in_scope = observations.iter().filter(|o| o.expected.is_some());
    let in_scope = Share::of(in_scope.map(|o| (o.weight, o.likeliest_right())));
    let figures = classes.figures(weights);
    let [macro_precision, macro_recall, macro_f1] = macro_average(&figures).unwrap_or_default();
    let metrics = Metrics {
        accuracy: accuracy.or_zero(),
        misclassification: 1.0 - accuracy.or_zero(),
        in_scope_accuracy: in_scope.share,
        macro_precision,
        macro_recall,
        macro_f1,
        weighted_f1: weighted_f1(&figures).unwrap_or_default(),
        ece: reliability.calibration_error(weights).unwrap_or_default(),
        ece_equal_mass: reliability.equal_mass_error(weights).unwrap_or_default(),
        brier: brier(observations, weights),
        log_loss: mean_log_loss(observations, weights),
        oos_auroc: scope.auroc(weights),
    };
    let [macro_f1, weighted, ece, brier, log_loss, oos_auroc, aurc] = bootstrap(weights, |weights| {
        let figures = classes.figures(weights);
        [
            macro_average(&figures).map(|[_, _, f1]| f1),
            weighted_f1(&figures),
            reliability.calibration_error(weights),
            brier(observations, weights),
            mean_log_loss(observations, weights),
            scope.auroc(weights),
            confidence.aurc(weights),
        ]
    });
    let intervals = Intervals {
        accuracy: accuracy.interval,
        misclassification: accuracy.interval.map(|[low, high]| [1.0 - high, 1.0 - low]),
        in_scope_accuracy: in_scope.interval,
        macro_f1,
        weighted_f1: weighted,
        ece,
        brier,
        log_loss,
        oos_auroc,
        aurc,
    };
    (metrics, intervals)
}

/// By how sure the pipeline is of the likeliest intent; good is what would be answered rightly.
pub(super) fn by_confidence(observations: &[Observation]) -> Ranked {
    Ranked::of(&observations.iter().map(|o| (o.confidence, o.likeliest_right())).collect::<Vec<_>>())
}

/// By how probably they are out of scope; good are those that are.
pub(super) fn scope(observations: &[Observation]) -> Ranked {
    Ranked::of(&observations.iter().map(|o| (o.out_of_scope, o.expected.is_none())).collect::<Vec<_>>())
}

fn brier(observations: &[Observation], weights: &[f64]) -> Option<f64> {
    mean(observations, weights, |observation| observation.squared_distance)
}

fn mean_log_loss(observations: &[Observation], weights: &[f64]) -> Option<f64> {
    mean(observations, weights, |observation| log_loss(observation.expected_probability))
}

fn mean(observations: &[Observation], weights: &[f64], of: impl Fn(&Observation) -> f64) -> Option<f64> {
    let (mut sum, mut all) = (0.0, 0.0);
    for (observation, weight) in observations.iter().zip(weights).filter(|(observation, _)| observation.known)
    {
        sum += weight * of(observation);
        all += weight;
    }
    (all > 0.0).then(|| sum / all)
}
