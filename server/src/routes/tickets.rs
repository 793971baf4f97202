//! `/v1/tickets`: what waits for a human.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};

use crate::problem::Problem;
use crate::state::AppState;
use crate::ticket::Ticket;

const LIMITS: std::ops::RangeInclusive<u32> = 1..=200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    #[serde(default = "default_limit")]
    limit: u32,
}

fn default_limit() -> u32 {
    50
}

/// Tickets, the most urgent first.
#[derive(Serialize)]
pub(super) struct Tickets {
    tickets: Vec<Ticket>,
}

pub(super) async fn list(
    State(app): State<AppState>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Json<Tickets>, Problem> {
    let Query(page) =
        page.map_err(|rejection| Problem::InvalidParameter { detail: rejection.body_text() })?;
    if !LIMITS.contains(&page.limit) {
        let detail = format!("Give `limit` a number from {} to {}.", LIMITS.start(), LIMITS.end());
        return Err(Problem::InvalidParameter { detail });
    }
    Ok(Json(Tickets { tickets: app.store.tickets(page.limit).await? }))
}
