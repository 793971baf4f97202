//! Two runs over the same messages: is the second better, by more than chance, and where?

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde::Serialize;

use crate::metrics::{Classes, Ranked, macro_average};
use crate::statistics::{Interval, McNemar, Share, benjamini_hochberg, bootstrap, mcnemar};
use crate::{Error, Observation, Result, Run, Source};

/// Below this, a difference is called significant.
const SIGNIFICANT: f64 = 0.05;

/// What changed from the first run to the second, on the messages that are in both.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The first.
    pub first: Source,
    /// The second.
    pub second: Source,
    /// How many messages are in both.
    pub messages: usize,
    /// How many of the first are not in the second.
    pub only_first: usize,
    /// How many of the second are not in the first.
    pub only_second: usize,
    /// How many have another label in the second; the first's is taken.
    pub labels_changed: usize,
    /// Whether the numbers of messages that only one of them got right differ by more than chance.
    pub mcnemar: McNemar,
    /// Whether that is significant, at 5 %.
    pub significant: bool,
    /// Figures of both, and their difference.
    pub differences: BTreeMap<&'static str, Difference>,
    /// By intent, those that got worse first.
    pub intents: Vec<IntentChange>,
    /// Messages that the second gets right and the first did not.
    pub better: Vec<Change>,
    /// Messages that the first got right and the second does not.
    pub worse: Vec<Change>,
}

/// A figure of both runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Of the first.
    pub first: Option<f64>,
    /// Of the second.
    pub second: Option<f64>,
    /// The second less the first.
    pub difference: Option<f64>,
    /// Its 95 % interval, by drawing the same messages for both (paired bootstrap).
    pub interval: Option<Interval>,
}

/// What changed for the messages of an intent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IntentChange {
    /// The intent, or out of scope.
    pub id: String,
    /// Recall in the first.
    pub first: Share,
    /// Recall in the second.
    pub second: Share,
    /// Messages that only the first or only the second got right.
    pub mcnemar: McNemar,
    /// The p-value, corrected for the number of intents (Benjamini and Hochberg).
    pub corrected_p_value: f64,
}

/// A message that changed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The message.
    pub text: String,
    /// The class by its label.
    pub expected: String,
    /// The class that the first took it for.
    pub first: String,
    /// The class that the second takes it for.
    pub second: String,
    /// How sure the first was.
    pub first_confidence: f64,
    /// How sure the second is.
    pub second_confidence: f64,
}

impl Comparison {
    /// Compares two runs.
    ///
    /// # Errors
    /// [`Error::NothingInCommon`].
    pub fn of(first: &Run, second: &Run) -> Result<Self> {
        let Pairs { pairs, labels_changed } = Pairs::of(&first.observations, &second.observations);
        if pairs.is_empty() {
            return Err(Error::NothingInCommon);
        }
        let mcnemar = mcnemar_of(pairs.iter());
        let changed = |from: bool| {
            let changed = pairs.iter().filter(move |(a, b)| a.right() == from && b.right() != from);
            let mut changes: Vec<Change> = changed.map(|(a, b)| Change::of(a, b)).collect();
            changes.sort_by(|x, y| y.second_confidence.total_cmp(&x.second_confidence));
            changes
        };
        Ok(Self {
            messages: pairs.len(),
            only_first: first.observations.len() - pairs.len(),
            only_second: second.observations.len() - pairs.len(),
            labels_changed,
            significant: mcnemar.p_value < SIGNIFICANT,
            mcnemar,
            differences: differences(&pairs),
            intents: intents(&pairs),
            better: changed(false),
            worse: changed(true),
            first: first.source.clone(),
            second: second.source.clone(),
        })
    }
}

impl Change {
    fn of(first: &Observation, second: &Observation) -> Self {
        Self {
            text: first.text.clone(),
            expected: first.expected_class().to_owned(),
            first: first.predicted_class().to_owned(),
            second: second.predicted_class().to_owned(),
            first_confidence: first.predicted_probability(),
            second_confidence: second.predicted_probability(),
        }
    }
}

type Pair = (Observation, Observation);

struct Pairs {
    pairs: Vec<Pair>,
    labels_changed: usize,
}

impl Pairs {
    /// The same message may stand several times: then the first is paired with the first, and so on.
    fn of(first: &[Observation], second: &[Observation]) -> Self {
        let mut waiting: HashMap<&str, VecDeque<&Observation>> = HashMap::new();
        for observation in second {
            waiting.entry(&observation.id).or_default().push_back(observation);
        }
        let mut labels_changed = 0;
        let pair = |observation: &Observation| {
            let mut other = waiting.get_mut(observation.id.as_str())?.pop_front()?.clone();
            if other.expected != observation.expected {
                labels_changed += 1;
                other.expected.clone_from(&observation.expected);
            }
            Some((observation.clone(), other))
        };
        let pairs = first.iter().filter_map(pair).collect();
        Self { pairs, labels_changed }
    }
}

fn mcnemar_of<'a>(pairs: impl Iterator<Item = &'a Pair>) -> McNemar {
    let (mut only_first, mut only_second) = (0, 0);
    for (first, second) in pairs {
        only_first += usize::from(first.right() && !second.right());
        only_second += usize::from(second.right() && !first.right());
    }
    mcnemar(only_first, only_second)
}

const FIGURES: [&str; 6] = ["accuracy", "macro_f1", "aurc", "oos_auroc", "promise_coverage", "promise_error"];

fn differences(pairs: &[Pair]) -> BTreeMap<&'static str, Difference> {
    let weights: Vec<f64> = pairs.iter().map(|(first, _)| first.weight).collect();
    let sides =
        [pairs.iter().map(|(first, _)| first).collect(), pairs.iter().map(|(_, second)| second).collect()];
    let [first, second] = sides.map(|observations: Vec<&Observation>| Side::of(&observations));
    let (of_first, of_second) = (first.figures(&weights), second.figures(&weights));
    let subtract = |a: [Option<f64>; 6], b: [Option<f64>; 6]| -> [Option<f64>; 6] {
        std::array::from_fn(|figure| a[figure].zip(b[figure]).map(|(a, b)| b - a))
    };
    let intervals = bootstrap(&weights, |weights| subtract(first.figures(weights), second.figures(weights)));
    let difference = subtract(of_first, of_second);
    let each = FIGURES.into_iter().enumerate().map(|(figure, name)| {
        let difference = Difference {
            first: of_first[figure],
            second: of_second[figure],
            difference: difference[figure],
            interval: intervals[figure],
        };
        (name, difference)
    });
    each.collect()
}

/// One of the runs, ready to be drawn from again and again.
struct Side {
    classes: Classes,
    confidence: Ranked,
    scope: Ranked,
    /// Whether the thresholds allow an answer, and whether that would be right.
    allowed: Vec<(bool, bool)>,
}

impl Side {
    fn of(observations: &[&Observation]) -> Self {
        let scores = |score: &dyn Fn(&Observation) -> (f64, bool)| {
            Ranked::of(&observations.iter().map(|observation| score(observation)).collect::<Vec<_>>())
        };
        Self {
            classes: Classes::of(observations.iter().map(|o| (o.expected_class(), o.predicted_class()))),
            confidence: scores(&|o| (o.confidence, o.likeliest_right())),
            scope: scores(&|o| (o.out_of_scope, o.expected.is_none())),
            allowed: observations.iter().map(|o| (o.allowed, o.likeliest_right())).collect(),
        }
    }

    /// In the order of [`FIGURES`].
    fn figures(&self, weights: &[f64]) -> [Option<f64>; 6] {
        let (mut all, mut allowed, mut wrong) = (0.0, 0.0, 0.0);
        for ((may, right), weight) in self.allowed.iter().zip(weights) {
            all += weight;
            allowed += if *may { *weight } else { 0.0 };
            wrong += if *may && !right { *weight } else { 0.0 };
        }
        [
            self.classes.accuracy(weights),
            macro_average(&self.classes.figures(weights)).map(|[_, _, f1]| f1),
            self.confidence.aurc(weights),
            self.scope.auroc(weights),
            (all > 0.0).then(|| allowed / all),
            (allowed > 0.0).then(|| wrong / allowed),
        ]
    }
}

fn intents(pairs: &[Pair]) -> Vec<IntentChange> {
    let mut members: BTreeMap<&str, Vec<&Pair>> = BTreeMap::new();
    for pair in pairs {
        members.entry(pair.0.expected_class()).or_default().push(pair);
    }
    let mut changes: Vec<IntentChange> = members
        .into_iter()
        .map(|(id, pairs)| IntentChange {
            id: id.to_owned(),
            first: Share::of(pairs.iter().map(|(first, _)| (first.weight, first.right()))),
            second: Share::of(pairs.iter().map(|(first, second)| (first.weight, second.right()))),
            mcnemar: mcnemar_of(pairs.into_iter()),
            corrected_p_value: 1.0,
        })
        .collect();
    let p_values: Vec<f64> = changes.iter().map(|change| change.mcnemar.p_value).collect();
    for (change, corrected) in changes.iter_mut().zip(benjamini_hochberg(&p_values)) {
        change.corrected_p_value = corrected;
    }
    let gain = |change: &IntentChange| change.second.or_zero() - change.first.or_zero();
    changes.sort_by(|a, b| gain(a).total_cmp(&gain(b)).then_with(|| a.id.cmp(&b.id)));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::tests::observed;
    use crate::report::tests::source;

    /// Messages of intent `a`, of which some are taken for `b`.
    fn run(wrong: impl Fn(usize) -> bool, count: usize) -> Run {
        let message = |i: usize| {
            let mut observation = observed(Some("a"), if wrong(i) { "b" } else { "a" }, 0.9, 0.0);
            observation.id = i.to_string();
            observation
        };
        Run { source: source(), observations: (0..count).map(message).collect() }
    }

    #[test]
    fn what_got_better_and_worse_is_counted_and_tested() {
        let comparison = Comparison::of(&run(|i| i < 20, 200), &run(|i| i < 4 || i == 100, 200)).unwrap();
        assert_eq!((comparison.better.len(), comparison.worse.len()), (16, 1));
        assert_eq!((comparison.mcnemar.only_first_right, comparison.mcnemar.only_second_right), (1, 16));
        assert!(comparison.significant);
        let accuracy = comparison.differences["accuracy"];
        assert!((accuracy.difference.unwrap() - 0.075).abs() < 1e-12);
        let [low, high] = accuracy.interval.unwrap();
        assert!(low > 0.02 && high < 0.13, "{low} {high}");
        assert_eq!((comparison.worse[0].first.as_str(), comparison.worse[0].second.as_str()), ("a", "b"));
    }

    #[test]
    fn a_run_is_as_good_as_itself() {
        let run = run(|i| i % 3 == 0, 30);
        let comparison = Comparison::of(&run, &run).unwrap();
        assert_eq!((comparison.mcnemar.p_value, comparison.significant), (1.0, false));
        assert_eq!(comparison.differences["macro_f1"].interval, Some([0.0, 0.0]));
        assert!(comparison.better.is_empty() && comparison.worse.is_empty());
    }

    #[test]
    fn only_messages_in_both_count() {
        let (whole, part) = (run(|_| false, 10), run(|_| false, 4));
        let comparison = Comparison::of(&whole, &part).unwrap();
        assert_eq!((comparison.messages, comparison.only_first, comparison.only_second), (4, 6, 0));
        let mut strangers = run(|_| false, 3);
        strangers.observations.iter_mut().for_each(|observation| observation.id.push('x'));
        assert!(matches!(Comparison::of(&whole, &strangers), Err(Error::NothingInCommon)));
    }

    #[test]
    fn a_corrected_label_is_counted_and_the_first_one_taken() {
        let first = run(|_| false, 2);
        let mut second = first.clone();
        second.observations[0].expected = Some("b".to_owned());
        let comparison = Comparison::of(&first, &second).unwrap();
        assert_eq!((comparison.labels_changed, comparison.mcnemar.p_value), (1, 1.0));
    }
}
