//! `/livez` and `/readyz`: for those who watch the service.

use axum::extract::State;

use crate::problem::Problem;
use crate::state::AppState;

/// The process runs.
pub(super) async fn livez() -> &'static str {
    "ok\n"
}

/// It can take messages. The model is loaded before the service listens, so only the store can be missing.
pub(super) async fn readyz(State(app): State<AppState>) -> Result<&'static str, Problem> {
    match app.store.ping().await {
        Ok(()) => Ok("ready\n"),
        Err(error) => {
            tracing::warn!(error = %error, "not ready: the store does not answer");
            Err(Problem::NotReady)
        }
    }
}
