//! The days that figures are counted by, as a table that queries join.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The days from one time to another, the first and the last perhaps in part.
pub(super) struct Days(Vec<Day>);

/// A day by the shop's clock, in milliseconds.
struct Day {
    date: Date,
    begins: i64,
    ends: i64,
}

impl Days {
    pub(super) fn between(from: Timestamp, until: Timestamp, zone: &TimeZone) -> Self {
        let (from, until) = (from.as_millisecond(), until.as_millisecond());
        let first = Timestamp::from_millisecond(from).unwrap_or(Timestamp::MIN).to_zoned(zone.clone()).date();
        let starts = first.series(1.day()).map_while(|date| {
            let begins = start(date, zone)?;
            let ends = date.tomorrow().ok().and_then(|next| start(next, zone)).unwrap_or(i64::MAX);
            (begins < until).then(|| Day { date, begins: begins.max(from), ends: ends.min(until) })
        });
        Self(starts.collect())
    }

    /// `days (begins, ends)` for a query to begin with. Nothing when there are none.
    pub(super) fn table(&self) -> Option<String> {
        let row = |day: &Day| format!("(CAST({} AS BIGINT), CAST({} AS BIGINT))", day.begins, day.ends);
        let rows: Vec<String> = self.0.iter().map(row).collect();
        (!rows.is_empty()).then(|| format!("WITH days (begins, ends) AS (VALUES {})", rows.join(", ")))
    }

    /// The day in which that moment is.
    pub(super) fn date(&self, at: i64) -> Option<Date> {
        let behind = self.0.partition_point(|day| day.begins <= at);
        self.0[..behind].last().filter(|day| at < day.ends).map(|day| day.date)
    }
}

/// When a day begins. Where clocks skip midnight, it begins later.
fn start(date: Date, zone: &TimeZone) -> Option<i64> {
    Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_moment_is_in_the_day_that_the_clock_shows_also_when_it_is_put_back() {
        let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (from, until) = (at("2026-10-24T10:00+02"), at("2026-10-27T00:00+01"));
        let days = Days::between(from, until, &zone);
        assert_eq!(days.0.len(), 3);
        for (time, date) in [
            ("2026-10-24T09:59:59.999+02", None),
            ("2026-10-24T10:00+02", Some("2026-10-24")),
            ("2026-10-25T00:00+02", Some("2026-10-25")),
            ("2026-10-25T23:59:59.999+01", Some("2026-10-25")),
            ("2026-10-26T00:00+01", Some("2026-10-26")),
            ("2026-10-27T00:00+01", None),
        ] {
            let found = days.date(at(time).as_millisecond());
            assert_eq!(found, date.map(|date| date.parse().unwrap()), "{time}");
        }
        assert!(Days::between(until, from, &zone).table().is_none());
    }
}
