//! The promise: at most a stated share of the automatic answers is wrong.
//!
//! A threshold on the confidence is chosen from messages that the classifier did not see, so that the promise holds with a
//! stated probability however the errors fall ("Learn then Test", Angelopoulos et al. 2021,
//! <https://arxiv.org/abs/2110.01052>; the same aim as Geifman and El-Yaniv 2017, <https://arxiv.org/abs/1705.08500>):
//!
//! - Thresholds are a fixed grid ([`grid`]), from strict to lax. For each, the hypothesis is that it breaks the promise. Of the `n` messages that
//!   it answers, `k` were wrong, and there are two ways to break it ([`p_value`]):
//!   - in the long run, when the error rate is above the promised `α`: the probability of so few errors is then at most
//!     `P(Binomial(n, α) ≤ k)`, exactly;
//!   - on the next `n` messages that it answers, when more than `αn` of these are wrong, which is what a shop sees. All `2n` came in
//!     any order, so that the probability of so few errors in the first half is at most that of Fisher's exact test, which is exact,
//!     too.
//! - A threshold is taken when both are at most what is left of `δ = 1 - confidence`. Testing goes from strict to lax and
//!   passes on what it has as long as it succeeds (the fallback procedure, Wiens 2003): `δ` is shared out evenly over starting
//!   points, the first of which answers just enough messages to succeed without an error, and each later one four times as many as the
//!   one before. So the probability that any of the thresholds taken breaks the promise is at most `δ`: by proof in the long run; for the
//!   next messages, where what is passed on makes the proof incomplete, by simulation ([`simulate`](super::simulate())). Starting points
//!   depend on how many messages are answered, not on whether rightly.
//!
//! The bound is on messages like those that it was chosen from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Probability;
use crate::intents::IntentId;
use crate::interval::{binomial_cdf, upper_bound};

/// What a shop promises.
#[derive(Clone, Debug, PartialEq)]
pub struct Promise {
    /// The largest share of automatic answers that may be wrong; above 0 and below 1.
    pub max_error: f64,
    /// How sure the promise must be, above 0 and below 1: 0.95 means that it may be broken by bad luck one time in twenty.
    pub confidence: f64,
    /// Other shares for some intents. Each is a promise of its own.
    pub intents: BTreeMap<IntentId, f64>,
}

impl Default for Promise {
    fn default() -> Self {
        Self { max_error: 0.02, confidence: 0.95, intents: BTreeMap::new() }
    }
}

/// The promise for some intents, and what keeping it means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The largest share of automatic answers that may be wrong.
    pub max_error: f64,
    /// How sure that is.
    pub confidence: f64,
    /// Answer from this probability on; `None` when the messages cannot support the promise at any.
    pub threshold: Option<Probability>,
    /// Messages that it was chosen from.
    pub messages: usize,
    /// Those that would be answered.
    pub answered: usize,
    /// Those that would be answered wrongly.
    pub wrong: usize,
    /// The share of wrong answers is at most this, with the stated confidence (Clopper-Pearson, for this threshold alone).
    pub error_bound: f64,
    /// The share of messages that are answered is between these, with 95 % confidence (Clopper-Pearson).
    pub coverage_interval: (f64, f64),
    /// How many messages would probably be needed in all, when these are too few: if errors stay as frequent as they are. `None` when the promise is kept, or when no number would do.
    pub messages_needed: Option<usize>,
}

/// What some messages say of a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// These messages alone prove that it is kept.
    Proved,
    /// They agree with it, but are too few to prove it alone.
    Consistent,
    /// They show that it is broken on messages like these.
    Broken,
    /// Nothing may be answered.
    NothingAnswered,
}

impl Verdict {
    /// What `wrong` of `answered` answers say of the promise that at most a share `max_error` is wrong: by the exact one-sided bounds at
    /// that confidence.
    #[must_use]
    pub fn of(wrong: usize, answered: usize, max_error: f64, confidence: f64) -> Self {
        let delta = 1.0 - confidence;
        if answered == 0 {
            Self::NothingAnswered
        } else if upper_bound(wrong, answered, delta) <= max_error {
            Self::Proved
        } else if 1.0 - upper_bound(answered - wrong, answered, delta) > max_error {
            Self::Broken
        } else {
            Self::Consistent
        }
    }

    /// The word used in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Consistent => "consistent",
            Self::Broken => "broken",
            Self::NothingAnswered => "nothing_answered",
        }
    }
}

/// How many times as many messages as the one before each starting point answers.
const START_RATIO: usize = 4;

/// A message that the classifier has not seen: how sure it was of its likeliest intent, and whether that was right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub(super) confidence: f64,
    pub(super) right: bool,
}

/// Chooses the threshold. `candidates` are the messages whose likeliest intent may be answered; of all `messages`.
pub(super) fn choose(candidates: &[Trial], messages: usize, max_error: f64, confidence: f64) -> Kept {
    let delta = 1.0 - confidence;
    let points: Vec<Point> = grid().map(|threshold| Point::at(threshold, candidates)).collect();
    let fewest = fewest_of(max_error, delta) as f64;
    let largest = points.last().map_or(0, |point| point.answered);
    let starts = 1 + (largest as f64 / fewest).max(1.0).log(START_RATIO as f64).floor() as usize;
    let share = delta / starts as f64;
    let mut next_start = fewest_of(max_error, share);
    let (mut budget, mut taken) = (0.0, None);
    for point in &points {
        if point.answered >= next_start {
            budget += share;
            next_start = START_RATIO * point.answered;
        }
        if budget == 0.0 {
            continue;
        }
        if p_value(point.wrong, point.answered, max_error) <= budget {
            taken = Some(point);
        } else {
            budget = 0.0;
        }
    }
    let (answered, wrong) = taken.map_or((0, 0), |point| (point.answered, point.wrong));
    Kept {
        max_error,
        confidence,
        threshold: taken.map(|point| Probability::rounded(point.threshold)),
        messages,
        answered,
        wrong,
        error_bound: upper_bound(wrong, answered, delta),
        coverage_interval: (
            1.0 - upper_bound(messages - answered, messages, 0.025),
            upper_bound(answered, messages, 0.025),
        ),
        messages_needed: if taken.is_none() { needed(&points, messages, max_error, share) } else { None },
    }
}

/// From strict to lax: fixed, so that which thresholds are tested does not depend on the data.
fn grid() -> impl Iterator<Item = f64> {
    let steps = |from: u32, to: u32, scale: f64| (to..from).rev().map(move |step| f64::from(step) / scale);
    steps(10_000, 9_980, 1e4).chain(steps(998, 980, 1e3)).chain(steps(196, 60, 2e2))
}

/// What a threshold does to some messages.
#[derive(Clone, Copy, Debug)]
struct Point {
    threshold: f64,
    answered: usize,
    wrong: usize,
}

impl Point {
    fn at(threshold: f64, candidates: &[Trial]) -> Self {
        let answered = candidates.iter().filter(|trial| trial.confidence >= threshold);
        let (mut count, mut wrong) = (0, 0);
        for trial in answered {
            count += 1;
            wrong += usize::from(!trial.right);
        }
        Self { threshold, answered: count, wrong }
    }
}

/// The smallest number of messages, in steps of a tenth, with which some threshold would succeed, if errors stay as frequent.
fn needed(points: &[Point], messages: usize, max_error: f64, share: f64) -> Option<usize> {
    let succeeds = |factor: f64| {
        points.iter().any(|point| {
            let answered = (point.answered as f64 * factor) as usize;
            let wrong = (point.wrong as f64 * factor).ceil() as usize;
            // With more errors than promised, it takes long to find that none would do.
            wrong as f64 <= max_error * answered as f64 && p_value(wrong, answered, max_error) <= share
        })
    };
    let factors = std::iter::successors(Some(1.1_f64), |factor| Some(factor * 1.1));
    let factor = factors.take_while(|&factor| factor < 1e4).find(|&factor| succeeds(factor))?;
    Some((messages as f64 * factor).ceil() as usize)
}

/// The probability of at most `k` errors in `n` answers, at most, if the promise is broken in the long run or on the next `n`.
fn p_value(k: usize, n: usize, max_error: f64) -> f64 {
    // One too many of the next.
    let too_many = (max_error * n as f64 + 1e-9) as usize + 1;
    binomial_cdf(k, n, max_error).max(half_cdf(k, n, k + too_many))
}

/// With how many answers a promise can be kept if none is wrong. `2^-errors` bounds [`half_cdf`] at no error.
fn fewest_of(max_error: f64, delta: f64) -> usize {
    let errors = (-delta.log2()).ceil();
    let of_next = (errors - 1.0) / max_error;
    let in_the_long_run = delta.ln() / (1.0 - max_error).ln();
    of_next.max(in_the_long_run).ceil() as usize
}

/// The probability that at most `k` of `errors` fall to the first half of `2n` messages in random order (hypergeometric; the p-value of
/// Fisher's exact test, one-sided).
fn half_cdf(k: usize, n: usize, errors: usize) -> f64 {
    if k >= n.min(errors) {
        return 1.0;
    }
    // The fewer, errors or others, all fall to one half.
    let fewer = errors.min(2 * n - errors);
    let mut log_term: f64 = (0..fewer).map(|i| ((n - i) as f64 / (2 * n - i) as f64).ln()).sum();
    let least = errors.saturating_sub(n);
    let mut sum = 0.0;
    for in_first in least..=k {
        sum += log_term.exp();
        let ratio = (errors - in_first) as f64 / (in_first + 1) as f64 * (n - in_first) as f64
            / (n + in_first + 1 - errors) as f64;
        log_term += ratio.ln();
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_answers_prove_or_break_a_promise() {
        let of = |wrong, answered| Verdict::of(wrong, answered, 0.02, 0.95);
        // Without an error it takes 149 to prove 2 %; 148 are too few.
        assert_eq!((of(0, 149), of(0, 148)), (Verdict::Proved, Verdict::Consistent));
        assert_eq!((of(3, 20), of(0, 0)), (Verdict::Broken, Verdict::NothingAnswered));
    }

    #[test]
    fn errors_fall_to_the_first_half_as_in_fishers_test() {
        // SciPy: hypergeom.cdf(2, 200, 10, 100), (0, 400, 5, 200), (30, 100, 80, 50), (12, 2160, 34, 1080).
        let close = |found: f64, right: f64| {
            assert!((found / right - 1.0).abs() < 1e-9, "{found} {right}");
        };
        close(half_cdf(2, 100, 10), 0.050_272_520_175);
        close(half_cdf(0, 200, 5), 0.030_469_751_204);
        close(half_cdf(30, 50, 80), 8.793_036_285_519e-8);
        close(half_cdf(12, 1080, 34), 0.059_258_475_070);
        assert_eq!((half_cdf(3, 50, 3), half_cdf(0, 0, 0)), (1.0, 1.0));
    }

    #[test]
    fn without_an_error_the_fewest_answers_are_enough() {
        for (max_error, delta) in [(0.02, 0.05), (0.02, 0.01), (0.1, 0.05), (0.005, 0.2), (0.5, 0.1)] {
            let fewest = fewest_of(max_error, delta);
            assert!(p_value(0, fewest, max_error) <= delta, "{max_error} {delta} {fewest}");
        }
        // Just where one error more is allowed among the next, the long run is what decides: 0.98^50.
        assert!((p_value(0, 50, 0.02) - 0.364_170).abs() < 1e-6);
    }

    #[test]
    fn what_follows_keeps_the_promise_as_often_as_stated() {
        // Half of the draws chooses the threshold, and the next half is answered.
        let (mut broken, mut draws) = (0, 0);
        for seed in 0..400 {
            let all = calibrated(8000, seed * 104_729 + 3);
            let (first, next) = all.split_at(4000);
            let Some(threshold) = choose(first, 4000, 0.05, 0.9).threshold else { continue };
            let Point { answered, wrong, .. } = Point::at(threshold.get(), next);
            draws += 1;
            broken += u32::from(wrong as f64 > 0.05 * answered as f64);
        }
        assert!(draws > 350, "{draws}");
        // 10 % of 400 are 40, and three deviations more 58; it must not be idle either.
        assert!((1..=58).contains(&broken), "{broken} of {draws}");
    }

    #[test]
    fn the_grid_is_strictly_falling_within_bounds() {
        let grid: Vec<f64> = grid().collect();
        assert!(grid.windows(2).all(|pair| pair[1] < pair[0]), "{grid:?}");
        assert!(grid[0] < 1.0 && grid[grid.len() - 1] >= 0.3);
    }

    /// Messages of random confidence, most of them sure, wrong with the probability that the confidence leaves, by a fixed sequence.
    fn calibrated(count: u32, seed: u64) -> Vec<Trial> {
        let mut state = seed;
        let mut uniform = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let trial = |_| {
            let confidence = uniform().powf(0.2);
            Trial { confidence, right: uniform() < confidence }
        };
        (0..count).map(trial).collect()
    }

    #[test]
    fn the_promise_is_broken_in_at_most_the_stated_share_of_draws() {
        // For confidence c = u^(1/5), the error rate above t is E[1 - c | c >= t], in closed form.
        let error_above = |t: f64| {
            let mass = 1.0 - t.powi(5);
            1.0 - (5.0 / 6.0) * (1.0 - t.powi(6)) / mass
        };
        let (mut broken, mut draws) = (0, 0);
        for seed in 0..400 {
            let kept = choose(&calibrated(4000, seed * 7919 + 1), 4000, 0.05, 0.9);
            if let Some(threshold) = kept.threshold {
                draws += 1;
                broken += u32::from(error_above(threshold.get()) > 0.05);
            }
        }
        assert!(draws > 350, "{draws}");
        // By the binomial bound 40 of 400 at most; the other test is stricter still. It must not be idle either.
        assert!((1..=35).contains(&broken), "{broken} of {draws}");
    }

    #[test]
    fn too_few_messages_are_told_how_many_it_takes() {
        let few: Vec<Trial> = (0..40).map(|_| Trial { confidence: 0.999, right: true }).collect();
        let kept = choose(&few, 40, 0.02, 0.95);
        assert_eq!((kept.threshold, kept.answered), (None, 0));
        let needed = kept.messages_needed.unwrap();
        assert!(needed > 149, "{needed}");
        let wrong: Vec<Trial> = few.iter().map(|trial| Trial { right: false, ..*trial }).collect();
        assert_eq!(choose(&wrong, 40, 0.02, 0.95).messages_needed, None);
    }

    #[test]
    fn what_is_always_right_is_always_answered() {
        let sure: Vec<Trial> = (0..500).map(|_| Trial { confidence: 0.6, right: true }).collect();
        let kept = choose(&sure, 1000, 0.02, 0.95);
        assert_eq!(kept.answered, 500);
        assert!(kept.error_bound < 0.02);
        assert!(kept.coverage_interval.0 < 0.5 && kept.coverage_interval.1 > 0.5);
    }

    #[test]
    fn no_message_at_all_is_no_promise() {
        let kept = choose(&[], 0, 0.02, 0.95);
        assert_eq!((kept.threshold, kept.messages_needed), (None, None));
    }
}
