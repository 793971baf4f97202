//! The comparison of a candidate with the bundle in use, in words and numbers.

use super::super::frame::Frame;
use crate::workshop::{Candidate, FigureChange, IntentChange};

/// What would be found by chance less often than this is not taken for chance.
const SIGNIFICANT: f64 = 0.05;

/// What the page shows of it.
pub(super) struct Outcome {
    pub(super) summary: String,
    pub(super) checks: Vec<CheckRow>,
    pub(super) figures: Vec<FigureRow>,
    pub(super) intents: Vec<IntentRow>,
    pub(super) worse: Vec<WorseRow>,
}

/// A limit of the gate.
pub(super) struct CheckRow {
    pub(super) limit: String,
    pub(super) found: String,
    pub(super) word: String,
    pub(super) tone: &'static str,
}

/// A figure of both bundles.
pub(super) struct FigureRow {
    pub(super) name: String,
    pub(super) running: String,
    pub(super) candidate: String,
    pub(super) interval: String,
}

/// How much of an intent is found.
pub(super) struct IntentRow {
    pub(super) name: String,
    pub(super) messages: usize,
    pub(super) running: String,
    pub(super) candidate: String,
    pub(super) word: String,
}

/// A message that only the bundle in use gets right.
pub(super) struct WorseRow {
    pub(super) text: String,
    pub(super) expected: String,
    pub(super) candidate: String,
}

impl Outcome {
    /// Nothing without test messages.
    pub(super) fn of(frame: &Frame, candidate: &Candidate) -> Option<Self> {
        let comparison = candidate.comparison.as_ref()?;
        let name = |id: &String| match id.as_str() {
            shopdesk_model::intents::OUT_OF_SCOPE => frame.t("quality.no_intent").to_string(),
            id => frame.intent(id),
        };
        let summary = frame
            .t("learning.compared")
            .with("messages", comparison.messages)
            .with("running", &comparison.running)
            .with("only_running", comparison.only_running_right)
            .with("only_candidate", comparison.only_candidate_right)
            .with("p", format!("{:.3}", comparison.p_value));
        let checks = candidate.checks.iter().map(|check| {
            let (word, tone) = if check.kept { ("kept", "good") } else { ("not_kept", "urgent") };
            CheckRow {
                limit: check.limit.clone(),
                found: check.found.clone(),
                word: frame.t(&format!("learning.{word}")).to_string(),
                tone,
            }
        });
        let intents = comparison.intents.iter().map(|change| intent(frame, name(&change.intent), change));
        let worse = comparison.worse.iter().map(|change| WorseRow {
            text: change.text.clone(),
            expected: name(&change.expected),
            candidate: name(&change.candidate),
        });
        Some(Self {
            summary: summary.to_string(),
            checks: checks.collect(),
            figures: comparison.figures.iter().map(|change| figure(frame, change)).collect(),
            intents: intents.collect(),
            worse: worse.collect(),
        })
    }
}

fn figure(frame: &Frame, change: &FigureChange) -> FigureRow {
    // The areas are no shares of anything.
    let is_area = change.name.contains("au");
    let number = |value: Option<f64>| match value {
        None => "–".to_owned(),
        Some(value) if is_area => format!("{value:.4}"),
        Some(value) => frame.percent(&value),
    };
    let signed = |value: f64| {
        if is_area { format!("{value:+.4}") } else { format!("{:+.1} %", value * 100.0 + 0.0) }
    };
    let interval = change.interval.map(|[low, high]| format!("{} – {}", signed(low), signed(high)));
    FigureRow {
        name: frame.t(&format!("learning.figure.{}", change.name)).to_string(),
        running: number(change.running),
        candidate: number(change.candidate),
        interval: interval.unwrap_or_else(|| "–".to_owned()),
    }
}

fn intent(frame: &Frame, name: String, change: &IntentChange) -> IntentRow {
    let word = match (change.candidate < change.running, change.p_value < SIGNIFICANT) {
        (_, false) => "chance",
        (true, true) => "lost",
        (false, true) => "gained",
    };
    IntentRow {
        name,
        messages: change.messages,
        running: frame.percent(&change.running),
        candidate: frame.percent(&change.candidate),
        word: frame.t(&format!("learning.{word}")).to_string(),
    }
}
