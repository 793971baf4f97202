//! The figures of parts of the messages: where is it worse than elsewhere?

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Observation;
use crate::statistics::{Share, benjamini_hochberg, fisher_less};

/// A column with more values than this is no way to look at the figures.
const MOST_VALUES: usize = 40;

/// Fewer messages than this prove nothing.
const FEWEST: usize = 5;

/// Which share of the parts that are called worse may be no worse, on average.
const FALSE_DISCOVERIES: f64 = 0.05;

/// The messages with one value in one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceRow {
    /// The column.
    pub column: String,
    /// The value.
    pub value: String,
    /// Taken for what they are.
    pub accuracy: Share,
    /// Allowed to be answered.
    pub coverage: Share,
    /// Of these, the wrong ones.
    pub error: Share,
    /// How probable so low an accuracy would be if it were the same as that of all other messages: Fisher's exact test,
    /// one-sided. `None` for too few messages.
    pub p_value: Option<f64>,
    /// The same, corrected for the number of parts looked at (Benjamini and Hochberg).
    pub corrected_p_value: Option<f64>,
    /// Whether it is significantly worse than the rest.
    pub worse: bool,
}

/// Columns in order, in each the worst first.
pub(super) fn of(observations: &[Observation]) -> Vec<SliceRow> {
    let columns: BTreeSet<&str> =
        observations.iter().flat_map(|observation| observation.slices.keys().map(String::as_str)).collect();
    let right = observations.iter().filter(|observation| observation.right()).count();
    let mut rows = Vec::new();
    for column in columns {
        let mut values: BTreeMap<&str, Vec<&Observation>> = BTreeMap::new();
        for observation in observations {
            if let Some(value) = observation.slices.get(column) {
                values.entry(value).or_default().push(observation);
            }
        }
        let whole = values.values().any(|members| members.len() == observations.len());
        if values.len() > MOST_VALUES || whole {
            continue;
        }
        let mut of_column: Vec<SliceRow> = values
            .into_iter()
            .map(|(value, members)| row(column, value, &members, (right, observations.len())))
            .collect();
        of_column.sort_by(|a, b| a.accuracy.or_zero().total_cmp(&b.accuracy.or_zero()));
        rows.extend(of_column);
    }
    let tested: Vec<usize> = (0..rows.len()).filter(|&row| rows[row].p_value.is_some()).collect();
    let p_values: Vec<f64> = tested.iter().filter_map(|&row| rows[row].p_value).collect();
    for (row, corrected) in tested.into_iter().zip(benjamini_hochberg(&p_values)) {
        rows[row].corrected_p_value = Some(corrected);
        rows[row].worse = corrected <= FALSE_DISCOVERIES;
    }
    rows
}

fn row(column: &str, value: &str, members: &[&Observation], all: (usize, usize)) -> SliceRow {
    let accuracy = Share::of(members.iter().map(|o| (o.weight, o.right())));
    let inside = (accuracy.part, accuracy.whole);
    let outside = (all.0 - inside.0, all.1 - inside.1);
    let allowed = members.iter().filter(|o| o.allowed);
    SliceRow {
        column: column.to_owned(),
        value: value.to_owned(),
        accuracy,
        coverage: Share::of(members.iter().map(|o| (o.weight, o.allowed))),
        error: Share::of(allowed.map(|o| (o.weight, !o.likeliest_right()))),
        p_value: (inside.1 >= FEWEST).then(|| fisher_less(inside, outside)),
        corrected_p_value: None,
        worse: false,
    }
}
