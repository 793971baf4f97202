//! Makes a change to an article, unless somebody else changed it since whoever asks looked at it.

use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use shopdesk_kb::import::Change;
use shopdesk_kb::{ArticleId, Language};

use super::super::frame::Frame;
use super::super::refusal::notice;
use super::super::visit::Visit;
use super::place;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::KeptArticle;

/// How often it is tried again when somebody changes other articles at the same moment.
const TRIES: usize = 8;

/// What became of a change.
pub(super) enum Saved {
    /// It is made.
    Done,
    /// There was nothing to change.
    Nothing,
    /// Somebody else was faster: this is how the article stands now.
    Overtaken(Option<KeptArticle>),
}

/// Makes a change to an article as long as the version in force is the one that it is based on; the empty version stands for none in force.
/// What is to change is asked for once it is known how the article stands.
pub(super) async fn change(
    app: &AppState,
    visit: &Visit,
    action: &str,
    (id, language): (&ArticleId, &Language),
    based_on: &str,
    what: impl Fn(Option<&KeptArticle>) -> Option<Change>,
) -> Result<Saved, Problem> {
    for _ in 0..TRIES {
        // Read before the article, so that whatever happens in between is noticed.
        let revision = app.store.revision().await?;
        let kept = place::kept(app, id, language).await?;
        let current = kept.as_ref().filter(|kept| kept.is_in_force());
        if current.map_or("", |current| current.article.version.as_str()) != based_on {
            return Ok(Saved::Overtaken(kept));
        }
        let Some(change) = what(current) else { return Ok(Saved::Nothing) };
        let changes = [change];
        if app.store.change_by_hand(revision, &changes, &visit.staff.name()).await?.is_some() {
            let [change] = changes;
            keep_audit(app, visit, action, &change).await?;
            return Ok(Saved::Done);
        }
    }
    Err(Problem::Overloaded)
}

async fn keep_audit(app: &AppState, visit: &Visit, action: &str, change: &Change) -> Result<(), Problem> {
    let (id, language) = change.name();
    let version = match change {
        Change::Add(article) | Change::Replace { new: article, .. } | Change::TakeOver(article) => {
            &article.version
        }
        Change::Withdraw { old, .. } => old,
    };
    let (subject, detail) = (format!("{id}/{language}"), format!("version {version}"));
    Ok(app.store.keep_audit(&visit.staff.name(), action, Some(subject), Some(detail)).await?)
}

/// To the article's page, which says what was done.
pub(super) fn gone_on(path: &str, done: &str) -> Response {
    gone_to(format!("{path}?done={done}"))
}

/// To another page.
pub(super) fn gone_to(to: String) -> Response {
    (StatusCode::NO_CONTENT, [(HeaderName::from_static("hx-redirect"), to)]).into_response()
}

/// Says that the article has changed, so that whoever decided on an older text looks at it again.
pub(super) fn moved_on(frame: &Frame) -> Result<Response, Problem> {
    let text = |key| frame.t(key).to_string();
    let mut response = notice(text("knowledge.moved_on"), text("knowledge.moved_on_detail"))?;
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}
