//! What was taken for what: the matrix, ordered so that what is confused stands together, and the pairs.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use shopdesk_model::intents::OUT_OF_SCOPE;

use crate::Observation;
use crate::metrics::Classes;
use crate::statistics::Share;

/// More classes than this stay in the order of their names: clustering takes the cube of their number.
const CLUSTERED: usize = 600;

/// How many messages are shown for a confused pair.
const EXAMPLES: usize = 3;

/// What was taken for what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confusion {
    /// The classes that occur, those that are confused with each other side by side.
    pub classes: Vec<String>,
    /// Cells that are not empty: the class by the label, the class that it was taken for, both as positions in `classes`, and how many
    /// messages.
    pub cells: Vec<(usize, usize, usize)>,
}

/// A class that was taken for another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfusedPair {
    /// The class by the label.
    pub expected: String,
    /// The class that it was taken for.
    pub predicted: String,
    /// Of the messages of the first class, those taken for the second.
    pub share: Share,
    /// Some of them, those first of which the pipeline was the surest.
    pub examples: Vec<String>,
}

impl Confusion {
    pub(super) fn of(classes: &Classes) -> Self {
        let counts = counts(classes);
        // What is out of scope may be taken for anything: it stands last, and brings nothing together.
        let intents = classes.names().iter().filter(|name| *name != OUT_OF_SCOPE).count();
        let mut order = order(intents, &counts);
        order.extend(intents..classes.names().len());
        let mut places = vec![0; order.len()];
        for (place, &class) in order.iter().enumerate() {
            places[class] = place;
        }
        let cells = counts.into_iter().map(|((e, p), count)| (places[e as usize], places[p as usize], count));
        let mut cells: Vec<_> = cells.collect();
        cells.sort_unstable();
        Self { classes: order.into_iter().map(|class| classes.names()[class].clone()).collect(), cells }
    }
}

fn counts(classes: &Classes) -> BTreeMap<(u32, u32), usize> {
    let mut counts = BTreeMap::new();
    for &pair in classes.pairs() {
        *counts.entry(pair).or_default() += 1;
    }
    counts
}

/// Agglomerative clustering with average linkage, by the share of two classes' messages that were taken for each other. Clusters are
/// joined as long as any two have something in common, and then stand in the order of their first class.
fn order(classes: usize, counts: &BTreeMap<(u32, u32), usize>) -> Vec<usize> {
    if classes > CLUSTERED {
        return (0..classes).collect();
    }
    let mut sizes = vec![0.0; classes];
    for (&(expected, _), &count) in counts {
        if let Some(size) = sizes.get_mut(expected as usize) {
            *size += count as f64;
        }
    }
    let mut similarity = vec![vec![0.0_f64; classes]; classes];
    for (&(expected, predicted), &count) in counts {
        let (e, p) = (expected as usize, predicted as usize);
        if e != p && e.max(p) < classes {
            let alike = count as f64 / (sizes[e] + sizes[p]);
            similarity[e][p] += alike;
            similarity[p][e] += alike;
        }
    }
    let mut clusters: Vec<Option<Vec<usize>>> = (0..classes).map(|class| Some(vec![class])).collect();
    while let Some((a, b)) = most_alike(&clusters, &similarity) {
        let (from, into) = (clusters[b].take(), clusters[a].take());
        let (Some(from), Some(mut into)) = (from, into) else { break };
        let (m, n) = (into.len() as f64, from.len() as f64);
        let joined = similarity[a].iter().zip(&similarity[b]).map(|(x, y)| (m * x + n * y) / (m + n));
        let joined: Vec<f64> = joined.collect();
        for (row, &alike) in similarity.iter_mut().zip(&joined) {
            row[a] = alike;
        }
        similarity[a] = joined;
        into.extend(from);
        clusters[a] = Some(into);
    }
    clusters.into_iter().flatten().flatten().collect()
}

fn most_alike(clusters: &[Option<Vec<usize>>], similarity: &[Vec<f64>]) -> Option<(usize, usize)> {
    let alive: Vec<usize> = (0..clusters.len()).filter(|&cluster| clusters[cluster].is_some()).collect();
    let mut best = (0.0, None);
    for (i, &a) in alive.iter().enumerate() {
        for &b in &alive[i + 1..] {
            if similarity[a][b] > best.0 {
                best = (similarity[a][b], Some((a, b)));
            }
        }
    }
    best.1
}

/// The commonest first.
pub(super) fn pairs(observations: &[Observation], classes: &Classes) -> Vec<ConfusedPair> {
    let mut members: HashMap<u32, Vec<f64>> = HashMap::new();
    let mut confused: BTreeMap<(u32, u32), Vec<&Observation>> = BTreeMap::new();
    for (observation, &(expected, predicted)) in observations.iter().zip(classes.pairs()) {
        members.entry(expected).or_default().push(observation.weight);
        if expected != predicted {
            confused.entry((expected, predicted)).or_default().push(observation);
        }
    }
    let name = |class: u32| classes.names()[class as usize].clone();
    let mut pairs: Vec<ConfusedPair> = confused
        .into_iter()
        .map(|((expected, predicted), mut wrong)| {
            wrong.sort_by(|a, b| b.predicted_probability().total_cmp(&a.predicted_probability()));
            let all = members[&expected].len();
            let share = Share::of(wrong.iter().map(|o| (o.weight, true)).chain(others(
                &members[&expected],
                &wrong,
                all,
            )));
            let examples = wrong.iter().take(EXAMPLES).map(|o| o.text.clone()).collect();
            ConfusedPair { expected: name(expected), predicted: name(predicted), share, examples }
        })
        .collect();
    pairs.sort_by(|a, b| {
        let by_count = b.share.part.cmp(&a.share.part).then(b.share.or_zero().total_cmp(&a.share.or_zero()));
        by_count.then_with(|| (&a.expected, &a.predicted).cmp(&(&b.expected, &b.predicted)))
    });
    pairs
}

/// The members of a class that are not among `wrong`, with their mean weight.
fn others<'a>(
    weights: &'a [f64],
    wrong: &'a [&Observation],
    all: usize,
) -> impl Iterator<Item = (f64, bool)> + 'a {
    let count = all - wrong.len();
    let rest = weights.iter().sum::<f64>() - wrong.iter().map(|o| o.weight).sum::<f64>();
    std::iter::repeat_n((rest / count.max(1) as f64, false), count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_confused_stands_together() {
        // a and d are confused, b and e, and c with nothing.
        let mut pairs =
            vec![("a", "d"), ("a", "a"), ("d", "a"), ("b", "e"), ("b", "b"), ("c", "c"), ("e", "e")];
        pairs.extend([(OUT_OF_SCOPE, "c"), ("a", OUT_OF_SCOPE)]);
        let confusion = Confusion::of(&Classes::of(pairs.iter().copied()));
        assert_eq!(confusion.classes, ["a", "d", "b", "e", "c", OUT_OF_SCOPE]);
        let cells: usize = confusion.cells.iter().map(|(_, _, count)| count).sum();
        assert_eq!(cells, pairs.len());
        assert!(confusion.cells.contains(&(0, 1, 1)) && confusion.cells.contains(&(1, 0, 1)));
    }
}
