//! Where bundles are made: trained, compared with the one in use, taken into use, and taken back.
//!
//! The service asks for it and shows it. Training and evaluating are none of its business: the main program implements the trait, with
//! the same code as `shopdesk train` and `shopdesk eval`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shopdesk_model::classifier::{BundleId, Kept};
use shopdesk_model::intents::Learnt;

/// Makes bundles. Methods may take a second for files, so they are called where waiting is allowed.
pub trait Workshop: Send + Sync {
    /// Begins to train with these examples beside the shop's own, and returns at once.
    ///
    /// # Errors
    /// [`WorkshopError::Busy`] while a training runs.
    fn train(&self, examples: Vec<LabelledExample>, by: &str) -> Result<(), WorkshopError>;

    /// The training that runs, or the last one; nothing when there was none.
    fn training(&self) -> Option<Training>;

    /// The bundle that the shop has chosen, and those before it.
    ///
    /// # Errors
    /// When the folders cannot be read.
    fn bundles(&self) -> Result<Bundles, WorkshopError>;

    /// Takes the candidate of the last training into use, in spite of the gate if that is said. It is named, so that nobody takes one that
    /// they have not looked at.
    ///
    /// # Errors
    /// [`WorkshopError::NoCandidate`], [`WorkshopError::Overtaken`], [`WorkshopError::Refused`], [`WorkshopError::Unsuitable`].
    fn switch(&self, candidate: &BundleId, in_spite_of_the_gate: bool) -> Result<(), WorkshopError>;

    /// Takes the bundle into use that was in use before. It is named, so that two who do it at once go back one step.
    ///
    /// # Errors
    /// [`WorkshopError::NoneBefore`], [`WorkshopError::Overtaken`], [`WorkshopError::Unsuitable`].
    fn roll_back(&self, before: &BundleId) -> Result<(), WorkshopError>;
}

/// A message that a person labelled, without personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledExample {
    /// The message, masked.
    pub text: String,
    /// Its intent; nothing when it is none of the shop's.
    pub intent: Option<String>,
}

/// A training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// When it began.
    pub started_at: Timestamp,
    /// Who began it.
    pub by: String,
    /// How many labelled messages it was given.
    pub examples: usize,
    /// How far it is.
    #[serde(flatten)]
    pub state: TrainingState,
}

/// How far a training is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TrainingState {
    /// It runs.
    Running {
        /// What it is doing.
        step: TrainingStep,
        /// How much of that is done.
        done: usize,
        /// How much of that there is.
        of: usize,
    },
    /// There is a candidate.
    Finished {
        /// When.
        at: Timestamp,
        /// What came out.
        candidate: Box<Candidate>,
    },
    /// It could not be done.
    Failed {
        /// When.
        at: Timestamp,
        /// Why, and what to do.
        problem: String,
    },
    /// The program ended meanwhile. What was in use is untouched.
    Interrupted,
}

/// What a training does, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainingStep {
    /// Embedding the messages.
    Embed,
    /// Choosing the settings.
    Select,
    /// Fitting the classifier.
    Fit,
    /// Learning how shoppers feel.
    Sentiment,
    /// Running the test messages through the bundle in use.
    AssessRunning,
    /// Running them through the candidate.
    AssessCandidate,
}

impl TrainingStep {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Embed, Self::Select, Self::Fit, Self::Sentiment, Self::AssessRunning, Self::AssessCandidate];

    /// The word in the keys of texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Embed => "embed",
            Self::Select => "select",
            Self::Fit => "fit",
            Self::Sentiment => "sentiment",
            Self::AssessRunning => "assess_running",
            Self::AssessCandidate => "assess_candidate",
        }
    }
}

/// A bundle that could be taken into use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its name.
    pub bundle: BundleId,
    /// What it promises, and what that costs.
    pub promise: Kept,
    /// The share of messages that it gets right, each predicted by what was learnt from others.
    pub accuracy: f64,
    /// What became of the labelled messages.
    pub learnt: Learnt,
    /// How it does against the bundle in use, on the shop's test messages; nothing when the shop has none.
    pub comparison: Option<Comparison>,
    /// What the gate looked at; nothing without test messages.
    pub checks: Vec<Check>,
    /// The report on it, in the folder of reports.
    pub report: Option<String>,
}

impl Candidate {
    /// What the gate says.
    #[must_use]
    pub fn verdict(&self) -> GateVerdict {
        if self.comparison.is_none() || self.checks.is_empty() {
            GateVerdict::CannotSay
        } else if self.checks.iter().all(|check| check.kept) {
            GateVerdict::Passed
        } else {
            GateVerdict::FellShort
        }
    }
}

/// What the gate says of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateVerdict {
    /// All limits are kept.
    Passed,
    /// A limit is not kept.
    FellShort,
    /// There are no test messages, or no limits.
    CannotSay,
}

/// A limit, and whether it was kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its key in the file of limits.
    pub limit: String,
    /// What was found.
    pub found: String,
    /// Whether it was kept.
    pub kept: bool,
}

/// The candidate against the bundle in use, on the same messages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The bundle in use.
    pub running: BundleId,
    /// How many messages.
    pub messages: usize,
    /// Messages that only the bundle in use got right.
    pub only_running_right: usize,
    /// Messages that only the candidate gets right.
    pub only_candidate_right: usize,
    /// How probable so large a difference is by chance (McNemar's test).
    pub p_value: f64,
    /// Figures of both.
    pub figures: Vec<FigureChange>,
    /// Intents of which the candidate finds more or fewer, those that lost the most first.
    pub intents: Vec<IntentChange>,
    /// Messages that the bundle in use got right and the candidate does not, without personal data.
    pub worse: Vec<MessageChange>,
}

/// A figure of both bundles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FigureChange {
    /// Its name in the reports.
    pub name: String,
    /// Of the bundle in use.
    pub running: Option<f64>,
    /// Of the candidate.
    pub candidate: Option<f64>,
    /// The difference's 95 % interval.
    pub interval: Option<[f64; 2]>,
}

/// How much of an intent is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IntentChange {
    /// The intent, or out of scope.
    pub intent: String,
    /// How many messages it has.
    pub messages: usize,
    /// The share that the bundle in use finds.
    pub running: f64,
    /// The share that the candidate finds.
    pub candidate: f64,
    /// The p-value, corrected for the number of intents.
    pub p_value: f64,
}

/// A message that is taken for something else now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MessageChange {
    /// The message.
    pub text: String,
    /// What it is.
    pub expected: String,
    /// What the bundle in use takes it for.
    pub running: String,
    /// What the candidate takes it for.
    pub candidate: String,
}

/// The bundles that there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundles {
    /// The one in the shop's folder: a running server takes it within seconds.
    pub chosen: KeptBundle,
    /// Those that are kept beside it, the latest first.
    pub others: Vec<KeptBundle>,
    /// The one that a roll-back takes.
    pub before: Option<BundleId>,
}

/// A bundle that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptBundle {
    /// Its name.
    pub id: BundleId,
    /// When it was made.
    pub made_at: Option<Timestamp>,
    /// What it promises, and what that costs.
    pub promise: Kept,
    /// The share of messages that it gets right, each predicted by what was learnt from others.
    pub accuracy: f64,
}

/// The workshop refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkshopError {
    /// A training runs.
    #[error("a training runs already")]
    Busy,
    /// No training has left a candidate.
    #[error("there is no candidate: train first")]
    NoCandidate,
    /// Another bundle is the candidate, or the one before, by now.
    #[error("somebody trained or switched meanwhile")]
    Overtaken,
    /// The gate did not let the candidate through.
    #[error("the gate did not let the candidate through")]
    Refused,
    /// No bundle was in use before.
    #[error("no earlier bundle is kept")]
    NoneBefore,
    /// The bundle does not suit the shop's settings.
    #[error("{0}")]
    Unsuitable(String),
    /// A file could not be read or written.
    #[error("{0}")]
    Failed(String),
}
