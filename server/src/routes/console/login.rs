//! `/console/login`, `/console/logout`: how people come in and go.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::SignedDuration;
use serde::Deserialize;

use super::fields::Fields;
use super::frame::{Frame, render};
use super::language::own_page;
use super::visit::language_of;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::routes::caller::{Address, Staff, session_hash, session_of};
use crate::routes::people::{self, Login};
use crate::state::AppState;

const LOGIN: &str = "/console/login";

#[derive(Template)]
#[template(path = "console/login.html")]
struct Page {
    frame: Frame,
    form: Form,
}

#[derive(Template)]
#[template(path = "console/login_form.html")]
struct Part {
    frame: Frame,
    form: Form,
}

/// The form as it is shown.
struct Form {
    next: String,
    login: String,
    /// Why nobody came in, at the last try.
    wrong: Option<String>,
}

/// Where to go on.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    next: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    headers: HeaderMap,
    uri: Uri,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    let next = own_page(&wanted.next).to_owned();
    let session = session_of(&headers).map(|session| session_hash(&session));
    if let Some(hash) = session
        && app.store.session(&hash, app.time()).await?.is_some()
    {
        return Ok(Redirect::to(&next).into_response());
    }
    let here = uri.path_and_query().map_or(LOGIN, |path| path.as_str());
    let frame = Frame::of_nobody(&app, language_of(&headers), here);
    render(&Page { frame, form: Form { next, login: String::new(), wrong: None } })
}

/// What was filled in.
#[derive(Deserialize)]
pub(super) struct Attempt {
    login: String,
    password: String,
    #[serde(default)]
    next: String,
}

pub(super) async fn log_in(
    State(app): State<AppState>,
    Address(address): Address,
    headers: HeaderMap,
    Fields(attempt): Fields<Attempt>,
) -> Result<Response, Problem> {
    if !comes_from_here(&headers) {
        return Err(Problem::Forged);
    }
    let (next, name) = (own_page(&attempt.next).to_owned(), attempt.login.trim().to_owned());
    let login = Login { login: name.clone(), password: attempt.password };
    match people::begin_session(&app, address, login).await {
        Ok(begun) if is_htmx(&headers) => {
            Ok(([begun.cookie], [("hx-redirect", next)], StatusCode::NO_CONTENT).into_response())
        }
        Ok(begun) => Ok(([begun.cookie], Redirect::to(&next)).into_response()),
        Err(problem) => refused(&app, &headers, problem, next, name),
    }
}

/// Says at the form why nobody came in, and keeps the name.
fn refused(
    app: &AppState,
    headers: &HeaderMap,
    problem: Problem,
    next: String,
    login: String,
) -> Result<Response, Problem> {
    let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    let frame = Frame::of_nobody(app, language_of(headers), &format!("{LOGIN}?next={query}"));
    let (status, wrong, wait) = match problem {
        Problem::WrongLogin => (StatusCode::UNAUTHORIZED, frame.t("login.wrong"), None),
        Problem::TooManyRequests { seconds } => {
            let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
            let text = frame.t("login.too_many").with("wait", frame.duration(wait));
            (StatusCode::TOO_MANY_REQUESTS, text, Some(seconds))
        }
        other => return Err(other),
    };
    let form = Form { next, login, wrong: Some(wrong.to_string()) };
    let mut response =
        if is_htmx(headers) { render(&Part { frame, form })? } else { render(&Page { frame, form })? };
    *response.status_mut() = status;
    if let Some(seconds) = wait {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

/// A page elsewhere could log somebody in as somebody else. It cannot send a header of its own, and browsers say where a form was.
fn comes_from_here(headers: &HeaderMap) -> bool {
    is_htmx(headers) || headers.get("sec-fetch-site").is_some_and(|site| site == "same-origin")
}

fn is_htmx(headers: &HeaderMap) -> bool {
    headers.contains_key("hx-request")
}

pub(super) async fn log_out(State(app): State<AppState>, staff: Staff) -> Result<impl IntoResponse, Problem> {
    let gone = people::log_out(State(app), staff).await?.into_response();
    Ok(([("hx-redirect", LOGIN)], gone))
}
