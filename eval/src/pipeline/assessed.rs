//! What the pipeline says of a message, whatever its label: what is kept between runs.

use std::collections::HashMap;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use shopdesk_model::classifier::{NearestExample, Thresholds};
use shopdesk_model::intents::{Handling, IntentId, Priority};
use shopdesk_model::{Embedding, Probability};
use shopdesk_triage::{Decision, EscalationReason, Evidence, Prepared, RankedArticle, Triage, decide};

use crate::Result;
use crate::typos::Vocabulary;

/// What the pipeline says of a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assessed {
    /// The tag of the language it is written in.
    pub language: String,
    /// Whether something in it looks mistyped.
    pub mistyped: bool,
    /// The position of the likeliest intent among the bundle's labels.
    pub likeliest: usize,
    /// The intents' probabilities, in the order of the bundle's labels.
    pub probabilities: Vec<f64>,
    /// The probability that it is none of them.
    pub out_of_scope: f64,
    /// The likeliest intent's probability before calibration.
    pub uncalibrated: f64,
    /// Whether the pipeline takes it for none of them.
    pub taken_for_out_of_scope: bool,
    /// What happens to it.
    pub action: Action,
    /// How soon a human would look at it.
    pub priority: Priority,
    /// Whether the thresholds allow to answer its likeliest intent; an article is another matter.
    pub allowed: bool,
    /// Whether they would if every confidence were high enough.
    pub allowed_if_sure: bool,
    /// Whether it would then be answered, with an article.
    pub answered_if_sure: bool,
    /// The closest articles, the closest first.
    pub articles: Vec<FoundArticle>,
    /// The messages that the classifier learnt from and that are the most like it.
    pub examples: Vec<NearestExample>,
    /// Whether it was longer than the model reads.
    pub truncated: bool,
}

/// What happens to a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Action {
    /// The shop's own text answers it.
    Answer {
        /// The article's id.
        article: String,
    },
    /// The shopper is asked what is meant.
    Clarify,
    /// A human takes over.
    Escalate {
        /// Why.
        reason: EscalationReason,
    },
}

/// An article that a message is close to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundArticle {
    /// Its id.
    pub id: String,
    /// The cosine between the message and its closest part, to four digits.
    pub similarity: f64,
}

impl Action {
    fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Answer { article, .. } => Self::Answer { article: article.hit.article.id.to_string() },
            Decision::Clarify { .. } => Self::Clarify,
            Decision::Escalate { reason, .. } => Self::Escalate { reason: *reason },
        }
    }
}

/// The pipeline with what is needed to read its results.
pub(super) struct Assessing<'a> {
    triage: &'a Triage,
    day: Date,
    positions: HashMap<&'a IntentId, usize>,
    /// The bundle's thresholds, lowered until every confidence is enough.
    as_if_sure: Thresholds,
    vocabulary: &'a Vocabulary,
}

impl<'a> Assessing<'a> {
    pub(super) fn new(triage: &'a Triage, day: Date, vocabulary: &'a Vocabulary) -> Self {
        let labels = triage.bundle().classifier().labels();
        let mut as_if_sure = triage.bundle().thresholds().clone();
        as_if_sure.promise.threshold = Some(Probability::ZERO);
        as_if_sure.intents.clear();
        Self {
            triage,
            day,
            positions: labels.iter().enumerate().map(|(position, label)| (&label.id, position)).collect(),
            as_if_sure,
            vocabulary,
        }
    }

    pub(super) fn assess(&self, prepared: &Prepared, embedding: &Embedding) -> Result<Assessed> {
        let assessment = self.triage.assess_embedded(prepared.clone(), embedding, noon(self.day))?;
        let evidence = &assessment.evidence;
        let as_if_sure = decide(evidence, &self.as_if_sure, self.triage.policy());
        let mut probabilities = vec![0.0; self.positions.len()];
        for intent in &evidence.intents {
            probabilities[self.positions[&intent.label.id]] = intent.confidence.get();
        }
        let likeliest = evidence.intents.first().expect("a bundle has at least two intents");
        Ok(Assessed {
            language: evidence.signals.language.language.tag().to_owned(),
            mistyped: self.vocabulary.looks_mistyped(&prepared.text),
            likeliest: self.positions[&likeliest.label.id],
            probabilities,
            out_of_scope: evidence.out_of_scope.get(),
            uncalibrated: evidence.uncalibrated.get(),
            taken_for_out_of_scope: taken_for_out_of_scope(evidence, self.triage.bundle().thresholds()),
            action: Action::of(&assessment.decision),
            priority: assessment.urgency.priority,
            allowed: answers_the_intent(&assessment.decision),
            allowed_if_sure: answers_the_intent(&as_if_sure),
            answered_if_sure: matches!(as_if_sure, Decision::Answer { .. }),
            articles: evidence
                .articles
                .iter()
                .map(|RankedArticle { hit, .. }| FoundArticle {
                    id: hit.article.id.to_string(),
                    similarity: (f64::from(hit.similarity) * 1e4).round() / 1e4,
                })
                .collect(),
            truncated: assessment.truncated,
            examples: assessment.examples,
        })
    }
}

/// Articles hold by the day; what starts or ends within it is measured as at noon.
fn noon(day: Date) -> DateTime {
    day.at(12, 0, 0, 0)
}

/// Whether the desk would answer, if only there were an article.
fn answers_the_intent(decision: &Decision) -> bool {
    match decision {
        Decision::Answer { .. } => true,
        Decision::Escalate { reason, .. } => *reason == EscalationReason::NoArticle,
        Decision::Clarify { .. } => false,
    }
}

/// As [`decide`] has it; but also of messages that are handed over for another reason first.
fn taken_for_out_of_scope(evidence: &Evidence, thresholds: &Thresholds) -> bool {
    let Some(likeliest) = evidence.intents.first() else { return true };
    let more_probable = evidence.out_of_scope > likeliest.confidence;
    let humans_business = likeliest.label.handling == Handling::Human && !more_probable;
    more_probable || (evidence.out_of_scope > thresholds.out_of_scope && !humans_business)
}
