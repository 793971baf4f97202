//! Limits that a version must keep before it ships, for a pipeline that builds and tests.
//!
//! ```toml
//! max_misclassification = 0.12
//! max_ece = 0.05
//! min_oos_auroc = 0.94
//! # The promise on these messages: `kept` fails when they show it broken, `proved` also when they are too few to prove it.
//! promise = "kept"
//! min_coverage = 0.35
//!
//! # Against a saved run of the version before.
//! [baseline]
//! run = "evaluation/last-release"
//! max_accuracy_loss = 0.01
//! # The share of messages that the thresholds allow to answer may fall by so much, and further only where that may be chance.
//! max_coverage_loss = 0.05
//! # No intent may lose more recall than this, where the loss is significant.
//! max_recall_loss = 0.05
//! significance = 0.05
//! ```

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::compare::{Difference, IntentChange};
use crate::report::Verdict;
use crate::{Comparison, Error, Report, Result};

/// What a version must keep. What is not given is not asked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The largest share of messages that may be taken for something else.
    pub max_misclassification: Option<f64>,
    /// The smallest mean F1.
    pub min_macro_f1: Option<f64>,
    /// The largest calibration error.
    pub max_ece: Option<f64>,
    /// The smallest out-of-scope AUROC.
    pub min_oos_auroc: Option<f64>,
    /// The largest number of wrong automatic answers in a thousand messages.
    pub max_wrong_per_thousand: Option<f64>,
    /// What the messages must say of the promise.
    pub promise: Option<PromiseLimit>,
    /// The smallest share of messages that the thresholds must allow to answer.
    pub min_coverage: Option<f64>,
    /// Against the version before.
    pub baseline: Option<Baseline>,
}

/// What the messages must say of the promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PromiseLimit {
    /// They must not show it broken.
    Kept,
    /// They must prove it.
    Proved,
}

/// What may be lost against the version before.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The folder of its saved run, relative to the file of limits. The console's workshop leaves it alone: there, the version before is the
    /// bundle in use.
    pub run: PathBuf,
    /// How much accuracy may be lost, where the loss is significant.
    pub max_accuracy_loss: Option<f64>,
    /// How much smaller the share of messages may be that the thresholds allow to answer, where the loss is significant: where its 95 %
    /// interval, on the same messages, leaves out that nothing was lost.
    pub max_coverage_loss: Option<f64>,
    /// How much recall each intent may lose, where the loss is significant.
    pub max_recall_loss: Option<f64>,
    /// Up to which p-value a loss of accuracy or recall is significant.
    #[serde(default = "significance")]
    pub significance: f64,
}

/// A limit, and whether it was kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// The key in the file of limits; with the intent, where there is one.
    pub limit: String,
    /// What was found, in words.
    pub found: String,
    /// Whether it was kept.
    pub kept: bool,
}

fn significance() -> f64 {
    0.05
}

impl Limits {
    /// For a new bundle against the one in use, where the shop has chosen no limits: the promise must not be broken, accuracy must not be
    /// lost at all, no more than a twentieth of the messages may go to humans that were allowed to be answered, and no intent may lose
    /// more than a tenth of its messages; all but the first only as far as it is more than chance. A bundle that answers nothing
    /// keeps any promise: it is the coverage that it loses.
    #[must_use]
    pub fn of_a_successor() -> Self {
        Self {
            max_misclassification: None,
            min_macro_f1: None,
            max_ece: None,
            min_oos_auroc: None,
            max_wrong_per_thousand: None,
            promise: Some(PromiseLimit::Kept),
            min_coverage: None,
            baseline: Some(Baseline {
                run: PathBuf::new(),
                max_accuracy_loss: Some(0.0),
                max_coverage_loss: Some(0.05),
                max_recall_loss: Some(0.1),
                significance: significance(),
            }),
        }
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`Error::Limits`] for an unknown key, a number that can be no limit, or a file without any limit.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        let problem = |problem: String| Error::Limits { path: path.to_path_buf(), problem };
        let mut limits: Self = toml::from_str(&text).map_err(|error| problem(error.to_string()))?;
        if let Some((key, value)) =
            limits.shares().into_iter().find(|(_, value)| !(0.0..=1.0).contains(value))
        {
            return Err(problem(format!("`{key}` is {value}: give a share from 0 to 1")));
        }
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Err(problem(
                "there is no limit: give at least one, such as `max_misclassification = 0.1`".to_owned(),
            ));
        }
        if let Some(baseline) = &mut limits.baseline {
            baseline.run = path.parent().unwrap_or(Path::new(".")).join(&baseline.run);
        }
        Ok(limits)
    }

    fn shares(&self) -> Vec<(&'static str, f64)> {
        let baseline = self.baseline.as_ref();
        let shares = [
            ("max_misclassification", self.max_misclassification),
            ("min_macro_f1", self.min_macro_f1),
            ("max_ece", self.max_ece),
            ("min_oos_auroc", self.min_oos_auroc),
            ("min_coverage", self.min_coverage),
            ("baseline.max_accuracy_loss", baseline.and_then(|baseline| baseline.max_accuracy_loss)),
            ("baseline.max_coverage_loss", baseline.and_then(|baseline| baseline.max_coverage_loss)),
            ("baseline.max_recall_loss", baseline.and_then(|baseline| baseline.max_recall_loss)),
            ("baseline.significance", baseline.map(|baseline| baseline.significance)),
        ];
        shares.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect()
    }

    /// Checks every limit. `comparison` is with the version before, as [`Baseline`] asks for it.
    #[must_use]
    pub fn check(&self, report: &Report, comparison: Option<&Comparison>) -> Vec<Check> {
        let Report { metrics, promise, automation, .. } = report;
        let mut checks = Vec::new();
        let mut at_most = |limit: &str, most: Option<f64>, found: f64| {
            checks.extend(
                most.map(|most| Check::new(limit, format!("{found:.4}, at most {most}"), found <= most)),
            );
        };
        at_most("max_misclassification", self.max_misclassification, metrics.misclassification);
        at_most("max_ece", self.max_ece, metrics.ece);
        at_most("max_wrong_per_thousand", self.max_wrong_per_thousand, automation.wrong_per_thousand);
        let mut at_least = |limit: &str, least: Option<f64>, found: Option<f64>| {
            checks.extend(least.map(|least| match found {
                Some(found) => Check::new(limit, format!("{found:.4}, at least {least}"), found >= least),
                None => Check::new(limit, "these messages cannot show it".to_owned(), false),
            }));
        };
        at_least("min_macro_f1", self.min_macro_f1, Some(metrics.macro_f1));
        at_least("min_oos_auroc", self.min_oos_auroc, metrics.oos_auroc);
        at_least("min_coverage", self.min_coverage, Some(promise.coverage));
        checks.extend(self.promise.map(|limit| {
            let kept = match limit {
                PromiseLimit::Kept => promise.verdict != Verdict::Broken,
                PromiseLimit::Proved => promise.verdict == Verdict::Proved,
            };
            let found = format!(
                "{} of {} answers wrong, promised at most {}: {}",
                promise.wrong,
                promise.allowed,
                promise.max_error,
                promise.verdict.as_str()
            );
            Check::new("promise", found, kept)
        }));
        if let (Some(baseline), Some(comparison)) = (&self.baseline, comparison) {
            checks.extend(baseline.check(comparison));
        }
        checks
    }
}

impl Baseline {
    fn check(&self, comparison: &Comparison) -> Vec<Check> {
        let accuracy = self.max_accuracy_loss.map(|most| self.accuracy(most, comparison));
        let coverage = self.max_coverage_loss.map(|most| coverage(most, comparison));
        let recall = self.max_recall_loss.map(|most| self.recall(most, &comparison.intents));
        accuracy.into_iter().chain(coverage).chain(recall.unwrap_or_default()).collect()
    }

    fn accuracy(&self, most: f64, comparison: &Comparison) -> Check {
        let loss = -comparison.differences["accuracy"].difference.unwrap_or(0.0);
        let p_value = comparison.mcnemar.p_value;
        let kept = loss <= most || p_value > self.significance;
        let found = format!("{loss:.4} lost, at most {most} (p = {p_value:.4})");
        Check::new("baseline.max_accuracy_loss", found, kept)
    }

    /// Each intent that lost too much; one check for all when none did.
    fn recall(&self, most: f64, intents: &[IntentChange]) -> Vec<Check> {
        let is_lost = |change: &&IntentChange| {
            change.first.or_zero() - change.second.or_zero() > most
                && change.corrected_p_value <= self.significance
        };
        let broken = |change: &IntentChange| {
            let found = format!(
                "recall {:.4} after {:.4}, at most {most} less (corrected p = {:.4})",
                change.second.or_zero(),
                change.first.or_zero(),
                change.corrected_p_value
            );
            Check::new(&format!("baseline.max_recall_loss: {}", change.id), found, false)
        };
        let broken: Vec<Check> = intents.iter().filter(is_lost).map(broken).collect();
        if !broken.is_empty() {
            return broken;
        }
        let found = format!("no intent lost more than {most} significantly");
        vec![Check::new("baseline.max_recall_loss", found, true)]
    }
}

/// The thresholds belong to the bundle, so that no test of single messages says whether the share is smaller by chance: its interval does.
fn coverage(most: f64, comparison: &Comparison) -> Check {
    let Difference { first, second, interval, .. } = comparison.differences["promise_coverage"];
    let loss = first.unwrap_or(0.0) - second.unwrap_or(0.0);
    let [low, high] = interval.unwrap_or([-loss; 2]);
    let kept = loss <= most || high >= 0.0;
    let found =
        format!("{loss:.4} lost, at most {most} (95 % interval of the change: {low:.4} to {high:.4})");
    Check::new("baseline.max_coverage_loss", found, kept)
}

impl Check {
    fn new(limit: &str, found: String, kept: bool) -> Self {
        Self { limit: limit.to_owned(), found, kept }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Run;
    use crate::observation::tests::observed;
    use crate::report::tests::source;

    fn limits(text: &str) -> Result<Limits> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("limits.toml");
        std::fs::write(&path, text).unwrap();
        Limits::load(&path)
    }

    /// Ten messages of each of two intents; `wrong` of the first are taken for the second.
    fn run(wrong: usize) -> Run {
        let message = |i: usize| {
            let (expected, taken) =
                if i < 10 { ("a", if i < wrong { "b" } else { "a" }) } else { ("b", "b") };
            let mut observation = observed(Some(expected), taken, 0.9, 0.0);
            observation.id = i.to_string();
            observation
        };
        Run { source: source(), observations: (0..20).map(message).collect() }
    }

    fn broken(limits: &Limits, before: &Run, now: &Run) -> Vec<String> {
        let comparison = Comparison::of(before, now).unwrap();
        let checks = limits.check(&now.report(), Some(&comparison)).into_iter();
        checks.filter(|check| !check.kept).map(|check| check.limit).collect()
    }

    #[test]
    fn what_is_beyond_a_limit_is_named_and_nothing_else() {
        let limits =
            limits("max_misclassification = 0.2\nmin_macro_f1 = 0.99\nmax_ece = 1.0\nmin_oos_auroc = 0.5")
                .unwrap();
        assert_eq!(broken(&limits, &run(0), &run(4)), ["min_macro_f1", "min_oos_auroc"]);
        assert_eq!(
            broken(&limits, &run(0), &run(5)),
            ["max_misclassification", "min_macro_f1", "min_oos_auroc"]
        );
    }

    #[test]
    fn a_loss_counts_only_when_it_is_significant() {
        let text = "[baseline]\nrun = \"before\"\nmax_accuracy_loss = 0.01\nmax_recall_loss = 0.05";
        let limits = limits(text).unwrap();
        assert!(broken(&limits, &run(0), &run(2)).is_empty());
        let lost = broken(&limits, &run(0), &run(9));
        assert_eq!(lost, ["baseline.max_accuracy_loss", "baseline.max_recall_loss: a"]);
        assert!(broken(&limits, &run(9), &run(0)).is_empty());
    }

    /// The first so many of twenty messages are allowed to be answered.
    fn allowed(count: usize) -> Run {
        let mut run = run(0);
        run.observations.iter_mut().take(count).for_each(|observation| observation.allowed = true);
        run
    }

    #[test]
    fn a_successor_that_answers_nothing_does_not_pass() {
        let limits = Limits::of_a_successor();
        assert_eq!(broken(&limits, &allowed(20), &allowed(0)), ["baseline.max_coverage_loss"]);
        assert!(broken(&limits, &allowed(0), &allowed(20)).is_empty());
        // One draw of twenty messages in eight has neither of those two.
        assert!(broken(&limits, &allowed(20), &allowed(18)).is_empty());
    }

    #[test]
    fn as_much_coverage_may_be_lost_as_the_limit_says() {
        let limits = limits("[baseline]\nrun = \"before\"\nmax_coverage_loss = 0.5").unwrap();
        assert!(broken(&limits, &allowed(20), &allowed(11)).is_empty());
        assert_eq!(broken(&limits, &allowed(20), &allowed(9)), ["baseline.max_coverage_loss"]);
    }

    #[test]
    fn a_promise_under_which_nothing_is_answered_is_not_proved() {
        let verdict = |text: &str| broken(&limits(text).unwrap(), &run(0), &run(0));
        assert!(verdict("promise = \"kept\"").is_empty());
        assert_eq!(verdict("promise = \"proved\""), ["promise"]);
    }

    #[test]
    fn a_file_with_a_mistake_is_refused() {
        for text in [
            "max_missclassification = 0.1",
            "max_ece = 7",
            "[baseline]\nrun = \"before\"\nmax_coverage_loss = -1",
            "# nothing\n",
            "promise = \"maybe\"",
            "[baseline]\n",
        ] {
            assert!(matches!(limits(text), Err(Error::Limits { .. })), "{text}");
        }
    }
}
