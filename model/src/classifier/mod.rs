//! Embeddings in, calibrated probabilities over the shop's intents out.
//!
//! [`train()`] fits a [`Classifier`] to examples, predicts every example as if it had not been there, and from these predictions calibrates
//! the probabilities, learns what is out of scope, and chooses the thresholds that keep the shop's [`Promise`]. A [`Bundle`] keeps all
//! of it, with what is needed to say later which data and which encoder made a decision. `docs/classifier.md` says
//! why so, and what else was tried.
//!
//! 1. [`lexical`] and [`kernel`]: how alike two messages are.
//! 2. [`ridge`]: scores of the classes, and those that a message would have without itself.
//! 3. [`calibration`] and [`confidence`]: probabilities from scores.
//! 4. [`promise`]: thresholds from probabilities.

mod bundle;
mod calibration;
mod confidence;
mod kernel;
mod left_out;
mod lexical;
mod logistic;
mod metrics;
mod promise;
mod ridge;
mod simulate;
mod thresholds;
mod train;

pub use bundle::{Bundle, BundleId};
pub use left_out::{LeftOut, left_out};
pub use metrics::{Metrics, OperatingPoint, ReliabilityBin};
pub use promise::{Kept, Promise};
pub use simulate::{SimulatedPromise, simulate};
pub use thresholds::Thresholds;
pub use train::{LabelledText, Stage, TrainOptions, TrainingData, train};

use confidence::{ConfidenceModel, Signs};
use kernel::{Features, KernelIndex, Similarities};
use metrics::Prediction;

use crate::intents::Label;
use crate::{Embedding, Probability};

/// Kernel ridge regression on embeddings and character n-grams, with what makes its scores probabilities.
#[derive(Clone, Debug)]
pub struct Classifier {
    labels: Vec<Label>,
    /// Whether the last class, after those of `labels`, is "none of them".
    knows_out_of_scope: bool,
    index: KernelIndex,
    /// For each message of the index, one number a class.
    coefficients: Vec<f32>,
    penalty: f32,
    /// For how intents share what the likeliest one leaves.
    temperature: f64,
    confidence: ConfidenceModel,
}

/// What a message probably means.
#[derive(Clone, Debug)]
pub struct Classification {
    /// Positions in [`Classifier::labels`] with their probabilities, the likeliest first.
    pub ranking: Vec<(usize, Probability)>,
    /// The probability that the message is none of them.
    pub out_of_scope: Probability,
}

impl Classifier {
    /// The intents, in the order that [`Classification::ranking`] counts them.
    #[must_use]
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Probabilities of all intents for one message; together with `out_of_scope` they sum to at most 1.
    #[must_use]
    pub fn classify(&self, text: &str, embedding: &Embedding) -> Classification {
        let prediction = self.predict(&Features::new(text, embedding.clone()), None);
        let likeliest = prediction.likeliest;
        let mut ranking: Vec<(usize, Probability)> =
            prediction.intents.into_iter().map(Probability::rounded).enumerate().collect();
        // Others may be as probable as the likeliest, but not more.
        ranking.sort_by(|(i, a), (j, b)| {
            b.get().total_cmp(&a.get()).then((*j == likeliest).cmp(&(*i == likeliest)))
        });
        Classification { out_of_scope: Probability::rounded(prediction.out_of_scope), ranking }
    }

    fn predict(&self, features: &Features, target: Option<usize>) -> Prediction {
        let similarities = self.index.similarities(features);
        let scores = scores(&similarities, &self.coefficients, self.classes());
        let (intents, none) = scores.split_at(self.labels.len());
        let signs = Signs::of(intents, none.first().copied(), &similarities);
        let (intents, out_of_scope) = self.probabilities(intents, &signs);
        Prediction { target, likeliest: signs.best, intents, out_of_scope }
    }

    fn classes(&self) -> usize {
        self.labels.len() + usize::from(self.knows_out_of_scope)
    }

    /// Of the intents, and of none of them.
    fn probabilities(&self, intents: &[f32], signs: &Signs) -> (Vec<f64>, f64) {
        self.confidence.probabilities(calibration::softmax(intents, self.temperature), signs)
    }
}

/// Scores of the classes: what each message of the index says of them, weighed by how alike it is.
fn scores(similarities: &Similarities, coefficients: &[f32], classes: usize) -> Vec<f32> {
    let mut scores = vec![0.0; classes];
    for (kernel, coefficients) in similarities.kernel.iter().zip(coefficients.chunks_exact(classes)) {
        for (score, coefficient) in scores.iter_mut().zip(coefficients) {
            *score += kernel * coefficient;
        }
    }
    scores
}
