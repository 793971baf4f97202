//! Says in a page, and in its language, what the API would say as a problem.

use askama::Template;
use axum::extract::Request;
use axum::http::{StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};

use super::frame::{Frame, render};
use super::texts::{Filled, Language};
use super::visit::language_of;
use crate::problem::{Problem, Told};
use crate::state::AppState;

#[derive(Template)]
#[template(path = "console/refusal.html")]
struct Page {
    frame: Frame,
    title: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "console/notice.html")]
struct Notice {
    title: String,
    detail: String,
}

/// Turns problems into pages; for htmx, into a notice at the top of the page that is there.
pub(super) async fn as_page(app: &AppState, request: Request, next: Next) -> Response {
    let language = language_of(request.headers());
    let wants_part = request.headers().contains_key("hx-request");
    let here = request.uri().clone();
    let page = page_of(&request);
    let mut response = next.run(request).await;
    let Some(told) = response.extensions_mut().remove::<Told>() else { return response };
    if told.code == "not-logged-in" {
        return to_login(&page, wants_part);
    }
    let (title, detail) = (title(language, &told), detail(language, &told));
    let status = response.status();
    let rendered = if wants_part {
        notice(title, detail)
    } else {
        render(&Page { frame: Frame::of_nobody(app, language, here.path()), title, detail })
    };
    let Ok(mut page) = rendered else { return response };
    *page.status_mut() = status;
    // Whoever counts failures finds them here, too.
    *page.extensions_mut() = std::mem::take(response.extensions_mut());
    if let Some(after) = response.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, after.clone());
    }
    page
}

/// A notice at the top of the page that is there, wherever what was asked for would have gone.
pub(super) fn notice(title: String, detail: String) -> Result<Response, Problem> {
    let places = [("hx-retarget", "#notice"), ("hx-reswap", "innerHTML")];
    Ok((places, render(&Notice { title, detail })?).into_response())
}

/// Where to come back to: the page that asks for a part of itself, or the one that is asked for.
fn page_of(request: &Request) -> String {
    let whole = request.headers().get("hx-current-url").and_then(|url| url.to_str().ok());
    let whole = whole.and_then(|url| url.parse::<Uri>().ok());
    let here = whole.as_ref().unwrap_or(request.uri());
    here.path_and_query().map_or_else(|| "/console".to_owned(), ToString::to_string)
}

/// To the page where people log in, and from there back.
fn to_login(page: &str, wants_part: bool) -> Response {
    let next: String = url::form_urlencoded::byte_serialize(page.as_bytes()).collect();
    let login = format!("/console/login?next={next}");
    if wants_part {
        return (StatusCode::UNAUTHORIZED, [("hx-redirect", login)]).into_response();
    }
    Redirect::to(&login).into_response()
}

fn title(language: Language, told: &Told) -> String {
    let known = language.find(&format!("problem.{}.title", told.code));
    known.unwrap_or(told.title).to_owned()
}

/// What to do. Where the details are of the moment, there is a sentence for them only if they need none.
fn detail(language: Language, told: &Told) -> String {
    let known = language.find(&format!("problem.{}.detail", told.code));
    known.map_or_else(
        || told.detail.clone(),
        |text| Filled::from(text).with("detail", &told.detail).to_string(),
    )
}
