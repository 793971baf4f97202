//! What is traced and measured of every request.

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::Response;
use opentelemetry::propagation::Extractor;
use tracing::{Span, field, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::metrics::Doing;
use crate::problem::DatabaseFailed;
use crate::state::AppState;

/// What requests for addresses that there are not are counted under: anybody can make up as many as they like.
const UNMATCHED: &str = "unmatched";

/// Method and path; never a body, never a query. When traces are collected, it goes on with the one that the request belongs to, and is
/// named after the route.
pub(super) fn span(request: &Request) -> Span {
    let span = info_span!(
        "request",
        http.method = %request.method(),
        http.path = request.uri().path(),
        http.status = field::Empty,
        otel.kind = field::Empty,
        otel.name = field::Empty,
    );
    let headers = Headers(request.headers());
    let parent = opentelemetry::global::get_text_map_propagator(|propagator| propagator.extract(&headers));
    if span.set_parent(parent).is_ok() {
        let path = request.extensions().get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str);
        span.record("otel.kind", "server");
        span.record("otel.name", format!("{} {path}", method_of(request.method())));
    }
    span
}

/// Counts a request, and how long it took until its response began.
pub(super) async fn measure(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = method_of(request.method());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let under_way = app.present.requests.begin();
    let response = next.run(request).await;
    drop(under_way);
    let status = response.status().as_u16();
    Span::current().record("http.status", status);
    let path = path.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    app.metrics.request(method, path, status, begun.elapsed());
    if response.extensions().get::<DatabaseFailed>().is_some() {
        app.metrics.database_failed(Doing::Request);
    }
    response
}

/// A method by its own name, if it is one that anybody uses.
fn method_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Where a trace that a request belongs to is found (W3C Trace Context).
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}
