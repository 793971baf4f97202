//! When humans are there, so that a shopper is told when somebody will answer and deadlines stand still overnight.

mod describe;
mod open_time;
mod parse;
mod table;

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use serde::Deserialize;

pub(crate) use parse::DAYS;
pub use parse::{HoursConfig, HoursError};

const MINUTES_A_DAY: u16 = 24 * 60;

/// How far ahead an opening is looked for, in days: ten years.
const DAYS_AHEAD: usize = 3653;

/// The hours of a week, and the dates that differ. By default it is always closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "HoursConfig")]
pub struct OpeningHours {
    /// From Monday on.
    week: [Vec<Interval>; 7],
    /// A date without any is closed.
    dates: BTreeMap<Date, Vec<Interval>>,
}

/// Open from `start` until just before `end`, in minutes from midnight; the last minute of a day ends at 1440.
/// The intervals of a day are in order and do not overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Interval {
    start: u16,
    end: u16,
}

impl OpeningHours {
    /// Somebody is always there.
    #[must_use]
    pub fn always() -> Self {
        let whole_day = || vec![Interval { start: 0, end: MINUTES_A_DAY }];
        Self { week: std::array::from_fn(|_| whole_day()), dates: BTreeMap::new() }
    }

    /// Whether somebody is there when the shop's clock shows that.
    #[must_use]
    pub fn is_open(&self, at: DateTime) -> bool {
        self.next_opening(at) == Some(at)
    }

    /// When somebody will be there next, by the shop's clock: `at` itself while it is open, and nothing when it is closed
    /// for the next ten years.
    #[must_use]
    pub fn next_opening(&self, at: DateTime) -> Option<DateTime> {
        let coming = self.intervals_from(at.date());
        coming.into_iter().find(|&(_, end)| at < end).map(|(start, _)| start.max(at))
    }

    /// Every interval of that date and the dates after it, by the shop's clock.
    fn intervals_from(&self, date: Date) -> impl Iterator<Item = (DateTime, DateTime)> {
        date.series(1.day()).take(DAYS_AHEAD).flat_map(|date| {
            let intervals = self.on(date).iter();
            intervals.filter_map(move |interval| {
                Some((at_minute(date, interval.start)?, at_minute(date, interval.end)?))
            })
        })
    }

    fn on(&self, date: Date) -> &[Interval] {
        let weekday = usize::from(date.weekday().to_monday_zero_offset().unsigned_abs());
        self.dates.get(&date).unwrap_or(&self.week[weekday])
    }
}

/// Nothing after the last day of the calendar, in the year 9999.
fn at_minute(date: Date, minute: u16) -> Option<DateTime> {
    date.at(0, 0, 0, 0).checked_add(i64::from(minute).minutes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(toml: &str) -> OpeningHours {
        toml::from_str(toml).unwrap()
    }

    fn at(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    const SHOP: &str = r#"
        mon-fri = ["9:00-12:00", "14:00-24:00"]
        sat = ["0:00-2:30"]
        closed = ["2026-10-01"]
        special = { "2026-11-11" = ["8:00-9:30"], "2026-11-15" = ["10:00-18:00"] }
    "#;

    #[test]
    fn an_interval_holds_its_start_and_not_its_end() {
        for (time, open) in [
            ("2026-11-09T08:59:59", false),
            ("2026-11-09T09:00", true),
            ("2026-11-09T11:59:59.999", true),
            ("2026-11-09T12:00", false),
            ("2026-11-09T23:59:59", true),
            ("2026-11-10T00:00", false),
            ("2026-11-14T00:00", true),
            ("2026-11-14T02:30", false),
            ("2026-11-08T10:00", false),
        ] {
            assert_eq!(hours(SHOP).is_open(at(time)), open, "{time}");
        }
    }

    #[test]
    fn dates_of_their_own_replace_their_weekday() {
        for (time, open) in [
            ("2026-10-01T10:00", false),
            ("2026-11-11T08:00", true),
            ("2026-11-11T15:00", false),
            ("2026-11-15T10:00", true),
        ] {
            assert_eq!(hours(SHOP).is_open(at(time)), open, "{time}");
        }
    }

    #[test]
    fn the_next_opening_is_now_or_the_next_start() {
        for (time, next) in [
            ("2026-11-09T10:07:30", "2026-11-09T10:07:30"),
            ("2026-11-09T12:00", "2026-11-09T14:00"),
            ("2026-09-30T23:59", "2026-09-30T23:59"),
            ("2026-10-01T00:00", "2026-10-02T09:00"),
            ("2026-11-11T09:30", "2026-11-12T09:00"),
            ("2026-11-14T03:00", "2026-11-15T10:00"),
        ] {
            assert_eq!(hours(SHOP).next_opening(at(time)), Some(at(next)), "{time}");
        }
    }

    #[test]
    fn what_never_opens_has_no_next_opening() {
        assert_eq!(OpeningHours::default().next_opening(at("2026-11-09T10:00")), None);
        let once = hours(r#"special = { "2026-11-11" = ["8:00-9:00"] }"#);
        assert_eq!(once.next_opening(at("2026-01-01T00:00")), Some(at("2026-11-11T08:00")));
        assert_eq!(once.next_opening(at("2026-11-11T09:00")), None);
        assert!(
            !OpeningHours::always().is_open(DateTime::MAX) && OpeningHours::always().is_open(DateTime::MIN)
        );
    }
}
