//! Which days a page of figures is about: the last week, month or quarter, or days of one's own.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;

use crate::problem::Problem;
use crate::routes::figures;
use crate::state::AppState;

/// The days that are offered.
pub(super) const PRESETS: [i32; 3] = [7, 30, 90];
/// The one that is shown first.
const USUAL: i32 = 30;

/// What was asked for.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Asked {
    days: String,
    from: String,
    until: String,
}

/// Days by the shop's clock, both included.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) first: Date,
    pub(super) last: Date,
    /// When the first one begins.
    pub(super) begin: Timestamp,
    /// When the last one ends.
    pub(super) end: Timestamp,
    /// How many days back from today, where that was chosen.
    preset: Option<i32>,
    /// What was typed, where it is no range.
    pub(super) wrong: bool,
    pub(super) typed_from: String,
    pub(super) typed_until: String,
}

impl Range {
    pub(super) fn of(app: &AppState, asked: Asked) -> Result<Self, Problem> {
        let has_own = !(asked.from.is_empty() && asked.until.is_empty());
        let own = has_own.then(|| Self::own(app, &asked)).flatten();
        if let Some(range) = own {
            return Ok(range);
        }
        let days = asked.days.parse().ok().filter(|days| PRESETS.contains(days)).unwrap_or(USUAL);
        let last = app.now().date();
        let first = last.checked_sub((days - 1).days()).map_err(|_| Problem::Failed)?;
        let (begin, end) = figures::bounds(app, &figures::Range { from: Some(first), until: Some(last) })?;
        let preset = Some(days).filter(|_| !has_own);
        Ok(Self {
            first,
            last,
            begin,
            end,
            preset,
            wrong: has_own,
            typed_from: if has_own { asked.from } else { first.to_string() },
            typed_until: if has_own { asked.until } else { last.to_string() },
        })
    }

    /// Days that somebody typed, if they are any.
    fn own(app: &AppState, asked: &Asked) -> Option<Self> {
        let (first, last): (Date, Date) = (asked.from.parse().ok()?, asked.until.parse().ok()?);
        let (begin, end) =
            figures::bounds(app, &figures::Range { from: Some(first), until: Some(last) }).ok()?;
        let (typed_from, typed_until) = (first.to_string(), last.to_string());
        Some(Self { first, last, begin, end, preset: None, wrong: false, typed_from, typed_until })
    }

    /// The same range in the address of another page.
    pub(super) fn query(&self) -> String {
        match self.preset {
            Some(days) => format!("days={days}"),
            None => format!("from={}&until={}", self.first, self.last),
        }
    }

    pub(super) fn is_preset(&self, days: &i32) -> bool {
        self.preset == Some(*days)
    }
}
