//! All that a decision is made from.

use std::sync::Arc;

use serde::{Serialize, Serializer};
use shopdesk_model::intents::Label;
use shopdesk_model::{Probability, SentimentGuess};

use crate::{RankedArticle, Signals};

/// What is known of a message.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What rules found in its words: its language, what it names, whether a human is asked for, what makes it urgent.
    pub signals: Signals,
    /// How whoever wrote it probably feels, where the bundle has learnt that.
    pub sentiment: Option<SentimentGuess>,
    /// Intents, the likeliest first.
    pub intents: Vec<RankedIntent>,
    /// The probability that it is none of them.
    pub out_of_scope: Probability,
    /// What the likeliest intent's probability would be before calibration; nothing is decided by it.
    pub uncalibrated: Probability,
    /// Articles, the best first.
    pub articles: Vec<RankedArticle>,
}

/// An intent and how probable it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RankedIntent {
    /// The intent.
    #[serde(flatten, serialize_with = "whole")]
    pub label: Arc<Label>,
    /// Its calibrated probability.
    pub confidence: Probability,
}

fn whole<S: Serializer>(label: &Arc<Label>, serializer: S) -> Result<S::Ok, S::Error> {
    label.as_ref().serialize(serializer)
}
