//! Fits a classifier to labelled messages and measures it on messages that it did not see.

use super::calibration::{fit_temperature, softmax};
use super::metrics::{Metrics, OutOfFold};
use super::regression::SoftmaxRegression;
use super::standardize::Standardizer;
use super::{Bundle, Classifier};
use crate::intents::{Intents, Label};
use crate::{Embedding, Error, Result, Role, TextEncoder};

/// A message and the position of its label; `None` means out of scope.
#[derive(Clone, Debug)]
pub struct LabelledText {
    /// The message.
    pub text: String,
    /// A position in the list of labels.
    pub label: Option<usize>,
}

/// Settings of a training run.
#[derive(Clone, Copy, Debug)]
pub struct TrainOptions {
    /// scikit-learn's `C`: the inverse of the L2 penalty. Larger fits closer.
    pub inverse_penalty: f64,
    /// Into how many parts the examples are split to predict each part from the others.
    pub folds: usize,
    /// How many messages are embedded between two reports of progress.
    pub batch: usize,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self { inverse_penalty: 0.03, folds: 5, batch: 64 }
    }
}

/// What a training run is doing, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Embedding the messages.
    Embed,
    /// Fitting one model a fold, then the final one.
    Fit,
}

/// Trains on a shop's intents. `progress` hears the stage, how much of it is done, and how much there is.
///
/// # Errors
/// [`Error::TooFewExamples`] when an intent cannot be in every fold.
pub fn train(
    encoder: &TextEncoder,
    intents: &Intents,
    options: &TrainOptions,
    mut progress: impl FnMut(Stage, usize, usize),
) -> Result<Bundle> {
    let labels: Vec<Label> = intents.intents.iter().map(|intent| intent.label.clone()).collect();
    let texts = labelled_texts(intents);
    require_enough(&labels, &texts, options.folds)?;

    let mut embeddings = Vec::with_capacity(texts.len());
    for batch in texts.chunks(options.batch) {
        progress(Stage::Embed, embeddings.len(), texts.len());
        let messages: Vec<&str> = batch.iter().map(|labelled| labelled.text.as_str()).collect();
        let embedded = encoder.embed_all(&messages, Role::Query)?;
        embeddings.extend(embedded.into_iter().map(|embedded| embedded.embedding));
    }
    progress(Stage::Embed, texts.len(), texts.len());

    let knows_out_of_scope = texts.iter().any(|labelled| labelled.label.is_none());
    let classes = labels.len() + usize::from(knows_out_of_scope);
    let targets: Vec<usize> = texts.iter().map(|labelled| labelled.label.unwrap_or(labels.len())).collect();
    let (temperature, metrics) =
        out_of_fold(&embeddings, &targets, classes, &labels, options, &mut progress)?;

    let all: Vec<usize> = (0..texts.len()).collect();
    let (standardizer, regression) = fit(&embeddings, &targets, &all, classes, options)?;
    progress(Stage::Fit, options.folds + 1, options.folds + 1);
    let classifier = Classifier { labels, knows_out_of_scope, standardizer, regression, temperature };
    Ok(Bundle::new(classifier, encoder.id(), &texts, metrics))
}

fn labelled_texts(intents: &Intents) -> Vec<LabelledText> {
    let in_scope = intents.intents.iter().enumerate().flat_map(|(label, intent)| {
        intent
            .examples
            .iter()
            .map(move |example| LabelledText { text: example.text.clone(), label: Some(label) })
    });
    let aside =
        intents.out_of_scope.iter().map(|example| LabelledText { text: example.text.clone(), label: None });
    in_scope.chain(aside).collect()
}

fn require_enough(labels: &[Label], texts: &[LabelledText], needed: usize) -> Result<()> {
    let lacking = |name: &str, found: usize| Error::TooFewExamples { intent: name.to_owned(), found, needed };
    for (position, label) in labels.iter().enumerate() {
        let found = texts.iter().filter(|labelled| labelled.label == Some(position)).count();
        if found < needed {
            return Err(lacking(label.id.as_str(), found));
        }
    }
    if labels.len() < 2 {
        return Err(lacking("a second intent", 0));
    }
    Ok(())
}

/// Predicts every example from a model that was fitted to the other folds.
fn out_of_fold(
    embeddings: &[Embedding],
    targets: &[usize],
    classes: usize,
    labels: &[Label],
    options: &TrainOptions,
    progress: &mut impl FnMut(Stage, usize, usize),
) -> Result<(f64, Metrics)> {
    let fold_of = stratified_folds(targets, classes, options.folds);
    let mut logits = vec![Vec::new(); targets.len()];
    for fold in 0..options.folds {
        progress(Stage::Fit, fold, options.folds + 1);
        let (seen, unseen): (Vec<usize>, Vec<usize>) =
            (0..targets.len()).partition(|&index| fold_of[index] != fold);
        let (standardizer, regression) = fit(embeddings, targets, &seen, classes, options)?;
        for index in unseen {
            logits[index] = regression.logits(&standardizer.apply(&embeddings[index]));
        }
    }
    let temperature = fit_temperature(&logits, targets);
    let predictions: Vec<OutOfFold> = logits
        .iter()
        .zip(targets)
        .map(|(row, &target)| OutOfFold { target, probabilities: softmax(row, temperature) })
        .collect();
    Ok((temperature, Metrics::of(&predictions, labels)))
}

fn fit(
    embeddings: &[Embedding],
    targets: &[usize],
    indices: &[usize],
    classes: usize,
    options: &TrainOptions,
) -> Result<(Standardizer, SoftmaxRegression)> {
    let seen: Vec<&Embedding> = indices.iter().map(|&index| &embeddings[index]).collect();
    let standardizer = Standardizer::fit(&seen);
    let rows: Vec<Vec<f32>> = seen.iter().map(|embedding| standardizer.apply(embedding)).collect();
    let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
    let targets: Vec<usize> = indices.iter().map(|&index| targets[index]).collect();
    let regression = SoftmaxRegression::fit(&rows, &targets, classes, options.inverse_penalty)?;
    Ok((standardizer, regression))
}

/// Deals the examples of each class out over the folds, in an order that depends only on their number: people
/// write similar examples one after the other, and those should not all be in one fold.
fn stratified_folds(targets: &[usize], classes: usize, folds: usize) -> Vec<usize> {
    let mut fold_of = vec![0; targets.len()];
    for class in 0..classes {
        let mut members: Vec<usize> = (0..targets.len()).filter(|&index| targets[index] == class).collect();
        members.sort_by_key(|&index| split_mix(index as u64));
        for (place, index) in members.into_iter().enumerate() {
            // Starting elsewhere for each class keeps the folds' sizes even.
            fold_of[index] = (place + class) % folds;
        }
    }
    fold_of
}

/// SplitMix64 (Steele et al. 2014): scrambles a number the same way everywhere.
fn split_mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_spread_evenly_over_the_folds() {
        let targets: Vec<usize> = (0..103).map(|i| i % 4).collect();
        let fold_of = stratified_folds(&targets, 4, 5);
        for class in 0..4 {
            let counts: Vec<usize> = (0..5)
                .map(|fold| (0..103).filter(|&i| targets[i] == class && fold_of[i] == fold).count())
                .collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
    }
}
