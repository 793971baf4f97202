//! Messages by a score, the highest first: how well the score tells the good from the bad, and what a threshold on it would do.

use serde::{Deserialize, Serialize};

/// Messages by a score. Those of equal score are told apart by nothing, and stand together.
#[derive(Clone, Debug)]
pub struct Ranked {
    /// Positions, the highest score first.
    order: Vec<u32>,
    /// Where in `order` each group of equal scores ends, and that score.
    groups: Vec<(usize, f64)>,
    good: Vec<bool>,
}

/// What a threshold would do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The least score that is taken.
    pub threshold: f64,
    /// The share of messages that are taken.
    pub coverage: f64,
    /// The share of these that are bad.
    pub risk: f64,
}

impl Ranked {
    /// Of scores, each with whether the message is good.
    #[must_use]
    pub fn of(scores: &[(f64, bool)]) -> Self {
        let mut order: Vec<u32> = (0..).take(scores.len()).collect();
        order.sort_by(|&a, &b| scores[b as usize].0.total_cmp(&scores[a as usize].0));
        let mut groups: Vec<(usize, f64)> = Vec::new();
        for (place, &message) in order.iter().enumerate() {
            let score = scores[message as usize].0;
            match groups.last_mut() {
                Some((end, last)) if *last == score => *end = place + 1,
                _ => groups.push((place + 1, score)),
            }
        }
        Self { order, groups, good: scores.iter().map(|&(_, good)| good).collect() }
    }

    /// The area under the receiver operating characteristic: how often a good message scores higher than a bad one, ties counting half
    /// (Mann and Whitney 1947). `None` when there are none of either.
    #[must_use]
    pub fn auroc(&self, weights: &[f64]) -> Option<f64> {
        let (mut good_above, mut wins, mut bad_all) = (0.0, 0.0, 0.0);
        for group in self.sums(weights) {
            wins += group.bad * (good_above + group.good / 2.0);
            good_above += group.good;
            bad_all += group.bad;
        }
        (good_above > 0.0 && bad_all > 0.0).then(|| wins / (good_above * bad_all))
    }

    /// The share of bad messages that score at least as high as the threshold which takes the share `rate` of the good ones.
    #[must_use]
    pub fn false_positives_at(&self, rate: f64, weights: &[f64]) -> Option<f64> {
        let (mut good_all, mut bad_all) = (0.0, 0.0);
        for group in self.sums(weights) {
            good_all += group.good;
            bad_all += group.bad;
        }
        if good_all == 0.0 || bad_all == 0.0 {
            return None;
        }
        let (mut good, mut bad) = (0.0, 0.0);
        for group in self.sums(weights) {
            good += group.good;
            bad += group.bad;
            // A sum of weights may fall short by rounding.
            if good >= (rate - 1e-12) * good_all {
                break;
            }
        }
        Some(bad / bad_all)
    }

    /// The area under the risk-coverage curve (Geifman et al. 2019): the mean, over all messages, of the share of bad ones among those that score
    /// as high or higher. In a group of equal scores, of what is to be expected when these are taken in any order.
    #[must_use]
    pub fn aurc(&self, weights: &[f64]) -> Option<f64> {
        let (mut taken, mut bad, mut area) = (0.0, 0.0, 0.0);
        for group in self.sums(weights) {
            let (step, bad_step) =
                (group.weight() / group.messages as f64, group.bad / group.messages as f64);
            for i in 1..=group.messages {
                let i = i as f64;
                area += step * (bad + bad_step * i) / (taken + step * i);
            }
            taken += group.weight();
            bad += group.bad;
        }
        (taken > 0.0).then(|| area / taken)
    }

    /// The largest share of messages that a threshold can take so that at least the share `accuracy` of them is good; 0 when
    /// none can.
    #[must_use]
    pub fn coverage_at(&self, accuracy: f64, weights: &[f64]) -> Option<f64> {
        let (mut taken, mut bad, mut best) = (0.0, 0.0, 0.0);
        for group in self.sums(weights) {
            taken += group.weight();
            bad += group.bad;
            if bad <= (1.0 - accuracy) * taken + 1e-12 {
                best = taken;
            }
        }
        (taken > 0.0).then(|| best / taken)
    }

    /// What each threshold would do, at most about `points` of them.
    #[must_use]
    pub fn curve(&self, weights: &[f64], points: usize) -> Vec<CurvePoint> {
        let all: f64 = weights.iter().sum();
        let (mut taken, mut bad, mut curve, mut last) = (0.0, 0.0, Vec::new(), f64::NEG_INFINITY);
        for (group, &(end, threshold)) in self.sums(weights).zip(&self.groups) {
            taken += group.weight();
            bad += group.bad;
            let coverage = taken / all;
            if coverage - last >= 1.0 / points as f64 || end == self.order.len() {
                curve.push(CurvePoint { threshold, coverage, risk: bad / taken });
                last = coverage;
            }
        }
        curve
    }

    /// Groups of equal score that have any weight.
    fn sums<'a>(&'a self, weights: &'a [f64]) -> impl Iterator<Item = Sums> + 'a {
        let starts = std::iter::once(0).chain(self.groups.iter().map(|(end, _)| *end));
        starts.zip(&self.groups).map(move |(start, &(end, _))| {
            let mut sums = Sums::default();
            for &message in &self.order[start..end] {
                let weight = weights[message as usize];
                if weight > 0.0 {
                    sums.messages += 1;
                    *(if self.good[message as usize] { &mut sums.good } else { &mut sums.bad }) += weight;
                }
            }
            sums
        })
    }
}

#[derive(Clone, Copy, Default)]
struct Sums {
    messages: usize,
    good: f64,
    bad: f64,
}

impl Sums {
    fn weight(&self) -> f64 {
        self.good + self.bad
    }
}
