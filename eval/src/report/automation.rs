//! Whether the promise was kept, and what the whole pipeline did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shopdesk_model::Probability;
use shopdesk_model::classifier::Kept;
pub use shopdesk_model::classifier::Verdict;

use crate::Observation;
use crate::data::ExpectedDecision;
use crate::pipeline::Action;
use crate::statistics::{Interval, Share, clopper_pearson, upper_bound};

/// Thresholds of the what-if table.
const THRESHOLDS: [f64; 14] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99];

/// Whether the promise was kept, at the level of intents: what the thresholds allow to answer, whether or not there is an article.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PromiseCheck {
    /// The largest share of answers that may be wrong.
    pub max_error: f64,
    /// How sure that is.
    pub confidence: f64,
    /// From which confidence on the bundle answers; `None` when it could not promise anything.
    pub threshold: Option<Probability>,
    /// The share of all messages whose likeliest intent may be answered.
    pub coverage: f64,
    /// Wilson's 95 % interval of that.
    pub coverage_interval: Option<Interval>,
    /// The share of these that would be wrong: another intent, or out of scope. 0 when there are none.
    pub error: f64,
    /// The exact 95 % interval of that (Clopper-Pearson), not counting weights.
    pub error_interval: Option<Interval>,
    /// The share of wrong answers is at most this with the promise's confidence: the exact one-sided bound.
    pub error_bound: Option<f64>,
    /// How many messages may be answered.
    pub allowed: usize,
    /// How many of these would be wrong.
    pub wrong: usize,
    /// What these messages say of the promise.
    pub verdict: Verdict,
}

/// What the whole pipeline did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Automation {
    /// Answered without a human, with an article.
    pub answered: Share,
    /// Asked back.
    pub clarified: Share,
    /// Handed over.
    pub escalated: Share,
    /// How many were handed over, by reason.
    pub reasons: BTreeMap<String, usize>,
    /// Of the answers, the wrong ones.
    pub wrong: Share,
    /// Wrong answers in a thousand messages.
    pub wrong_per_thousand: f64,
    /// Whether those were handed over that should be.
    pub hand_over: HandOver,
    /// Of the messages whose right decision the file says, those for which it was made.
    pub decision_accuracy: Option<Share>,
    /// Of the messages whose priority the file says, those that got it.
    pub priority_accuracy: Option<Share>,
    /// What other thresholds would do, from lax to strict.
    pub what_if: Vec<WhatIf>,
}

/// Whether those were handed over that should be: where the file names the decision, those with `escalate`; otherwise those out of scope
/// and those whose intent is a human's business.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct HandOver {
    /// Of those handed over, those that should be.
    pub precision: Share,
    /// Of those that should be, those handed over.
    pub recall: Share,
}

/// What a threshold would do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct WhatIf {
    /// Answer from this confidence on.
    pub threshold: f64,
    /// Whether it is the bundle's.
    pub current: bool,
    /// Messages whose intent might be answered.
    pub coverage: Share,
    /// Those of them that would be wrong.
    pub error: Share,
    /// Messages that would be answered, having an article.
    pub answered: Share,
    /// Wrong ones among a thousand messages.
    pub wrong_per_thousand: f64,
}

impl PromiseCheck {
    pub(super) fn of(observations: &[Observation], promise: &Kept) -> Self {
        let coverage = Share::of(observations.iter().map(|o| (o.weight, o.allowed)));
        let allowed = observations.iter().filter(|o| o.allowed);
        let error = Share::of(allowed.map(|o| (o.weight, !o.likeliest_right())));
        let (wrong, answers) = (error.part, error.whole);
        let delta = 1.0 - promise.confidence;
        let error_bound = (answers > 0).then(|| upper_bound(wrong, answers, delta));
        let verdict = Verdict::of(wrong, answers, promise.max_error, promise.confidence);
        Self {
            max_error: promise.max_error,
            confidence: promise.confidence,
            threshold: promise.threshold,
            coverage: coverage.or_zero(),
            coverage_interval: coverage.interval,
            error: error.or_zero(),
            error_interval: (answers > 0).then(|| clopper_pearson(wrong, answers, 0.05)),
            error_bound,
            allowed: answers,
            wrong,
            verdict,
        }
    }
}

impl Automation {
    pub(super) fn of(observations: &[Observation], threshold: Option<Probability>) -> Self {
        let share = |belongs: &dyn Fn(&Observation) -> bool| {
            Share::of(observations.iter().map(|observation| (observation.weight, belongs(observation))))
        };
        let mut reasons = BTreeMap::new();
        for observation in observations {
            if let Action::Escalate { reason } = observation.action {
                *reasons.entry(reason.as_str().to_owned()).or_default() += 1;
            }
        }
        let answered = |o: &Observation| matches!(o.action, Action::Answer { .. });
        let answers = observations.iter().filter(|o| answered(o));
        Self {
            answered: share(&answered),
            clarified: share(&|o| o.action == Action::Clarify),
            escalated: share(&escalated),
            reasons,
            wrong: Share::of(answers.map(|o| (o.weight, !o.likeliest_right()))),
            wrong_per_thousand: 1000.0 * share(&|o| answered(o) && !o.likeliest_right()).or_zero(),
            hand_over: HandOver::of(observations),
            decision_accuracy: some(Share::of(observations.iter().filter_map(|o| {
                o.expectation.decision.map(|expected| (o.weight, expected == o.action.decision()))
            }))),
            priority_accuracy: some(Share::of(
                observations
                    .iter()
                    .filter_map(|o| o.expectation.priority.map(|p| (o.weight, p == o.priority))),
            )),
            what_if: what_if(observations, threshold),
        }
    }
}

impl HandOver {
    fn of(observations: &[Observation]) -> Self {
        let needed = |o: &Observation| match o.expectation.decision {
            Some(decision) => Some(decision == ExpectedDecision::Escalate),
            None => o.needs_human,
        };
        let judged = observations.iter().filter_map(|o| needed(o).map(|needed| (o, needed)));
        Self {
            precision: Share::of(
                judged.clone().filter(|(o, _)| escalated(o)).map(|(o, needed)| (o.weight, needed)),
            ),
            recall: Share::of(judged.filter(|(_, needed)| *needed).map(|(o, _)| (o.weight, escalated(o)))),
        }
    }
}

impl Action {
    fn decision(&self) -> ExpectedDecision {
        match self {
            Self::Answer { .. } => ExpectedDecision::Answer,
            Self::Clarify => ExpectedDecision::Clarify,
            Self::Escalate { .. } => ExpectedDecision::Escalate,
        }
    }
}

fn escalated(observation: &Observation) -> bool {
    matches!(observation.action, Action::Escalate { .. })
}

fn some(share: Share) -> Option<Share> {
    (share.whole > 0).then_some(share)
}

fn what_if(observations: &[Observation], current: Option<Probability>) -> Vec<WhatIf> {
    let current = current.map(Probability::get);
    let mut thresholds: Vec<f64> = THRESHOLDS.into_iter().chain(current).collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    let row = |threshold: f64| {
        let share = |belongs: &dyn Fn(&Observation) -> bool| {
            Share::of(observations.iter().map(|o| (o.weight, o.confidence >= threshold && belongs(o))))
        };
        let allowed = observations.iter().filter(|o| o.confidence >= threshold && o.allowed_if_sure);
        WhatIf {
            threshold,
            current: current == Some(threshold),
            coverage: share(&|o| o.allowed_if_sure),
            error: Share::of(allowed.map(|o| (o.weight, !o.likeliest_right()))),
            answered: share(&|o| o.answered_if_sure),
            wrong_per_thousand: 1000.0 * share(&|o| o.answered_if_sure && !o.likeliest_right()).or_zero(),
        }
    };
    thresholds.into_iter().map(row).collect()
}
