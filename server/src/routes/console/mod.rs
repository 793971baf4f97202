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
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{Redirect, Response};
use axum::routing::{any, get, post};

use crate::problem::Problem;
use crate::state::AppState;

/// Nothing runs but our own files, and nobody frames the console.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: https:; \
                      manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// All pages of the console.
pub(super) fn pages() -> Router<AppState> {
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
        .merge(assets::files())
}

/// What every answer to the console passes, those of the guards before its handlers included: a problem is said in a page, and nothing
/// runs there but our own files.
pub(super) async fn around(State(app): State<AppState>, request: Request, next: Next) -> Response {
    if !is_console(request.uri().path()) {
        return next.run(request).await;
    }
    let mut response = refusal::as_page(&app, request, next).await;
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    // What people read there is about other people.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn is_console(path: &str) -> bool {
    path.strip_prefix("/console").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::is_console;

    #[test]
    fn the_console_is_what_lies_below_its_path() {
        assert!(["/console", "/console/", "/console/inbox"].into_iter().all(is_console));
        assert!(!["/", "/consoles", "/v1/console", "/widget.js"].into_iter().any(is_console));
    }
}
