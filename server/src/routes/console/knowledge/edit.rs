//! The form in which an article is written and changed. Nothing that was typed is ever lost: not by a mistake in a field, and not when
//! somebody else changed the article meanwhile.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State as AxumState};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use shopdesk_kb::import::Change;
use shopdesk_kb::{Article, Version};
use shopdesk_model::intents::Handling;

use super::super::fields::Fields;
use super::super::frame::{Frame, Section, render};
use super::super::texts::Filled;
use super::super::visit::Visit;
use super::diff::{Difference, compare};
use super::draft::{Draft, Wrong};
use super::place;
use super::preview::Preview;
use super::save::{Saved, change as make_change, gone_on};
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::state::AppState;
use crate::store::KeptArticle;

/// How many empty rows for links and for pictures there are at the end.
const SPARE: usize = 2;

#[derive(Template)]
#[template(path = "console/knowledge/edit.html")]
struct Page {
    frame: Frame,
    editor: Editor,
}

#[derive(Template)]
#[template(path = "console/knowledge/editor.html")]
struct Part {
    frame: Frame,
    editor: Editor,
}

/// The form and what is said about it.
pub(super) struct Editor {
    draft: Draft,
    is_new: bool,
    /// Where the form goes, and where whoever gives up goes back to.
    action: String,
    back: String,
    wrong: Vec<Wrong>,
    intents: Vec<IntentChoice>,
    languages: Vec<String>,
    conflict: Option<Conflict>,
    preview: Preview,
    /// A remark on what is filled in, as a text.
    remark: Option<String>,
}

/// An intent to choose.
struct IntentChoice {
    id: String,
    title: String,
    is_chosen: bool,
    /// A remark on it, as a text: that it is always a human's, or is there no more.
    remark: Option<String>,
}

/// What somebody else made of the article meanwhile.
struct Conflict {
    /// Who, and when.
    author: String,
    time: String,
    is_withdrawn: bool,
    title: String,
    answer: String,
    body: String,
    /// From theirs to what was typed.
    differences: Vec<Difference>,
}

impl Editor {
    pub(super) fn new(app: &AppState, frame: &Frame, draft: Draft, is_new: bool) -> Self {
        let at = format!("/console/knowledge/{}/{}", draft.id, draft.language);
        let (action, back) = if is_new {
            ("/console/knowledge/new".to_owned(), "/console/knowledge".to_owned())
        } else {
            (format!("{at}/edit"), at)
        };
        let mut languages: Vec<String> = app.settings.replies.languages().map(ToOwned::to_owned).collect();
        if !draft.language.is_empty() && !languages.contains(&draft.language) {
            languages.push(draft.language.clone());
        }
        Self {
            is_new,
            action,
            back,
            wrong: Vec::new(),
            intents: intents(frame, &draft),
            languages,
            conflict: None,
            preview: Preview::of(&draft),
            remark: None,
            draft,
        }
    }

    pub(super) fn with_remark(self, remark: Option<String>) -> Self {
        Self { remark, ..self }
    }

    /// The headline of its page.
    fn title(&self, frame: &Frame) -> Filled {
        frame.t(if self.is_new { "knowledge.new" } else { "knowledge.edit.title" })
    }

    fn has_wrong(&self) -> bool {
        !self.wrong.is_empty()
    }

    /// The texts of what is wrong with a field.
    fn wrong_with(&self, frame: &Frame, field: &str) -> Vec<String> {
        let wrong = self.wrong.iter().filter(|wrong| wrong.field == field);
        wrong.map(|wrong| frame.t(&wrong.key()).to_string()).collect()
    }

    /// The rows for links: those there are, and some empty ones.
    fn link_rows(&self) -> Vec<(String, String)> {
        with_spare(&self.draft.links)
    }

    fn picture_rows(&self) -> Vec<(String, String)> {
        with_spare(&self.draft.pictures)
    }

    /// Whether fields that are rarely needed are filled in, or wrong.
    fn has_more(&self) -> bool {
        let draft = &self.draft;
        let texts = [&draft.audience, &draft.valid_from, &draft.valid_until];
        let is_filled = texts.iter().any(|text| !text.trim().is_empty());
        let fields = ["audience", "valid_from", "valid_until", "links", "pictures"];
        is_filled
            || !draft.links.is_empty()
            || !draft.pictures.is_empty()
            || self.wrong.iter().any(|wrong| fields.contains(&wrong.field))
    }
}

fn with_spare(rows: &[(String, String)]) -> Vec<(String, String)> {
    rows.iter().cloned().chain((0..SPARE).map(|_| (String::new(), String::new()))).collect()
}

fn intents(frame: &Frame, draft: &Draft) -> Vec<IntentChoice> {
    let known = frame.intents.iter().map(|label| IntentChoice {
        id: label.id.to_string(),
        title: frame.title_of_intent(label).to_owned(),
        is_chosen: draft.intents.contains(label.id.as_str()),
        remark: (label.handling == Handling::Human)
            .then(|| frame.t("knowledge.edit.always_human").to_string()),
    });
    let is_unknown = |id: &&String| !frame.intents.iter().any(|label| label.id.as_str() == id.as_str());
    let unknown = draft.intents.iter().filter(is_unknown).map(|id| IntentChoice {
        id: id.clone(),
        title: id.clone(),
        is_chosen: true,
        remark: Some(frame.t("knowledge.edit.no_such_intent").to_string()),
    });
    known.chain(unknown).collect()
}

/// Which text to begin with.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    version: String,
}

pub(super) async fn form(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Path((id, language)): Path<(String, String)>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let frame = visit.frame(Section::Knowledge);
    let kept = place::find(&app, &id, &language).await?;
    let current = kept.article.as_ref();
    let text = match wanted.version.as_str() {
        "" => current.clone(),
        version => app
            .store
            .article_text(&current.id, &current.language, &Version::new(version))
            .await?
            .ok_or(Problem::NoArticleVersion)?,
    };
    let based_on = if kept.is_in_force() { current.version.to_string() } else { String::new() };
    let draft = Draft { based_on, ..Draft::of(&text) };
    let remark =
        (text.version != current.version).then(|| frame.t("knowledge.edit.of_old_version").to_string());
    let editor = Editor::new(&app, &frame, draft, false).with_remark(remark);
    render(&Page { frame, editor })
}

/// The page of the form for a new article.
pub(super) fn page(frame: Frame, editor: Editor) -> Result<Response, Problem> {
    render(&Page { frame, editor })
}

/// Makes a new article.
pub(super) async fn add(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    save(&app, &visit, Draft { based_on: String::new(), ..Draft::typed(fields) }, true).await
}

/// Changes an article that is there.
pub(super) async fn change(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Path((id, language)): Path<(String, String)>,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    place::named(&id, &language)?;
    save(&app, &visit, Draft { id, language, ..Draft::typed(fields) }, false).await
}

async fn save(app: &AppState, visit: &Visit, draft: Draft, is_new: bool) -> Result<Response, Problem> {
    let frame = visit.frame(Section::Knowledge);
    let article = match draft.check(&frame.intents) {
        Ok(article) => Arc::new(article),
        Err(wrong) => {
            return again(frame.clone(), Editor { wrong, ..Editor::new(app, &frame, draft, is_new) });
        }
    };
    let saving = |current: Option<&KeptArticle>| match current.map(|current| &current.article.version) {
        Some(old) if *old == article.version => None,
        Some(old) => Some(Change::Replace { old: old.clone(), new: Arc::clone(&article) }),
        None => Some(Change::Add(Arc::clone(&article))),
    };
    let name = (&article.id, &article.language);
    let path = place::path(&article.id, &article.language);
    match make_change(app, visit, "article.save", name, &draft.based_on, saving).await? {
        Saved::Done => Ok(gone_on(&path, "saved")),
        Saved::Nothing => Ok(gone_on(&path, "unchanged")),
        Saved::Overtaken(_) if is_new => {
            let editor = Editor::new(app, &frame, draft, true);
            again(frame, Editor { wrong: vec![Wrong::TAKEN], ..editor })
        }
        Saved::Overtaken(theirs) => conflict(app, frame, draft, &article, theirs.as_ref()),
    }
}

/// The form again, with what was typed and what is wrong with it.
fn again(frame: Frame, editor: Editor) -> Result<Response, Problem> {
    let status =
        if editor.conflict.is_some() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    let part = render(&Part { frame, editor })?;
    Ok((status, part).into_response())
}

/// The form again, with what somebody else made of the article meanwhile beside what was typed. Saved once more, it takes the place of that.
fn conflict(
    app: &AppState,
    frame: Frame,
    draft: Draft,
    own: &Article,
    theirs: Option<&KeptArticle>,
) -> Result<Response, Problem> {
    let Some(theirs) = theirs else { return Err(Problem::NoRoute) };
    let article = theirs.article.as_ref();
    let based_on = if theirs.is_in_force() { article.version.to_string() } else { String::new() };
    let conflict = Conflict {
        author: place::author(&frame, &theirs.last),
        time: frame.time(&theirs.last.at),
        is_withdrawn: !theirs.is_in_force(),
        title: article.title.clone(),
        answer: article.answer.clone(),
        body: article.body.clone(),
        differences: compare(article, own, |intent| frame.intent(intent)),
    };
    let editor = Editor::new(app, &frame, Draft { based_on, ..draft }, false);
    again(frame, Editor { conflict: Some(conflict), ..editor })
}
