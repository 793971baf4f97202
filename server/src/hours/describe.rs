//! The hours of a week in one line, for a shopper who finds the shop closed. It stands by itself or in the middle of a sentence, so that it
//! begins with no capital letter but that of a day's name.

use std::fmt;

use super::{Interval, MINUTES_A_DAY, OpeningHours};

struct Words {
    days: [&'static str; 7],
    weekend: &'static str,
    every_day: &'static str,
    /// Whether the days come before the hours.
    days_first: bool,
    always: &'static str,
    never: &'static str,
    /// Only dates of their own are open.
    some_dates: &'static str,
    /// Between the first and the last day of a range.
    to: &'static str,
    /// Between two intervals of a day.
    and: &'static str,
    /// Between two ranges of days.
    comma: &'static str,
}

const SIMPLIFIED_CHINESE: Words = Words {
    days: ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    weekend: "周末",
    every_day: "每天",
    days_first: true,
    always: "全天 24 小时",
    never: "暂不营业",
    some_dates: "仅个别日期",
    to: "至",
    and: "、",
    comma: "，",
};

const TRADITIONAL_CHINESE: Words = Words {
    days: ["週一", "週二", "週三", "週四", "週五", "週六", "週日"],
    weekend: "週末",
    always: "全天 24 小時",
    never: "暫不營業",
    some_dates: "僅個別日期",
    ..SIMPLIFIED_CHINESE
};

const ENGLISH: Words = Words {
    days: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    weekend: "Sat–Sun",
    every_day: "every day",
    days_first: false,
    always: "24 hours a day",
    never: "closed",
    some_dates: "on some dates only",
    to: "–",
    and: " and ",
    comma: ", ",
};

impl OpeningHours {
    /// The hours of an ordinary week for a reader of that language tag: Chinese in its script, and English for all
    /// others. Dates of their own are not part of it.
    #[must_use]
    pub fn describe(&self, language: &str) -> String {
        let words = words_for(language);
        let groups = self.groups();
        match groups[..] {
            [] if self.dates.values().any(|intervals| !intervals.is_empty()) => words.some_dates.to_owned(),
            [] => words.never.to_owned(),
            [(0, 6, [Interval { start: 0, end: MINUTES_A_DAY }])] => words.always.to_owned(),
            [(0, 6, intervals)] if !words.days_first => {
                format!("{} {}", times(intervals, words.and), words.every_day)
            }
            _ => {
                let lines = groups.into_iter().map(|(first, last, intervals)| {
                    format!("{} {}", days(&words, first, last), times(intervals, words.and))
                });
                lines.collect::<Vec<_>>().join(words.comma)
            }
        }
    }

    /// Open days in a row with the same hours: the first, the last, the hours.
    fn groups(&self) -> Vec<(usize, usize, &[Interval])> {
        let mut groups: Vec<(usize, usize, &[Interval])> = Vec::new();
        for (day, intervals) in self.week.iter().enumerate().filter(|(_, intervals)| !intervals.is_empty()) {
            match groups.last_mut() {
                Some((_, last, known)) if *last + 1 == day && *known == intervals.as_slice() => *last = day,
                _ => groups.push((day, day, intervals)),
            }
        }
        groups
    }
}

fn words_for(language: &str) -> Words {
    let is =
        |tag: &str| language == tag || language.strip_prefix(tag).is_some_and(|rest| rest.starts_with('-'));
    if ["zh-Hant", "zh-TW", "zh-HK", "zh-MO"].into_iter().any(is) {
        TRADITIONAL_CHINESE
    } else if is("zh") {
        SIMPLIFIED_CHINESE
    } else {
        ENGLISH
    }
}

fn days(words: &Words, first: usize, last: usize) -> String {
    match (first, last) {
        (0, 6) => words.every_day.to_owned(),
        (5, 6) => words.weekend.to_owned(),
        (first, last) if first == last => words.days[first].to_owned(),
        (first, last) => format!("{}{}{}", words.days[first], words.to, words.days[last]),
    }
}

fn times(intervals: &[Interval], and: &str) -> String {
    intervals.iter().map(ToString::to_string).collect::<Vec<_>>().join(and)
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { start, end } = self;
        write!(f, "{}:{:02}–{}:{:02}", start / 60, start % 60, end / 60, end % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(toml: &str) -> [String; 3] {
        let hours: OpeningHours = toml::from_str(toml).unwrap();
        ["zh-Hans", "zh-Hant", "en"].map(|tag| hours.describe(tag))
    }

    #[test]
    fn days_with_the_same_hours_are_one_range() {
        assert_eq!(
            described("mon-fri = [\"9:00-22:00\"]\nsat-sun = [\"10:00-18:00\"]"),
            [
                "周一至周五 9:00–22:00，周末 10:00–18:00",
                "週一至週五 9:00–22:00，週末 10:00–18:00",
                "Mon–Fri 9:00–22:00, Sat–Sun 10:00–18:00"
            ]
        );
        assert_eq!(
            described("mon = [\"9:00-12:00\", \"14:00-24:00\"]\nwed = [\"9:05-12:00\"]"),
            [
                "周一 9:00–12:00、14:00–24:00，周三 9:05–12:00",
                "週一 9:00–12:00、14:00–24:00，週三 9:05–12:00",
                "Mon 9:00–12:00 and 14:00–24:00, Wed 9:05–12:00"
            ]
        );
    }

    #[test]
    fn a_whole_week_needs_no_days() {
        let daily = described(r#"mon-sun = ["9:00-22:00"]"#);
        assert_eq!(daily, ["每天 9:00–22:00", "每天 9:00–22:00", "9:00–22:00 every day"]);
        let always = described(r#"mon-sun = ["0:00-24:00"]"#);
        assert_eq!(always, ["全天 24 小时", "全天 24 小時", "24 hours a day"]);
        assert_eq!(described(""), ["暂不营业", "暫不營業", "closed"]);
        let once = described(r#"special = { "2026-11-11" = ["8:00-9:00"] }"#);
        assert_eq!(once, ["仅个别日期", "僅個別日期", "on some dates only"]);
    }

    #[test]
    fn other_languages_read_english() {
        for (tag, text) in
            [("zh", "每天"), ("zh-TW", "每天"), ("en-GB", "9:00"), ("de", "9:00"), ("zha", "9:00")]
        {
            let hours: OpeningHours = toml::from_str(r#"mon-sun = ["9:00-22:00"]"#).unwrap();
            assert!(hours.describe(tag).starts_with(text), "{tag}");
        }
    }
}
