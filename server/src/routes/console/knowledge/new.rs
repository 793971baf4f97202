//! The form for a new article: empty, as a translation of another one, or from questions that found no answer.

use axum::extract::State as AxumState;
use axum::response::Response;
use serde::Deserialize;
use shopdesk_kb::ArticleId;
use shopdesk_triage::{MessageLanguage, detect_language};

use super::super::frame::Section;
use super::super::visit::Visit;
use super::draft::Draft;
use super::edit::{Editor, page};
use super::place;
use crate::agent::Role;
use crate::mask::mask;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::script::for_reader;
use crate::state::AppState;
use crate::unanswered;

/// How many questions of a group are filled in, and how long they may be, in characters.
const QUESTIONS: usize = 12;
const QUESTION: usize = 200;

/// What to begin with.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Wanted {
    /// A translation of that article, into that language, from that one.
    id: String,
    language: String,
    like: String,
    /// An answer to that ticket's message and those of its group, in the groups of so many days.
    ticket: String,
    days: u16,
}

pub(super) async fn form(
    AxumState(app): AxumState<AppState>,
    visit: Visit,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Supervisor)?;
    let frame = visit.frame(Section::Knowledge);
    let (draft, remark) = if !wanted.like.is_empty() {
        (translation(&app, &wanted).await?, Some("knowledge.edit.translate"))
    } else if !wanted.ticket.is_empty() {
        (answer(&app, &wanted).await?, Some("knowledge.edit.from_questions"))
    } else {
        let language = offered(&app, Some(frame.language.primary()));
        (Draft { language, ..Draft::default() }, None)
    };
    let remark = remark.map(|key| frame.t(key).to_string());
    let editor = Editor::new(&app, &frame, draft, true).with_remark(remark);
    page(frame, editor)
}

/// What is there in another language, to be translated in its place. From one Chinese script to the other most of the work is done.
async fn translation(app: &AppState, wanted: &Wanted) -> Result<Draft, Problem> {
    let like = place::find(app, &wanted.id, &wanted.like).await?;
    let mut draft = Draft { language: wanted.language.clone(), ..Draft::of(&like.article) };
    let base = |tag: &str| tag.split('-').next().map(str::to_owned);
    let target = MessageLanguage::from_tag(&wanted.language).unwrap_or(MessageLanguage::Other);
    for text in [&mut draft.title, &mut draft.answer, &mut draft.body, &mut draft.questions, &mut draft.tags]
    {
        *text = for_reader(text, &wanted.like, target).into_owned();
    }
    if base(&wanted.language) != base(&wanted.like) {
        // Nobody asks in that language with the words of another one.
        draft.questions.clear();
        draft.tags.clear();
    }
    Ok(draft)
}

/// The questions of a group, and what it is about.
async fn answer(app: &AppState, wanted: &Wanted) -> Result<Draft, Problem> {
    let ticket = wanted.ticket.parse().map_err(|_| Problem::NoTicket)?;
    let known = unanswered::known(app, wanted.days);
    let group = known.as_ref().and_then(|found| found.groups.iter().find(|group| group.holds(ticket)));
    let (texts, intent, language): (Vec<String>, _, _) = match group {
        Some(group) => {
            let texts = group.texts(QUESTIONS).into_iter().map(ToOwned::to_owned).collect();
            (texts, group.intent.clone(), group.language().map(ToOwned::to_owned))
        }
        // The groups may be forgotten by now; the question is not.
        None => {
            let ticket = app.store.ticket(ticket).await?.ok_or(Problem::NoTicket)?;
            let text = mask(&ticket.contents.text).into_owned();
            let language = detect_language(&text).tag().to_owned();
            (vec![text], ticket.intent, Some(language))
        }
    };
    let line = |text: &String| {
        text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(QUESTION).collect()
    };
    let lines: Vec<String> = texts.iter().map(line).collect();
    let is_known = |intent: &str| {
        let triage = app.assessor.triage();
        triage.bundle().classifier().labels().iter().any(|label| label.id.as_str() == intent)
    };
    let intent = intent.map(|intent| intent.to_string()).filter(|intent| is_known(intent));
    Ok(Draft {
        id: free_id(app, intent.as_deref()).await?,
        language: offered(app, language.as_deref()),
        questions: lines.join("\n"),
        intents: intent.into_iter().collect(),
        ..Draft::default()
    })
}

/// The language that articles are written in for readers of that one.
fn offered(app: &AppState, language: Option<&str>) -> String {
    let tags: Vec<&str> = app.settings.replies.languages().collect();
    let language = language.unwrap_or(&app.settings.default_language);
    let base = language.split('-').next().unwrap_or_default();
    let found =
        [language, base, app.settings.default_language.as_str()].into_iter().find(|tag| tags.contains(tag));
    found.or_else(|| tags.first().copied()).unwrap_or(base).to_owned()
}

/// An id that is not there yet, after the intent; the writer may choose a better one.
async fn free_id(app: &AppState, intent: Option<&str>) -> Result<String, Problem> {
    let Some(stem) = intent.map(|intent| intent.replace('_', "-")) else { return Ok(String::new()) };
    let kept = app.store.kept_articles(None).await?;
    let is_free = |id: &ArticleId| !kept.iter().any(|kept| kept.article.id == *id);
    let candidates =
        (1..100).map(|number| if number == 1 { stem.clone() } else { format!("{stem}-{number}") });
    let found = candidates.filter_map(ArticleId::new).find(is_free);
    Ok(found.map(|id| id.to_string()).unwrap_or_default())
}
