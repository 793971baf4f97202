//! The list of articles, translations together.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State as AxumState;
use axum::response::Response;
use serde::Deserialize;
use shopdesk_kb::Article;
use shopdesk_model::script::simplified;

use super::super::frame::{Frame, Section, render};
use super::super::visit::Visit;
use super::place::{self, State};
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::state::AppState;
use crate::store::KeptArticle;

/// How many articles a page has.
const PAGE: usize = 50;

/// Which articles are wanted. What is empty does not matter.
#[derive(Clone, Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    language: String,
    intent: String,
    state: String,
    q: String,
    page: usize,
}

#[derive(Template)]
#[template(path = "console/knowledge/list.html")]
struct Page {
    frame: Frame,
    wanted: Wanted,
    languages: BTreeSet<String>,
    states: [State; 4],
    may_write: bool,
    list: List,
}

#[derive(Template)]
#[template(path = "console/knowledge/articles.html")]
struct Part {
    frame: Frame,
    list: List,
}

/// A page of the articles.
struct List {
    rows: Vec<Row>,
    /// How many articles were found, and how many there are.
    found: usize,
    articles: usize,
    texts: usize,
    /// Where the pages before and behind are.
    before: Option<String>,
    behind: Option<String>,
}

/// An article with its translations.
struct Row {
    id: String,
    title: String,
    path: String,
    translations: Vec<Translation>,
    intents: Vec<String>,
    validity: String,
    audience: String,
    changed: String,
    author: String,
}

struct Translation {
    language: String,
    path: String,
    state: State,
}

pub(super) async fn show(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let frame = visit.frame(Section::Knowledge);
    let kept = app.store.kept_articles(None).await?;
    let languages = kept.iter().map(|kept| kept.article.language.to_string()).collect();
    let list = list(&app, &frame, &wanted, &kept);
    if visit.wants_part {
        return render(&Part { frame, list });
    }
    let may_write = visit.agent.role >= Role::Supervisor;
    render(&Page { frame, wanted, languages, states: State::ALL, may_write, list })
}

fn list(app: &AppState, frame: &Frame, wanted: &Wanted, kept: &[KeptArticle]) -> List {
    let now = app.now();
    let words: Vec<String> = searchable(&wanted.q).split_whitespace().map(ToOwned::to_owned).collect();
    let is_wanted = |kept: &KeptArticle| {
        let article = &kept.article;
        (wanted.language.is_empty() || wanted.language == article.language.as_str())
            && (wanted.intent.is_empty() || article.intents.contains(&wanted.intent))
            && (wanted.state.is_empty() || wanted.state == State::of(kept, now).as_str())
            && has_words(article, &words)
    };
    let all: Vec<&[KeptArticle]> = kept.chunk_by(|a, b| a.article.id == b.article.id).collect();
    let found: Vec<(&[KeptArticle], &KeptArticle)> = all
        .iter()
        .filter_map(|translations| {
            let mut found: Vec<&KeptArticle> = translations.iter().filter(|kept| is_wanted(kept)).collect();
            // Those in force first, and the reader's language.
            found.sort_by_key(|kept| (!kept.is_in_force(), !is_readers(frame, &kept.article)));
            Some((*translations, *found.first()?))
        })
        .collect();
    let begin = wanted.page.saturating_mul(PAGE);
    let rows = found.iter().skip(begin).take(PAGE).map(|(translations, shown)| {
        let translation = |kept: &KeptArticle| Translation {
            language: kept.article.language.to_string(),
            path: place::path(&kept.article.id, &kept.article.language),
            state: State::of(kept, now),
        };
        row(frame, translations.iter().map(translation).collect(), translations, shown)
    });
    let page = |number: usize| format!("/console/knowledge?{}", query(wanted, number));
    List {
        rows: rows.collect(),
        found: found.len(),
        articles: all.len(),
        texts: kept.len(),
        before: wanted.page.checked_sub(1).map(page),
        behind: (begin.saturating_add(PAGE) < found.len()).then(|| page(wanted.page + 1)),
    }
}

fn row(frame: &Frame, translations: Vec<Translation>, all: &[KeptArticle], shown: &KeptArticle) -> Row {
    let Article { id, language, title, intents, audience, .. } = shown.article.as_ref();
    let last = all.iter().map(|kept| &kept.last).max_by_key(|last| last.revision).unwrap_or(&shown.last);
    Row {
        id: id.to_string(),
        title: title.clone(),
        path: place::path(id, language),
        translations,
        intents: intents.iter().map(|intent| frame.intent(intent)).collect(),
        validity: place::validity(frame, &shown.article),
        audience: audience.join(", "),
        changed: frame.short_time(&last.at),
        author: place::author(frame, last),
    }
}

/// Whether an article is in the language of the console.
fn is_readers(frame: &Frame, article: &Arc<Article>) -> bool {
    article.language.as_str().split('-').next() == Some(frame.language.primary())
}

fn has_words(article: &Article, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let lists = [&article.questions, &article.tags];
    let texts = [article.id.as_str(), &article.title, &article.answer, &article.body].into_iter();
    let texts = texts.chain(lists.into_iter().flatten().map(String::as_str));
    let text = searchable(&texts.collect::<Vec<_>>().join("\n"));
    words.iter().all(|word| text.contains(word))
}

/// In small letters and one Chinese script.
fn searchable(text: &str) -> String {
    simplified(text).to_lowercase()
}

/// The query of another page of the same list.
fn query(wanted: &Wanted, page: usize) -> String {
    let Wanted { language, intent, state, q, .. } = wanted;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("language", language), ("intent", intent), ("state", state), ("q", q)] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    query.append_pair("page", &page.to_string()).finish()
}
