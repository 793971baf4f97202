//! The HTTP routes. Handlers extract, call and map.

mod articles;
mod console;
mod conversations;
mod desk;
mod events;
mod health;
mod metrics;
mod page;
mod people;
mod tickets;

mod body;
mod caller;
mod guard;
mod observe;

pub use people::{first_invitation, invite};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, Method, header, request::Parts};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use axum::routing::{delete, get, patch, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;

use crate::problem::Problem;
use crate::state::AppState;

/// The most bytes that JSON takes for a character: an emoji as two `\uXXXX`.
const BYTES_PER_CHARACTER: usize = 12;
/// Room for all else in a body.
const BODY_OVERHEAD: usize = 4096;

/// Where what shoppers use begins.
const SHOPPERS: [&str; 3] = ["/v1/sites/", "/v1/conversations", "/v1/articles/"];
/// The most bytes of a batch to classify.
const BATCH_BYTES: usize = 8 << 20;

/// The whole service.
pub fn router(state: AppState) -> Router {
    let body_limit = state
        .settings
        .max_message_characters
        .saturating_mul(BYTES_PER_CHARACTER)
        .saturating_add(BODY_OVERHEAD);
    Router::new()
        .merge(shoppers())
        .merge(staff())
        .merge(console::pages(&state))
        .route("/", get(page::sample))
        .route("/demo/en.html", get(page::english_sample))
        .route("/demo/demo.css", get(page::sample_style))
        .route("/widget.js", get(page::widget))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::metrics))
        .fallback(async || Problem::NoRoute)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(from_fn_with_state(state.clone(), guard::time_limit))
        .layer(from_fn_with_state(state.clone(), guard::rate_limit))
        .layer(from_fn_with_state(state.clone(), guard::known_host))
        // The payload of a panic may quote a message; the panic hook says where it was.
        .layer(CatchPanicLayer::custom(|_| Problem::Failed.into_response()))
        .layer(constant_header("x-content-type-options", "nosniff"))
        .layer(constant_header("referrer-policy", "no-referrer"))
        .layer(cors(&state))
        .layer(from_fn_with_state(state.clone(), observe::measure))
        .layer(TraceLayer::new_for_http().make_span_with(observe::span))
        .with_state(state)
}

/// Lets pages of the shop's sites use what shoppers use, and read why something was refused.
fn cors(state: &AppState) -> CorsLayer {
    let settings = std::sync::Arc::clone(&state.settings);
    let is_known = move |origin: &HeaderValue, parts: &Parts| {
        let known = settings.sites.values().flat_map(|site| &site.origins);
        let is_shoppers = SHOPPERS.iter().any(|path| parts.uri.path().starts_with(path));
        is_shoppers && origin.to_str().is_ok_and(|origin| known.into_iter().any(|known| known == origin))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_known))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([header::DATE, header::RETRY_AFTER])
        .max_age(std::time::Duration::from_secs(3600))
}

/// What pages of the shop's sites may use.
fn shoppers() -> Router<AppState> {
    Router::new()
        .route("/v1/sites/{site}", get(desk::site))
        .route("/v1/conversations", post(conversations::create))
        .route("/v1/conversations/{id}", get(conversations::show))
        .route("/v1/conversations/{id}/token", post(conversations::renew))
        .route("/v1/conversations/{id}/messages", post(conversations::send))
        .route("/v1/conversations/{id}/messages/{message}/helpful", post(conversations::helpful))
        .route("/v1/conversations/{id}/events", get(events::follow))
        .route("/v1/conversations/{id}/typing", post(conversations::typing))
        .route("/v1/conversations/{id}/read", post(conversations::read))
        .route("/v1/conversations/{id}/human", post(conversations::human))
        .route("/v1/conversations/{id}/contact", post(conversations::contact))
        .route("/v1/conversations/{id}/rating", post(conversations::rate))
        .route("/v1/conversations/{id}/close", post(conversations::close))
        .route("/v1/articles/{id}/{language}/{version}", get(articles::show))
}

/// What those use who work for the shop.
fn staff() -> Router<AppState> {
    Router::new()
        .route("/v1/session", get(people::session).post(people::log_in).delete(people::log_out))
        .route("/v1/invitations", post(people::choose_password))
        .route("/v1/agents", get(people::list).post(people::add))
        .route("/v1/agents/{id}", patch(people::change))
        .route("/v1/tickets", get(tickets::list))
        .route("/v1/tickets/events", get(events::follow_tickets))
        .route("/v1/tickets/{id}", get(tickets::show))
        .route("/v1/tickets/{id}/events", get(events::follow_ticket))
        .route("/v1/tickets/{id}/actions", post(tickets::act))
        .route("/v1/tickets/{id}/messages", post(tickets::reply))
        .route("/v1/tickets/{id}/typing", post(tickets::typing))
        .route("/v1/tickets/{id}/read", post(tickets::read))
        .route("/v1/intents", get(desk::intents))
        .route("/v1/classify", post(desk::classify).layer(DefaultBodyLimit::max(BATCH_BYTES)))
        .route("/v1/deliveries", get(desk::deliveries))
        .route("/v1/deliveries/{id}/retry", post(desk::retry))
        .route("/v1/stats", get(desk::stats))
        .route("/v1/corrections", get(desk::corrections))
        .route("/v1/corrections/{id}", post(desk::judge))
        .route("/v1/keys", get(desk::keys).post(desk::make_key))
        .route("/v1/keys/{id}", delete(desk::revoke_key))
        .route("/v1/audit", get(desk::audit))
}

fn constant_header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
}
