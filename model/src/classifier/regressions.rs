//! Both regressions on the same examples, and what each says of examples that it has not learnt from.

use super::curvature::{Curvature, Preconditioner};
use super::examples::{Examples, parts};
use super::kernel::{KernelIndex, Nearest};
use super::nystroem::{Basis, Design};
use super::softmax::Softmax;
use super::{parallel, ridge, stack};
use crate::Result;

/// With how many messages the logistic regression compares others.
const BASIS: usize = 3000;

/// How many messages are compared with the landmarks at once.
const CHUNK: usize = 256;

/// Examples as the regressions see them.
pub(super) struct Prepared {
    pub(super) index: KernelIndex,
    /// The kernel between the landmarks, column by column.
    gram: Vec<f32>,
    pub(super) basis: Basis,
    /// All examples in the basis.
    design: Design,
    curvature: Curvature,
    /// Kernels of the examples that are no landmarks with all landmarks, column by column.
    rest: Vec<f32>,
    /// For each example, its nearest neighbours outside its own part.
    pub(super) nearest: Vec<Nearest>,
}

impl Prepared {
    /// The first `landmarks` are what others are compared with; `folds` are the parts of the examples.
    pub(super) fn new(
        examples: &Examples<'_>,
        landmarks: usize,
        lexical_weight: f32,
        folds: &[Option<usize>],
    ) -> Result<Self> {
        let landmarks = landmarks.min(examples.len());
        let classes = examples.classes[..landmarks].iter().map(|&class| class as u32).collect();
        let index = KernelIndex::build(&examples.features[..landmarks], classes, lexical_weight);
        let mut gram = vec![0.0; landmarks * examples.len()];
        let mut nearest = vec![Nearest::default(); examples.len()];
        let tasks = examples
            .features
            .chunks(CHUNK)
            .zip(gram.chunks_mut(CHUNK * landmarks))
            .zip(nearest.chunks_mut(CHUNK))
            .enumerate();
        parallel::for_each(tasks, |(chunk, ((messages, kernel), nearest))| {
            index.compare(messages, kernel, |number, cosines, lexical| {
                let place = chunk * CHUNK + number;
                nearest[number] = Nearest::among(cosines, lexical, |other| {
                    let elsewhere = folds[place].is_none() || folds[other] != folds[place];
                    examples.classes[other] < examples.intents && other != place && elsewhere
                });
            });
        });
        let width = landmarks.min(BASIS);
        let columns = gram.chunks_exact(landmarks).flat_map(|column| &column[..width]).copied();
        let (basis, design) = Basis::build(Design { values: columns.collect(), width })?;
        let rest = gram.split_off(landmarks * landmarks);
        let curvature = Curvature::of(&design);
        Ok(Self { index, gram, basis, design, curvature, rest, nearest })
    }

    /// Both regressions, and their scores of each example that is in a part, by those that have not learnt from that part. `penalty` is on all
    /// examples together; `progress` hears how many of the fits are done: all of the ridge regression, and each of the others.
    pub(super) fn fit(
        &self,
        examples: &Examples<'_>,
        folds: &[Option<usize>],
        penalty: f64,
        mut progress: impl FnMut(usize),
    ) -> Result<Fitted> {
        let classes = examples.count();
        let landmarks = self.index.len();
        progress(0);
        let ridge = ridge::fit(&self.gram, &examples.classes[..landmarks], classes, &folds[..landmarks])?;
        let mut of_ridge = ridge.left_out;
        // The ridge regression has learnt from none of the rest.
        of_ridge.extend(self.rest.chunks_exact(landmarks).map(|kernel| {
            let mut scores = vec![0.0; classes];
            for (kernel, row) in kernel.iter().zip(ridge.coefficients.chunks_exact(classes)) {
                scores.iter_mut().zip(row).for_each(|(score, value)| *score += (kernel + 1.0) * value);
            }
            scores
        }));
        progress(1);
        let regression = self.regression(examples, penalty)?;
        // The one on all examples takes the longest, so that it comes first.
        let fits = std::iter::once(None).chain((0..parts(folds)).map(Some)).collect::<Vec<_>>().into_iter();
        let fit = |fold: Option<usize>| match fold {
            None => Fit::Whole(regression.fit(&self.design, &examples.classes)),
            Some(fold) => Fit::LeftOut(self.left_out(examples, folds, &regression, fold)),
        };
        let mut softmax = None;
        let mut of_softmax = vec![Vec::new(); examples.len()];
        for outcome in parallel::map(fits, fit, |done| progress(1 + done)) {
            match outcome {
                Fit::Whole(fitted) => softmax = Some(fitted),
                Fit::LeftOut(scores) => scores.into_iter().for_each(|(place, row)| of_softmax[place] = row),
            }
        }
        let both = of_ridge.into_iter().zip(of_softmax).enumerate();
        let in_a_part = both.filter(|(place, _)| folds[*place].is_some());
        let left_out = in_a_part.map(|(place, (ridge, softmax))| Unseen { place, ridge, softmax });
        let softmax = softmax.expect("the first fit");
        Ok(Fitted { ridge: ridge.coefficients, left_out: left_out.collect(), softmax })
    }

    /// Places of the examples in that part, and their scores by a logistic regression that has learnt from the others.
    pub(super) fn left_out(
        &self,
        examples: &Examples<'_>,
        folds: &[Option<usize>],
        regression: &LogisticRegression,
        fold: usize,
    ) -> Vec<(usize, Vec<f32>)> {
        let (part, others): (Vec<usize>, Vec<usize>) =
            (0..folds.len()).partition(|&place| folds[place] == Some(fold));
        let targets: Vec<usize> = others.iter().map(|&place| examples.classes[place]).collect();
        let softmax = regression.fit(&self.design.only(&others), &targets);
        let scores = softmax.scores(&self.design.only(&part));
        part.into_iter().zip(scores).collect()
    }

    /// How the logistic regressions, on all examples and on parts of them, are fitted.
    pub(super) fn regression(&self, examples: &Examples<'_>, penalty: f64) -> Result<LogisticRegression> {
        let (classes, mean_penalty) = (examples.count(), penalty / examples.len() as f64);
        let preconditioner = Preconditioner::new(&self.curvature, classes, mean_penalty)?;
        Ok(LogisticRegression { classes, mean_penalty, preconditioner })
    }
}

/// A logistic regression on all examples, or what one on the others says of a part.
enum Fit {
    Whole(Softmax),
    LeftOut(Vec<(usize, Vec<f32>)>),
}

/// How logistic regressions are fitted.
pub(super) struct LogisticRegression {
    classes: usize,
    /// For each example.
    mean_penalty: f64,
    preconditioner: Preconditioner,
}

impl LogisticRegression {
    fn fit(&self, design: &Design, targets: &[usize]) -> Softmax {
        Softmax::fit(design, targets, self.classes, self.mean_penalty, &self.preconditioner)
    }
}

/// Both regressions.
pub(super) struct Fitted {
    /// For each landmark one number a class.
    pub(super) ridge: Vec<f32>,
    pub(super) softmax: Softmax,
    left_out: Vec<Unseen>,
}

/// Scores of an example by regressions that have not learnt from its part.
pub(super) struct Unseen {
    place: usize,
    ridge: Vec<f32>,
    softmax: Vec<f32>,
}

impl Fitted {
    /// How much each counts.
    pub(super) fn weights(&self, examples: &Examples<'_>) -> stack::Weights {
        let of_ridge: Vec<&[f32]> = self.left_out.iter().map(|scores| scores.ridge.as_slice()).collect();
        let of_softmax: Vec<&[f32]> = self.left_out.iter().map(|scores| scores.softmax.as_slice()).collect();
        let targets: Vec<usize> = self.left_out.iter().map(|scores| examples.classes[scores.place]).collect();
        stack::fit(&of_ridge, &of_softmax, &targets)
    }

    /// The places of the examples that are in a part, and their scores together.
    pub(super) fn scores(&self, weights: stack::Weights) -> Vec<(usize, Vec<f32>)> {
        let together = |Unseen { place, ridge, softmax }: &Unseen| {
            let scores = ridge.iter().zip(softmax).map(|(&ridge, &softmax)| weights.add(ridge, softmax));
            (*place, scores.collect())
        };
        self.left_out.iter().map(together).collect()
    }
}
