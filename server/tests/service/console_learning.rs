//! The console's learning: labels that wait, trainings, and which bundle answers.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::json;
use shopdesk_model::classifier::{BundleId, Kept};
use shopdesk_model::intents::{IntentId, Learnt};
use shopdesk_server::{
    Actor, AppState, Bundles, Candidate, Check, Comparison, GateVerdict, KeptBundle, LabelledExample, Role,
    TicketChange, Training, TrainingState, TrainingStep, Workshop, WorkshopError,
};

use crate::console_quality::answered;
use crate::support::TestApp;

const LABELS: &str = "/console/learning/labels";
const TRAINING: &str = "/console/learning/training";
const SWITCH: &str = "/console/learning/switch";
const ROLL_BACK: &str = "/console/learning/roll-back";

/// A workshop that makes what a test wants of it.
struct Bench {
    kept: Kept,
    served: BundleId,
    training: Mutex<Option<Training>>,
    examples: Mutex<Vec<LabelledExample>>,
    /// Whether each switch was in spite of the gate.
    switches: Mutex<Vec<bool>>,
    /// The bundle that a roll-back takes.
    before: Mutex<Option<BundleId>>,
}

/// The names of the bundles of these tests, as forms send them.
const CANDIDATE: (&str, &str) = ("bundle", "candidate");
const EARLIER: (&str, &str) = ("bundle", "earlier");

fn bundle(id: &str) -> BundleId {
    serde_json::from_value(json!(id)).unwrap()
}

impl Bench {
    fn of(state: &AppState, training: Option<TrainingState>) -> Arc<Self> {
        let triage = state.assessor.triage();
        let training = training.map(|state| Training {
            started_at: Timestamp::now(),
            by: "boss".to_owned(),
            examples: 3,
            state,
        });
        Arc::new(Self {
            kept: triage.bundle().thresholds().promise.clone(),
            served: triage.bundle_id().clone(),
            training: Mutex::new(training),
            examples: Mutex::default(),
            switches: Mutex::default(),
            before: Mutex::new(Some(bundle("earlier"))),
        })
    }
}

impl Workshop for Bench {
    fn train(&self, examples: Vec<LabelledExample>, _: &str) -> Result<(), WorkshopError> {
        let mut training = self.training.lock().unwrap();
        if training.is_some() {
            return Err(WorkshopError::Busy);
        }
        *self.examples.lock().unwrap() = examples;
        let state = TrainingState::Running { step: TrainingStep::Fit, done: 1, of: 4 };
        *training = Some(Training { started_at: Timestamp::now(), by: "su".to_owned(), examples: 1, state });
        Ok(())
    }

    fn training(&self) -> Option<Training> {
        self.training.lock().unwrap().clone()
    }

    fn bundles(&self) -> Result<Bundles, WorkshopError> {
        let kept = |id: BundleId| KeptBundle {
            id,
            made_at: Some(Timestamp::UNIX_EPOCH),
            promise: self.kept.clone(),
            accuracy: 0.5,
        };
        Ok(Bundles {
            chosen: kept(self.served.clone()),
            others: vec![kept(bundle("earlier"))],
            before: self.before.lock().unwrap().clone(),
        })
    }

    fn switch(&self, wanted: &BundleId, in_spite_of_the_gate: bool) -> Result<(), WorkshopError> {
        let training = self.training();
        let Some(Training { state: TrainingState::Finished { candidate, .. }, .. }) = training else {
            return Err(WorkshopError::NoCandidate);
        };
        if candidate.bundle != *wanted {
            return Err(WorkshopError::Overtaken);
        }
        if candidate.verdict() != GateVerdict::Passed && !in_spite_of_the_gate {
            return Err(WorkshopError::Refused);
        }
        self.switches.lock().unwrap().push(in_spite_of_the_gate);
        Ok(())
    }

    fn roll_back(&self, wanted: &BundleId) -> Result<(), WorkshopError> {
        let mut before = self.before.lock().unwrap();
        if before.as_ref() != Some(wanted) {
            return Err(WorkshopError::Overtaken);
        }
        *before = Some(bundle("earliest"));
        Ok(())
    }
}

/// A candidate of which the gate's only limit is kept, or not.
fn finished(state: &AppState, kept: bool) -> TrainingState {
    let triage = state.assessor.triage();
    let comparison = Comparison {
        running: triage.bundle_id().clone(),
        messages: 1530,
        only_running_right: 7,
        only_candidate_right: 12,
        p_value: 0.25,
        figures: Vec::new(),
        intents: Vec::new(),
        worse: Vec::new(),
    };
    let candidate = Candidate {
        bundle: bundle("candidate"),
        promise: triage.bundle().thresholds().promise.clone(),
        accuracy: 0.9,
        learnt: Learnt { added: 2, ..Learnt::default() },
        comparison: Some(comparison),
        checks: vec![Check { limit: "promise".to_owned(), found: "as found".to_owned(), kept }],
        report: None,
    };
    TrainingState::Finished { at: Timestamp::now(), candidate: Box::new(candidate) }
}

/// An app with a workshop, and the workshop.
async fn app_with(training: impl FnOnce(&AppState) -> Option<TrainingState>) -> (TestApp, Arc<Bench>) {
    let mut made = None;
    let app = TestApp::with_workshop(|state| {
        let bench = Bench::of(state, training(state));
        made = Some(Arc::clone(&bench));
        bench
    })
    .await;
    (app, made.unwrap())
}

/// A ticket's intent is corrected by an agent.
async fn corrected(app: &TestApp, text: &str) {
    let conversation = app.conversation().await;
    app.say(&conversation, text).await;
    let tickets = app.tickets().await;
    let ticket = tickets.iter().find(|ticket| ticket.contents.text == text).expect("a ticket").id;
    let actor = Actor { name: "an".to_owned(), shown: "An".to_owned(), agent: None };
    let new = TicketChange::Intent(IntentId::new("dispatch_time").unwrap());
    app.state.store.change_ticket(ticket, &actor, new).await.unwrap().unwrap();
}

/// What the form calls the labels that wait.
fn labels(page: &str) -> Vec<String> {
    let values = page.split("name=\"label\" value=\"").skip(1);
    values.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

async fn states(app: &TestApp) -> Vec<String> {
    app.state
        .store
        .corrections(None, 10)
        .await
        .unwrap()
        .into_iter()
        .map(|correction| correction.state)
        .collect()
}

#[tokio::test]
async fn labels_are_approved_of_or_rejected_one_by_one_or_together() {
    let app = TestApp::start().await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    for text in ["转人工，电话13812345678", "转人工<b>", "转人工 3"] {
        corrected(&app, text).await;
    }
    let page = app.page(&supervisor, "/console/learning").await.text;
    assert!(
        page.contains("[phone]") && !page.contains("13812345678") && !page.contains("转人工<b>"),
        "{page}"
    );
    let waiting = labels(&page);
    assert_eq!(waiting.len(), 3);
    let (first, second) = (waiting[0].as_str(), waiting[1].as_str());
    let one = [("label", first), ("label", second), ("approve", first)];
    let rest = app.submit(&supervisor, LABELS, &one).await;
    assert_eq!((rest.status, labels(&rest.text).len()), (StatusCode::OK, 2));
    // What else was ticked stays so.
    assert_eq!(rest.text.matches(" checked").count(), 1, "{}", rest.text);
    assert!(rest.text.contains(&format!("value=\"{second}\" checked")), "{}", rest.text);
    let both = [("label", waiting[1].as_str()), ("label", waiting[2].as_str()), ("ticked", "reject")];
    assert!(labels(&app.submit(&supervisor, LABELS, &both).await.text).is_empty());
    let mut found = states(&app).await;
    found.sort();
    assert_eq!(found, ["approved", "rejected", "rejected"]);
    let audit = app.audit(10).await;
    assert_eq!(audit.iter().filter(|entry| entry.action == "correction.judge").count(), 3);
}

#[tokio::test]
async fn a_training_learns_from_what_was_approved_of_without_personal_data() {
    let (app, bench) = app_with(|_| None).await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    corrected(&app, "转人工，电话13812345678").await;
    corrected(&app, "转人工 2").await;
    let answer = answered(&app.state.store, "讲个笑话").await.id;
    let wrong = [("verdict", "wrong"), ("intent", "out_of_scope")];
    app.submit(&supervisor, &format!("/console/quality/reviews/{answer}"), &wrong).await;
    let page = app.page(&supervisor, "/console/learning").await.text;
    for label in labels(&page) {
        let is_wanted =
            label.starts_with("review:") || page.split(&label).nth(1).unwrap().contains("[phone]");
        let decision = if is_wanted { "approve" } else { "reject" };
        app.submit(&supervisor, LABELS, &[(decision, &label)]).await;
    }
    let panel = app.submit(&supervisor, TRAINING, &[]).await;
    assert_eq!(panel.status, StatusCode::OK);
    let examples = bench.examples.lock().unwrap().clone();
    assert_eq!(examples.len(), 2, "{examples:?}");
    let has = |text: &str, intent: Option<&str>| {
        examples.contains(&LabelledExample { text: text.to_owned(), intent: intent.map(ToOwned::to_owned) })
    };
    assert!(has("转人工，电话[phone]", Some("dispatch_time")), "{examples:?}");
    assert!(has("讲个笑话", None), "{examples:?}");
}

#[tokio::test]
async fn a_training_that_runs_is_followed_and_not_begun_again() {
    let (app, _) = app_with(|_| None).await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let running = app.submit(&supervisor, TRAINING, &[]).await.text;
    assert!(running.contains("every 2s") && running.contains("value=\"0.250\""), "{running}");
    assert!(running.contains("<li class=\"done\"><span>Embedding the messages"), "{running}");
    assert!(!running.contains("hx-post=\"/console/learning/training\""), "{running}");
    assert!(app.submit(&supervisor, TRAINING, &[]).await.text.contains("A training runs already."));
}

#[tokio::test]
async fn an_interrupted_training_says_so() {
    let (app, _) = app_with(|_| Some(TrainingState::Interrupted)).await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let page = app.page(&supervisor, "/console/learning").await.text;
    assert!(page.contains("It was interrupted") && page.contains("Train now"), "{page}");
}

#[tokio::test]
async fn what_passed_the_gate_a_supervisor_switches_to() {
    let (app, bench) = app_with(|state| Some(finished(state, true))).await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let page = app.page(&supervisor, "/console/learning").await.text;
    assert!(page.contains("passes the gate") && page.contains("on the same 1530 test messages"), "{page}");
    assert!(page.contains(r#"hx-vals='{"bundle":"candidate"}'"#), "{page}");
    assert_eq!(app.submit(&supervisor, SWITCH, &[CANDIDATE]).await.status, StatusCode::OK);
    assert_eq!(*bench.switches.lock().unwrap(), [false]);
    let audit = app.audit(1).await;
    assert_eq!((audit[0].action.as_str(), audit[0].subject.as_deref()), ("bundle.switch", Some("candidate")));
}

#[tokio::test]
async fn only_an_administrator_with_a_reason_passes_by_the_gate() {
    let (app, bench) = app_with(|state| Some(finished(state, false))).await;
    let (supervisor, admin) = (app.agent("su", Role::Supervisor).await, app.agent("ad", Role::Admin).await);
    let refused = app.submit(&supervisor, SWITCH, &[CANDIDATE]).await.text;
    assert!(refused.contains("It did not pass the gate, so it is not switched to."), "{refused}");
    let forced = [CANDIDATE, ("force", "true"), ("reason", "the owner wants it")];
    assert_eq!(app.submit(&supervisor, SWITCH, &forced).await.status, StatusCode::FORBIDDEN);
    let without = app.submit(&admin, SWITCH, &[CANDIDATE, ("force", "true"), ("reason", "  ")]).await.text;
    assert!(without.contains("Say why to switch in spite of the gate."), "{without}");
    assert!(bench.switches.lock().unwrap().is_empty());
    assert_eq!(app.submit(&admin, SWITCH, &forced).await.status, StatusCode::OK);
    assert_eq!(*bench.switches.lock().unwrap(), [true]);
    let audit = app.audit(1).await;
    assert_eq!(audit[0].detail.as_deref(), Some("in spite of the gate: the owner wants it"));
}

#[tokio::test]
async fn a_roll_back_is_done_and_written_down() {
    let (app, bench) = app_with(|_| None).await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let page = app.page(&supervisor, "/console/learning").await.text;
    assert!(page.contains(r#"hx-vals='{"bundle":"earlier"}'"#), "{page}");
    app.submit(&supervisor, ROLL_BACK, &[EARLIER]).await;
    assert_eq!(*bench.before.lock().unwrap(), Some(bundle("earliest")));
    assert_eq!(app.audit(1).await[0].action, "bundle.roll_back");
}

#[tokio::test]
async fn a_button_acts_on_the_bundle_that_it_names_or_on_none() {
    let (app, bench) = app_with(|state| Some(finished(state, true))).await;
    let (supervisor, admin) = (app.agent("su", Role::Supervisor).await, app.agent("ad", Role::Admin).await);
    let old = [("bundle", "an-older-candidate"), ("force", "true"), ("reason", "the owner wants it")];
    let overtaken = app.submit(&admin, SWITCH, &old).await.text;
    assert!(overtaken.contains("Somebody trained or switched meanwhile"), "{overtaken}");
    assert!(bench.switches.lock().unwrap().is_empty());
    for _ in 0..2 {
        app.submit(&supervisor, ROLL_BACK, &[EARLIER]).await;
    }
    assert_eq!(*bench.before.lock().unwrap(), Some(bundle("earliest")));
    let audit = app.audit(10).await;
    assert_eq!(audit.iter().filter(|entry| entry.action.starts_with("bundle.")).count(), 1);
}

#[tokio::test]
async fn a_service_that_cannot_train_says_what_to_do() {
    let app = TestApp::start().await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    assert!(
        app.page(&supervisor, "/console/learning").await.text.contains("Run shopdesk train on the server.")
    );
    assert_eq!(app.submit(&supervisor, TRAINING, &[]).await.status, StatusCode::NOT_FOUND);
}
