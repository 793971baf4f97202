//! `/livez` and `/readyz`: for those who watch the service and send it shoppers.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::readiness::{Readiness, readiness};
use crate::state::AppState;

/// In how many seconds to ask a service again that is not ready.
const RETRY_AFTER: &str = "2";

/// The process runs.
#[utoipa::path(
    get,
    path = "/livez",
    operation_id = "livez",
    tag = "health",
    responses((status = 200, description = "`ok`", body = String))
)]
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// It can take messages, and answer them: how each of its parts is.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "health",
    responses(
        (status = 200, description = "All of them work.", body = Readiness),
        (status = 503, description = "One of them does not, or the service stops.", body = Readiness)
    )
)]
pub(super) async fn readyz(State(app): State<AppState>) -> Response {
    let readiness = readiness(&app).await;
    let kept = (header::CACHE_CONTROL, "no-store");
    if readiness.ready {
        return ([kept], Json(readiness)).into_response();
    }
    let later = (header::RETRY_AFTER, RETRY_AFTER);
    (StatusCode::SERVICE_UNAVAILABLE, [kept, later], Json(readiness)).into_response()
}
