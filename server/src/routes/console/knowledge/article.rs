//! An article: as shoppers read it, by what it is found, and what became of it.

use askama::Template;
use axum::extract::{Path, State as AxumState};
use axum::response::Response;
use serde::Deserialize;
use shopdesk_kb::import::Change;
use shopdesk_kb::{Link, Picture};

use super::super::fields::Fields;
use super::super::frame::{Frame, Section, render};
use super::super::markdown::to_html;
use super::super::texts::Filled;
use super::super::visit::Visit;
use super::place::{self, State};
use super::save::{Saved, change, gone_on, moved_on};
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::state::AppState;
use crate::store::{HistoryEntry, KeptArticle};

#[derive(Template)]
#[template(path = "console/knowledge/article.html")]
struct Page {
    frame: Frame,
    shown: Shown,
    force: Force,
    translations: Vec<(String, String, State)>,
    /// Languages that it is not there in, with where to add them.
    missing: Vec<(String, String)>,
    versions: Vec<VersionRow>,
    may_write: bool,
    /// What was done just now, as a text.
    done: Option<String>,
}

/// An article as its pages show it.
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) language: String,
    pub(super) path: String,
    pub(super) version: String,
    pub(super) title: String,
    pub(super) state: State,
    pub(super) answer: String,
    pub(super) answer_html: String,
    pub(super) body: String,
    pub(super) body_html: String,
    pub(super) questions: Vec<String>,
    pub(super) intents: Vec<String>,
    pub(super) tags: String,
    pub(super) audience: String,
    pub(super) validity: String,
    pub(super) links: Vec<Link>,
    pub(super) pictures: Vec<Picture>,
}

impl Shown {
    pub(super) fn of(frame: &Frame, kept: &KeptArticle, state: State) -> Self {
        let article = kept.article.as_ref();
        Self {
            id: article.id.to_string(),
            language: article.language.to_string(),
            path: place::path(&article.id, &article.language),
            version: article.version.to_string(),
            title: article.title.clone(),
            state,
            answer: article.answer.clone(),
            answer_html: to_html(&article.answer),
            body: article.body.clone(),
            body_html: to_html(&article.body),
            questions: article.questions.clone(),
            intents: article.intents.iter().map(|intent| frame.intent(intent)).collect(),
            tags: article.tags.join(", "),
            audience: article.audience.join(", "),
            validity: place::validity(frame, article),
            links: article.links.iter().filter(|link| leads_to_web(&link.url)).cloned().collect(),
            pictures: article
                .pictures
                .iter()
                .filter(|picture| picture.url.starts_with("https://"))
                .cloned()
                .collect(),
        }
    }
}

/// Whether a link may be followed from the console.
pub(super) fn leads_to_web(address: &str) -> bool {
    url::Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "mailto" | "tel"))
}

/// What happened to it at one time.
struct VersionRow {
    /// Counted from the first; nothing for a withdrawal.
    number: Option<usize>,
    path: String,
    what: String,
    time: String,
    author: String,
    is_current: bool,
}

/// What `?done=` says was done just now.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Done {
    done: String,
}

pub(super) async fn show(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Path((id, language)): Path<(String, String)>,
    Parameters(done): Parameters<Done>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let frame = visit.frame(Section::Knowledge);
    let (id, language) = place::named(&id, &language)?;
    let kept = app.store.kept_articles(Some(&id)).await?;
    let article = kept.iter().find(|kept| kept.article.language == language).ok_or(Problem::NoRoute)?;
    let history = app.store.history(&id, &language).await?;
    let now = app.now();
    let translations = kept.iter().map(|kept| {
        let language = &kept.article.language;
        (language.to_string(), place::path(&id, language), State::of(kept, now))
    });
    let is_there = |tag: &str| kept.iter().any(|kept| kept.article.language.as_str() == tag);
    let missing = app.settings.replies.languages().filter(|tag| !is_there(tag));
    let missing = missing.map(|tag| {
        (tag.to_owned(), format!("/console/knowledge/new?id={id}&language={tag}&like={language}"))
    });
    let done = ["saved", "restored", "withdrawn", "unchanged"].into_iter().find(|what| *what == done.done);
    render(&Page {
        shown: Shown::of(&frame, article, State::of(article, now)),
        force: Force::of(&app, article),
        translations: translations.collect(),
        missing: missing.collect(),
        versions: versions(&frame, article, &history),
        may_write: visit.agent.role >= Role::Supervisor,
        done: done.map(|what| frame.t(&format!("knowledge.done.{what}")).to_string()),
        frame,
    })
}

fn versions(frame: &Frame, article: &KeptArticle, history: &[HistoryEntry]) -> Vec<VersionRow> {
    let texts = history.iter().filter(|entry| entry.version.is_some()).count();
    let mut number = texts;
    let rows = history.iter().enumerate().map(|(at, entry)| {
        let (what, own) = match (&entry.version, &entry.replaced) {
            (None, _) => ("withdrawn", None),
            (Some(version), Some(replaced)) if version == replaced => ("taken_over", Some(version)),
            (Some(version), Some(_)) => ("changed", Some(version)),
            (Some(version), None) => ("added", Some(version)),
        };
        let path =
            own.map(|version| place::version_path(&article.article.id, &article.article.language, version));
        let row = VersionRow {
            number: own.map(|_| number),
            path: path.unwrap_or_default(),
            what: frame.t(&format!("knowledge.change.{what}")).to_string(),
            time: frame.time(&entry.at),
            author: place::author(frame, entry),
            is_current: at == 0 && own.is_some(),
        };
        number -= usize::from(own.is_some());
        row
    });
    rows.collect()
}

/// Whether the last change is in force on this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Force {
    Waits,
    Holds,
    IsWithdrawn,
}

impl Force {
    fn of(app: &AppState, kept: &KeptArticle) -> Self {
        let catalogue = app.assessor.triage().knowledge_base().catalogue();
        let in_force = catalogue.translation(&kept.article.id, &kept.article.language);
        match (&kept.last.version, in_force) {
            (None, None) => Self::IsWithdrawn,
            (Some(version), Some(article)) if *version == article.version => Self::Holds,
            _ => Self::Waits,
        }
    }

    fn waits(self) -> bool {
        self == Self::Waits
    }

    /// What people read of it.
    fn title(self, frame: &Frame) -> Filled {
        frame.t(match self {
            Self::Waits => "knowledge.force.waits",
            Self::Holds => "knowledge.force.holds",
            Self::IsWithdrawn => "knowledge.force.withdrawn",
        })
    }
}

#[derive(Template)]
#[template(path = "console/knowledge/force.html")]
struct ForcePart {
    frame: Frame,
    force: Force,
    path: String,
}

/// Whether the last change is in force; the page asks until it is.
pub(super) async fn force(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Path((id, language)): Path<(String, String)>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let kept = place::find(&app, &id, &language).await?;
    let path = place::path(&kept.article.id, &kept.article.language);
    render(&ForcePart { frame: visit.frame(Section::Knowledge), force: Force::of(&app, &kept), path })
}

/// On which version somebody decided.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BasedOn {
    pub(super) based_on: String,
}

pub(super) async fn withdraw(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Path((id, language)): Path<(String, String)>,
    Fields(BasedOn { based_on }): Fields<BasedOn>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let (id, language) = place::named(&id, &language)?;
    let withdrawing = |current: Option<&KeptArticle>| {
        current.map(|current| Change::Withdraw {
            id: id.clone(),
            language: language.clone(),
            old: current.article.version.clone(),
        })
    };
    let path = place::path(&id, &language);
    match change(&app, &visit, "article.withdraw", (&id, &language), &based_on, withdrawing).await? {
        Saved::Done => Ok(gone_on(&path, "withdrawn")),
        Saved::Nothing => Ok(gone_on(&path, "unchanged")),
        Saved::Overtaken(_) => moved_on(&visit.frame(Section::Knowledge)),
    }
}
