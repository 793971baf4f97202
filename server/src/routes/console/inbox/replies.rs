//! `/console/inbox/replies`: what all agents write again and again. Supervisors write it, agents use it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::super::fields::Fields;
use super::super::frame::{Frame, Section, render};
use super::super::texts::Language;
use super::super::visit::Visit;
use crate::agent::Role;
use crate::inbox::{CannedReply, CannedReplyId};
use crate::problem::Problem;
use crate::state::AppState;

/// The longest title, in characters.
const TITLE: usize = 80;

/// What takes the places of `{agent}` and `{customer}`.
pub(in crate::routes::console) struct Filling<'names> {
    pub(in crate::routes::console) agent: &'names str,
    /// Nothing when nobody knows the customer's name.
    pub(in crate::routes::console) customer: Option<&'names str>,
}

/// A reply as it is inserted.
pub(in crate::routes::console) fn fill(reply: &CannedReply, filling: &Filling<'_>) -> String {
    let language = Language::from_tag(&reply.language).unwrap_or(Language::Chinese);
    let stranger = language.text("inbox.stranger").to_string();
    // Part by part, so that a customer who is called `{agent}` stays so.
    let parts = reply.text.split("{customer}").map(|part| part.replace("{agent}", filling.agent));
    parts.collect::<Vec<_>>().join(filling.customer.unwrap_or(&stranger))
}

/// A reply as the page shows it, or as it was typed.
struct Shown {
    /// Empty for a new one.
    id: String,
    title: String,
    text: String,
    /// Whether it is in English.
    is_english: bool,
    updated: String,
    title_mistake: Option<String>,
    text_mistake: Option<String>,
}

/// The contents of the page.
struct Contents {
    replies: Vec<Shown>,
    new: Shown,
    may_change: bool,
    longest: usize,
    longest_title: usize,
}

#[derive(Template)]
#[template(path = "console/inbox/replies.html")]
struct Page {
    frame: Frame,
    contents: Contents,
}

#[derive(Template)]
#[template(path = "console/inbox/replies_part.html")]
struct Part {
    frame: Frame,
    contents: Contents,
}

/// What was filled in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    title: String,
    text: String,
    language: String,
}

pub(super) async fn page(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let frame = visit.frame(Section::Inbox);
    let contents = contents(&app, &visit, &frame).await?;
    render(&Page { frame, contents })
}

pub(super) async fn add(
    State(app): State<AppState>,
    visit: Visit,
    Fields(typed): Fields<Typed>,
) -> Result<Response, Problem> {
    keep(&app, &visit, None, typed).await
}

pub(super) async fn change(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Fields(typed): Fields<Typed>,
) -> Result<Response, Problem> {
    keep(&app, &visit, Some(id), typed).await
}

pub(super) async fn remove(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let id: CannedReplyId = id.parse().map_err(|_| Problem::NoRoute)?;
    if !app.store.delete_canned_reply(id).await? {
        return Err(Problem::NoRoute);
    }
    visit.staff.audit(&app, "canned_reply.delete", id).await?;
    let was_last = app.store.canned_replies().await?.is_empty();
    let part = part(&app, &visit, None).await?;
    if was_last {
        return Ok(part);
    }
    let gone = [("hx-retarget", place_of(&id.to_string())), ("hx-reswap", "delete".to_owned())];
    Ok((gone, part).into_response())
}

async fn keep(app: &AppState, visit: &Visit, id: Option<String>, typed: Typed) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let known: Option<CannedReplyId> = id.map(|id| id.parse()).transpose().map_err(|_| Problem::NoRoute)?;
    if let Some(known) = known {
        app.store.canned_reply(known).await?.ok_or(Problem::NoRoute)?;
    }
    let language = Language::from_tag(&typed.language)
        .ok_or_else(|| Problem::InvalidValue { detail: "Give `language` `zh` or `en`.".to_owned() })?;
    let longest = app.settings.max_message_characters;
    let (title, text) = (typed.title.trim(), typed.text.trim().replace("\r\n", "\n"));
    let is_wrong = |text: &str, most| !(1..=most).contains(&text.chars().count()) || text.contains('\0');
    let frame = visit.frame(Section::Inbox);
    let mistake = |is_wrong: bool, key: &str, most: usize| {
        is_wrong.then(|| frame.t(key).with("count", most).to_string())
    };
    let title_mistake = mistake(is_wrong(title, TITLE), "inbox.reply_title_wrong", TITLE);
    let text_mistake = mistake(is_wrong(&text, longest), "inbox.reply_text_wrong", longest);
    if title_mistake.is_some() || text_mistake.is_some() {
        let id = known.map(|id| id.to_string()).unwrap_or_default();
        let is_english = language == Language::English;
        let Typed { title, text, .. } = typed;
        let updated = String::new();
        let place = place_of(&id);
        let wrong = Shown { id, title, text, is_english, updated, title_mistake, text_mistake };
        let part = part(app, visit, Some(wrong)).await?;
        return Ok(in_place_of(&place, &place, part));
    }
    let is_first = app.store.canned_replies().await?.is_empty();
    let id = known.unwrap_or_else(CannedReplyId::new);
    app.store.keep_canned_reply(id, (title, &text, language.primary()), &visit.agent.login).await?;
    visit.staff.audit(app, "canned_reply.keep", id).await?;
    let (part, place) = (part(app, visit, None).await?, place_of(&id.to_string()));
    Ok(match known {
        Some(_) => in_place_of(&place, &place, part),
        // The page has to say no more that there are none.
        None if is_first => part,
        None => in_place_of(&place_of(""), &format!("{}, {place}", place_of("")), part),
    })
}

/// Where a reply is on the page; the form for a new one has an empty id.
fn place_of(id: &str) -> String {
    format!("#reply-{id}")
}

/// Lets as much of the page as is selected take the place of that part of it, so that what is typed elsewhere stays.
fn in_place_of(target: &str, selected: &str, part: Response) -> Response {
    ([("hx-retarget", target.to_owned()), ("hx-reselect", selected.to_owned())], part).into_response()
}

/// The page's contents, with what was typed wrong in its place.
async fn part(app: &AppState, visit: &Visit, wrong: Option<Shown>) -> Result<Response, Problem> {
    let frame = visit.frame(Section::Inbox);
    let mut contents = contents(app, visit, &frame).await?;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    if let Some(wrong) = wrong {
        match contents.replies.iter_mut().find(|reply| reply.id == wrong.id) {
            Some(known) => *known = wrong,
            None => contents.new = wrong,
        }
    }
    Ok((status, render(&Part { frame, contents })?).into_response())
}

async fn contents(app: &AppState, visit: &Visit, frame: &Frame) -> Result<Contents, Problem> {
    let replies = app.store.canned_replies().await?;
    let shown = |reply: CannedReply| Shown {
        id: reply.id.to_string(),
        title: reply.title,
        text: reply.text,
        is_english: Language::from_tag(&reply.language) == Some(Language::English),
        updated: frame
            .t("inbox.reply_updated")
            .with("name", reply.updated_by)
            .with("time", frame.time(&reply.updated_at))
            .to_string(),
        title_mistake: None,
        text_mistake: None,
    };
    let new = Shown {
        id: String::new(),
        title: String::new(),
        text: String::new(),
        is_english: frame.language == Language::English,
        updated: String::new(),
        title_mistake: None,
        text_mistake: None,
    };
    Ok(Contents {
        replies: replies.into_iter().map(shown).collect(),
        new,
        may_change: visit.agent.role >= Role::Supervisor,
        longest: app.settings.max_message_characters,
        longest_title: TITLE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, language: &str, customer: Option<&str>) -> String {
        let reply = CannedReply {
            id: CannedReplyId::new(),
            title: String::new(),
            text: text.to_owned(),
            language: language.to_owned(),
            updated_by: String::new(),
            updated_at: jiff::Timestamp::UNIX_EPOCH,
        };
        fill(&reply, &Filling { agent: "小林", customer })
    }

    #[test]
    fn names_take_their_places_and_nothing_else_does() {
        let text = "{customer}您好，我是{agent}。{order} {customer}";
        assert_eq!(filled(text, "zh", Some("{agent}")), "{agent}您好，我是小林。{order} {agent}");
    }

    #[test]
    fn a_stranger_is_called_in_the_replys_language() {
        assert_eq!(filled("尊敬的{customer}", "zh", None), "尊敬的顾客");
        assert_eq!(filled("Dear {customer}", "en", None), "Dear customer");
    }
}
