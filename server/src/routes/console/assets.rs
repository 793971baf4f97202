//! The console's style, scripts and icon: compiled into the program, and kept by browsers as long as they do not change.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderName, header};
use axum::routing::get;
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;
use crate::state::AppState;

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// A file: its name, what it is, and its contents.
type File = (&'static str, &'static str, &'static str);

const FILES: [File; 3] = [
    ("console.css", CSS, include_str!("../../../page/console/console.css")),
    ("console.js", JAVASCRIPT, include_str!("../../../page/console/console.js")),
    ("htmx.min.js", JAVASCRIPT, include_str!("../../../page/console/htmx.min.js")),
];

/// Changes with every file, so that no browser goes on with an old one.
static EDITION: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    FILES.iter().for_each(|(_, _, contents)| digest.update(contents));
    digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
});

/// Where a file is.
pub(super) fn path(name: &str) -> String {
    format!("/console/assets/{}/{name}", *EDITION)
}

pub(super) fn files() -> Router<AppState> {
    Router::new().route("/console/assets/{edition}/{name}", get(file))
}

async fn file(
    Path((edition, name)): Path<(String, String)>,
) -> Result<([(HeaderName, &'static str); 2], &'static str), Problem> {
    let (_, kind, contents) = FILES.iter().find(|(known, ..)| *known == name).ok_or(Problem::NoRoute)?;
    // An old page may ask for files of an old edition: it gets today's, but does not keep them.
    let kept = if edition == *EDITION { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(([(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, kept)], *contents))
}
