//! What a check finds, as data.

use std::path::PathBuf;

use serde::Serialize;

use crate::intents::{IntentId, Mistake};

/// Something that is wrong, or may be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Finding {
    /// A file says something that cannot be read.
    Mistake {
        /// The file.
        path: PathBuf,
        /// The line, where it is known.
        line: Option<u64>,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The same text under two intents.
    SameText {
        /// Where it stands.
        messages: Vec<Located>,
    },
    /// Texts under two intents that differ in case, width, spaces and punctuation alone.
    SameWords {
        /// Where they stand.
        messages: Vec<Located>,
    },
    /// Texts under two intents that mean almost the same.
    NearDuplicate {
        /// The cosine of their embeddings.
        similarity: f32,
        /// The two.
        messages: [Located; 2],
    },
    /// An intent with fewer examples than it should have.
    TooFewExamples {
        /// The intent.
        intent: IntentId,
        /// How many it has.
        examples: usize,
        /// How many it should have.
        wanted: usize,
        /// A file that has one of them.
        path: Option<PathBuf>,
    },
    /// An example that the classifier, had it not seen it, would confidently file elsewhere.
    UnlikelyLabel {
        /// The example.
        message: Located,
        /// The probability of the intent that it has.
        confidence: f64,
        /// What it is likelier to mean; nothing when that is out of scope.
        likelier: Option<IntentId>,
        /// The probability of that.
        likelier_confidence: f64,
    },
    /// A test message that stands among the examples, so that the test says too much good.
    Leak {
        /// The cosine of their embeddings; nothing when they differ in case, width, spaces and punctuation at most.
        similarity: Option<f32>,
        /// The test message.
        test: Located,
        /// The example.
        training: Located,
    },
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Wrong, and to be corrected.
    Error,
    /// To be looked at: it may be right.
    Warning,
}

/// A message and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Located {
    /// The message.
    pub text: String,
    /// Its intent; nothing when it is out of scope.
    pub intent: Option<IntentId>,
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1.
    pub line: u64,
}

impl Finding {
    /// How grave it is.
    #[must_use]
    pub fn severity(&self) -> Severity {
        match self {
            Self::Mistake { .. } | Self::SameText { .. } | Self::Leak { similarity: None, .. } => {
                Severity::Error
            }
            // Nothing can be learnt from fewer than two.
            Self::TooFewExamples { examples: 0 | 1, .. } => Severity::Error,
            Self::SameWords { .. }
            | Self::NearDuplicate { .. }
            | Self::TooFewExamples { .. }
            | Self::UnlikelyLabel { .. }
            | Self::Leak { .. } => Severity::Warning,
        }
    }
}

impl From<Mistake> for Finding {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake { path: mistake.path, line: mistake.line, problem: mistake.problem }
    }
}
