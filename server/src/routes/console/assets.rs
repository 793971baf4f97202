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

const FILES: &[File] = &[
    ("console.css", CSS, include_str!("../../../page/console/console.css")),
    ("console.js", JAVASCRIPT, include_str!("../../../page/console/console.js")),
    ("quality.css", CSS, include_str!("../../../page/console/quality.css")),
    ("review.js", JAVASCRIPT, include_str!("../../../page/console/review.js")),
    ("learning.js", JAVASCRIPT, include_str!("../../../page/console/learning.js")),
    ("copy.js", JAVASCRIPT, include_str!("../../../page/console/copy.js")),
    ("inbox.css", CSS, include_str!("../../../page/console/inbox.css")),
    ("inbox.js", JAVASCRIPT, include_str!("../../../page/console/inbox.js")),
    ("live.js", JAVASCRIPT, include_str!("../../../page/console/live.js")),
    ("shortcuts.js", JAVASCRIPT, include_str!("../../../page/console/shortcuts.js")),
    ("ticket.css", CSS, include_str!("../../../page/console/ticket.css")),
    ("ticket.js", JAVASCRIPT, include_str!("../../../page/console/ticket.js")),
    ("htmx.min.js", JAVASCRIPT, include_str!("../../../page/console/htmx.min.js")),
    ("invitation.js", JAVASCRIPT, include_str!("../../../page/console/invitation.js")),
    ("settings.css", CSS, include_str!("../../../page/console/settings.css")),
    ("settings.js", JAVASCRIPT, include_str!("../../../page/console/settings.js")),
    ("knowledge.css", CSS, include_str!("../../../page/console/knowledge.css")),
    ("knowledge.js", JAVASCRIPT, include_str!("../../../page/console/knowledge.js")),
    // The chat's own, so that texts look as they do there.
    ("dom.js", JAVASCRIPT, include_str!("../../../../widget/widget/dom.js")),
    ("links.js", JAVASCRIPT, include_str!("../../../../widget/widget/links.js")),
    ("markdown.js", JAVASCRIPT, include_str!("../../../../widget/widget/markdown.js")),
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
