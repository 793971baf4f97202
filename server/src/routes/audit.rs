//! `/v1/audit`: who did what.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::Parameters;
use super::caller::Staff;
use super::lists::ROWS;
use crate::agent::Role;
use crate::auth::Scope;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::{AuditEntry, AuditFilter};

/// Which entries are wanted.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// Of that agent, by login, or of that key, by name.
    actor: Option<String>,
    /// That was done, such as `ticket.view`.
    action: Option<String>,
    /// Not before that time.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Before that time.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many at most; 500 when it is missing.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Who did what.
#[derive(Serialize, ToSchema)]
pub(super) struct Audit {
    entries: Vec<AuditEntry>,
    /// What to give as `after` for the next page; `null` on the last one.
    #[schema(required)]
    next: Option<String>,
}

/// Who did what.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "list_audit",
    tag = "audit",
    params(Wanted),
    responses((status = 200, description = "The latest first.", body = Audit)),
    security(("session" = ["admin"]), ("key" = ["admin"])),
)]
pub(super) async fn audit(
    State(app): State<AppState>,
    staff: Staff,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Json<Audit>, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    let wrong = |detail: String| Problem::InvalidParameter { detail };
    let limit = wanted.limit.unwrap_or(ROWS);
    if !(1..=ROWS).contains(&limit) {
        return Err(wrong(format!("Give `limit` a number from 1 to {ROWS}.")));
    }
    let after = wanted.after.map(|after| after.parse()).transpose().map_err(wrong)?;
    let Wanted { actor, action, from, until, .. } = wanted;
    let page = app.store.audit(&AuditFilter { actor, action, from, until, after, limit }).await?;
    let next = page.next.map(|next| next.to_string());
    Ok(Json(Audit { entries: page.entries, next }))
}
