//! The section `[hours]` as a shop writes it, and what may be wrong with it.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Interval, MINUTES_A_DAY, OpeningHours};

/// The days of a week, as the settings call them.
pub(crate) const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The section as it is written. A day that is not named is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursConfig {
    /// Intervals such as `9:00-22:00` by day, `sat`, or by days, `mon-fri`.
    #[serde(flatten)]
    pub days: BTreeMap<String, Vec<String>>,
    /// Dates such as `2026-10-01` on which nobody is there.
    #[serde(default)]
    pub closed: Vec<String>,
    /// Intervals by date, instead of those of its weekday.
    #[serde(default)]
    pub special: BTreeMap<String, Vec<String>>,
}

/// What is wrong with the section.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// The key is no day.
    #[error("`hours.{key}` names no day; write `mon` or `mon-fri`, or `closed` or `special`")]
    UnknownDay {
        /// The key.
        key: String,
    },
    /// Two keys hold the same day.
    #[error("`hours.{key}` gives the hours of `{day}` once more; keep one")]
    DayTwice {
        /// The later key.
        key: String,
        /// The day.
        day: &'static str,
    },
    /// The value is no interval.
    #[error("`hours.{key}`: `{value}` is no interval; write one such as `9:00-22:00`, up to `24:00`")]
    NotAnInterval {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// The interval has no length, or goes past midnight.
    #[error(
        "`hours.{key}`: `{value}` ends before it starts; past midnight, go on with `0:00` of the next day"
    )]
    EndsBeforeStart {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// It overlaps with another one of its day.
    #[error("`hours.{key}`: `{value}` overlaps with another interval of the day")]
    Overlap {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// The value is no date.
    #[error("`hours.{key}`: `{value}` is no date; write one such as `2026-10-01`")]
    NotADate {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// The date is there already.
    #[error("`hours.{key}`: `{value}` is there twice, in `closed` or `special`; keep one")]
    DateTwice {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
}

impl TryFrom<HoursConfig> for OpeningHours {
    type Error = HoursError;

    fn try_from(config: HoursConfig) -> Result<Self, Self::Error> {
        let mut week: [Option<Vec<Interval>>; 7] = Default::default();
        for (key, values) in &config.days {
            let intervals = intervals(key, values)?;
            for day in days(key).ok_or_else(|| HoursError::UnknownDay { key: key.clone() })? {
                if week[day].replace(intervals.clone()).is_some() {
                    return Err(HoursError::DayTwice { key: key.clone(), day: DAYS[day] });
                }
            }
        }
        let mut dates = BTreeMap::new();
        for value in &config.closed {
            insert(&mut dates, "closed", value, Vec::new())?;
        }
        for (value, values) in &config.special {
            insert(&mut dates, "special", value, intervals(&format!("special.{value}"), values)?)?;
        }
        Ok(Self { week: week.map(Option::unwrap_or_default), dates })
    }
}

fn insert(
    dates: &mut BTreeMap<Date, Vec<Interval>>,
    key: &'static str,
    value: &str,
    intervals: Vec<Interval>,
) -> Result<(), HoursError> {
    let date = value.parse().map_err(|_| HoursError::NotADate { key, value: value.to_owned() })?;
    match dates.insert(date, intervals) {
        Some(_) => Err(HoursError::DateTwice { key, value: value.to_owned() }),
        None => Ok(()),
    }
}

/// The days of `sat` or `mon-fri`; `sat-mon` goes over the end of the week.
fn days(key: &str) -> Option<impl Iterator<Item = usize>> {
    let place = |name: &str| DAYS.iter().position(|&day| day == name);
    let (first, last) = key.split_once('-').unwrap_or((key, key));
    let (first, last) = (place(first)?, place(last)?);
    Some((first..=first + (last + 7 - first) % 7).map(|day| day % 7))
}

fn intervals(key: &str, values: &[String]) -> Result<Vec<Interval>, HoursError> {
    let mut sorted = Vec::with_capacity(values.len());
    for value in values {
        let (key, value) = (key.to_owned(), value.clone());
        let Some(interval) = interval(&value) else { return Err(HoursError::NotAnInterval { key, value }) };
        if interval.end <= interval.start {
            return Err(HoursError::EndsBeforeStart { key, value });
        }
        let place = sorted.partition_point(|other: &Interval| other.start < interval.start);
        let follows = place == 0 || sorted[place - 1].end <= interval.start;
        let precedes = sorted.get(place).is_none_or(|next| interval.end <= next.start);
        if !follows || !precedes {
            return Err(HoursError::Overlap { key, value });
        }
        sorted.insert(place, interval);
    }
    Ok(sorted)
}

fn interval(text: &str) -> Option<Interval> {
    let (start, end) = text.split_once('-')?;
    Some(Interval { start: minute(start.trim())?, end: minute(end.trim())? })
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(hour) || !is_number(minute) || hour.len() > 2 || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= MINUTES_A_DAY).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(toml: &str) -> String {
        let config: HoursConfig = toml::from_str(toml).unwrap();
        OpeningHours::try_from(config).unwrap_err().to_string()
    }

    #[test]
    fn ranges_of_days_go_over_the_end_of_the_week() {
        let hours: OpeningHours = toml::from_str(r#"sat-mon = ["14:00-15:30", "09:00-12:00"]"#).unwrap();
        let open: Vec<usize> = (0..7).filter(|&day| !hours.week[day].is_empty()).collect();
        assert_eq!(open, [0, 5, 6]);
        assert_eq!(hours.week[0], [Interval { start: 540, end: 720 }, Interval { start: 840, end: 930 }]);
    }

    #[test]
    fn intervals_may_touch() {
        let hours: OpeningHours = toml::from_str(r#"mon = ["9:00-12:00", "12:00-24:00"]"#).unwrap();
        assert_eq!(hours.week[0].len(), 2);
    }

    #[test]
    fn errors_name_the_key_and_the_value() {
        for (toml, message) in [
            (
                r#"monday = []"#,
                "`hours.monday` names no day; write `mon` or `mon-fri`, or `closed` or `special`",
            ),
            (r#"mon-fry = []"#, "`hours.mon-fry` names no day"),
            ("mon = []\nsun-tue = []", "`hours.sun-tue` gives the hours of `mon` once more; keep one"),
            (r#"mon = ["9-22"]"#, "`hours.mon`: `9-22` is no interval; write one such as `9:00-22:00`"),
            (r#"mon = ["9:0-22:00"]"#, "`hours.mon`: `9:0-22:00` is no interval"),
            (r#"mon = ["9:00-24:01"]"#, "`hours.mon`: `9:00-24:01` is no interval"),
            (r#"mon = ["9:00-+9:30"]"#, "`hours.mon`: `9:00-+9:30` is no interval"),
            (r#"mon = ["22:00-2:00"]"#, "`hours.mon`: `22:00-2:00` ends before it starts; past midnight"),
            (r#"mon = ["9:00-9:00"]"#, "`hours.mon`: `9:00-9:00` ends before it starts"),
            (r#"mon = ["9:00-12:00", "11:59-13:00"]"#, "`hours.mon`: `11:59-13:00` overlaps"),
            (r#"mon = ["9:00-12:00", "8:00-13:00"]"#, "`hours.mon`: `8:00-13:00` overlaps"),
            (
                r#"closed = ["1.10.2026"]"#,
                "`hours.closed`: `1.10.2026` is no date; write one such as `2026-10-01`",
            ),
            (r#"closed = ["2026-02-30"]"#, "`hours.closed`: `2026-02-30` is no date"),
            (r#"special = { "2026-11-11" = ["8"] }"#, "`hours.special.2026-11-11`: `8` is no interval"),
            (
                "closed = [\"2026-10-01\"]\nspecial = { \"2026-10-01\" = [] }",
                "`hours.special`: `2026-10-01` is there twice",
            ),
        ] {
            assert!(error(toml).starts_with(message), "{}", error(toml));
        }
    }
}
