//! The console: pages for agents, supervisors and administrators, rendered here and brought up to date by htmx.
//!
//! Read [`visit`] first: who looks at a page, and in which language. A page is a handler that takes a [`visit::Visit`], asks the
//! store, and renders a template of `templates/console/` that has a [`frame::Frame`]. Everything that changes something is the same
//! as in the API: the same steps, the same roles, the same audit log.

mod frame;
mod texts;
mod visit;

mod assets;
mod fields;
mod language;
mod refusal;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{get, post};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::state::AppState;

/// Nothing runs but our own files, and nobody frames the console.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: https:; \
                      manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// All pages of the console.
pub(super) fn pages(state: &AppState) -> Router<AppState> {
    let constant = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    Router::new()
        .route("/console", get(async || Redirect::to("/console/inbox")))
        .route("/console/language", post(language::choose))
        .layer(from_fn_with_state(state.clone(), refusal::as_page))
        .layer(constant(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(constant(header::X_FRAME_OPTIONS, "DENY"))
        // What people read there is about other people.
        .layer(constant(header::CACHE_CONTROL, "no-store"))
        .merge(assets::files())
}
