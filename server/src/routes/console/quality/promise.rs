//! The promise that the shop chose, and what was measured of it: on a random sample, in hand-overs, and by coverage.

use shopdesk_model::classifier::{Kept, Verdict};
use shopdesk_model::interval::wilson;
use shopdesk_triage::Triage;

use super::super::frame::Frame;
use crate::review::{CountedShare, ReviewFigures};
use crate::store::DayFigures;

/// What the page shows first.
pub(super) struct PromiseView {
    pub(super) statement: String,
    /// From which confidence on the desk answers, or why it does not.
    pub(super) threshold: String,
    /// Promises for single intents.
    pub(super) intents: Vec<String>,
    pub(super) verdict: String,
    /// `good`, `warn` or `urgent`; the words say the same.
    pub(super) tone: &'static str,
    pub(super) measures: Vec<Measure>,
}

/// A share with how sure it is, and what it is of.
pub(super) struct Measure {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) counted: String,
    pub(super) note: String,
}

impl PromiseView {
    pub(super) fn of(
        frame: &Frame,
        triage: &Triage,
        reviews: &ReviewFigures,
        corrected: CountedShare,
        total: &DayFigures,
    ) -> Self {
        let thresholds = triage.bundle().thresholds();
        let kept = &thresholds.promise;
        let wrong = reviews.wrong_share();
        let verdict = Verdict::of(wrong.part, wrong.whole, kept.max_error, kept.confidence);
        let own = |(intent, kept): (_, &Kept)| {
            let text = frame.t("quality.promise_of_intent").with("intent", frame.intent(intent));
            text.with("share", frame.percent(&kept.max_error)).to_string()
        };
        Self {
            statement: frame
                .t("quality.promise_statement")
                .with("share", frame.percent(&kept.max_error))
                .with("confidence", frame.percent(&kept.confidence))
                .to_string(),
            threshold: threshold(frame, triage, kept),
            intents: thresholds.intents.iter().map(own).collect(),
            verdict: frame.t(&format!("quality.verdict.{}", verdict.as_str())).to_string(),
            tone: match verdict {
                Verdict::Proved => "good",
                Verdict::Consistent | Verdict::NothingAnswered => "warn",
                Verdict::Broken => "urgent",
            },
            measures: vec![
                reviewed(frame, reviews, kept),
                measure(frame, "corrected", corrected),
                coverage(frame, total, kept),
            ],
        }
    }
}

/// What the training of the bundle in use found.
fn threshold(frame: &Frame, triage: &Triage, kept: &Kept) -> String {
    let text = match (kept.threshold, kept.messages_needed) {
        (Some(threshold), _) => {
            frame.t("quality.threshold_kept").with("threshold", frame.percent(&threshold.get()))
        }
        (None, Some(needed)) => frame.t("quality.threshold_needs").with("needed", needed),
        (None, None) => frame.t("quality.threshold_none"),
    };
    text.with("bundle", triage.bundle_id())
        .with("messages", kept.messages)
        .with("answered", kept.answered)
        .with("wrong", kept.wrong)
        .with("bound", frame.percent(&kept.error_bound))
        .to_string()
}

fn reviewed(frame: &Frame, reviews: &ReviewFigures, kept: &Kept) -> Measure {
    let mut measure = measure(frame, "reviewed", reviews.wrong_share());
    let sample = frame.t("quality.sample").with("reviewed", reviews.reviewed());
    let sample = sample.with("answers", reviews.answers).with("unclear", reviews.unclear);
    measure.counted = format!("{} {sample}", measure.counted);
    // So many answers without an error prove the promise: the rule of three, exactly.
    let needed = ((1.0 - kept.confidence).ln() / (1.0 - kept.max_error).ln()).ceil();
    measure.note = frame.t("quality.reviewed.note").with("needed", needed).to_string();
    measure
}

fn coverage(frame: &Frame, total: &DayFigures, kept: &Kept) -> Measure {
    let whole = total.answered + total.clarified + total.tickets;
    let share = (whole > 0).then(|| total.answered as f64 / whole as f64);
    let interval = share.map(|share| wilson(share, whole as f64));
    let (low, high) = kept.coverage_interval;
    let note = frame
        .t("quality.coverage.note")
        .with("low", frame.percent(&low))
        .with("high", frame.percent(&high))
        .to_string();
    counted(frame, "coverage", share, interval, (total.answered, whole), note)
}

fn measure(frame: &Frame, name: &str, share: CountedShare) -> Measure {
    let note = frame.t(&format!("quality.{name}.note")).to_string();
    let counts = (share.part as u64, share.whole as u64);
    counted(frame, name, share.share(), share.interval(), counts, note)
}

fn counted(
    frame: &Frame,
    name: &str,
    share: Option<f64>,
    interval: Option<[f64; 2]>,
    (part, whole): (u64, u64),
    note: String,
) -> Measure {
    let counted = match interval {
        Some([low, high]) => frame
            .t(&format!("quality.{name}.counted"))
            .with("part", part)
            .with("whole", whole)
            .with("low", frame.percent(&low))
            .with("high", frame.percent(&high))
            .to_string(),
        None => frame.t("quality.nothing_yet").to_string(),
    };
    Measure {
        name: frame.t(&format!("quality.{name}.name")).to_string(),
        value: share.map_or_else(|| "–".to_owned(), |share| frame.percent(&share)),
        counted,
        note,
    }
}
