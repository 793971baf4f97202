//! How often the pipeline was wrong, and where.

use std::collections::BTreeMap;

use serde::Serialize;
use shopdesk_triage::{Assessment, Decision};

use crate::LabelledMessage;

/// The figures over a data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How many messages there were.
    pub messages: usize,
    /// Of the messages with an intent, the share whose likeliest intent was the right one.
    pub in_scope_accuracy: Option<f64>,
    /// The share of all messages that were answered without a human.
    pub answered: f64,
    /// The share of those whose intent was wrong, or that were out of scope.
    pub answered_wrong: Option<f64>,
    /// The share of all messages that were asked back about.
    pub clarified: f64,
    /// How many messages were handed over, by reason.
    pub escalated: BTreeMap<&'static str, usize>,
    /// By intent, the least accurate first.
    pub intents: Vec<IntentReport>,
    /// Every wrong automatic answer.
    pub wrong_answers: Vec<WrongAnswer>,
}

/// The figures of one intent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IntentReport {
    /// The intent.
    pub id: String,
    /// How many messages have it.
    pub messages: usize,
    /// The share of those for which it was the likeliest.
    pub recall: f64,
}

/// A message that was answered as if it meant something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrongAnswer {
    /// The message.
    pub text: String,
    /// Its intent; nothing when it is out of scope.
    pub intent: Option<String>,
    /// The intent that it was answered for.
    pub answered_as: String,
    /// The article that it was answered with.
    pub article: String,
    /// The probability of that intent.
    pub confidence: f64,
}

/// What happened to one message.
pub(crate) struct Observation {
    text: String,
    expected: Option<String>,
    likeliest: String,
    confidence: f64,
    outcome: Outcome,
}

enum Outcome {
    Answered { article: String },
    Clarified,
    Escalated(&'static str),
}

impl Observation {
    pub(crate) fn of(message: &LabelledMessage, assessment: &Assessment) -> Self {
        let likeliest = assessment.evidence.intents.first();
        Self {
            text: message.text.clone(),
            expected: message.intent.clone(),
            likeliest: likeliest.map(|intent| intent.label.id.to_string()).unwrap_or_default(),
            confidence: likeliest.map_or(0.0, |intent| intent.confidence.get()),
            outcome: match &assessment.decision {
                Decision::Answer { hit, .. } => Outcome::Answered { article: hit.article.id.to_string() },
                Decision::Clarify { .. } => Outcome::Clarified,
                Decision::Escalate { reason, .. } => Outcome::Escalated(reason.as_str()),
            },
        }
    }

    fn right(&self) -> bool {
        self.expected.as_deref() == Some(self.likeliest.as_str())
    }

    fn wrong_answer(&self) -> Option<WrongAnswer> {
        match &self.outcome {
            Outcome::Answered { article } if !self.right() => Some(WrongAnswer {
                text: self.text.clone(),
                intent: self.expected.clone(),
                answered_as: self.likeliest.clone(),
                article: article.clone(),
                confidence: self.confidence,
            }),
            _ => None,
        }
    }
}

impl Report {
    pub(crate) fn of(observations: &[Observation]) -> Self {
        let count = |keep: &dyn Fn(&&Observation) -> bool| observations.iter().filter(keep).count();
        let answered = count(&|o| matches!(o.outcome, Outcome::Answered { .. }));
        let clarified = count(&|o| matches!(o.outcome, Outcome::Clarified));
        let in_scope = count(&|o| o.expected.is_some());
        let right = count(&|o| o.right());
        let wrong_answers: Vec<WrongAnswer> =
            observations.iter().filter_map(Observation::wrong_answer).collect();
        let mut escalated = BTreeMap::new();
        for observation in observations {
            if let Outcome::Escalated(reason) = observation.outcome {
                *escalated.entry(reason).or_default() += 1;
            }
        }
        Self {
            messages: observations.len(),
            in_scope_accuracy: share(right, in_scope),
            answered: share(answered, observations.len()).unwrap_or_default(),
            answered_wrong: share(wrong_answers.len(), answered),
            clarified: share(clarified, observations.len()).unwrap_or_default(),
            escalated,
            intents: by_intent(observations),
            wrong_answers,
        }
    }
}

fn by_intent(observations: &[Observation]) -> Vec<IntentReport> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for observation in observations {
        if let Some(intent) = &observation.expected {
            let (messages, right) = counts.entry(intent).or_default();
            *messages += 1;
            *right += usize::from(observation.right());
        }
    }
    let mut intents: Vec<IntentReport> = counts
        .into_iter()
        .map(|(id, (messages, right))| IntentReport {
            id: id.to_owned(),
            messages,
            recall: right as f64 / messages as f64,
        })
        .collect();
    intents.sort_by(|a, b| a.recall.total_cmp(&b.recall));
    intents
}

fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(expected: Option<&str>, likeliest: &str, outcome: Outcome) -> Observation {
        Observation {
            text: "x".to_owned(),
            expected: expected.map(str::to_owned),
            likeliest: likeliest.to_owned(),
            confidence: 0.9,
            outcome,
        }
    }

    fn answered() -> Outcome {
        Outcome::Answered { article: "a".to_owned() }
    }

    #[test]
    fn shares_are_of_the_right_whole() {
        let report = Report::of(&[
            observation(Some("a"), "a", answered()),
            observation(Some("a"), "b", answered()),
            observation(Some("b"), "b", Outcome::Clarified),
            observation(None, "a", answered()),
            observation(None, "a", Outcome::Escalated("out_of_scope")),
        ]);
        assert_eq!(report.in_scope_accuracy, Some(2.0 / 3.0));
        assert_eq!(report.answered, 0.6);
        assert_eq!(report.answered_wrong, Some(2.0 / 3.0));
        assert_eq!(report.clarified, 0.2);
        assert_eq!(report.escalated["out_of_scope"], 1);
        let recalls: Vec<_> =
            report.intents.iter().map(|intent| (intent.id.as_str(), intent.recall)).collect();
        assert_eq!(recalls, [("a", 0.5), ("b", 1.0)]);
    }

    #[test]
    fn nothing_is_a_share_of_nothing() {
        let report = Report::of(&[observation(None, "a", Outcome::Clarified)]);
        assert_eq!((report.in_scope_accuracy, report.answered_wrong), (None, None));
    }
}
