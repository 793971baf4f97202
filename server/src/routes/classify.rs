//! `/v1/classify` and `/v1/intents`: what texts mean, for systems of the shop's that have their own tickets.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use shopdesk_model::intents::Label;
use utoipa::ToSchema;

use super::body::Body;
use super::caller::Staff;
use crate::agent::Role;
use crate::auth::Scope;
use crate::inference::AssessError;
use crate::message::Assessed;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;

/// How many texts are classified at once.
const TEXTS: usize = 256;

/// Texts to classify, such as the tickets of another system.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Classify {
    /// Each of them at most as long as a message.
    #[schema(min_items = 1, max_items = 256)]
    texts: Vec<String>,
}

/// What the pipeline makes of each text, in their order.
#[derive(Serialize, ToSchema)]
pub(super) struct Classified {
    results: Vec<Assessed>,
}

/// Classifies texts, such as the tickets of another system.
///
/// The whole body has at most 8 MiB.
#[utoipa::path(
    post,
    path = "/v1/classify",
    operation_id = "classify",
    tag = "classification",
    request_body = Classify,
    responses(
        (status = 200, description = "What the pipeline makes of each text.", body = Classified),
        (status = 422, description = "`invalid-value`"),
        (status = 429, description = "`overloaded`")
    ),
    security(("session" = ["agent"], "csrf_token" = []), ("key" = ["classify"])),
)]
pub(super) async fn classify(
    State(app): State<AppState>,
    staff: Staff,
    Body(classify): Body<Classify>,
) -> Result<Json<Classified>, Problem> {
    staff.require(Role::Agent, Scope::Classify)?;
    if !(1..=TEXTS).contains(&classify.texts.len()) {
        return Err(Problem::InvalidValue { detail: format!("Give `texts` from 1 to {TEXTS} texts.") });
    }
    let limit = app.settings.max_message_characters;
    if classify.texts.iter().any(|text| text.trim().is_empty() || text.chars().count() > limit) {
        let detail =
            format!("Give each of `texts` from 1 to {limit} characters that are not all white space.");
        return Err(Problem::InvalidValue { detail });
    }
    let mut results = Vec::with_capacity(classify.texts.len());
    // A few at a time, so that a batch leaves room for shoppers.
    for some in classify.texts.chunks(8) {
        let assessing = some.iter().map(|text| crate::dialogue::assess_text(&app, text));
        for assessed in futures_util::future::join_all(assessing).await {
            results.push(assessed.map_err(|error| match error {
                AssessError::Overloaded => Problem::Overloaded,
                AssessError::Failed(_) => Problem::Failed,
            })?);
        }
    }
    Ok(Json(Classified { results }))
}

/// The shop's intents.
#[derive(Serialize, ToSchema)]
pub(super) struct IntentList {
    #[schema(value_type = Vec<schema::Intent>)]
    intents: Vec<Label>,
}

/// The shop's intents.
#[utoipa::path(
    get,
    path = "/v1/intents",
    operation_id = "list_intents",
    tag = "classification",
    responses((status = 200, description = "All of them.", body = IntentList)),
    security(("session" = ["agent"]), ("key" = ["tickets"])),
)]
pub(super) async fn intents(State(app): State<AppState>, staff: Staff) -> Result<Json<IntentList>, Problem> {
    staff.require(Role::Agent, Scope::Tickets)?;
    Ok(Json(IntentList { intents: app.assessor.triage().bundle().classifier().labels().to_vec() }))
}
