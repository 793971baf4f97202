//! `/console/quality/reviews`: answers of a random sample, one after the other: right, wrong, or nobody can tell.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use shopdesk_model::intents::OUT_OF_SCOPE;

use super::super::fields::Fields;
use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use super::overview::{Preset, presets};
use super::range::{Asked, Range};
use super::review_card::Card;
use crate::agent::Role;
use crate::conversation::MessageId;
use crate::problem::Problem;
use crate::review::ReviewVerdict;
use crate::routes::body::Parameters;
use crate::state::AppState;
use crate::store::NewReview;

#[derive(Template)]
#[template(path = "console/quality/reviews.html")]
struct Page {
    frame: Frame,
    tab: &'static str,
    range: Range,
    presets: Vec<Preset>,
    card: Card,
}

#[derive(Template)]
#[template(path = "console/quality/review_card.html")]
struct Part {
    frame: Frame,
    card: Card,
}

pub(super) async fn show(
    State(app): State<AppState>,
    visit: Visit,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let range = Range::of(&app, asked)?;
    let frame = visit.frame(Section::Quality);
    let card = Card::next(&app, &frame, &range, None).await?;
    render(&Page { presets: presets(&frame, &range), tab: "reviews", frame, range, card })
}

/// What somebody says of an answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    verdict: ReviewVerdict,
    /// Of a wrong one: what the question was about; nothing when that was not said.
    #[serde(default)]
    intent: String,
}

pub(super) async fn keep(
    State(app): State<AppState>,
    visit: Visit,
    Path(message): Path<String>,
    Parameters(asked): Parameters<Asked>,
    Fields(said): Fields<Said>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let range = Range::of(&app, asked)?;
    let message: MessageId = message.parse().map_err(|_| Problem::NoMessage)?;
    let frame = visit.frame(Section::Quality);
    let intent = Some(said.intent).filter(|intent| !intent.is_empty());
    let is_known =
        |id: &String| id == OUT_OF_SCOPE || frame.intents.iter().any(|label| label.id.as_str() == id);
    if intent.as_ref().is_some_and(|id| !is_known(id)) {
        return Err(Problem::InvalidValue { detail: "Choose one of the shop's intents.".to_owned() });
    }
    let review = NewReview { message, verdict: said.verdict, intent, actor: visit.staff.name() };
    // Somebody else may have been faster; then theirs counts, and one goes on.
    let is_first = app.store.review(review).await?.ok_or(Problem::NoMessage)?;
    if is_first {
        visit.staff.audit(&app, "review.keep", message).await?;
    }
    let said = is_first.then(|| (message.to_string(), said.verdict));
    let card = Card::next(&app, &frame, &range, said).await?;
    render(&Part { frame, card })
}

/// A slip of the finger.
pub(super) async fn take_back(
    State(app): State<AppState>,
    visit: Visit,
    Path(message): Path<String>,
    Parameters(asked): Parameters<Asked>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let range = Range::of(&app, asked)?;
    let message: MessageId = message.parse().map_err(|_| Problem::NoMessage)?;
    if app.store.take_back_review(message, &visit.staff.name()).await? {
        visit.staff.audit(&app, "review.take_back", message).await?;
    }
    let frame = visit.frame(Section::Quality);
    let card = Card::next(&app, &frame, &range, None).await?;
    render(&Part { frame, card })
}
