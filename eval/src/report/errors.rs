//! Messages to read: those that were taken for something else, and those whose label is probably wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shopdesk_model::classifier::NearestExample;

use crate::Observation;
use crate::metrics::suspected_label_errors;
use crate::pipeline::{Action, FoundArticle};

/// A message that was taken for something else than its label says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ErrorRow {
    /// A hash of the message.
    pub id: String,
    /// The message.
    pub text: String,
    /// What was said before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// The class by the label.
    pub expected: String,
    /// The class that it was taken for.
    pub predicted: String,
    /// How sure the pipeline was of that.
    pub confidence: f64,
    /// The probability of the class by the label.
    pub expected_probability: f64,
    /// The probability that it is out of scope.
    pub out_of_scope: f64,
    /// The likeliest intents with their probabilities.
    pub top: Vec<(String, f64)>,
    /// What happened to it.
    #[serde(flatten)]
    pub action: Action,
    /// Whether the thresholds allowed to answer it.
    pub allowed: bool,
    /// What the classifier learnt from that is the most like it.
    pub nearest_examples: Vec<NearestExample>,
    /// The closest article.
    pub nearest_article: Option<FoundArticle>,
    /// What the figures can be looked at by.
    pub slices: BTreeMap<String, String>,
}

/// A message whose label is probably wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuspectedLabel {
    /// A hash of the message.
    pub id: String,
    /// The message.
    pub text: String,
    /// The class by the label.
    pub label: String,
    /// The class that it probably has.
    pub suggested: String,
    /// Its probability for its label less that for the likeliest other class.
    pub margin: f64,
}

/// Those first of which the pipeline was the surest.
pub(super) fn of(observations: &[Observation]) -> Vec<ErrorRow> {
    let mut rows: Vec<ErrorRow> =
        observations.iter().filter(|observation| !observation.right()).map(ErrorRow::of).collect();
    rows.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    rows
}

pub(super) fn suspected_labels(observations: &[Observation]) -> Vec<SuspectedLabel> {
    let suspicions = suspected_label_errors(observations);
    let row = |suspicion: crate::metrics::Suspicion| {
        let observation = &observations[suspicion.message];
        SuspectedLabel {
            id: observation.id.clone(),
            text: observation.text.clone(),
            label: observation.expected_class().to_owned(),
            suggested: suspicion.class,
            margin: suspicion.margin,
        }
    };
    suspicions.into_iter().map(row).collect()
}

impl ErrorRow {
    fn of(observation: &Observation) -> Self {
        Self {
            id: observation.id.clone(),
            text: observation.text.clone(),
            before: observation.before.clone(),
            expected: observation.expected_class().to_owned(),
            predicted: observation.predicted_class().to_owned(),
            confidence: observation.predicted_probability(),
            expected_probability: observation.expected_probability,
            out_of_scope: observation.out_of_scope,
            top: observation.top.clone(),
            action: observation.action.clone(),
            allowed: observation.allowed,
            nearest_examples: observation.examples.clone(),
            nearest_article: observation.articles.first().cloned(),
            slices: observation.slices.clone(),
        }
    }
}
