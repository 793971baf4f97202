//! Open time on the time line: what a deadline counts, whatever the clocks are set to.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::OpeningHours;

impl OpeningHours {
    /// When that much open time will have passed since `at`. What ends with the day ends at closing time, not at the
    /// next opening. Nothing when there is not that much within ten years.
    #[must_use]
    pub fn add_open_time(
        &self,
        at: Timestamp,
        duration: SignedDuration,
        zone: &TimeZone,
    ) -> Option<Timestamp> {
        let mut remaining = duration;
        for (start, end) in self.spans_after(at, zone) {
            let start = start.max(at);
            let length = end.duration_since(start);
            if remaining <= length {
                return start.checked_add(remaining).ok();
            }
            remaining -= length;
        }
        None
    }

    /// How much open time lies between two instants; none when `until` is the earlier one. Time more than ten years
    /// after `from` is not counted.
    #[must_use]
    pub fn open_time_between(&self, from: Timestamp, until: Timestamp, zone: &TimeZone) -> SignedDuration {
        self.spans_after(from, zone)
            .take_while(|&(start, _)| start < until)
            .map(|(start, end)| end.min(until).duration_since(start.max(from)))
            .sum()
    }

    /// The spans of time that end after `at`, in order and without overlaps.
    ///
    /// Where the clocks skip an hour, times within it stand for as much later. Where they repeat one, a start is the
    /// first of the two and an end is the last; a span begins no sooner than the one before it ended.
    fn spans_after(&self, at: Timestamp, zone: &TimeZone) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        // A repeated hour at midnight makes a day end after the next one has begun.
        let today = at.to_zoned(zone.clone()).date();
        let first = today.yesterday().unwrap_or(today);
        let spans = self.intervals_from(first).filter_map(|(start, end)| {
            let start = zone.to_ambiguous_timestamp(start).compatible().ok()?;
            Some((start, zone.to_ambiguous_timestamp(end).later().ok()?))
        });
        let apart = spans.scan(Timestamp::MIN, |previous_end, (start, end)| {
            let start = start.max(*previous_end);
            *previous_end = end.max(start);
            Some((start, end))
        });
        apart.filter(move |&(start, end)| start < end && at < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = r#"
        mon-fri = ["9:00-12:00", "14:00-18:00"]
        closed = ["2026-11-11"]
    "#;

    fn hours(toml: &str) -> OpeningHours {
        toml::from_str(toml).unwrap()
    }

    fn shanghai() -> TimeZone {
        TimeZone::posix("CST-8").unwrap()
    }

    fn berlin() -> TimeZone {
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap()
    }

    fn deadline(hours: &OpeningHours, at: &str, minutes: i64, zone: &TimeZone) -> Option<String> {
        let due = hours.add_open_time(at.parse().unwrap(), SignedDuration::from_mins(minutes), zone);
        due.map(|due| due.to_zoned(zone.clone()).strftime("%F %H:%M %:z").to_string())
    }

    fn minutes_between(hours: &OpeningHours, from: &str, until: &str, zone: &TimeZone) -> i64 {
        hours.open_time_between(from.parse().unwrap(), until.parse().unwrap(), zone).as_mins()
    }

    #[test]
    fn a_deadline_counts_open_time_only() {
        for (at, minutes, due) in [
            ("2026-11-09T10:00+08", 60, "2026-11-09 11:00 +08:00"),
            ("2026-11-09T11:30+08", 30, "2026-11-09 12:00 +08:00"),
            ("2026-11-09T11:30+08", 31, "2026-11-09 14:01 +08:00"),
            ("2026-11-09T20:00+08", 30, "2026-11-10 09:30 +08:00"),
            ("2026-11-10T17:00+08", 120, "2026-11-12 10:00 +08:00"),
            ("2026-11-13T17:30+08", 8 * 60, "2026-11-17 09:30 +08:00"),
            ("2026-11-09T13:00+08", 0, "2026-11-09 14:00 +08:00"),
        ] {
            assert_eq!(deadline(&hours(SHOP), at, minutes, &shanghai()).as_deref(), Some(due), "{at}");
        }
    }

    #[test]
    fn open_time_between_is_what_a_deadline_added() {
        let (shop, zone) = (hours(SHOP), shanghai());
        let at: Timestamp = "2026-11-08T03:21:07.5Z".parse().unwrap();
        for minutes in (0..4000).step_by(37) {
            let duration = SignedDuration::from_mins(minutes);
            let due = shop.add_open_time(at, duration, &zone).unwrap();
            assert_eq!(shop.open_time_between(at, due, &zone), duration);
        }
        assert_eq!(shop.open_time_between(at, at, &zone), SignedDuration::ZERO);
        assert_eq!(minutes_between(&shop, "2026-11-09T16:00+08", "2026-11-09T10:00+08", &zone), 0);
    }

    #[test]
    fn an_hour_that_the_clocks_skip_is_not_counted() {
        let night = hours(r#"sun = ["1:00-4:00"]"#);
        assert_eq!(minutes_between(&night, "2026-03-28T12:00Z", "2026-03-30T12:00Z", &berlin()), 120);
        let due = deadline(&OpeningHours::always(), "2026-03-29T00:30Z", 60, &berlin());
        assert_eq!(due.as_deref(), Some("2026-03-29 03:30 +02:00"));
        let skipped = hours(r#"sun = ["2:00-3:00"]"#);
        let due = deadline(&skipped, "2026-03-29T00:00Z", 10, &berlin());
        assert_eq!(due.as_deref(), Some("2026-04-05 02:10 +02:00"));
    }

    #[test]
    fn an_hour_that_the_clocks_repeat_is_counted_twice_and_no_more() {
        for toml in [r#"sun = ["1:00-4:00"]"#, r#"sun = ["1:00-2:30", "2:30-4:00"]"#] {
            let night = hours(toml);
            assert_eq!(minutes_between(&night, "2026-10-24T12:00Z", "2026-10-26T12:00Z", &berlin()), 240);
            let due = deadline(&night, "2026-10-24T12:00Z", 150, &berlin());
            assert_eq!(due.as_deref(), Some("2026-10-25 02:30 +01:00"));
        }
    }

    #[test]
    fn round_the_clock_every_minute_counts_once_in_every_zone() {
        let midnight = TimeZone::posix("<-04>4<-03>,M9.1.6/24,M4.1.6/24").unwrap();
        for zone in [shanghai(), berlin(), midnight, TimeZone::UTC] {
            let minutes =
                minutes_between(&OpeningHours::always(), "2026-01-01T00:07Z", "2027-01-01T00:07Z", &zone);
            assert_eq!(minutes, 365 * 24 * 60);
        }
    }

    #[test]
    fn what_never_opens_has_no_deadline() {
        assert_eq!(deadline(&OpeningHours::default(), "2026-11-09T10:00Z", 1, &shanghai()), None);
        let once = hours(r#"special = { "2026-11-11" = ["8:00-9:00"] }"#);
        let due = deadline(&once, "2026-11-09T10:00Z", 60, &shanghai());
        assert_eq!(due.as_deref(), Some("2026-11-11 09:00 +08:00"));
        assert_eq!(deadline(&once, "2026-11-09T10:00Z", 61, &shanghai()), None);
        let last =
            OpeningHours::always().add_open_time(Timestamp::MAX, SignedDuration::from_mins(1), &shanghai());
        assert_eq!(last, None);
    }
}
