//! A version of an article: what it said, how it differs from another one, and back into force with it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State as AxumState};
use axum::response::Response;
use serde::Deserialize;
use shopdesk_kb::import::Change;
use shopdesk_kb::{Article, ArticleId, Language, Version};

use super::super::fields::Fields;
use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use super::article::{BasedOn, Shown};
use super::diff::{Difference, compare};
use super::draft::Draft;
use super::place::{self, State};
use super::save::{Saved, change, gone_on, gone_to, moved_on};
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::state::AppState;
use crate::store::{HistoryEntry, KeptArticle};

#[derive(Template)]
#[template(path = "console/knowledge/version.html")]
struct Page {
    frame: Frame,
    shown: Shown,
    /// When it came into force, and by whom: the last time.
    since: String,
    author: String,
    is_current: bool,
    /// The version in force, empty when there is none.
    current: String,
    others: Vec<Other>,
    /// The version that it is compared with.
    compared: Option<Compared>,
    may_write: bool,
}

/// A version to compare with.
struct Other {
    version: String,
    name: String,
    is_chosen: bool,
}

struct Compared {
    name: String,
    differences: Vec<Difference>,
}

/// With which version to compare.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    compare: String,
}

pub(super) async fn show(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Path((id, language, version)): Path<(String, String, String)>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let frame = visit.frame(Section::Knowledge);
    let (id, language) = place::named(&id, &language)?;
    let article = text(&app, &id, &language, &version).await?;
    let history = app.store.history(&id, &language).await?;
    let last = history.first().cloned().ok_or(Problem::NoArticleVersion)?;
    let is_this = |entry: &&HistoryEntry| entry.version.as_ref() == Some(&article.version);
    let own = history.iter().find(is_this).cloned().unwrap_or_else(|| last.clone());
    let compared = match wanted.compare.as_str() {
        "" => None,
        other => {
            let other = text(&app, &id, &language, other).await?;
            let differences = compare(&other, &article, |intent| frame.intent(intent));
            Some(Compared { name: name_of(&frame, &other.version, &history), differences })
        }
    };
    let mut others: Vec<Other> = Vec::new();
    for other in history.iter().filter_map(|entry| entry.version.as_ref()) {
        if *other != article.version && !others.iter().any(|known| known.version == other.as_str()) {
            let (version, name) = (other.to_string(), name_of(&frame, other, &history));
            others.push(Other { is_chosen: version == wanted.compare, version, name });
        }
    }
    let kept = KeptArticle { article: Arc::new(article), last: last.clone() };
    let state = State::of(&kept, app.now());
    render(&Page {
        shown: Shown::of(&frame, &kept, state),
        since: frame.time(&own.at),
        author: place::author(&frame, &own),
        is_current: last.version.as_ref() == Some(&kept.article.version),
        current: last.version.map(|version| version.to_string()).unwrap_or_default(),
        others,
        compared,
        may_write: visit.agent.role >= Role::Supervisor,
        frame,
    })
}

/// What people call a version: its number or numbers, and since when it was.
fn name_of(frame: &Frame, version: &Version, history: &[HistoryEntry]) -> String {
    let texts = history.iter().rev().filter(|entry| entry.version.is_some());
    let numbered: Vec<(usize, &HistoryEntry)> = (1..).zip(texts).collect();
    let last = numbered.iter().rev().find(|(_, entry)| entry.version.as_ref() == Some(version));
    last.map_or_else(
        || version.to_string(),
        |(number, entry)| {
            let name = frame.t("knowledge.version_name").with("number", number);
            name.with("time", frame.time(&entry.at)).to_string()
        },
    )
}

async fn text(
    app: &AppState,
    id: &ArticleId,
    language: &Language,
    version: &str,
) -> Result<Article, Problem> {
    app.store.article_text(id, language, &Version::new(version)).await?.ok_or(Problem::NoArticleVersion)
}

/// Brings an old text into force again. Where it would not pass the checks any more, it is opened to be changed.
pub(super) async fn restore(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Path((id, language, version)): Path<(String, String, String)>,
    Fields(BasedOn { based_on }): Fields<BasedOn>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let frame = visit.frame(Section::Knowledge);
    let (id, language) = place::named(&id, &language)?;
    let old = text(&app, &id, &language, &version).await?;
    let path = place::path(&id, &language);
    if Draft::of(&old).check(&frame.intents).is_err() {
        return Ok(gone_to(format!("{path}/edit?version={}", old.version)));
    }
    let old = Arc::new(old);
    let restoring = |current: Option<&KeptArticle>| match current.map(|current| &current.article.version) {
        Some(current) if *current == old.version => None,
        Some(current) => Some(Change::Replace { old: current.clone(), new: Arc::clone(&old) }),
        None => Some(Change::Add(Arc::clone(&old))),
    };
    match change(&app, &visit, "article.restore", (&id, &language), &based_on, restoring).await? {
        Saved::Done => Ok(gone_on(&path, "restored")),
        Saved::Nothing => Ok(gone_on(&path, "unchanged")),
        Saved::Overtaken(_) => moved_on(&frame),
    }
}
