//! The knowledge base: what the shop's articles say, what a shopper would get from them, and what they do not answer yet.
//!
//! Read [`list`] and [`article`] first: what agents see. Supervisors write: [`draft`] is what somebody typed, [`edit`] the form around it,
//! and [`save`] makes it a version without undoing what somebody else wrote meanwhile.

mod article;
mod list;
mod search;
mod unanswered;
mod version;

mod draft;
mod edit;
mod new;
mod preview;
mod save;

mod diff;
mod place;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::state::AppState;

/// The most bytes of a form with an article: the longest of the starter shop has 12 KiB, and a form takes up to three times the text.
const ARTICLE_BYTES: usize = 1 << 20;

/// The pages below `/console/knowledge`.
pub(super) fn pages() -> Router<AppState> {
    Router::new()
        .route("/console/knowledge", get(list::show))
        .route("/console/knowledge/search", get(search::show))
        .route("/console/knowledge/unanswered", get(unanswered::show))
        .route("/console/knowledge/new", get(new::form).post(edit::add))
        .route("/console/knowledge/preview", post(preview::show))
        .route("/console/knowledge/{id}/{language}", get(article::show))
        .route("/console/knowledge/{id}/{language}/force", get(article::force))
        .route("/console/knowledge/{id}/{language}/withdraw", post(article::withdraw))
        .route("/console/knowledge/{id}/{language}/edit", get(edit::form).post(edit::change))
        .route("/console/knowledge/{id}/{language}/versions/{version}", get(version::show))
        .route("/console/knowledge/{id}/{language}/versions/{version}/restore", post(version::restore))
        .layer(DefaultBodyLimit::max(ARTICLE_BYTES))
}
