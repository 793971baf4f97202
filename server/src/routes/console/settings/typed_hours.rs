//! Opening hours as people type them, with the signs of any keyboard.

use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;

use super::submitted::Submitted;
use crate::hours::{DAYS, HoursConfig, HoursError, OpeningHours};

/// What stands for a day on which nobody is there, beside a dash and nothing at all.
const CLOSED: [&str; 2] = ["休息", "closed"];

/// A field a day, from Monday on, and a line a date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TypedHours {
    pub(super) days: [String; 7],
    pub(super) dates: String,
}

/// What is wrong with them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mistakes {
    pub(super) days: [Option<HoursError>; 7],
    /// By the number of the line, from 1 on.
    pub(super) dates: Vec<(usize, HoursError)>,
}

impl TypedHours {
    /// As somebody would type these hours.
    pub(super) fn of(hours: &OpeningHours) -> Self {
        let mut days = hours.week().map(|intervals| typed(&intervals));
        let dates = hours.dates_from(Date::MIN).map(|(date, intervals)| {
            if intervals.is_empty() { date.to_string() } else { format!("{date} {}", typed(&intervals)) }
        });
        let dates = dates.collect::<Vec<_>>().join("\n");
        Self { days: std::array::from_fn(|_| days.next().unwrap_or_default()), dates }
    }

    /// As they were filled in.
    pub(super) fn submitted(submitted: &Submitted) -> Self {
        let days = DAYS.map(|day| submitted.one(day).to_owned());
        Self { days, dates: submitted.one("dates").to_owned() }
    }

    /// The same as the settings file has them.
    pub(super) fn read(&self) -> Result<HoursConfig, Box<Mistakes>> {
        let (mut config, mut mistakes) = (HoursConfig::default(), Mistakes::default());
        for (place, (day, typed)) in DAYS.into_iter().zip(&self.days).enumerate() {
            let only = [(day.to_owned(), intervals(typed))];
            let only = HoursConfig { days: only.into(), ..HoursConfig::default() };
            mistakes.days[place] = OpeningHours::try_from(only.clone()).err();
            config.days.extend(only.days);
        }
        let lines = self.dates.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
        for (line, number) in lines {
            let (date, intervals) = match date(line) {
                Ok(found) => found,
                Err(value) => {
                    mistakes.dates.push((number, HoursError::NotADate { key: "special", value }));
                    continue;
                }
            };
            if config.closed.contains(&date) || config.special.contains_key(&date) {
                mistakes.dates.push((number, HoursError::DateTwice { key: "special", value: date }));
                continue;
            }
            let only = if intervals.is_empty() {
                HoursConfig { closed: vec![date], ..HoursConfig::default() }
            } else {
                HoursConfig { special: [(date, intervals)].into(), ..HoursConfig::default() }
            };
            let mistake = OpeningHours::try_from(only.clone()).err();
            mistakes.dates.extend(mistake.map(|mistake| (number, mistake)));
            config.closed.extend(only.closed);
            config.special.extend(only.special);
        }
        if mistakes == Mistakes::default() { Ok(config) } else { Err(Box::new(mistakes)) }
    }
}

/// Intervals with signs that every keyboard has.
fn typed(intervals: &[String]) -> String {
    intervals.join(", ").replace('–', "-")
}

/// Intervals as the settings file has them, one by one.
fn intervals(typed: &str) -> Vec<String> {
    let text: String = typed.nfkc().map(plain).collect();
    if CLOSED.contains(&text.trim().to_lowercase().as_str()) {
        return Vec::new();
    }
    // White space around a dash means nothing, and a Chinese dash is two.
    let times: Vec<&str> = text.split('-').map(str::trim).filter(|time| !time.is_empty()).collect();
    let text = times.join("-");
    let intervals = text.split(|letter: char| letter == ',' || letter.is_whitespace());
    intervals.filter(|interval| !interval.is_empty()).map(str::to_owned).collect()
}

/// A date as the settings file has it, and the intervals after it; what was typed where it is no date.
fn date(line: &str) -> Result<(String, Vec<String>), String> {
    let line = line.trim();
    let ends = |letter: char| letter.is_whitespace() || letter == '：';
    let (date, hours) = line.split_once(ends).unwrap_or((line, ""));
    let written: String = date
        .nfkc()
        .map(|letter| if matches!(letter, '/' | '.' | '年' | '月') { '-' } else { plain(letter) })
        .collect();
    let parts: Vec<&str> = written.trim_end_matches(['日', '号', ':']).split('-').collect();
    // Other forms of a date would be the same day by another name.
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|letter| letter.is_ascii_digit());
    let found = match parts[..] {
        [year, month, day] if parts.iter().all(is_number) => {
            format!("{year}-{month:0>2}-{day:0>2}").parse::<Date>().ok()
        }
        _ => None,
    };
    let found = found.ok_or_else(|| date.to_owned())?;
    Ok((found.to_string(), intervals(hours)))
}

/// What is left of full-width signs after normalising, as a Latin keyboard has it.
fn plain(letter: char) -> char {
    match letter {
        '、' | '，' | ';' => ',',
        '~' | '〜' | '–' | '—' | '―' | '−' | '‐' | '至' | '到' => '-',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn monday(text: &str) -> TypedHours {
        let mut typed = TypedHours::default();
        text.clone_into(&mut typed.days[0]);
        typed
    }

    fn dates(text: &str) -> TypedHours {
        TypedHours { dates: text.to_owned(), ..TypedHours::default() }
    }

    #[test]
    fn signs_of_any_keyboard_mean_the_same() {
        for text in [
            "9:00-12:00, 14:00-22:00",
            "9:00-12:00,14:00 - 22:00",
            "9:00-12:00 14:00-22:00",
            "９：００－１２：００，１４：００－２２：００",
            "9：00～12：00、14：00—22：00",
            "9：00——12：00；14：00至22：00",
            "9:00–12:00, 14:00〜22:00,",
        ] {
            let read = monday(text).read().unwrap();
            assert_eq!(read.days["mon"], ["9:00-12:00", "14:00-22:00"], "{text}");
        }
    }

    #[test]
    fn a_day_without_hours_is_closed() {
        for text in ["", "  ", "-", "——", "休息", "Closed"] {
            assert!(monday(text).read().unwrap().days["mon"].is_empty(), "{text}");
        }
    }

    #[test]
    fn dates_are_closed_or_have_their_own_hours() {
        let text = "2026-11-11 8:00-24:00\r\n\r\n2026/10/1\n 2026年10月2日：休息\n２０２６－１２－３１　９：００～１２：００\n";
        let read = dates(text).read().unwrap();
        assert_eq!(read.closed, ["2026-10-01", "2026-10-02"]);
        let special: Vec<_> = read.special.into_iter().collect();
        let expected = [("2026-11-11", "8:00-24:00"), ("2026-12-31", "9:00-12:00")];
        assert_eq!(special, expected.map(|(date, hours)| (date.to_owned(), vec![hours.to_owned()])));
    }

    #[test]
    fn mistakes_stand_where_they_were_made() {
        let mut typed = monday("9-12");
        "22:00-2:00".clone_into(&mut typed.days[6]);
        "2026-10-01\nsome day\n2026-11-11 8:00-9:00\n2026-10-1 8:00-9:00\n2026-02-30"
            .clone_into(&mut typed.dates);
        let Mistakes { days, dates } = *typed.read().unwrap_err();
        let value = |value: &str| value.to_owned();
        let interval = HoursError::NotAnInterval { key: value("mon"), value: value("9-12") };
        assert_eq!(days[0].as_ref(), Some(&interval));
        let order = HoursError::EndsBeforeStart { key: value("sun"), value: value("22:00-2:00") };
        assert_eq!(days[6].as_ref(), Some(&order));
        assert_eq!(days.iter().flatten().count(), 2);
        let lines: Vec<usize> = dates.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [2, 4, 5]);
        assert_eq!(dates[1].1, HoursError::DateTwice { key: "special", value: value("2026-10-01") });
    }

    #[test]
    fn a_date_has_one_form_so_that_no_day_is_there_twice() {
        for text in ["20261001", "2026-11-11T09:00-12:00", "2026-11-11T09:00", "2026-W01-1", "+002026-10-01"]
        {
            let Mistakes { dates, .. } = *dates(text).read().unwrap_err();
            assert!(matches!(&dates[..], [(1, HoursError::NotADate { .. })]), "{text}: {dates:?}");
        }
    }

    #[test]
    fn what_is_shown_is_read_as_the_same_hours() {
        let hours: OpeningHours = toml::from_str(
            r#"
            mon-fri = ["9:00-12:00", "14:00-24:00"]
            closed = ["2020-01-01"]
            special = { "2026-11-11" = ["0:00-2:30", "8:00-9:30"] }
            "#,
        )
        .unwrap();
        let typed = TypedHours::of(&hours);
        assert_eq!(typed.days[0], "9:00-12:00, 14:00-24:00");
        assert_eq!(typed.dates, "2020-01-01\n2026-11-11 0:00-2:30, 8:00-9:30");
        assert_eq!(OpeningHours::try_from(typed.read().unwrap()).unwrap(), hours);
    }
}
