//! `/console/language`: keeps in which language somebody wants the console.

use axum::http::header;
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;

use super::fields::Fields;
use super::texts::Language;
use super::visit::LANGUAGE_COOKIE;
use crate::problem::Problem;

/// A year, in seconds.
const KEPT: u32 = 31_536_000;

/// The language, and where to go on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Choice {
    language: String,
    next: String,
}

/// It needs no login and no token: it changes nothing but how pages read.
pub(super) async fn choose(Fields(choice): Fields<Choice>) -> Result<impl IntoResponse, Problem> {
    let language = Language::from_tag(&choice.language)
        .ok_or_else(|| Problem::InvalidValue { detail: "Give `language` `zh` or `en`.".to_owned() })?;
    let cookie = format!("{LANGUAGE_COOKIE}={}; SameSite=Strict; Path=/; Max-Age={KEPT}", language.primary());
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(own_page(&choice.next))))
}

/// A page of the console to go on with. Addresses elsewhere lead to its beginning, so that no link misleads anybody.
pub(super) fn own_page(next: &str) -> &str {
    let is_own = next == "/console" || next.starts_with("/console/") || next.starts_with("/console?");
    let is_plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_own && is_plain { next } else { "/console" }
}

#[cfg(test)]
mod tests {
    use super::own_page;

    #[test]
    fn one_goes_on_with_a_page_of_the_console_and_nowhere_else() {
        for own in ["/console", "/console/tickets/1?tab=log", "/console?x"] {
            assert_eq!(own_page(own), own);
        }
        for other in [
            "https://example.com",
            "//example.com",
            "/consoles",
            "/console/\\example",
            "/v1/x",
            "/console/\r\nx",
            "",
        ] {
            assert_eq!(own_page(other), "/console");
        }
    }
}
