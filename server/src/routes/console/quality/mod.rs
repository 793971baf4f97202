//! `/console/quality`: the shop's promise and what was measured of it, what the desk did, answers to review, and reports.

mod charts;
mod intents;
mod overview;
mod promise;
mod range;
mod reports;
mod review;
mod review_card;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub(super) fn pages() -> Router<AppState> {
    Router::new()
        .route("/console/quality", get(overview::show))
        .route("/console/quality/reviews", get(review::show))
        .route("/console/quality/reviews/{message}", post(review::keep))
        .route("/console/quality/reviews/{message}/undo", post(review::take_back))
        .route("/console/quality/reports", get(reports::list))
        .route("/console/quality/reports/{name}", get(reports::open))
}
