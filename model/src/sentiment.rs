//! How a shopper feels.

use serde::{Deserialize, Serialize};

use crate::Probability;
use crate::intents::IntentId;

/// From furious to delighted. Training data, API and reports use these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    /// Insults, threats, despair.
    VeryNegative,
    /// Annoyed or disappointed.
    Negative,
    /// A plain question.
    Neutral,
    /// Friendly or content.
    Positive,
    /// Delighted.
    VeryPositive,
}

impl Sentiment {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] =
        [Self::VeryNegative, Self::Negative, Self::Neutral, Self::Positive, Self::VeryPositive];

    /// The word used in data, JSON and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::VeryNegative => "very_negative",
            Self::Negative => "negative",
            Self::Neutral => "neutral",
            Self::Positive => "positive",
            Self::VeryPositive => "very_positive",
        }
    }

    pub(crate) fn of(label: &IntentId) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == label.as_str())
    }
}

/// How a shopper probably feels.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentimentGuess {
    /// The likeliest level.
    pub level: Sentiment,
    /// How probable it is.
    pub confidence: Probability,
}
