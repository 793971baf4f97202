//! Embeddings in, calibrated probabilities over the shop's intents out.
//!
//! [`train()`] fits a [`Classifier`] to examples and measures it out of fold; a [`Bundle`] keeps both with all that
//! is needed to say later which data and which encoder made a decision.

mod bundle;
mod calibration;
mod lbfgs;
mod metrics;
mod regression;
mod standardize;
mod train;

pub use bundle::{Bundle, BundleId};
pub use metrics::{Metrics, OperatingPoint};
pub use train::{LabelledText, Stage, TrainOptions, train};

use regression::SoftmaxRegression;
use standardize::Standardizer;

use crate::intents::Label;
use crate::{Embedding, Probability};

/// Multinomial logistic regression on a standardised embedding, with a temperature that calibrates it.
#[derive(Clone, Debug)]
pub struct Classifier {
    labels: Vec<Label>,
    /// Whether the last class, after those of `labels`, is "none of them".
    knows_out_of_scope: bool,
    standardizer: Standardizer,
    regression: SoftmaxRegression,
    temperature: f64,
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

    /// Probabilities of all intents for one message. Together with `out_of_scope` they sum to 1 when the training
    /// data had messages out of scope; when it had none, `out_of_scope` is 0, and only a low confidence tells.
    #[must_use]
    pub fn classify(&self, embedding: &Embedding) -> Classification {
        let features = self.standardizer.apply(embedding);
        let mut probabilities = calibration::softmax(&self.regression.logits(&features), self.temperature);
        let none = self.knows_out_of_scope.then(|| probabilities.pop()).flatten();
        let mut ranking: Vec<(usize, Probability)> =
            probabilities.into_iter().map(Probability::rounded).enumerate().collect();
        ranking.sort_by(|(_, a), (_, b)| b.get().total_cmp(&a.get()));
        Classification { out_of_scope: Probability::rounded(none.unwrap_or(0.0)), ranking }
    }
}
