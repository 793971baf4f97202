//! The widget and a sample storefront that has it: compiled into the program.

use axum::http::{HeaderName, header};
use axum::response::IntoResponse;

const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: https:; \
                           base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// For any storefront: pages elsewhere load it, too.
pub(super) async fn widget() -> impl IntoResponse {
    let from_anywhere = (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    let embedded = (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    let kept = (header::CACHE_CONTROL, "public, max-age=300");
    let contents = include_str!("../../../widget/dist/widget.js");
    ([(header::CONTENT_TYPE, JAVASCRIPT), from_anywhere, embedded, kept], contents)
}

pub(super) async fn sample() -> impl IntoResponse {
    page(include_str!("../../../widget/demo/index.html"))
}

pub(super) async fn english_sample() -> impl IntoResponse {
    page(include_str!("../../../widget/demo/en.html"))
}

pub(super) async fn sample_style() -> impl IntoResponse {
    asset(CSS, include_str!("../../../widget/demo/demo.css"))
}

fn page(html: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, HTML), (header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], html)
}

fn asset(content_type: &'static str, contents: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], contents)
}
