//! `/livez` and `/readyz`: for those who watch the service.

use axum::extract::State;

use crate::problem::Problem;
use crate::state::AppState;

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

/// It can take messages.
///
/// The model is loaded before the service listens, so only the store can be missing.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "readyz",
    tag = "health",
    responses(
        (status = 200, description = "`ready`", body = String),
        (status = 503, description = "`not-ready`")
    )
)]
pub(super) async fn readyz(State(app): State<AppState>) -> Result<&'static str, Problem> {
    match app.store.ping().await {
        Ok(()) => Ok("ready\n"),
        Err(error) => {
            tracing::warn!(error = %error, "not ready: the store does not answer");
            Err(Problem::NotReady)
        }
    }
}
