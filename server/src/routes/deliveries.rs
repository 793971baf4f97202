//! `/v1/deliveries`: what webhooks get.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::{Parameters, Segments};
use super::caller::Staff;
use super::lists::{InState, ROWS};
use crate::agent::Role;
use crate::auth::Scope;
use crate::problem::Problem;
use crate::schema;
use crate::state::AppState;
use crate::store::Delivery;

/// What webhooks are to get, got, or could not be given.
#[derive(Serialize, ToSchema)]
pub(super) struct Deliveries {
    deliveries: Vec<Delivery>,
}

/// What webhooks are to get, got, or could not be given, the latest 500.
#[utoipa::path(
    get,
    path = "/v1/deliveries",
    operation_id = "list_deliveries",
    tag = "deliveries",
    params((
        "state" = inline(Option<schema::DeliveryState>),
        Query,
        description = "Only those in that state."
    )),
    responses((status = 200, description = "The latest first.", body = Deliveries)),
    security(("session" = ["admin"]), ("key" = ["admin"])),
)]
pub(super) async fn deliveries(
    State(app): State<AppState>,
    staff: Staff,
    Parameters(wanted): Parameters<InState>,
) -> Result<Json<Deliveries>, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    Ok(Json(Deliveries { deliveries: app.store.deliveries(wanted.state.as_deref(), ROWS).await? }))
}

/// Sends a delivery again that was given up.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{id}/retry",
    operation_id = "retry_delivery",
    tag = "deliveries",
    params(("id" = String, Path, description = "The delivery.")),
    responses(
        (status = 204, description = "It is tried again."),
        (status = 404, description = "`no-delivery`")
    ),
    security(("session" = ["admin"], "csrf_token" = []), ("key" = ["admin"])),
)]
pub(super) async fn retry(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    if !app.store.revive_delivery(&id).await? {
        return Err(Problem::NoDelivery);
    }
    staff.audit(&app, "delivery.retry", &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
