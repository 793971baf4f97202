//! Whether the promise is kept: tried on many random splits of labelled messages.

use std::collections::BTreeMap;

use serde::Serialize;

use super::examples::{Examples, split_mix};
use super::fit::{Trained, fit, select};
use super::metrics::Prediction;
use super::train::embed;
use super::{LabelledText, Promise, Thresholds, TrainOptions, TrainingData};
use crate::intents::{Handling, Label};
use crate::{Result, TextEncoder};

/// Fewer than training takes: there are hundreds of splits, and the promise must hold for a worse classifier, too.
const LANDMARKS: usize = 1000;

/// What became of a promise over the splits.
#[derive(Clone, Debug, Serialize)]
pub struct SimulatedPromise {
    /// The promised share of wrong answers.
    pub max_error: f64,
    /// How sure it was to be.
    pub confidence: f64,
    /// How many splits there were.
    pub splits: usize,
    /// Splits in which training refused the promise.
    pub refused: usize,
    /// Splits in which more of the answers to untouched messages were wrong than promised.
    pub broken: usize,
    /// Untouched messages that were answered, the mean share over the splits.
    pub coverage: f64,
    /// Of these, those answered wrongly, the mean share over the splits that answered any.
    pub error: f64,
}

/// Splits the messages of each class in two halves at random, trains and chooses thresholds on one, and answers the other, which
/// nothing was chosen by. With messages for validation, it is these that are split, after training once on the others: one half
/// chooses the thresholds. `progress` hears how many splits are done.
///
/// # Errors
/// When the encoder fails, or there are too few messages.
pub fn simulate(
    encoder: &TextEncoder,
    data: &TrainingData,
    promises: &[f64],
    confidence: f64,
    splits: usize,
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<SimulatedPromise>> {
    let features = embed(encoder, &data.messages, 256, |_| ())?;
    let titles = embed(encoder, &data.titles, 256, |_| ())?;
    let examples = Examples::new(data.labels.len(), [(&data.messages, &features), (&data.titles, &titles)]);
    let validates = !data.validation.is_empty();
    let half = |split: usize| halves(if validates { &data.validation } else { &data.messages }, split as u64);
    let validation = if validates {
        let settings = select(&examples, |_, _| ())?;
        let landmarks = TrainOptions::default().landmarks;
        let classifier = fit(&data.labels, &examples, settings, landmarks, |_, _| ())?.classifier;
        let features = embed(encoder, &data.validation, 256, |_| ())?;
        let labelled = data.validation.iter().zip(&features);
        labelled.map(|(labelled, features)| classifier.predict_labelled(features, labelled.label)).collect()
    } else {
        Vec::new()
    };
    let mut outcomes: Vec<Vec<Option<(usize, usize)>>> = vec![Vec::new(); promises.len()];
    let mut untouched_count = 0;
    for split in 0..splits {
        progress(split, splits);
        let learnt = half(split);
        let (left_out, untouched): (Vec<Prediction>, Vec<Prediction>) = if validates {
            let (chosen, untouched): (Vec<_>, Vec<_>) =
                validation.iter().cloned().zip(learnt).partition(|(_, learnt)| *learnt);
            (chosen.into_iter().map(|(p, _)| p).collect(), untouched.into_iter().map(|(p, _)| p).collect())
        } else {
            let examples = examples.only(|index| learnt[index]);
            // Anew for each split: settings that other halves chose would have seen the untouched messages.
            let settings = select(&examples, |_, _| ())?;
            let Trained { classifier, left_out, .. } =
                fit(&data.labels, &examples, settings, LANDMARKS, |_, _| ())?;
            let untouched = (0..learnt.len())
                .filter(|&index| !learnt[index])
                .map(|index| classifier.predict_labelled(&features[index], data.messages[index].label));
            (left_out, untouched.collect())
        };
        untouched_count = untouched.len();
        for (&max_error, outcomes) in promises.iter().zip(&mut outcomes) {
            let promise = Promise { max_error, confidence, intents: BTreeMap::new() };
            let kept = Thresholds::choose(&left_out, &data.labels, &promise).promise;
            outcomes.push(kept.threshold.map(|threshold| answer(&untouched, &data.labels, threshold.get())));
        }
    }
    progress(splits, splits);
    let summaries = promises.iter().zip(outcomes).map(|(&max_error, outcomes)| {
        let answered: Vec<(usize, usize)> = outcomes.iter().copied().flatten().collect();
        let share = |(wrong, count): (usize, usize)| wrong as f64 / count.max(1) as f64;
        let errors: Vec<f64> =
            answered.iter().filter(|(_, count)| *count > 0).map(|&outcome| share(outcome)).collect();
        SimulatedPromise {
            max_error,
            confidence,
            splits,
            refused: outcomes.len() - answered.len(),
            broken: answered.iter().filter(|&&outcome| share(outcome) > max_error).count(),
            coverage: answered.iter().map(|(_, count)| *count as f64).sum::<f64>()
                / (splits * untouched_count).max(1) as f64,
            error: errors.iter().sum::<f64>() / errors.len().max(1) as f64,
        }
    });
    Ok(summaries.collect())
}

/// Which messages are learnt from: half of each class, at random.
fn halves(messages: &[LabelledText], split: u64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..messages.len()).collect();
    order.sort_by_key(|&index| split_mix(split_mix(split) ^ index as u64));
    let mut turns: BTreeMap<Option<usize>, bool> = BTreeMap::new();
    let mut learnt = vec![false; messages.len()];
    for index in order {
        let turn = turns.entry(messages[index].label).or_default();
        *turn = !*turn;
        learnt[index] = *turn;
    }
    learnt
}

/// How many would be answered wrongly, and how many in all.
fn answer(predictions: &[Prediction], labels: &[Label], threshold: f64) -> (usize, usize) {
    let (mut wrong, mut answered) = (0, 0);
    for prediction in predictions {
        let (intent, confidence) = prediction.likeliest();
        if confidence >= threshold && labels[intent].handling == Handling::Answer {
            answered += 1;
            wrong += usize::from(prediction.target != Some(intent));
        }
    }
    (wrong, answered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_is_halved_and_each_split_is_another() {
        let messages: Vec<LabelledText> = (0..41)
            .map(|i| LabelledText { text: String::new(), label: (i % 3 > 0).then_some(i % 3) })
            .collect();
        let split = halves(&messages, 1);
        for class in [None, Some(1), Some(2)] {
            let of_class = messages.iter().zip(&split).filter(|(message, _)| message.label == class);
            let (learnt, rest): (Vec<_>, Vec<_>) = of_class.partition(|(_, learnt)| **learnt);
            assert!(learnt.len().abs_diff(rest.len()) <= 1);
        }
        assert_ne!(split, halves(&messages, 2));
        assert_eq!(split, halves(&messages, 1));
    }
}
