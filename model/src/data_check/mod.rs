//! What is wrong with examples, found before a shopper finds it.
//!
//! [`check`] looks for five things, each in a module of its own:
//!
//! 1. `same`: the same message under two intents, and test messages that stand among the examples, to the letter or but for case, width
//!    and punctuation.
//! 2. `near`: messages that mean almost the same under two intents, and test messages that are almost among the examples, by
//!    the cosine of their embeddings.
//! 3. `labels`: examples that the classifier, had it not seen them, would confidently file elsewhere.
//! 4. Intents with too few examples.
//! 5. Mistakes in the files, which whoever loads them hands in.
//!
//! A [`Finding`] is data: how it is said is the caller's business.

mod finding;
mod labels;
mod near;
mod same;

pub use finding::{Finding, Located, Severity};

use std::collections::BTreeMap;

use crate::classifier::{TrainingData, left_out};
use crate::intents::{Example, IntentId, Intents};
use crate::{Embedding, Result, Role, TextEncoder};

/// Messages that are embedded between two reports of progress.
const BATCH: usize = 256;

/// What counts as too near and too few.
#[derive(Clone, Copy, Debug)]
pub struct CheckOptions {
    /// The least cosine of two embeddings for their messages to be near duplicates.
    pub near: f32,
    /// The least number of examples that an intent should have.
    pub fewest: usize,
}

/// What a check is doing, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Embedding the messages.
    Embed,
    /// Predicting each message without itself.
    Predict,
}

/// Looks for everything, the gravest first within each kind. `mask` makes of a message what the desk shows to the model.
///
/// # Errors
/// When the model fails.
pub fn check(
    encoder: &TextEncoder,
    training: &Intents,
    test: Option<&Intents>,
    options: CheckOptions,
    mask: &dyn Fn(&str) -> String,
    mut progress: impl FnMut(Stage, usize, usize),
) -> Result<Vec<Finding>> {
    let examples = messages(training);
    let tests = test.map(messages).unwrap_or_default();
    let all = examples.len() + tests.len();
    let example_vectors = embed(encoder, &examples, mask, |done| progress(Stage::Embed, done, all))?;
    let test_vectors =
        embed(encoder, &tests, mask, |done| progress(Stage::Embed, examples.len() + done, all))?;

    let mut findings = same::across_intents(&examples);
    findings.extend(near::across_intents(&examples, &example_vectors, options.near));
    findings.extend(too_few(training, options.fewest));
    let predict = |done, of| progress(Stage::Predict, done, of);
    findings.extend(unlikely_labels(training, &examples, &example_vectors, mask, predict)?);
    findings.extend(same::leaks(&tests, &examples));
    findings.extend(near::leaks(&tests, &test_vectors, &examples, &example_vectors, options.near));
    Ok(findings)
}

/// A message and its intent, if it has one.
#[derive(Clone, Copy, Debug)]
struct Message<'a> {
    example: &'a Example,
    intent: Option<&'a IntentId>,
}

impl Message<'_> {
    fn located(&self) -> Located {
        Located {
            text: self.example.text.clone(),
            intent: self.intent.cloned(),
            path: self.example.place.path.to_path_buf(),
            line: self.example.place.line,
        }
    }
}

/// All messages, those out of scope last.
fn messages(intents: &Intents) -> Vec<Message<'_>> {
    let inside = intents.intents.iter().flat_map(|intent| {
        intent.examples.iter().map(|example| Message { example, intent: Some(&intent.label.id) })
    });
    let outside = intents.out_of_scope.iter().map(|example| Message { example, intent: None });
    inside.chain(outside).collect()
}

fn embed(
    encoder: &TextEncoder,
    messages: &[Message<'_>],
    mask: &dyn Fn(&str) -> String,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Embedding>> {
    let mut embeddings = Vec::with_capacity(messages.len());
    for batch in messages.chunks(BATCH) {
        progress(embeddings.len());
        let texts: Vec<String> = batch.iter().map(|message| mask(&message.example.text)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let embedded = encoder.embed_all(&texts, Role::Query)?;
        embeddings.extend(embedded.into_iter().map(|embedded| embedded.embedding));
    }
    progress(embeddings.len());
    Ok(embeddings)
}

fn too_few(intents: &Intents, fewest: usize) -> Vec<Finding> {
    let mut few: Vec<_> = intents.intents.iter().filter(|intent| intent.examples.len() < fewest).collect();
    few.sort_by_key(|intent| intent.examples.len());
    few.iter()
        .map(|intent| Finding::TooFewExamples {
            intent: intent.label.id.clone(),
            examples: intent.examples.len(),
            wanted: fewest,
            path: intent.examples.first().map(|example| example.place.path.to_path_buf()),
        })
        .collect()
}

/// Of the intents that have at least two examples: with one, nothing is left to predict it from.
fn unlikely_labels(
    training: &Intents,
    examples: &[Message<'_>],
    embeddings: &[Embedding],
    mask: &dyn Fn(&str) -> String,
    progress: impl FnMut(usize, usize),
) -> Result<Vec<Finding>> {
    let predictable = training.intents.iter().filter(|intent| intent.examples.len() >= 2);
    let predictable =
        Intents { intents: predictable.cloned().collect(), out_of_scope: training.out_of_scope.clone() };
    // Among fewer, there is nothing to doubt.
    if predictable.intents.len() < 3 {
        return Ok(Vec::new());
    }
    let ids: BTreeMap<&IntentId, usize> =
        predictable.intents.iter().enumerate().map(|(class, intent)| (&intent.label.id, class)).collect();
    let kept: Vec<usize> = (0..examples.len())
        .filter(|&index| examples[index].intent.is_none_or(|intent| ids.contains_key(intent)))
        .collect();
    let data = TrainingData::new(&predictable, None)?.masked(mask);
    let kept_vectors: Vec<Embedding> = kept.iter().map(|&index| embeddings[index].clone()).collect();
    let left_out = left_out(&data, &kept_vectors, progress)?;
    let none = data.labels.len();
    let classes: Vec<usize> =
        kept.iter().map(|&index| examples[index].intent.map_or(none, |intent| ids[intent])).collect();
    let probabilities: Vec<Vec<f64>> = left_out
        .iter()
        .map(|left_out| left_out.intents.iter().chain([&left_out.out_of_scope]).map(|p| p.get()).collect())
        .collect();
    let unlikely = labels::unlikely(&probabilities, &classes);
    let findings = unlikely.into_iter().map(|unlikely| Finding::UnlikelyLabel {
        message: examples[kept[unlikely.message]].located(),
        confidence: probabilities[unlikely.message][classes[unlikely.message]],
        likelier: data.labels.get(unlikely.likelier).map(|label| label.id.clone()),
        likelier_confidence: probabilities[unlikely.message][unlikely.likelier],
    });
    Ok(findings.collect())
}
