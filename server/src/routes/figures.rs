//! `/v1/stats`: what the desk did.

use axum::Json;
use axum::extract::State;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;

use super::body::Parameters;
use super::caller::Staff;
use crate::agent::Role;
use crate::auth::Scope;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::Stats;

/// The longest time that figures are computed over, in days.
const DAYS: i32 = 400;

/// From which day to which one, both included, by the shop's clock.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Range {
    /// The first day.
    pub(super) from: Option<Date>,
    /// The last day.
    pub(super) until: Option<Date>,
}

/// What the desk did, day by day.
///
/// Without `from` it is thirty days up to `until`, without `until` up to today; at most 400 days.
#[utoipa::path(
    get,
    path = "/v1/stats",
    operation_id = "read_figures",
    tag = "figures",
    params(Range),
    responses((status = 200, description = "The figures.", body = Stats)),
    security(("session" = ["supervisor"]), ("key" = ["stats"])),
)]
pub(super) async fn stats(
    State(app): State<AppState>,
    staff: Staff,
    Parameters(range): Parameters<Range>,
) -> Result<Json<Stats>, Problem> {
    staff.require(Role::Supervisor, Scope::Stats)?;
    let (begin, end) = bounds(&app, &range)?;
    Ok(Json(app.store.stats(begin, end, &app.settings.time_zone).await?))
}

/// When the first day of a range begins, and when its last one ends; the last thirty days when it does not say.
pub(super) fn bounds(app: &AppState, range: &Range) -> Result<(Timestamp, Timestamp), Problem> {
    let wrong = |detail: &str| Problem::InvalidParameter { detail: detail.to_owned() };
    let until = range.until.unwrap_or_else(|| app.now().date());
    let from = range
        .from
        .map_or_else(|| until.checked_sub(29.days()), Ok)
        .map_err(|_| wrong("Give `until` a later day."))?;
    if from > until || (until - from).get_days() > DAYS {
        return Err(wrong(&format!("Give `from` a day before `until`, at most {DAYS} days before it.")));
    }
    let zone = &app.settings.time_zone;
    let begin = |day: Date| day.to_zoned(zone.clone()).map(|midnight| midnight.timestamp());
    let end = until.tomorrow().and_then(begin).map_err(|_| wrong("Give `until` an earlier day."))?;
    let begin = begin(from).map_err(|_| wrong("Give `from` a later day."))?;
    Ok((begin, end))
}
