//! The HTTP routes. Handlers extract, call and map.

mod articles;
mod conversations;
mod guard;
mod health;
mod page;
mod tickets;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Request};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use crate::problem::Problem;
use crate::state::AppState;

/// The most bytes that JSON takes for a character: an emoji as two `\uXXXX`.
const BYTES_PER_CHARACTER: usize = 12;
/// Room for all else in a body.
const BODY_OVERHEAD: usize = 4096;

/// The whole service.
pub fn router(state: AppState) -> Router {
    let body_limit =
        state.max_message_characters.saturating_mul(BYTES_PER_CHARACTER).saturating_add(BODY_OVERHEAD);
    Router::new()
        .route("/", get(page::index))
        .route("/assets/{name}", get(page::asset))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/v1/conversations", post(conversations::create))
        .route("/v1/conversations/{id}", get(conversations::show))
        .route("/v1/conversations/{id}/messages", post(conversations::send))
        .route("/v1/tickets", get(tickets::list))
        .route("/v1/articles/{id}/{language}/{version}", get(articles::show))
        .fallback(async || Problem::NoRoute)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(axum::extract::DefaultBodyLimit::max(body_limit))
        .layer(from_fn_with_state(state.clone(), guard::time_limit))
        .layer(from_fn_with_state(state.clone(), guard::known_host))
        // The payload of a panic may quote a message; the panic hook says where it was.
        .layer(CatchPanicLayer::custom(|_| Problem::Failed.into_response()))
        .layer(header("x-content-type-options", "nosniff"))
        .layer(header("referrer-policy", "no-referrer"))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .with_state(state)
}

/// Method and path; never a body, never a query.
fn span(request: &Request<axum::body::Body>) -> tracing::Span {
    tracing::info_span!("request", http.method = %request.method(), http.path = request.uri().path())
}

fn header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
}
