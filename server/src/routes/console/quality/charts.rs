//! Charts of what the desk did day by day: places and sizes only, which the templates draw as SVG, with the numbers for a table beside.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::super::frame::Frame;
use super::range::Range;
use crate::store::{DayFigures, Stats};

/// The drawing's size, in its own units.
pub(super) const WIDTH: f64 = 720.0;
pub(super) const HEIGHT: f64 = 180.0;
/// Room above and below the bars.
const TOP: f64 = 12.0;
const BOTTOM: f64 = 24.0;
/// With more days than this, a bar is a week.
const DAYS: i32 = 92;

/// A bar or a part of one.
pub(super) struct Part {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
    /// `answered`, `clarified` or `tickets`.
    pub(super) kind: &'static str,
    /// What it is and how many, for whoever points at it.
    pub(super) title: String,
}

/// A day or a week in the table.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) conversations: u64,
    pub(super) answered: u64,
    pub(super) clarified: u64,
    pub(super) tickets: u64,
    pub(super) automation: String,
}

/// The volumes, and the share that was answered without a human.
pub(super) struct DayCharts {
    pub(super) parts: Vec<Part>,
    /// How many the highest bar stands for, in words.
    pub(super) highest: String,
    /// Lines through the shares, one for each run of days that have any.
    pub(super) lines: Vec<String>,
    pub(super) first: String,
    pub(super) last: String,
    pub(super) rows: Vec<Row>,
    pub(super) by_week: bool,
}

/// The days of a bar: a day, or a week from the range's first day on.
pub(super) fn periods(range: &Range) -> Vec<(Date, Date)> {
    let days = (range.last - range.first).get_days() + 1;
    let step = if days > DAYS { 7 } else { 1 };
    let mut periods = Vec::new();
    let mut first = range.first;
    while first <= range.last {
        let Ok(next) = first.checked_add(step.days()) else { break };
        periods.push((first, next.yesterday().unwrap_or(first).min(range.last)));
        first = next;
    }
    periods
}

impl DayCharts {
    pub(super) fn of(frame: &Frame, range: &Range, stats: &Stats) -> Self {
        let periods = periods(range);
        let figures: Vec<DayFigures> =
            periods.iter().map(|&(first, last)| sum(&stats.days, first, last)).collect();
        let height = |figures: &DayFigures| figures.answered + figures.clarified + figures.tickets;
        let highest = figures.iter().map(height).max().unwrap_or(0);
        let slot = WIDTH / figures.len().max(1) as f64;
        let (mut parts, mut lines, mut rows) = (Vec::new(), vec![Vec::new()], Vec::new());
        for (place, (figures, &(first, last))) in figures.iter().zip(&periods).enumerate() {
            let x = place as f64 * slot;
            let name = if first == last { first.to_string() } else { format!("{first} – {last}") };
            parts.extend(stack(frame, figures, &name, highest, (x, slot)));
            match share(figures) {
                Some(share) => {
                    let y = TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - share);
                    let points: &mut Vec<String> = lines.last_mut().expect("there is always one line");
                    points.push(format!("{:.1},{y:.1}", x + slot / 2.0));
                }
                None => lines.push(Vec::new()),
            }
            rows.push(Row {
                name,
                conversations: figures.conversations,
                answered: figures.answered,
                clarified: figures.clarified,
                tickets: figures.tickets,
                automation: share(figures).map_or_else(|| "–".to_owned(), |share| frame.percent(&share)),
            });
        }
        Self {
            parts,
            highest: frame.t("quality.highest").with("count", highest).to_string(),
            lines: lines
                .into_iter()
                .filter(|points| !points.is_empty())
                .map(|points| line(&points))
                .collect(),
            first: range.first.to_string(),
            last: range.last.to_string(),
            by_week: periods.iter().any(|(first, last)| first != last),
            rows,
        }
    }
}

/// A line through points. A single one becomes a short stroke, as it would not be seen otherwise.
fn line(points: &[String]) -> String {
    match points {
        [only] => {
            let (x, y) = only.split_once(',').unwrap_or((only, "0"));
            let x: f64 = x.parse().unwrap_or(0.0);
            format!("{:.1},{y} {:.1},{y}", x - 3.0, x + 3.0)
        }
        many => many.join(" "),
    }
}

/// The parts of a bar, from the bottom to the top.
fn stack(frame: &Frame, figures: &DayFigures, name: &str, highest: u64, (x, slot): (f64, f64)) -> Vec<Part> {
    let scale = (HEIGHT - TOP - BOTTOM) / highest.max(1) as f64;
    let mut y = HEIGHT - BOTTOM;
    let kinds =
        [("answered", figures.answered), ("clarified", figures.clarified), ("tickets", figures.tickets)];
    let part = |(kind, count): (&'static str, u64)| {
        let height = count as f64 * scale;
        y -= height;
        Part {
            x: format!("{:.1}", x + slot * 0.1),
            y: format!("{y:.1}"),
            width: format!("{:.1}", slot * 0.8),
            height: format!("{height:.1}"),
            kind,
            title: format!("{name} · {}: {count}", frame.t(&format!("quality.{kind}"))),
        }
    };
    kinds.into_iter().filter(|(_, count)| *count > 0).map(part).collect()
}

fn sum(days: &BTreeMap<Date, DayFigures>, first: Date, last: Date) -> DayFigures {
    let mut sum = DayFigures::default();
    for (_, figures) in days.range(first..=last) {
        sum.conversations += figures.conversations;
        sum.answered += figures.answered;
        sum.clarified += figures.clarified;
        sum.tickets += figures.tickets;
    }
    sum
}

/// As [`DayFigures::automation_rate`], of several days together.
fn share(figures: &DayFigures) -> Option<f64> {
    let wanted = figures.answered + figures.tickets;
    (wanted > 0).then(|| figures.answered as f64 / wanted as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_day_alone_is_a_stroke_that_can_be_seen() {
        assert_eq!(line(&["10.0,5.0".to_owned()]), "7.0,5.0 13.0,5.0");
        assert_eq!(line(&["1.0,2.0".to_owned(), "3.0,4.0".to_owned()]), "1.0,2.0 3.0,4.0");
    }
}
