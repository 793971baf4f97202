//! All figures of a run. [`Report`] is what `report.json` holds: `docs/evaluation.md` explains every key.

mod automation;
mod calibration;
mod confusion;
mod errors;
mod intents;
mod out_of_scope;
mod quality;
mod retrieval;
mod selective;
mod slices;
#[cfg(test)]
pub(crate) mod tests;

pub use automation::{Automation, HandOver, PromiseCheck, Verdict, WhatIf};
pub use calibration::{Calibration, CalibrationFigures};
pub use confusion::{ConfusedPair, Confusion};
pub use errors::{ErrorRow, SuspectedLabel};
pub use intents::IntentRow;
pub use out_of_scope::{OutOfScope, ScopeGroup};
pub use quality::{Intervals, Metrics};
pub use retrieval::Retrieval;
pub use selective::Selective;
pub use slices::SliceRow;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shopdesk_model::classifier::Kept;
use shopdesk_model::intents::OUT_OF_SCOPE;
use shopdesk_triage::Triage;

use crate::Observation;
use crate::data::DataFile;
use crate::metrics::Classes;
use crate::statistics::Share;

/// Changes when a key changes its meaning or goes; new keys may come without.
pub const SCHEMA: u32 = 1;

/// The figures of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What was evaluated on what.
    pub source: Source,
    /// What the messages are.
    pub data: Data,
    /// The figures that others are judged by.
    pub metrics: Metrics,
    /// 95 % intervals of the figures of the same names.
    pub intervals: Intervals,
    /// What answering only the surest would give.
    pub selective: Selective,
    /// Whether the promise was kept.
    pub promise: PromiseCheck,
    /// What the whole pipeline did.
    pub automation: Automation,
    /// Whether confidence is accuracy.
    pub calibration: Calibration,
    /// How well messages that are none of the intents are told; `None` when there were none, or nothing else.
    pub out_of_scope: Option<OutOfScope>,
    /// Whether the right articles were found; `None` when no message says which are right.
    pub retrieval: Option<Retrieval>,
    /// By intent.
    pub intents: Vec<IntentRow>,
    /// What was taken for what.
    pub confusion: Confusion,
    /// Pairs that were taken for each other, the commonest first.
    pub confused_pairs: Vec<ConfusedPair>,
    /// The figures of parts of the messages.
    pub slices: Vec<SliceRow>,
    /// Labels that are probably wrong, the most suspicious first.
    pub label_errors: Vec<SuspectedLabel>,
    /// Every message that was taken for something else than its label says.
    pub errors: Vec<ErrorRow>,
}

/// What was evaluated on what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Source {
    /// The program's version.
    pub program: String,
    /// The data's file name.
    pub data: String,
    /// The hash of its contents.
    pub data_sha256: String,
    /// The bundle's id.
    pub bundle: String,
    /// The encoder.
    pub encoder: String,
    /// How many intents the bundle has.
    pub intents: usize,
    /// How many articles the shop has.
    pub articles: usize,
    /// What the bundle promises, and from which confidence on it answers.
    pub promise: Kept,
    /// Promises for single intents.
    pub intent_promises: BTreeMap<String, Kept>,
    /// The day on which the messages were assessed: articles are valid by the day.
    pub day: Date,
    /// The folds of a cross-validation; none of another run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<Fold>,
}

/// A part of the messages, assessed by a bundle that learnt from the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// The bundle's id.
    pub bundle: String,
    /// How many messages it was measured on.
    pub messages: usize,
    /// Those taken for what they are.
    pub accuracy: f64,
    /// Those that its thresholds allow to answer.
    pub coverage: f64,
    /// Of these, the wrong ones.
    pub error: f64,
}

impl Fold {
    /// Of the messages that a bundle did not learn from.
    #[must_use]
    pub fn of(bundle: String, observations: &[Observation]) -> Self {
        let allowed = observations.iter().filter(|o| o.allowed);
        Self {
            bundle,
            messages: observations.len(),
            accuracy: Share::of(observations.iter().map(|o| (o.weight, o.right()))).or_zero(),
            coverage: Share::of(observations.iter().map(|o| (o.weight, o.allowed))).or_zero(),
            error: Share::of(allowed.map(|o| (o.weight, !o.likeliest_right()))).or_zero(),
        }
    }
}

/// What the messages are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Data {
    /// How many there are.
    pub messages: usize,
    /// How many have an intent.
    pub in_scope: usize,
    /// How many are out of scope.
    pub out_of_scope: usize,
    /// How many the same message occurs before with the same label.
    pub repeated: usize,
    /// Intents of labels that the bundle does not know, and how many messages have them.
    pub unknown_intents: BTreeMap<String, usize>,
    /// Whether messages have different weights.
    pub weighted: bool,
}

impl Source {
    /// Describes a run.
    #[must_use]
    pub fn new(data: &DataFile, triage: &Triage, day: Date) -> Self {
        let bundle = triage.bundle();
        let thresholds = bundle.thresholds();
        Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            data: data.name(),
            data_sha256: data.sha256().to_owned(),
            bundle: triage.bundle_id().to_string(),
            encoder: triage.encoder().id().to_string(),
            intents: bundle.classifier().labels().len(),
            articles: triage.knowledge_base().catalogue().len(),
            promise: thresholds.promise.clone(),
            intent_promises: thresholds
                .intents
                .iter()
                .map(|(id, kept)| (id.to_string(), kept.clone()))
                .collect(),
            day,
            folds: Vec::new(),
        }
    }
}

impl Report {
    /// Computes every figure.
    #[must_use]
    pub fn of(source: Source, observations: &[Observation]) -> Self {
        let weights: Vec<f64> = observations.iter().map(|observation| observation.weight).collect();
        let classes = Classes::of(observations.iter().map(|o| (o.expected_class(), o.predicted_class())));
        let confusion = Confusion::of(&classes);
        let (metrics, intervals) = quality::of(observations, &classes, &weights);
        Self {
            schema: SCHEMA,
            data: Data::of(observations),
            metrics,
            intervals,
            selective: Selective::of(observations, &weights),
            promise: PromiseCheck::of(observations, &source.promise),
            automation: Automation::of(observations, source.promise.threshold),
            calibration: Calibration::of(observations, &weights),
            out_of_scope: OutOfScope::of(observations, &weights),
            retrieval: Retrieval::of(observations),
            intents: intents::of(observations, &classes, &weights),
            confused_pairs: confusion::pairs(observations, &classes),
            confusion,
            slices: slices::of(observations),
            label_errors: errors::suspected_labels(observations),
            errors: errors::of(observations),
            source,
        }
    }
}

impl Data {
    fn of(observations: &[Observation]) -> Self {
        let mut unknown_intents = BTreeMap::new();
        let mut seen = std::collections::HashSet::new();
        for observation in observations {
            if !observation.known {
                *unknown_intents.entry(observation.expected_class().to_owned()).or_default() += 1;
            }
            seen.insert((observation.id.as_str(), observation.expected_class()));
        }
        let out_of_scope = observations.iter().filter(|o| o.expected_class() == OUT_OF_SCOPE).count();
        Self {
            messages: observations.len(),
            in_scope: observations.len() - out_of_scope,
            out_of_scope,
            repeated: observations.len() - seen.len(),
            unknown_intents,
            weighted: observations.windows(2).any(|pair| pair[0].weight != pair[1].weight),
        }
    }
}
