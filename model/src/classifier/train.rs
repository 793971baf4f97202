//! Fits a classifier to labelled messages and measures it on messages that it did not see.

use std::num::NonZeroUsize;

use super::examples::{Examples, FEWEST};
use super::fit::{Trained, fit, select};
use super::kernel::Features;
use super::metrics::Metrics;
use super::{Bundle, LabelledText, Promise, Thresholds, TrainingData, parallel};
use crate::encoder::Threads;
use crate::intents::Label;
use crate::{Error, Result, Role, TextEncoder};

/// Settings of a training run.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// What the thresholds must keep.
    pub promise: Promise,
    /// How many messages are embedded between two reports of progress.
    pub batch: usize,
    /// With how many of the messages new ones are compared, at most: what a bundle keeps, and what a decision costs, grow with it.
    pub landmarks: usize,
    /// How many threads compute at most; all when nothing is said.
    pub threads: Option<NonZeroUsize>,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self { promise: Promise::default(), batch: 256, landmarks: 8000, threads: None }
    }
}

/// What a training run is doing, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Embedding the messages.
    Embed,
    /// Choosing how much the letters count and how closely to fit.
    Select,
    /// Fitting the classifier, and learning what is out of scope.
    Fit,
}

/// Trains. `progress` hears the stage, how much of it is done, and how much there is.
///
/// # Errors
/// [`Error::TooFewExamples`] when there are too few to learn from.
pub fn train(
    encoder: &TextEncoder,
    data: &TrainingData,
    options: &TrainOptions,
    progress: impl FnMut(Stage, usize, usize),
) -> Result<Bundle> {
    parallel::limited(options.threads, || train_here(encoder, data, options, progress))
}

fn train_here(
    encoder: &TextEncoder,
    data: &TrainingData,
    options: &TrainOptions,
    mut progress: impl FnMut(Stage, usize, usize),
) -> Result<Bundle> {
    let TrainingData { labels, messages, titles, validation } = data;
    require_enough(labels, messages)?;
    for intent in options.promise.intents.keys() {
        if !labels.iter().any(|label| label.id == *intent) {
            return Err(Error::PromiseForUnknownIntent { intent: intent.to_string() });
        }
    }
    let parts = [messages, titles, validation];
    let all = parts.iter().map(|part| part.len()).sum();
    let mut done = 0;
    let mut features = parts.into_iter().map(|part| {
        let features =
            embed(encoder, part, options.batch, |of_part| progress(Stage::Embed, done + of_part, all));
        done += part.len();
        features
    });
    let mut next = || features.next().expect("three parts");
    let (of_messages, of_titles, of_validation) = (next()?, next()?, next()?);
    drop(features);
    let examples = Examples::new(labels.len(), [(messages, &of_messages), (titles, &of_titles)]);

    let settings = select(&examples, |done, of| progress(Stage::Select, done, of))?;
    let Trained { classifier, left_out, landmarks } =
        fit(labels, &examples, settings, options.landmarks, |done, of| progress(Stage::Fit, done, of))?;
    let measured = if validation.is_empty() {
        left_out
    } else {
        validation
            .iter()
            .zip(&of_validation)
            .map(|(labelled, features)| classifier.predict_labelled(features, labelled.label))
            .collect()
    };
    let thresholds = Thresholds::choose(&measured, labels, &options.promise);
    let metrics = Metrics::of(&measured, labels, !validation.is_empty());
    Ok(Bundle::new(classifier, encoder.id(), data, thresholds, metrics, &landmarks))
}

/// The messages as the kernel sees them. `progress` hears how many are done.
pub(super) fn embed(
    encoder: &TextEncoder,
    messages: &[LabelledText],
    batch: usize,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Features>> {
    let mut features = Vec::with_capacity(messages.len());
    let threads = if parallel::limit().is_some() { Threads::Caller } else { Threads::All };
    for batch in messages.chunks(batch.max(1)) {
        progress(features.len());
        let texts: Vec<&str> = batch.iter().map(|labelled| labelled.text.as_str()).collect();
        let embedded = encoder.embed_all_on(&texts, Role::Query, threads)?;
        let embedded = embedded.into_iter().map(|embedded| embedded.embedding);
        features
            .extend(texts.into_iter().zip(embedded).map(|(text, embedding)| Features::new(text, embedding)));
    }
    progress(features.len());
    Ok(features)
}

fn require_enough(labels: &[Label], messages: &[LabelledText]) -> Result<()> {
    let lacking =
        |name: &str, found: usize| Error::TooFewExamples { intent: name.to_owned(), found, needed: FEWEST };
    let mut counts = vec![0; labels.len()];
    messages.iter().filter_map(|labelled| labelled.label).for_each(|label| counts[label] += 1);
    for (label, &found) in labels.iter().zip(&counts) {
        if found < FEWEST {
            return Err(lacking(label.id.as_str(), found));
        }
    }
    if labels.len() < 2 {
        return Err(lacking("a second intent", 0));
    }
    Ok(())
}
