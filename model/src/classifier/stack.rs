//! Two classifiers' scores added up, so that the sums' softmax are probabilities.
//!
//! Kernel ridge regression is the better judge of messages unlike those it has learnt from, logistic regression of what is likely
//! among those that are; how much each counts is what makes messages that neither has seen the likeliest (stacking, Wolpert 1992). The
//! weights take the place of a temperature (Guo et al. 2017, <https://arxiv.org/abs/1706.04599>), too.

/// How much each counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Weights {
    pub(super) ridge: f64,
    pub(super) softmax: f64,
}

/// Steps of the search, from coarse to fine, in the logarithm.
const STEPS: [f64; 6] = [1.0, 0.5, 0.25, 0.12, 0.06, 0.03];

/// The weights under which the messages' `targets` are the likeliest. Both get the scores of every message, made without seeing it.
pub(super) fn fit(ridge: &[&[f32]], softmax: &[&[f32]], targets: &[usize]) -> Weights {
    let spread = |scores: &[&[f32]]| {
        let squares: f64 = scores.iter().flat_map(|row| row.iter()).map(|&x| f64::from(x).powi(2)).sum();
        let count = scores.iter().map(|row| row.len()).sum::<usize>().max(1) as f64;
        (squares / count).sqrt().max(1e-9)
    };
    let (of_ridge, of_softmax) = (spread(ridge), spread(softmax));
    let at = |(a, b): (f64, f64)| Weights { ridge: a.exp() / of_ridge, softmax: b.exp() / of_softmax };
    let loss_at = |place: (f64, f64)| loss(ridge, softmax, targets, at(place));
    // Downhill along both axes; the loss has one minimum.
    let mut place = (-1.0, 0.5);
    let mut least = loss_at(place);
    for step in STEPS {
        loop {
            let (a, b) = place;
            let around = [(a - step, b), (a + step, b), (a, b - step), (a, b + step)];
            let inside = around.into_iter().filter(|(a, b)| a.abs() < 6.0 && b.abs() < 6.0);
            let tried = inside.map(|place| (loss_at(place), place));
            let Some((found, better)) = tried.min_by(|(a, _), (b, _)| a.total_cmp(b)) else { break };
            if found >= least {
                break;
            }
            (least, place) = (found, better);
        }
    }
    at(place)
}

/// Mean negative logarithm of the right class's probability.
pub(super) fn loss(ridge: &[&[f32]], softmax: &[&[f32]], targets: &[usize], weights: Weights) -> f64 {
    let mut sum = 0.0;
    let mut row = Vec::new();
    for ((ridge, softmax), &target) in ridge.iter().zip(softmax).zip(targets) {
        row.clear();
        row.extend(ridge.iter().zip(*softmax).map(|(&a, &b)| weights.add(a, b)));
        let largest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let total: f32 = row.iter().map(|score| (score - largest).exp()).sum();
        sum += f64::from(total.ln() + largest - row[target]);
    }
    sum / targets.len().max(1) as f64
}

impl Weights {
    /// The sum.
    pub(super) fn add(self, ridge: f32, softmax: f32) -> f32 {
        self.ridge as f32 * ridge + self.softmax as f32 * softmax
    }
}

/// Probabilities of scores.
pub(super) fn probabilities(scores: &[f32]) -> Vec<f64> {
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut exponentials: Vec<f64> = scores.iter().map(|&score| f64::from(score - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter_mut().for_each(|value| *value /= sum);
    exponentials
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overconfident_scores_are_tempered() {
        // Always 8 nats for class 0, which is right 3 times in 4: the likeliest scale solves 1 / (1 + exp(-8 s)) = 3/4, so s = ln 3 / 8.
        let (ridge, softmax) = (vec![0.0; 2], vec![8.0, 0.0]);
        let targets: Vec<usize> = (0..400).map(|i| usize::from(i % 4 == 0)).collect();
        let (ridge, softmax) = (vec![ridge.as_slice(); 400], vec![softmax.as_slice(); 400]);
        let weights = fit(&ridge, &softmax, &targets);
        assert!((weights.softmax - 3_f64.ln() / 8.0).abs() < 0.005, "{weights:?}");
        let probability = probabilities(&[8.0 * weights.softmax as f32, 0.0])[0];
        assert!((probability - 0.75).abs() < 0.01);
    }

    #[test]
    fn who_knows_more_counts_more() {
        let targets: Vec<usize> = (0..300).map(|i| i % 3).collect();
        let rows = |right: &dyn Fn(usize) -> bool| -> Vec<Vec<f32>> {
            let said = |i: usize| if right(i) { i % 3 } else { (i * 7 / 3) % 3 };
            (0..300).map(|i| (0..3).map(|class| f32::from(u8::from(class == said(i)))).collect()).collect()
        };
        let (good, bad) = (rows(&|i| i % 10 > 0), rows(&|i| i % 2 == 0));
        let slices =
            |rows: &'static [Vec<f32>]| -> Vec<&'static [f32]> { rows.iter().map(Vec::as_slice).collect() };
        let (good, bad) = (slices(good.leak()), slices(bad.leak()));
        let (first, second) = (fit(&good, &bad, &targets), fit(&bad, &good, &targets));
        assert!(first.ridge > first.softmax && second.softmax > second.ridge, "{first:?} {second:?}");
        assert!(loss(&good, &bad, &targets, first) < loss(&good, &bad, &targets, second));
    }
}
