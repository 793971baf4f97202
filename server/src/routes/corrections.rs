//! `/v1/corrections`: what the program got wrong.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, Parameters, Segments};
use super::caller::Staff;
use super::lists::{InState, ROWS};
use crate::agent::Role;
use crate::auth::Scope;
use crate::mask::mask;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;
use crate::ticket::{Correction, CorrectionId};

/// What agents said the program got wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct Corrections {
    corrections: Vec<Correction>,
}

/// What agents said the program got wrong, the latest 500.
///
/// Reading them is written into the audit log.
#[utoipa::path(
    get,
    path = "/v1/corrections",
    operation_id = "list_corrections",
    tag = "corrections",
    params((
        "state" = inline(Option<schema::CorrectionState>),
        Query,
        description = "Only those in that state."
    )),
    responses((status = 200, description = "The latest first.", body = Corrections)),
    security(("session" = ["supervisor"]), ("key" = ["export"])),
)]
pub(super) async fn corrections(
    State(app): State<AppState>,
    staff: Staff,
    Parameters(wanted): Parameters<InState>,
) -> Result<Json<Corrections>, Problem> {
    staff.require(Role::Supervisor, Scope::Export)?;
    staff.audit(&app, "corrections.view", "").await?;
    let mut corrections = app.store.corrections(wanted.state.as_deref(), ROWS).await?;
    for correction in &mut corrections {
        // They leave as examples to learn from, for which nobody's data is needed.
        correction.text = mask(&correction.text).into_owned();
    }
    Ok(Json(Corrections { corrections }))
}

/// Whether a correction is right.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Judge {
    approve: bool,
}

/// Approves of a correction, or not.
#[utoipa::path(
    post,
    path = "/v1/corrections/{id}",
    operation_id = "judge_correction",
    tag = "corrections",
    params(("id" = String, Path, format = Uuid, description = "The correction.")),
    request_body = Judge,
    responses(
        (status = 204, description = "Kept."),
        (status = 404, description = "`no-correction`")
    ),
    security(("session" = ["supervisor"], "csrf_token" = []), ("key" = ["admin"])),
)]
pub(super) async fn judge(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
    Body(judge): Body<Judge>,
) -> Result<StatusCode, Problem> {
    staff.require(Role::Supervisor, Scope::Admin)?;
    let id: CorrectionId = id.parse().map_err(|_| Problem::NoCorrection)?;
    judge_correction(&app, &staff, id, judge.approve).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps that whoever asks approved of a correction, or not.
pub(super) async fn judge_correction(
    app: &AppState,
    staff: &Staff,
    id: CorrectionId,
    approve: bool,
) -> Result<(), Problem> {
    if !app.store.judge_correction(id, approve, &staff.name()).await? {
        return Err(Problem::NoCorrection);
    }
    staff.audit(app, "correction.judge", id).await
}
