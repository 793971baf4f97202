//! How well each intent is told.

use serde::{Deserialize, Serialize};

use crate::Observation;
use crate::metrics::Classes;
use crate::statistics::{Interval, Share, bootstrap};

/// How well an intent, or "out of scope", is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntentRow {
    /// Its id.
    pub id: String,
    /// Whether the bundle has it.
    pub known: bool,
    /// How many messages have it.
    pub support: usize,
    /// How many were taken for it.
    pub predicted: usize,
    /// Of those taken for it, those that have it.
    pub precision: Share,
    /// Of those that have it, those taken for it.
    pub recall: Share,
    /// The harmonic mean; `None` when nobody has it and nobody was taken for it.
    pub f1: Option<f64>,
    /// Its bootstrapped 95 % interval.
    pub f1_interval: Option<Interval>,
}

/// The worst first; intents without messages last.
pub(super) fn of(observations: &[Observation], classes: &Classes, weights: &[f64]) -> Vec<IntentRow> {
    let figures = classes.figures(weights);
    let mut rows: Vec<IntentRow> = (0_u32..)
        .zip(classes.names())
        .map(|(class, name)| {
            let of_class = || {
                let pairs = classes.pairs().iter().zip(weights);
                pairs.filter(move |((expected, predicted), _)| [*expected, *predicted].contains(&class))
            };
            let precision = of_class().filter(|((_, predicted), _)| *predicted == class);
            let recall = of_class().filter(|((expected, _), _)| *expected == class);
            let unknown = observations.iter().any(|o| !o.known && o.expected_class() == name);
            let precision = Share::of(precision.map(|((expected, _), &weight)| (weight, *expected == class)));
            let recall = Share::of(recall.map(|((_, predicted), &weight)| (weight, *predicted == class)));
            IntentRow {
                id: name.clone(),
                known: !unknown,
                support: recall.whole,
                predicted: precision.whole,
                precision,
                recall,
                f1: figures[class as usize].f1(),
                f1_interval: None,
            }
        })
        .collect();
    add_intervals(&mut rows, classes, weights);
    let key = |row: &IntentRow| (row.support == 0, row.f1.unwrap_or(0.0));
    rows.sort_by(|a, b| {
        let ((a_none, a_f1), (b_none, b_f1)) = (key(a), key(b));
        a_none.cmp(&b_none).then(a_f1.total_cmp(&b_f1)).then(b.support.cmp(&a.support)).then(a.id.cmp(&b.id))
    });
    rows
}

/// Only the messages that have an intent or were taken for it matter to its F1, so each is drawn among these.
fn add_intervals(rows: &mut [IntentRow], classes: &Classes, weights: &[f64]) {
    let mut concerned: Vec<Vec<(f64, bool, bool)>> = vec![Vec::new(); rows.len()];
    for (&(expected, predicted), &weight) in classes.pairs().iter().zip(weights) {
        concerned[expected as usize].push((weight, true, expected == predicted));
        if expected != predicted {
            concerned[predicted as usize].push((weight, false, true));
        }
    }
    for (row, messages) in rows.iter_mut().zip(concerned) {
        let weights: Vec<f64> = messages.iter().map(|(weight, ..)| *weight).collect();
        [row.f1_interval] = bootstrap(&weights, |weights| {
            let (mut right, mut sum) = (0.0, 0.0);
            for (&(_, expected, predicted), weight) in messages.iter().zip(weights) {
                right += if expected && predicted { *weight } else { 0.0 };
                sum += weight * f64::from(u8::from(expected) + u8::from(predicted));
            }
            [(sum > 0.0).then(|| 2.0 * right / sum)]
        });
    }
}
