//! What shoppers asked about over the days, intent by intent.

use super::super::frame::Frame;
use super::charts::periods;
use super::range::Range;
use crate::store::Stats;

/// How many intents are shown, the most frequent first.
const SHOWN: usize = 15;
/// A sparkline's size, in its own units.
const WIDTH: f64 = 160.0;
const HEIGHT: f64 = 28.0;

/// An intent's row.
pub(super) struct IntentRow {
    pub(super) name: String,
    pub(super) answered: u64,
    pub(super) clarified: u64,
    pub(super) tickets: u64,
    pub(super) corrected: u64,
    /// The points of its sparkline.
    pub(super) points: String,
    /// What the sparkline says, in words.
    pub(super) course: String,
}

/// The most frequent intents, and how many others there are.
pub(super) fn rows(frame: &Frame, range: &Range, stats: &Stats) -> (Vec<IntentRow>, usize) {
    let mut intents: Vec<_> = stats.intents.iter().collect();
    intents.sort_by_key(|(_, figures)| {
        std::cmp::Reverse(figures.answered + figures.clarified + figures.tickets)
    });
    let others = intents.len().saturating_sub(SHOWN);
    let periods = periods(range);
    let row = |(id, figures): (&String, &crate::store::IntentFigures)| {
        let days = stats.intent_days.get(id);
        let counts = periods.iter().map(|&(first, last)| {
            days.map_or(0, |days| days.range(first..=last).map(|(_, count)| count).sum::<u64>())
        });
        let counts: Vec<u64> = counts.collect();
        let highest = counts.iter().copied().max().unwrap_or(0);
        IntentRow {
            name: frame.intent(id),
            answered: figures.answered,
            clarified: figures.clarified,
            tickets: figures.tickets,
            corrected: figures.corrected,
            points: points(&counts, highest),
            course: frame.t("quality.course").with("highest", highest).to_string(),
        }
    };
    (intents.into_iter().take(SHOWN).map(row).collect(), others)
}

fn points(counts: &[u64], highest: u64) -> String {
    let step = WIDTH / counts.len().saturating_sub(1).max(1) as f64;
    let point = |(place, &count): (usize, &u64)| {
        let y = HEIGHT - 2.0 - (HEIGHT - 4.0) * count as f64 / highest.max(1) as f64;
        format!("{:.1},{y:.1}", place as f64 * step)
    };
    let mut points: Vec<String> = counts.iter().enumerate().map(point).collect();
    if let [only] = points.as_slice() {
        let y = only.split_once(',').map_or("0", |(_, y)| y);
        points.push(format!("{WIDTH:.1},{y}"));
    }
    points.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_goes_from_the_left_to_the_right_edge() {
        assert_eq!(points(&[0, 4], 4), "0.0,26.0 160.0,2.0");
        assert_eq!(points(&[3], 3), "0.0,2.0 160.0,2.0");
        assert_eq!(points(&[], 0), "");
    }
}
