//! The hours of a week day by day, for whoever looks at the settings.

use jiff::civil::Date;

use super::{Interval, OpeningHours};

impl OpeningHours {
    /// The hours of each day of an ordinary week, from Monday on. A day without any is closed.
    pub(crate) fn week(&self) -> impl Iterator<Item = Vec<String>> {
        self.week.iter().map(|intervals| texts(intervals))
    }

    /// The hours of that date.
    pub(crate) fn hours_on(&self, date: Date) -> Vec<String> {
        texts(self.on(date))
    }

    /// The dates from that one on that differ from their weekday, in order.
    pub(crate) fn dates_from(&self, first: Date) -> impl Iterator<Item = (Date, Vec<String>)> {
        self.dates.range(first..).map(|(date, intervals)| (*date, texts(intervals)))
    }
}

fn texts(intervals: &[Interval]) -> Vec<String> {
    intervals.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_their_hours_and_dates_that_are_over_are_left_out() {
        let hours: OpeningHours = toml::from_str(
            r#"
            mon = ["14:00-18:00", "9:00-12:00"]
            closed = ["2026-10-01", "2026-12-31"]
            special = { "2026-11-22" = ["10:00-16:00"] }
            "#,
        )
        .unwrap();
        let date = |text: &str| text.parse::<Date>().unwrap();
        assert_eq!(hours.week().next().unwrap(), ["9:00–12:00", "14:00–18:00"]);
        assert_eq!(hours.week().skip(1).flatten().count(), 0);
        assert_eq!(hours.hours_on(date("2026-11-22")), ["10:00–16:00"]);
        let coming: Vec<_> = hours.dates_from(date("2026-11-22")).collect();
        let expected =
            [(date("2026-11-22"), vec!["10:00–16:00".to_owned()]), (date("2026-12-31"), Vec::new())];
        assert_eq!(coming, expected);
    }
}
