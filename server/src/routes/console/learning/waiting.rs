//! Labels that wait for a supervisor: one or several are approved of, or not.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::super::fields::Fields;
use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use crate::agent::Role;
use crate::conversation::MessageId;
use crate::mask::mask;
use crate::problem::Problem;
use crate::routes::corrections::judge_correction;
use crate::state::AppState;
use crate::store::{LabelSource, WaitingLabel};
use crate::ticket::CorrectionId;

/// How many are shown at once.
const SHOWN: u32 = 100;

#[derive(Template)]
#[template(path = "console/learning/waiting.html")]
struct Part {
    frame: Frame,
    waiting: Waiting,
}

/// What waits.
pub(super) struct Waiting {
    pub(super) rows: Vec<Row>,
    /// How many more there are than are shown.
    pub(super) more: String,
    pub(super) count: usize,
}

/// A label.
pub(super) struct Row {
    /// What the form calls it.
    pub(super) id: String,
    pub(super) text: String,
    pub(super) old: String,
    pub(super) new: String,
    pub(super) is_ticked: bool,
    /// Whether a training learns from it.
    pub(super) is_learnt: bool,
    pub(super) source: String,
    /// The page of its ticket, if it has one.
    pub(super) ticket: Option<String>,
    pub(super) actor: String,
    pub(super) at: String,
}

impl Waiting {
    pub(super) async fn now(app: &AppState, frame: &Frame) -> Result<Self, Problem> {
        let (labels, count) = app.store.waiting_labels(SHOWN).await?;
        let more = count.saturating_sub(labels.len());
        let more = (more > 0).then(|| frame.t("learning.more").with("count", more).to_string());
        Ok(Self {
            rows: labels.into_iter().map(|label| Row::of(frame, label)).collect(),
            more: more.unwrap_or_default(),
            count,
        })
    }
}

impl Row {
    fn of(frame: &Frame, label: WaitingLabel) -> Self {
        let value = |value: &str| match label.field.as_str() {
            "priority" => frame.word("priority", value),
            _ if value == shopdesk_model::intents::OUT_OF_SCOPE => frame.t("quality.no_intent").to_string(),
            _ => frame.intent(value),
        };
        let (id, source, ticket) = match label.source {
            LabelSource::Correction(id, ticket) => (id.to_string(), "correction", Some(ticket.to_string())),
            LabelSource::Review(message) => (message.to_string(), "review", None),
        };
        Self {
            id: format!("{source}:{id}"),
            text: mask(&label.text).into_owned(),
            old: label.old.as_deref().map_or_else(|| "–".to_owned(), value),
            new: value(&label.new),
            is_ticked: false,
            is_learnt: label.field == "intent",
            source: frame.t(&format!("learning.source.{source}")).to_string(),
            ticket,
            actor: label.actor,
            at: frame.time(&label.at),
        }
    }
}

/// What to do with which labels. A button at a label names that one; a button below names those that are ticked.
struct Judgement {
    approve: bool,
    labels: Vec<String>,
    /// What is ticked, and not judged this time.
    still_ticked: Vec<String>,
}

impl Judgement {
    fn of(fields: Vec<(String, String)>) -> Option<Self> {
        let mut one = None;
        let mut all = None;
        let mut ticked = Vec::new();
        for (name, value) in fields {
            match name.as_str() {
                "approve" | "reject" => one = Some((name == "approve", value)),
                "ticked" => all = Some(value == "approve"),
                "label" => ticked.push(value),
                _ => return None,
            }
        }
        match (one, all) {
            (Some((approve, label)), _) => {
                ticked.retain(|other| *other != label);
                Some(Self { approve, labels: vec![label], still_ticked: ticked })
            }
            (None, Some(approve)) => Some(Self { approve, labels: ticked, still_ticked: Vec::new() }),
            (None, None) => None,
        }
    }
}

pub(super) async fn judge(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let unknown =
        || Problem::InvalidValue { detail: "Say which labels to approve of or to reject.".to_owned() };
    let judgement = Judgement::of(fields).ok_or_else(unknown)?;
    for label in judgement.labels.iter().take(SHOWN as usize) {
        judge_one(&app, &visit, label, judgement.approve).await?;
    }
    let frame = visit.frame(Section::Learning);
    let mut waiting = Waiting::now(&app, &frame).await?;
    for row in &mut waiting.rows {
        row.is_ticked = judgement.still_ticked.contains(&row.id);
    }
    let part = render(&Part { frame, waiting })?;
    // What was approved of counts for the next training.
    Ok(([("hx-trigger", "labels-judged")], part).into_response())
}

async fn judge_one(app: &AppState, visit: &Visit, label: &str, approve: bool) -> Result<(), Problem> {
    let (source, id) = label.split_once(':').ok_or(Problem::NoCorrection)?;
    if source == "correction" {
        let id: CorrectionId = id.parse().map_err(|_| Problem::NoCorrection)?;
        return match judge_correction(app, &visit.staff, id, approve).await {
            // Somebody else was faster; the list shows it.
            Err(Problem::NoCorrection) => Ok(()),
            done => done,
        };
    }
    let message: MessageId = id.parse().map_err(|_| Problem::NoCorrection)?;
    if app.store.judge_review(message, approve, &visit.staff.name()).await? {
        visit.staff.audit(app, "review.judge", message).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judgement(fields: &[(&str, &str)]) -> Option<(bool, Vec<String>, Vec<String>)> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Judgement::of(fields.collect()).map(|found| (found.approve, found.labels, found.still_ticked))
    }

    #[test]
    fn a_button_at_a_label_is_about_that_one_whatever_is_ticked() {
        let labels = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
        let one = [("label", "a"), ("label", "b"), ("reject", "b")];
        assert_eq!(judgement(&one), Some((false, labels(&["b"]), labels(&["a"]))));
        let ticked = [("label", "a"), ("label", "b"), ("ticked", "approve")];
        assert_eq!(judgement(&ticked), Some((true, labels(&["a", "b"]), Vec::new())));
        assert_eq!(judgement(&[("label", "a")]), None);
        assert_eq!(judgement(&[("lable", "a"), ("ticked", "approve")]), None);
    }
}
