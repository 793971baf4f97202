//! The training and the bundles, as the page shows them.

use std::sync::Arc;

use shopdesk_model::classifier::Kept;

use super::super::frame::Frame;
use super::outcome::Outcome;
use super::steps::REASON;
use crate::agent::Role;
use crate::problem::Problem;
use crate::state::AppState;
use crate::workshop::{
    Bundles, GateVerdict, KeptBundle, Training, TrainingState, TrainingStep, Workshop, WorkshopError,
};

/// All of it.
pub(super) struct Panel {
    /// Whether this program can train at all.
    pub(super) is_there: bool,
    /// What could not be done just now.
    pub(super) problem: String,
    /// How many labels were approved of since the last training.
    pub(super) approved: String,
    pub(super) progress: Option<Progress>,
    /// How the last training ended, in a sentence, unless it left a candidate.
    pub(super) ended: String,
    pub(super) candidate: Option<Box<CandidateView>>,
    pub(super) chosen: Option<BundleView>,
    /// Whether servers answer with the chosen bundle already.
    pub(super) is_in_use: bool,
    pub(super) others: Vec<BundleView>,
    /// The bundle that a roll-back takes.
    pub(super) before: Option<String>,
}

/// How far a training is.
pub(super) struct Progress {
    pub(super) begun: String,
    pub(super) steps: Vec<Step>,
}

/// A step of it.
pub(super) struct Step {
    pub(super) name: String,
    /// `done`, `now` or `later`.
    pub(super) state: &'static str,
    pub(super) word: String,
    /// Of the step that is being done: how much of it, from 0 to 1.
    pub(super) share: Option<String>,
    pub(super) percent: String,
}

/// The bundle that the last training left.
pub(super) struct CandidateView {
    pub(super) id: String,
    pub(super) summary: String,
    pub(super) learnt: String,
    pub(super) promise: String,
    pub(super) outcome: Option<Outcome>,
    /// `passed`, `fell_short` or `cannot_say`.
    pub(super) verdict: String,
    pub(super) tone: &'static str,
    /// Whether it is the chosen one already.
    pub(super) is_chosen: bool,
    pub(super) may_switch: bool,
    /// Whether whoever looks may switch in spite of the gate.
    pub(super) may_force: bool,
    /// How many characters a reason for that may have.
    pub(super) longest_reason: usize,
    pub(super) report: Option<String>,
}

/// A bundle.
pub(super) struct BundleView {
    pub(super) id: String,
    pub(super) made_at: String,
    pub(super) promise: String,
    pub(super) accuracy: String,
}

impl Panel {
    /// As it is just now, with what could not be done.
    pub(super) async fn now(app: &AppState, frame: &Frame, problem: String) -> Result<Self, Problem> {
        let Some(workshop) = app.workshop.clone() else { return Ok(Self::without_workshop()) };
        let training = workshop.training();
        // A training that failed has learnt nothing.
        let learnt = training.as_ref().filter(|training| {
            matches!(training.state, TrainingState::Running { .. } | TrainingState::Finished { .. })
        });
        let since = learnt.map(|training| training.started_at);
        let approved = app.store.approved_since(since).await?;
        let (bundles, problem) = match on_its_thread(workshop, |workshop| workshop.bundles()).await? {
            Ok(bundles) => (Some(bundles), problem),
            Err(error) => {
                tracing::error!(%error, "the bundles cannot be listed");
                (None, frame.t("learning.problem.failed").to_string())
            }
        };
        let served = app.assessor.triage().bundle_id().clone();
        let chosen_id = bundles.as_ref().map(|bundles| bundles.chosen.id.clone());
        Ok(Self {
            is_there: true,
            problem,
            approved: frame.t("learning.approved").with("count", approved).to_string(),
            progress: training.as_ref().and_then(|training| progress(frame, training)),
            ended: training.as_ref().map(|training| ended(frame, training)).unwrap_or_default(),
            candidate: training
                .and_then(|training| candidate(frame, training, chosen_id.as_ref()).map(Box::new)),
            is_in_use: chosen_id.is_none_or(|chosen| chosen == served),
            chosen: bundles.as_ref().map(|bundles| bundle(frame, &bundles.chosen)),
            before: bundles.as_ref().and_then(|bundles| bundles.before.as_ref()).map(ToString::to_string),
            others: others(frame, bundles.as_ref()),
        })
    }

    fn without_workshop() -> Self {
        Self {
            is_there: false,
            problem: String::new(),
            approved: String::new(),
            progress: None,
            ended: String::new(),
            candidate: None,
            chosen: None,
            is_in_use: true,
            others: Vec::new(),
            before: None,
        }
    }

    /// Whether it changes by itself.
    pub(super) fn is_moving(&self) -> bool {
        self.progress.is_some() || !self.is_in_use
    }
}

/// Calls the workshop where waiting for files is allowed.
pub(super) async fn on_its_thread<R: Send + 'static>(
    workshop: Arc<dyn Workshop>,
    call: impl FnOnce(Arc<dyn Workshop>) -> Result<R, WorkshopError> + Send + 'static,
) -> Result<Result<R, WorkshopError>, Problem> {
    tokio::task::spawn_blocking(move || call(workshop)).await.map_err(|_| Problem::Failed)
}

/// What a bundle promises: how much it answers, and how many of these it may get wrong.
pub(super) fn promise(frame: &Frame, kept: &Kept) -> String {
    if kept.threshold.is_none() {
        return frame
            .t("learning.promise_not_kept")
            .with("share", frame.percent(&kept.max_error))
            .to_string();
    }
    let answered = kept.answered as f64 / kept.messages.max(1) as f64;
    frame
        .t("learning.promise")
        .with("share", frame.percent(&kept.max_error))
        .with("coverage", frame.percent(&answered))
        .with("wrong", kept.wrong)
        .with("answered", kept.answered)
        .to_string()
}

fn progress(frame: &Frame, training: &Training) -> Option<Progress> {
    let TrainingState::Running { step: current, done, of } = training.state else { return None };
    let share = done as f64 / of.max(1) as f64;
    let step = |step: TrainingStep| {
        let state = match step.cmp(&current) {
            std::cmp::Ordering::Less => "done",
            std::cmp::Ordering::Equal => "now",
            std::cmp::Ordering::Greater => "later",
        };
        Step {
            name: frame.t(&format!("learning.step.{}", step.as_str())).to_string(),
            state,
            word: frame.t(&format!("learning.step_{state}")).to_string(),
            share: (step == current).then(|| format!("{share:.3}")),
            percent: frame.percent(&share),
        }
    };
    Some(Progress { begun: begun(frame, training), steps: TrainingStep::ALL.map(step).into() })
}

/// When and by whom it was begun.
fn begun(frame: &Frame, training: &Training) -> String {
    frame
        .t("learning.begun")
        .with("at", frame.time(&training.started_at))
        .with("by", &training.by)
        .with("examples", training.examples)
        .to_string()
}

fn ended(frame: &Frame, training: &Training) -> String {
    let begun = begun(frame, training);
    match &training.state {
        TrainingState::Running { .. } | TrainingState::Finished { .. } => String::new(),
        TrainingState::Interrupted => format!("{begun} {}", frame.t("learning.interrupted")),
        TrainingState::Failed { problem, .. } => {
            format!("{begun} {}", frame.t("learning.failed").with("problem", problem))
        }
    }
}

fn candidate(
    frame: &Frame,
    training: Training,
    chosen: Option<&shopdesk_model::classifier::BundleId>,
) -> Option<CandidateView> {
    let begun = begun(frame, &training);
    let TrainingState::Finished { at, candidate } = training.state else { return None };
    let verdict = candidate.verdict();
    let (word, tone) = match verdict {
        GateVerdict::Passed => ("passed", "good"),
        GateVerdict::FellShort => ("fell_short", "urgent"),
        GateVerdict::CannotSay => ("cannot_say", "warn"),
    };
    let learnt = candidate.learnt;
    let is_chosen = chosen == Some(&candidate.bundle);
    let role = frame.agent.as_ref().map(|agent| agent.role);
    Some(CandidateView {
        id: candidate.bundle.to_string(),
        summary: format!("{begun} {}", frame.t("learning.finished").with("at", frame.time(&at))),
        learnt: frame
            .t("learning.learnt")
            .with("added", learnt.added)
            .with("known", learnt.known)
            .with("contradicting", learnt.contradicting)
            .with("of_no_intent", learnt.of_no_intent)
            .with("held_out", learnt.held_out)
            .to_string(),
        promise: promise(frame, &candidate.promise),
        outcome: Outcome::of(frame, &candidate),
        verdict: frame.t(&format!("learning.verdict.{word}")).to_string(),
        tone,
        is_chosen,
        may_switch: !is_chosen && verdict == GateVerdict::Passed,
        may_force: !is_chosen && verdict != GateVerdict::Passed && role == Some(Role::Admin),
        longest_reason: REASON,
        report: candidate.report.clone(),
    })
}

fn bundle(frame: &Frame, bundle: &KeptBundle) -> BundleView {
    BundleView {
        id: bundle.id.to_string(),
        made_at: bundle.made_at.map_or_else(|| "–".to_owned(), |at| frame.time(&at)),
        promise: promise(frame, &bundle.promise),
        accuracy: frame.percent(&bundle.accuracy),
    }
}

fn others(frame: &Frame, bundles: Option<&Bundles>) -> Vec<BundleView> {
    bundles
        .map(|bundles| bundles.others.iter().map(|other| bundle(frame, other)).collect())
        .unwrap_or_default()
}
