//! Embeddings in, calibrated probabilities over the shop's intents out.
//!
//! [`train()`] fits a [`Classifier`] to examples, predicts every example by one that has not seen it, and from these predictions calibrates
//! the probabilities, learns what is out of scope, and chooses the thresholds that keep the shop's [`Promise`]. A [`Bundle`] keeps all
//! of it, with what is needed to say later which data and which encoder made a decision. `docs/classifier.md` says
//! why so, and what else was tried.
//!
//! 1. [`lexical`] and [`kernel`]: how alike two messages are.
//! 2. [`ridge`] and [`softmax`], with [`nystroem`], [`curvature`] and [`crate::lbfgs`]: scores of the classes, which [`stack`] adds up.
//! 3. [`confidence`]: probabilities from scores.
//! 4. [`promise`]: thresholds from probabilities.
//! 5. [`mod@train`], which puts these together: [`examples`] in their order, [`regressions`] on them, [`mod@fit`] to a classifier.

mod bundle;
mod bundle_folder;
mod columns;
mod confidence;
mod curvature;
mod examples;
mod fit;
mod kernel;
mod left_out;
mod lexical;
mod logistic;
mod metrics;
mod nystroem;
mod parallel;
mod promise;
mod regressions;
mod ridge;
mod simulate;
mod softmax;
mod stack;
mod thresholds;
mod train;
mod training_data;

pub use bundle::{Bundle, BundleId, NearestExample};
pub use bundle_folder::BundleSummary;
pub use kernel::Features;
pub use left_out::{LeftOut, left_out};
pub use metrics::{Metrics, OperatingPoint, ReliabilityBin};
pub use promise::{Kept, Promise, Verdict};
pub use simulate::{SimulatedPromise, simulate};
pub use thresholds::Thresholds;
pub use train::{Stage, TrainOptions, train};
pub use training_data::{LabelledText, TrainingData};

use confidence::{ConfidenceModel, Signs};
use kernel::{KernelIndex, Nearest};
use metrics::Prediction;
use pulp::{Simd, WithSimd};

use crate::Probability;
use crate::intents::Label;

/// Kernel ridge and logistic regression on embeddings and n-grams, with what makes their scores probabilities.
#[derive(Clone, Debug)]
pub struct Classifier {
    labels: Vec<Label>,
    /// Whether the last class, after those of `labels`, is "none of them".
    knows_out_of_scope: bool,
    index: KernelIndex,
    /// For each message of the index, one number a class.
    coefficients: Vec<f32>,
    /// One number a class.
    intercepts: Vec<f32>,
    confidence: ConfidenceModel,
}

/// What a message probably means.
#[derive(Clone, Debug)]
pub struct Classification {
    /// Positions in [`Classifier::labels`] with their probabilities, the likeliest first.
    pub ranking: Vec<(usize, Probability)>,
    /// The probability that the message is none of them.
    pub out_of_scope: Probability,
    /// What the likeliest intent's probability would be by the scores alone, before calibration.
    pub uncalibrated: Probability,
    /// Places of the messages that were learnt from and are the most like it, and how much, from 0 to 1; for [`Bundle::examples`].
    nearest: Vec<(usize, f32)>,
}

/// How many rows of coefficients are gone through with one message after the other, while they are in the processor's nearest cache.
const BLOCK: usize = 64;

/// How many messages that were learnt from are named beside a classification.
const NEAREST: usize = 3;

impl Classifier {
    /// The intents, in the order that [`Classification::ranking`] counts them.
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Probabilities of all intents for one message; together with `out_of_scope` they sum to at most 1.
    #[must_use]
    pub fn classify(&self, message: &Features) -> Classification {
        self.classify_all(&[message]).pop().expect("one message has one classification")
    }

    /// The same for each of some messages, which takes less time than for one after the other.
    #[must_use]
    pub fn classify_all(&self, messages: &[&Features]) -> Vec<Classification> {
        let predicted = self.predict(&messages.iter().map(|message| (*message, None)).collect::<Vec<_>>());
        let classify = |(prediction, kernel): (Prediction, Vec<f32>)| {
            let likeliest = prediction.likeliest;
            let mut ranking: Vec<(usize, Probability)> =
                prediction.intents.into_iter().map(Probability::rounded).enumerate().collect();
            // Others may be as probable as the likeliest, but not more.
            ranking.sort_by(|(i, a), (j, b)| {
                b.get().total_cmp(&a.get()).then((*j == likeliest).cmp(&(*i == likeliest)))
            });
            let out_of_scope = Probability::rounded(prediction.out_of_scope);
            let uncalibrated = Probability::rounded(prediction.uncalibrated);
            Classification { out_of_scope, uncalibrated, ranking, nearest: nearest(&kernel) }
        };
        predicted.into_iter().map(classify).collect()
    }

    /// For messages with their classes, where those are known. And how alike each is to each of the index.
    fn predict(&self, messages: &[(&Features, Option<usize>)]) -> Vec<(Prediction, Vec<f32>)> {
        let features: Vec<&Features> = messages.iter().map(|(features, _)| *features).collect();
        let similarities = self.index.similarities(&features, self.labels.len());
        let mut scores = vec![self.intercepts.clone(); messages.len()];
        let coefficients = &self.coefficients;
        pulp::Arch::new().dispatch(Scores { coefficients, similarities: &similarities, scores: &mut scores });
        let predict = |((&(_, target), scores), (kernel, nearest)): ((&(_, _), Vec<f32>), _)| {
            let (intents, none) = scores.split_at(self.labels.len());
            let signs = Signs::new(intents, none.first().copied(), nearest);
            let uncalibrated = stack::probabilities(intents)[signs.best];
            let (intents, out_of_scope) = self.probabilities(intents, &signs);
            (Prediction { target, likeliest: signs.best, intents, out_of_scope, uncalibrated }, kernel)
        };
        messages.iter().zip(scores).zip(similarities).map(predict).collect()
    }

    /// For one message whose class is known.
    fn predict_labelled(&self, message: &Features, target: Option<usize>) -> Prediction {
        self.predict(&[(message, target)]).pop().expect("one message has one prediction").0
    }

    /// Of the intents, and of none of them.
    fn probabilities(&self, intents: &[f32], signs: &Signs) -> (Vec<f64>, f64) {
        self.confidence.probabilities(stack::probabilities(intents), signs)
    }
}

/// Adds to each message's scores what it is like. Compiled for what the processor has.
struct Scores<'a> {
    coefficients: &'a [f32],
    similarities: &'a [(Vec<f32>, Nearest)],
    scores: &'a mut [Vec<f32>],
}

impl WithSimd for Scores<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let classes = self.scores.first().map_or(1, Vec::len).max(1);
        for (block, coefficients) in self.coefficients.chunks(BLOCK * classes).enumerate() {
            for ((kernel, _), scores) in self.similarities.iter().zip(&mut *self.scores) {
                let kernel = &kernel[block * BLOCK..];
                let first = add_columns::<32>(kernel, coefficients, classes, 0, scores);
                let first = add_columns::<16>(kernel, coefficients, classes, first, scores);
                let first = add_columns::<4>(kernel, coefficients, classes, first, scores);
                add_columns::<1>(kernel, coefficients, classes, first, scores);
            }
        }
    }
}

/// Adds to the scores from `first` on, in so many columns at once that the sums stay in the processor's registers. Where the next column is
/// that was not added to.
#[inline(always)]
fn add_columns<const COLUMNS: usize>(
    kernel: &[f32],
    coefficients: &[f32],
    classes: usize,
    first: usize,
    scores: &mut [f32],
) -> usize {
    let (columns, _) = scores[first..].as_chunks_mut::<COLUMNS>();
    for (number, scores) in columns.iter_mut().enumerate() {
        let start = first + number * COLUMNS;
        let mut sums = *scores;
        for (kernel, coefficients) in kernel.iter().zip(coefficients.chunks_exact(classes)) {
            let (coefficients, _) = coefficients[start..].as_chunks::<COLUMNS>();
            for (sum, coefficient) in sums.iter_mut().zip(&coefficients[0]) {
                *sum += kernel * coefficient;
            }
        }
        *scores = sums;
    }
    first + columns.len() * COLUMNS
}

/// The most alike first.
fn nearest(kernel: &[f32]) -> Vec<(usize, f32)> {
    let mut nearest: Vec<(usize, f32)> = Vec::with_capacity(NEAREST + 1);
    for (place, &similarity) in kernel.iter().enumerate() {
        if nearest.get(NEAREST - 1).is_none_or(|(_, last)| similarity > *last) {
            let at = nearest.partition_point(|(_, other)| *other >= similarity);
            nearest.insert(at, (place, similarity));
            nearest.truncate(NEAREST);
        }
    }
    nearest.iter_mut().for_each(|(_, similarity)| *similarity = similarity.clamp(0.0, 1.0));
    nearest
}
