//! What somebody does in the workshop: train, switch, roll back. Each is in the audit log, with who and why.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use shopdesk_model::classifier::BundleId;

use super::super::fields::Fields;
use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use super::panel::{Panel, on_its_thread};
use crate::agent::Role;
use crate::mask::mask;
use crate::problem::Problem;
use crate::state::AppState;
use crate::workshop::{LabelledExample, WorkshopError};

/// How long a reason may be, in characters.
pub(super) const REASON: usize = 500;

#[derive(Template)]
#[template(path = "console/learning/panel.html")]
struct Part {
    frame: Frame,
    panel: Panel,
}

pub(super) async fn refresh(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    shown(&app, &visit, None).await
}

pub(super) async fn train(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let workshop = app.workshop.clone().ok_or(Problem::NoRoute)?;
    let labels = app.store.approved_labels().await?;
    let examples: Vec<LabelledExample> = labels
        .into_iter()
        .map(|label| LabelledExample {
            // Nothing personal goes into a bundle.
            text: mask(&label.text).into_owned(),
            intent: Some(label.intent).filter(|id| id != shopdesk_model::intents::OUT_OF_SCOPE),
        })
        .collect();
    let (count, by) = (examples.len(), visit.staff.name());
    match on_its_thread(workshop, move |workshop| workshop.train(examples, &by)).await? {
        Ok(()) => {
            audit(&app, &visit, "bundle.train", None, Some(format!("{count} labelled messages"))).await?;
            shown(&app, &visit, None).await
        }
        Err(error) => shown(&app, &visit, Some(error)).await,
    }
}

/// Which candidate to switch to; whether in spite of the gate, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    bundle: BundleId,
    #[serde(default)]
    force: bool,
    #[serde(default)]
    reason: String,
}

pub(super) async fn switch(
    State(app): State<AppState>,
    visit: Visit,
    Fields(switch): Fields<Switch>,
) -> Result<Response, Problem> {
    visit.require(if switch.force { Role::Admin } else { Role::Supervisor })?;
    let workshop = app.workshop.clone().ok_or(Problem::NoRoute)?;
    let reason: String = switch.reason.trim().chars().take(REASON).collect();
    if switch.force && reason.is_empty() {
        let frame = visit.frame(Section::Learning);
        let problem = frame.t("learning.problem.no_reason").to_string();
        let panel = Panel::now(&app, &frame, problem).await?;
        return render(&Part { frame, panel });
    }
    let (bundle, force) = (switch.bundle.clone(), switch.force);
    match on_its_thread(workshop, move |workshop| workshop.switch(&bundle, force)).await? {
        Ok(()) => {
            let detail = force.then(|| format!("in spite of the gate: {reason}"));
            audit(&app, &visit, "bundle.switch", Some(switch.bundle.to_string()), detail).await?;
            shown(&app, &visit, None).await
        }
        Err(error) => shown(&app, &visit, Some(error)).await,
    }
}

/// Which bundle to go back to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RollBack {
    bundle: BundleId,
}

pub(super) async fn roll_back(
    State(app): State<AppState>,
    visit: Visit,
    Fields(RollBack { bundle }): Fields<RollBack>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let workshop = app.workshop.clone().ok_or(Problem::NoRoute)?;
    let before = bundle.clone();
    match on_its_thread(workshop, move |workshop| workshop.roll_back(&before)).await? {
        Ok(()) => {
            audit(&app, &visit, "bundle.roll_back", Some(bundle.to_string()), None).await?;
            shown(&app, &visit, None).await
        }
        Err(error) => shown(&app, &visit, Some(error)).await,
    }
}

async fn audit(
    app: &AppState,
    visit: &Visit,
    action: &str,
    subject: Option<String>,
    detail: Option<String>,
) -> Result<(), Problem> {
    Ok(app.store.keep_audit(&visit.staff.name(), action, subject, detail).await?)
}

/// The panel as it is now, with what was refused.
async fn shown(app: &AppState, visit: &Visit, refused: Option<WorkshopError>) -> Result<Response, Problem> {
    let frame = visit.frame(Section::Learning);
    let problem = refused.map(|error| said(&frame, &error)).unwrap_or_default();
    let panel = Panel::now(app, &frame, problem).await?;
    render(&Part { frame, panel })
}

fn said(frame: &Frame, error: &WorkshopError) -> String {
    let key = match error {
        WorkshopError::Busy => "busy",
        WorkshopError::NoCandidate => "no_candidate",
        WorkshopError::Overtaken => "overtaken",
        WorkshopError::Refused => "refused",
        WorkshopError::NoneBefore => "none_before",
        WorkshopError::Unsuitable(_) => "unsuitable",
        WorkshopError::Failed(_) => "failed",
    };
    if matches!(error, WorkshopError::Unsuitable(_) | WorkshopError::Failed(_)) {
        tracing::error!(%error, "the workshop could not do it");
    }
    frame.t(&format!("learning.problem.{key}")).to_string()
}
