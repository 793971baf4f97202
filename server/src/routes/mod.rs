//! The HTTP routes. Handlers extract, call and map.

mod articles;
mod audit;
mod classify;
mod console;
mod conversations;
mod corrections;
mod deliveries;
mod events;
mod feedback;
mod figures;
mod health;
mod keys;
mod lists;
mod messages;
mod metrics;
mod openapi;
mod page;
mod people;
mod site;
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
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

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
    openapi::with_description(described())
        .merge(console::pages())
        .route("/", get(page::sample))
        .route("/demo/en.html", get(page::english_sample))
        .route("/demo/demo.css", get(page::sample_style))
        .route("/widget.js", get(page::widget))
        .route("/metrics", get(metrics::metrics))
        .fallback(async || Problem::NoRoute)
        .method_not_allowed_fallback(async || Problem::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(body_limit))
        .layer(from_fn_with_state(state.clone(), guard::time_limit))
        .layer(from_fn_with_state(state.clone(), guard::rate_limit))
        .layer(from_fn_with_state(state.clone(), guard::known_host))
        // The payload of a panic may quote a message; the panic hook says where it was.
        .layer(CatchPanicLayer::custom(|_| Problem::Failed.into_response()))
        .layer(from_fn_with_state(state.clone(), console::around))
        .layer(constant_header("x-content-type-options", "nosniff"))
        .layer(constant_header("referrer-policy", "no-referrer"))
        .layer(cors(&state))
        .layer(from_fn_with_state(state.clone(), observe::measure))
        .layer(TraceLayer::new_for_http().make_span_with(observe::span))
        .with_state(state)
}

/// Lets pages of the shop's sites use what shoppers use, and read why something was refused.
fn cors(state: &AppState) -> CorsLayer {
    let chosen = std::sync::Arc::clone(&state.chosen);
    let is_known = move |origin: &HeaderValue, parts: &Parts| {
        let choices = chosen.now();
        let mut known = choices.sites.values().flat_map(|site| &site.origins);
        let is_shoppers = SHOPPERS.iter().any(|path| parts.uri.path().starts_with(path));
        is_shoppers && origin.to_str().is_ok_and(|origin| known.any(|known| known == origin))
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

/// What `/openapi.json` describes. There is no other way to register what begins with `/v1`.
fn described() -> OpenApiRouter<AppState> {
    shoppers().merge(staff()).routes(routes!(health::livez)).routes(routes!(health::readyz))
}

/// What pages of the shop's sites may use.
fn shoppers() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(site::site))
        .routes(routes!(conversations::create))
        .routes(routes!(conversations::show))
        .routes(routes!(conversations::renew))
        .routes(routes!(messages::send))
        .routes(routes!(feedback::helpful))
        .routes(routes!(events::follow))
        .routes(routes!(messages::typing))
        .routes(routes!(messages::read))
        .routes(routes!(conversations::human))
        .routes(routes!(feedback::contact))
        .routes(routes!(feedback::rate))
        .routes(routes!(conversations::close))
        .routes(routes!(articles::show))
}

/// What those use who work for the shop.
fn staff() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(people::session, people::log_in, people::log_out))
        .routes(routes!(people::choose_password))
        .routes(routes!(people::list, people::add))
        .routes(routes!(people::change))
        .routes(routes!(tickets::list))
        .routes(routes!(events::follow_tickets))
        .routes(routes!(tickets::show))
        .routes(routes!(events::follow_ticket))
        .routes(routes!(tickets::act))
        .routes(routes!(tickets::reply))
        .routes(routes!(tickets::typing))
        .routes(routes!(tickets::read))
        .routes(routes!(classify::intents))
        .routes(routes!(classify::classify).layer(DefaultBodyLimit::max(BATCH_BYTES)))
        .routes(routes!(deliveries::deliveries))
        .routes(routes!(deliveries::retry))
        .routes(routes!(figures::stats))
        .routes(routes!(corrections::corrections))
        .routes(routes!(corrections::judge))
        .routes(routes!(keys::keys, keys::make_key))
        .routes(routes!(keys::revoke_key))
        .routes(routes!(audit::audit))
}

fn constant_header(name: &'static str, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(HeaderName::from_static(name), HeaderValue::from_static(value))
}
