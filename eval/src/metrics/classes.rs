//! Which class was taken for which.

use std::collections::{BTreeMap, BTreeSet};

use shopdesk_model::intents::OUT_OF_SCOPE;

/// Messages with the class by their label and the class that they were taken for, as numbers.
#[derive(Clone, Debug)]
pub struct Classes {
    names: Vec<String>,
    pairs: Vec<(u32, u32)>,
}

/// How well one class is told from the others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClassFigures {
    /// The weight of the messages of that class.
    pub expected: f64,
    /// The weight of the messages that were taken for it.
    pub predicted: f64,
    /// The weight of those for which both is so.
    pub right: f64,
}

impl ClassFigures {
    /// Of what was taken for it, the share that is of it. `None` when nothing was.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        (self.predicted > 0.0).then(|| self.right / self.predicted)
    }

    /// Of what is of it, the share that was taken for it.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        (self.expected > 0.0).then(|| self.right / self.expected)
    }

    /// The harmonic mean of both. `None` when there was nothing to find and nothing was found.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        let sum = self.expected + self.predicted;
        (sum > 0.0).then(|| 2.0 * self.right / sum)
    }
}

impl Classes {
    /// Numbers the classes of some messages by their names, "out of scope" last.
    #[must_use]
    pub fn of<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> Self {
        let names: BTreeSet<&str> =
            pairs.clone().flat_map(|(expected, predicted)| [expected, predicted]).collect();
        let mut names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        names.sort_by_key(|name| name == OUT_OF_SCOPE);
        let numbers: BTreeMap<&str, u32> = names.iter().map(String::as_str).zip(0..).collect();
        let pairs = pairs.map(|(expected, predicted)| (numbers[expected], numbers[predicted])).collect();
        Self { names, pairs }
    }

    /// The classes that occur.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Of each message, the class by its label and the one it was taken for.
    #[must_use]
    pub fn pairs(&self) -> &[(u32, u32)] {
        &self.pairs
    }

    /// The figures of every class.
    #[must_use]
    pub fn figures(&self, weights: &[f64]) -> Vec<ClassFigures> {
        let mut figures = vec![ClassFigures::default(); self.names.len()];
        for (&(expected, predicted), weight) in self.pairs.iter().zip(weights) {
            figures[expected as usize].expected += weight;
            figures[predicted as usize].predicted += weight;
            if expected == predicted {
                figures[expected as usize].right += weight;
            }
        }
        figures
    }

    /// The share of messages that were taken for what they are.
    #[must_use]
    pub fn accuracy(&self, weights: &[f64]) -> Option<f64> {
        let (mut right, mut all) = (0.0, 0.0);
        for ((expected, predicted), weight) in self.pairs.iter().zip(weights) {
            all += weight;
            if expected == predicted {
                right += weight;
            }
        }
        (all > 0.0).then(|| right / all)
    }
}

/// Means over the classes that have messages: of precision, recall and F1, each class counting the same. Precision counts as 0 where
/// nothing was taken for the class.
#[must_use]
pub(crate) fn macro_average(figures: &[ClassFigures]) -> Option<[f64; 3]> {
    average(figures, |_| 1.0)
}

/// The mean F1, each class counting by how many messages it has.
#[must_use]
pub(crate) fn weighted_f1(figures: &[ClassFigures]) -> Option<f64> {
    average(figures, |figures| figures.expected).map(|[_, _, f1]| f1)
}

fn average(figures: &[ClassFigures], weight: impl Fn(&ClassFigures) -> f64) -> Option<[f64; 3]> {
    let (mut sums, mut weights) = ([0.0; 3], 0.0);
    for figures in figures.iter().filter(|figures| figures.expected > 0.0) {
        let weight = weight(figures);
        weights += weight;
        for (sum, figure) in sums.iter_mut().zip([figures.precision(), figures.recall(), figures.f1()]) {
            *sum += weight * figure.unwrap_or(0.0);
        }
    }
    (weights > 0.0).then(|| sums.map(|sum| sum / weights))
}
