//! The first chat page, compiled into the program.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) async fn index() -> Response {
    let html = include_str!("../../page/index.html");
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CONTENT_SECURITY_POLICY, POLICY)], html)
        .into_response()
}

pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Problem> {
    let (content_type, contents) = match name.as_str() {
        "chat.js" => ("text/javascript; charset=utf-8", include_str!("../../page/chat.js")),
        "chat.css" => ("text/css; charset=utf-8", include_str!("../../page/chat.css")),
        _ => return Err(Problem::NoRoute),
    };
    Ok(([(header::CONTENT_TYPE, content_type), (header::CACHE_CONTROL, "no-cache")], contents)
        .into_response())
}
