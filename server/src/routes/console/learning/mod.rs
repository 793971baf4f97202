//! `/console/learning`: what people labelled, approved or not; training on it, and which bundle answers.

mod outcome;
mod page;
mod panel;
mod steps;
mod waiting;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

pub(super) fn pages() -> Router<AppState> {
    Router::new()
        .route("/console/learning", get(page::show))
        .route("/console/learning/labels", post(waiting::judge))
        .route("/console/learning/training", get(steps::refresh).post(steps::train))
        .route("/console/learning/switch", post(steps::switch))
        .route("/console/learning/roll-back", post(steps::roll_back))
}
