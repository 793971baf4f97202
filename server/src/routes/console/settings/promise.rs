//! How often an automatic answer may be wrong: what the next training promises, and the thresholds by which the bundle in use keeps what it
//! was trained for.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use shopdesk_model::Probability;
use shopdesk_model::classifier::Kept;

use super::Tab;
use super::promise_form::PromiseForm;
use super::standing::{self, Outcome};
use super::submitted::Submitted;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::console::fields::Fields;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::state::AppState;
use crate::store::SettingsSection;

#[derive(Template)]
#[template(path = "console/settings/promise.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    bundle: String,
    /// The first one is for all intents that have none of their own.
    promises: Vec<Row>,
    thresholds: Vec<Threshold>,
    form: PromiseForm,
}

#[derive(Template)]
#[template(path = "console/settings/promise_card.html")]
struct Card {
    frame: Frame,
    form: PromiseForm,
}

struct Row {
    intent: String,
    max_error: String,
    confidence: String,
    /// Nothing when too few messages support the promise: then a human answers.
    threshold: Option<String>,
    /// The share of messages that are answered.
    answered: String,
    messages: usize,
    wrong: usize,
    error_bound: String,
}

/// A threshold and the key that changes it.
struct Threshold {
    key: &'static str,
    title: String,
    value: String,
}

pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    // Somebody may have changed it on another server just now.
    app.follow_choices().await?;
    let frame = visit.frame(Section::Settings);
    let triage = app.assessor.triage();
    let thresholds = triage.bundle().thresholds();
    let mut promises = vec![row(&frame, frame.t("settings.promise.all").to_string(), &thresholds.promise)];
    promises.extend(thresholds.intents.iter().map(|(intent, kept)| row(&frame, frame.intent(intent), kept)));
    let policy = triage.policy();
    let never = || frame.t("settings.promise.never").to_string();
    let share =
        |probability: Option<Probability>| probability.map_or_else(never, |share| frame.percent(&share));
    let human = policy.human_intent.as_ref().map_or_else(never, |intent| frame.intent(intent));
    let small_talk: Vec<String> =
        policy.small_talk_intents.iter().map(|intent| frame.intent(intent)).collect();
    let small_talk =
        if small_talk.is_empty() { never() } else { small_talk.join(&frame.t("settings.and").to_string()) };
    let values = [
        ("policy.answer_probability", share(Some(policy.answer_probability))),
        ("policy.clarify_confidence", share(Some(policy.clarify_confidence))),
        ("policy.context_confidence", share(Some(policy.context_confidence))),
        ("policy.upset_confidence", share(policy.upset_confidence)),
        ("policy.human_intent", human),
        ("policy.small_talk_intents", small_talk),
        ("", share(Some(thresholds.out_of_scope))),
    ];
    let thresholds = values.into_iter().map(|(key, value)| {
        let name = key.rsplit('.').next().filter(|name| !name.is_empty()).unwrap_or("out_of_scope");
        Threshold { key, title: frame.t(&format!("settings.policy.{name}")).to_string(), value }
    });
    let thresholds = thresholds.collect();
    let bundle = triage.bundle_id().to_string();
    let form = PromiseForm::in_force(&app, &frame, Outcome::Shown);
    render(&Page { frame, tab: Tab::Promise, bundle, promises, thresholds, form })
}

pub(super) async fn keep(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let submitted = Submitted(fields);
    let since = submitted.since();
    let value = |name: &str| submitted.one(name).to_owned();
    let mut form = PromiseForm::with(&app, &frame, Outcome::Wrong { since }, value);
    let Some(promise) = form.read(&frame) else {
        return standing::answer(Outcome::Wrong { since }, &Card { frame, form });
    };
    let outcome = standing::keep(&app, &visit, &SettingsSection::Promise, &promise, since).await?;
    form = if outcome == Outcome::Saved {
        PromiseForm::in_force(&app, &frame, outcome)
    } else {
        PromiseForm::with(&app, &frame, outcome, value)
    };
    standing::answer(outcome, &Card { frame, form })
}

/// Goes back to what the settings file says.
pub(super) async fn reset(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let since = Submitted(fields).since();
    let outcome = standing::reset(&app, &visit, &SettingsSection::Promise, since).await?;
    let form = PromiseForm::in_force(&app, &frame, outcome);
    standing::answer(outcome, &Card { frame, form })
}

fn row(frame: &Frame, intent: String, kept: &Kept) -> Row {
    let answered = if kept.messages == 0 { 0.0 } else { kept.answered as f64 / kept.messages as f64 };
    Row {
        intent,
        max_error: frame.percent(&kept.max_error),
        confidence: frame.percent(&kept.confidence),
        threshold: kept.threshold.map(|threshold| frame.percent(&threshold)),
        answered: frame.percent(&answered),
        messages: kept.messages,
        wrong: kept.wrong,
        error_bound: frame.percent(&kept.error_bound),
    }
}
