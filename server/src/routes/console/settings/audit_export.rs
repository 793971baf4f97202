//! The audit log as a table for other programs. Taking it out is in the log, too.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use futures_util::stream::try_unfold;

use super::audit_filter::Wanted;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::body::Parameters;
use crate::routes::console::csv;
use crate::routes::console::visit::Visit;
use crate::state::AppState;
use crate::store::{AuditEntry, AuditFilter, StoreError};

/// How many entries are read at once.
const ROWS: u32 = 1000;

pub(super) async fn download(
    State(app): State<AppState>,
    visit: Visit,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    visit.require(Role::Admin)?;
    let filter = AuditFilter { after: None, ..wanted.filter(&app.settings.time_zone, ROWS) };
    let query = Some(wanted.query()).filter(|query| !query.is_empty());
    app.store.keep_audit(&visit.staff.name(), "audit.export", None, query).await?;
    let day = app.now().date();
    let headers = [
        (header::CONTENT_TYPE, csv::CONTENT_TYPE.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"shopdesk-audit-{day}.csv\"")),
    ];
    let pages = try_unfold(Some((filter, true)), move |place| next_page(app.clone(), place));
    Ok((headers, Body::from_stream(pages)))
}

/// Where reading goes on, and whether it is the beginning.
type Place = Option<(AuditFilter, bool)>;

/// Reads a page at a time, so that a log of years needs no more memory than one of a day.
async fn next_page(app: AppState, place: Place) -> Result<Option<(Bytes, Place)>, StoreError> {
    let Some((filter, is_first)) = place else { return Ok(None) };
    let page = app.store.audit(&filter).await?;
    let mut text = String::new();
    if is_first {
        text.push_str(csv::BEGINNING);
        text.push_str(&csv::line(["at", "actor", "action", "subject", "detail"]));
    }
    page.entries.iter().for_each(|entry| text.push_str(&line(entry)));
    let rest = page.next.map(|next| (AuditFilter { after: Some(next), ..filter }, false));
    Ok(Some((text.into(), rest)))
}

fn line(entry: &AuditEntry) -> String {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    csv::line([
        &entry.at.to_string(),
        &entry.actor,
        &entry.action,
        &text(&entry.subject),
        &text(&entry.detail),
    ])
}
