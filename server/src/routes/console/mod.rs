//! The console: pages for agents, supervisors and administrators, rendered here and brought up to date by htmx.
//!
//! Read [`visit`] first: who looks at a page, and in which language. A page is a handler that takes a [`visit::Visit`], asks the
//! store, and renders a template of `templates/console/` that has a [`frame::Frame`]. Everything that changes something is the same
//! as in the API: the same steps, the same roles, the same audit log.

mod frame;
mod texts;
mod visit;

mod account;
mod invitation;
mod login;

mod inbox;
mod knowledge;
mod learning;
mod quality;
mod settings;
mod ticket;

mod assets;
mod csv;
mod fields;
mod language;
mod markdown;
mod refusal;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{any, get, post};
use tower_http::set_header::SetResponseHeaderLayer;

use crate::problem::Problem;
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
        .route("/console/login", get(login::show).post(login::log_in))
        .route("/console/logout", post(login::log_out))
        .route("/console/invitation", get(invitation::show).post(invitation::choose))
        .merge(account::pages())
        .merge(settings::pages())
        .merge(quality::pages())
        .merge(learning::pages())
        .merge(knowledge::pages())
        .merge(inbox::pages())
        .merge(ticket::pages())
        .route("/console/{*elsewhere}", any(async || Problem::NoRoute))
        .layer(from_fn_with_state(state.clone(), refusal::as_page))
        .layer(constant(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(constant(header::X_FRAME_OPTIONS, "DENY"))
        // What people read there is about other people.
        .layer(constant(header::CACHE_CONTROL, "no-store"))
        .merge(assets::files())
}
