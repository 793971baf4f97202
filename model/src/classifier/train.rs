//! Fits a classifier to labelled messages and measures it on messages that it did not see.

use super::confidence::{ConfidenceModel, Signs, Witness};
use super::curvature::{Curvature, Preconditioner};
use super::kernel::{Features, KernelIndex, Nearest};
use super::metrics::{Metrics, Prediction};
use super::nystroem::{Basis, Design};
use super::promise::{self, Trial};
use super::softmax::Softmax;
use super::{Bundle, Classifier, Promise, Thresholds, parallel, ridge, stack};
use crate::intents::{Handling, Intents, Label};
use crate::{Error, Probability, Result, Role, TextEncoder};

/// Weights of the letters, and penalties of the logistic regression, that are tried; the first penalty with each weight, the others
/// with the best weight.
const LEXICAL_WEIGHTS: [f32; 3] = [0.25, 0.5, 1.0];
const PENALTIES: [f64; 3] = [0.01, 0.003, 0.03];

/// Messages on which these are tried.
const SELECTION: usize = 2000;
const SELECTION_FOLDS: usize = 3;

/// The messages are predicted in so many parts, each by a classifier that has learnt from the others; in more parts when there are few.
const FOLDS: usize = 5;
const FOLDS_OF_FEW: usize = 10;
const FEW: usize = 2500;

/// With how many messages the logistic regression compares others.
const BASIS: usize = 3000;

/// How many messages are compared with the landmarks at once.
const CHUNK: usize = 256;

/// Messages of the intents that are left when some are left out, to learn what is out of scope.
const SCOPE: usize = 3000;

/// Into how many parts the intents are split to leave one out.
const SCOPE_PARTS: usize = 5;

/// How many of all messages are taken to be out of scope when there are none to count.
const SCOPE_SHARE: f64 = 0.1;

/// How much in-scope accuracy recognising messages out of scope may cost.
const SCOPE_LOSS: f64 = 0.015;

/// Fewest examples of an intent: with one, nothing is left to predict it from.
const FEWEST: usize = 2;

/// A message and the position of its label; `None` means out of scope.
#[derive(Clone, Debug)]
pub struct LabelledText {
    /// The message.
    pub text: String,
    /// A position in the list of labels.
    pub label: Option<usize>,
}

/// What a classifier learns from.
#[derive(Clone, Debug)]
pub struct TrainingData {
    /// The intents.
    pub labels: Vec<Label>,
    /// Messages of them, and of none.
    pub messages: Vec<LabelledText>,
    /// What the intents are called: learnt from, but nothing is measured on it.
    pub titles: Vec<LabelledText>,
    /// Messages on which everything is measured, and the promise's thresholds are chosen, instead of on those that are learnt from.
    pub validation: Vec<LabelledText>,
}

impl TrainingData {
    /// Examples to learn from, and perhaps others to choose thresholds on.
    ///
    /// # Errors
    /// [`Error::UnknownIntent`] when the others have an intent that the first do not have.
    pub fn new(intents: &Intents, validation: Option<&Intents>) -> Result<Self> {
        let labels: Vec<Label> = intents.intents.iter().map(|intent| intent.label.clone()).collect();
        let messages = labelled(intents, |position, _| Ok(position))?;
        let validation = validation.map(|others| {
            labelled(others, |_, label| {
                let known = labels.iter().position(|known| known.id == label.id);
                known.ok_or_else(|| Error::UnknownIntent { intent: label.id.to_string() })
            })
        });
        let validation = validation.transpose()?.unwrap_or_default();
        Ok(Self { titles: Self::titles(&labels), labels, messages, validation })
    }

    /// What people call these intents; where nobody said, an id in words, if it is made of such.
    #[must_use]
    pub fn titles(labels: &[Label]) -> Vec<LabelledText> {
        let titles = labels.iter().enumerate().flat_map(|(position, label)| {
            let titles = titles(label).into_iter();
            titles.map(move |text| LabelledText { text, label: Some(position) })
        });
        titles.collect()
    }
}

fn titles(label: &Label) -> Vec<String> {
    if !label.title.is_empty() {
        return label.title.values().cloned().collect();
    }
    let id = label.id.as_str().replace(|c: char| !c.is_alphanumeric(), " ");
    let words: Vec<&str> = id.split_whitespace().filter(|word| !word.chars().all(char::is_numeric)).collect();
    if words.is_empty() { Vec::new() } else { vec![words.join(" ").to_lowercase()] }
}

fn labelled(
    intents: &Intents,
    position_of: impl Fn(usize, &Label) -> Result<usize>,
) -> Result<Vec<LabelledText>> {
    let mut messages = Vec::new();
    for (position, intent) in intents.intents.iter().enumerate() {
        let label = Some(position_of(position, &intent.label)?);
        messages
            .extend(intent.examples.iter().map(|example| LabelledText { text: example.text.clone(), label }));
    }
    let aside = intents.out_of_scope.iter();
    messages.extend(aside.map(|example| LabelledText { text: example.text.clone(), label: None }));
    Ok(messages)
}

/// Settings of a training run.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// What the thresholds must keep.
    pub promise: Promise,
    /// How many messages are embedded between two reports of progress.
    pub batch: usize,
    /// With how many of the messages new ones are compared, at most: what a bundle keeps, and what a decision costs, grow with it.
    pub landmarks: usize,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self { promise: Promise::default(), batch: 256, landmarks: 8000 }
    }
}

/// What a training run is doing, for a progress bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Embedding the messages.
    Embed,
    /// Choosing how much the letters count and how closely to fit.
    Select,
    /// Fitting the classifier, and learning what is out of scope.
    Fit,
}

/// Trains. `progress` hears the stage, how much of it is done, and how much there is.
///
/// # Errors
/// [`Error::TooFewExamples`] when there are too few to learn from.
pub fn train(
    encoder: &TextEncoder,
    data: &TrainingData,
    options: &TrainOptions,
    mut progress: impl FnMut(Stage, usize, usize),
) -> Result<Bundle> {
    let TrainingData { labels, messages, titles, validation } = data;
    require_enough(labels, messages)?;
    for intent in options.promise.intents.keys() {
        if !labels.iter().any(|label| label.id == *intent) {
            return Err(Error::PromiseForUnknownIntent { intent: intent.to_string() });
        }
    }
    let parts = [messages, titles, validation];
    let all = parts.iter().map(|part| part.len()).sum();
    let mut done = 0;
    let mut features = parts.into_iter().map(|part| {
        let features =
            embed(encoder, part, options.batch, |of_part| progress(Stage::Embed, done + of_part, all));
        done += part.len();
        features
    });
    let mut next = || features.next().expect("three parts");
    let (of_messages, of_titles, of_validation) = (next()?, next()?, next()?);
    drop(features);
    let examples = Examples::new(labels.len(), [(messages, &of_messages), (titles, &of_titles)]);

    let settings = select(&examples, |done, of| progress(Stage::Select, done, of))?;
    let Trained { classifier, left_out, landmarks } =
        fit(labels, &examples, settings, options.landmarks, |done, of| progress(Stage::Fit, done, of))?;
    let measured = if validation.is_empty() {
        left_out
    } else {
        validation
            .iter()
            .zip(&of_validation)
            .map(|(labelled, features)| classifier.predict(features, labelled.label).0)
            .collect()
    };
    let thresholds = thresholds(&measured, labels, &options.promise);
    let metrics = Metrics::of(&measured, labels, !validation.is_empty());
    Ok(Bundle::new(classifier, encoder.id(), data, thresholds, metrics, &landmarks))
}

/// The messages as the kernel sees them. `progress` hears how many are done.
pub(super) fn embed(
    encoder: &TextEncoder,
    messages: &[LabelledText],
    batch: usize,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Features>> {
    let mut features = Vec::with_capacity(messages.len());
    for batch in messages.chunks(batch.max(1)) {
        progress(features.len());
        let texts: Vec<&str> = batch.iter().map(|labelled| labelled.text.as_str()).collect();
        let embedded = encoder.embed_all(&texts, Role::Query)?;
        let embedded = embedded.into_iter().map(|embedded| embedded.embedding);
        features
            .extend(texts.into_iter().zip(embedded).map(|(text, embedding)| Features::new(text, embedding)));
    }
    progress(features.len());
    Ok(features)
}

fn require_enough(labels: &[Label], messages: &[LabelledText]) -> Result<()> {
    let lacking =
        |name: &str, found: usize| Error::TooFewExamples { intent: name.to_owned(), found, needed: FEWEST };
    let mut counts = vec![0; labels.len()];
    messages.iter().filter_map(|labelled| labelled.label).for_each(|label| counts[label] += 1);
    for (label, &found) in labels.iter().zip(&counts) {
        if found < FEWEST {
            return Err(lacking(label.id.as_str(), found));
        }
    }
    if labels.len() < 2 {
        return Err(lacking("a second intent", 0));
    }
    Ok(())
}

/// Messages with their classes; those out of scope are the class after the intents. Titles are among them, from which only is learnt.
///
/// They stand in such an order that the first so many are a fair sample: of each class its share, but at least two.
pub(super) struct Examples<'a> {
    intents: usize,
    features: Vec<&'a Features>,
    classes: Vec<usize>,
    /// Their places among the messages, and behind these among the titles.
    origins: Vec<usize>,
    /// How many messages there are in all.
    messages: usize,
}

/// What selection chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settings {
    lexical_weight: f32,
    penalty: f64,
}

impl<'a> Examples<'a> {
    pub(super) fn new(intents: usize, [messages, titles]: [(&[LabelledText], &'a [Features]); 2]) -> Self {
        let all: Vec<&LabelledText> = messages.0.iter().chain(titles.0).collect();
        let class_of = |place: usize| all[place].label.unwrap_or(intents);
        // Shuffled in a way that depends only on their number: people write similar examples one after the other.
        let mut origins: Vec<usize> = (0..all.len()).collect();
        origins.sort_by_key(|&place| split_mix(place as u64));
        let mut counts = vec![0_usize; intents + 1];
        let mut ranked: Vec<(usize, usize)> = origins
            .into_iter()
            .map(|place| {
                let count = &mut counts[class_of(place)];
                *count += 1;
                (count.saturating_sub(FEWEST), place)
            })
            .collect();
        // The share of its class that comes before an example; ties stay as they were shuffled.
        let share = |&(rank, place): &(usize, usize)| rank as f64 / counts[class_of(place)] as f64;
        ranked.sort_by(|a, b| share(a).total_cmp(&share(b)));
        let features: Vec<&Features> = messages.1.iter().chain(titles.1).collect();
        let origins: Vec<usize> = ranked.into_iter().map(|(_, place)| place).collect();
        Self {
            intents,
            features: origins.iter().map(|&place| features[place]).collect(),
            classes: origins.iter().map(|&place| class_of(place)).collect(),
            origins,
            messages: messages.0.len(),
        }
    }

    fn len(&self) -> usize {
        self.classes.len()
    }

    fn is_message(&self, place: usize) -> bool {
        self.origins[place] < self.messages
    }

    fn knows_out_of_scope(&self) -> bool {
        self.classes.contains(&self.intents)
    }

    /// How many classes there are.
    fn count(&self) -> usize {
        self.intents + usize::from(self.knows_out_of_scope())
    }

    /// The messages with those places, and all titles.
    pub(super) fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        self.filter(|place| !self.is_message(place) || keep(self.origins[place]))
    }

    fn filter(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.len()).filter(|&place| keep(place)).collect();
        Self {
            intents: self.intents,
            features: kept.iter().map(|&place| self.features[place]).collect(),
            classes: kept.iter().map(|&place| self.classes[place]).collect(),
            origins: kept.iter().map(|&place| self.origins[place]).collect(),
            messages: self.messages,
        }
    }

    fn sample(&self, size: usize) -> Self {
        self.filter(|place| place < size)
    }

    /// The part of each example, so that each class is shared out evenly; titles are in none.
    fn folds(&self, folds: usize) -> Vec<Option<usize>> {
        let mut counts: Vec<usize> = (0..=self.intents).collect();
        let part = |place: usize| {
            let count = &mut counts[self.classes[place]];
            *count += 1;
            self.is_message(place).then_some(*count % folds)
        };
        (0..self.len()).map(part).collect()
    }
}

/// Examples as the regressions see them.
struct Prepared {
    index: KernelIndex,
    /// The kernel between the landmarks, column by column.
    gram: Vec<f32>,
    basis: Basis,
    /// All examples in the basis.
    design: Design,
    curvature: Curvature,
    /// Kernels of the examples that are no landmarks with all landmarks, column by column.
    rest: Vec<f32>,
    /// For each example, its nearest neighbours outside its own part.
    nearest: Vec<Nearest>,
}

impl Prepared {
    /// The first `landmarks` are what others are compared with; `folds` are the parts of the examples.
    fn new(
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

    /// Both regressions, and their scores of each example that is in a part, by those that have not learnt from that part.
    fn fit(
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
        let softmax = regression.fit(&self.design, &examples.classes);
        let of_softmax = self.left_out(examples, folds, &regression, |fold| progress(2 + fold));
        let both = of_ridge.into_iter().zip(of_softmax).enumerate();
        let in_a_part = both.filter(|(place, _)| folds[*place].is_some());
        let left_out = in_a_part.map(|(place, (ridge, softmax))| Unseen { place, ridge, softmax });
        Ok(Fitted { ridge: ridge.coefficients, left_out: left_out.collect(), softmax })
    }

    /// Scores of each example that is in a part by a logistic regression that has not learnt from that part.
    fn left_out(
        &self,
        examples: &Examples<'_>,
        folds: &[Option<usize>],
        regression: &LogisticRegression,
        mut progress: impl FnMut(usize),
    ) -> Vec<Vec<f32>> {
        let mut scores = vec![Vec::new(); examples.len()];
        for fold in 0..parts(folds) {
            progress(fold);
            let (part, others): (Vec<usize>, Vec<usize>) =
                (0..folds.len()).partition(|&place| folds[place] == Some(fold));
            let targets: Vec<usize> = others.iter().map(|&place| examples.classes[place]).collect();
            let softmax = regression.fit(&self.design.only(&others), &targets);
            for (&place, row) in part.iter().zip(softmax.scores(&self.design.only(&part))) {
                scores[place] = row;
            }
        }
        scores
    }

    /// How the logistic regressions, on all examples and on parts of them, are fitted.
    fn regression(&self, examples: &Examples<'_>, penalty: f64) -> Result<LogisticRegression> {
        let (classes, penalty) = (examples.count(), penalty / examples.len() as f64);
        let preconditioner = Preconditioner::new(&self.curvature, classes, penalty)?;
        Ok(LogisticRegression { classes, penalty, preconditioner })
    }
}

/// How logistic regressions are fitted.
struct LogisticRegression {
    classes: usize,
    penalty: f64,
    preconditioner: Preconditioner,
}

impl LogisticRegression {
    fn fit(&self, design: &Design, targets: &[usize]) -> Softmax {
        Softmax::fit(design, targets, self.classes, self.penalty, &self.preconditioner)
    }
}

fn parts(folds: &[Option<usize>]) -> usize {
    folds.iter().flatten().max().map_or(0, |last| last + 1)
}

/// Both regressions.
struct Fitted {
    /// For each landmark one number a class.
    ridge: Vec<f32>,
    softmax: Softmax,
    left_out: Vec<Unseen>,
}

/// Scores of an example by regressions that have not learnt from its part.
struct Unseen {
    place: usize,
    ridge: Vec<f32>,
    softmax: Vec<f32>,
}

impl Fitted {
    /// How much each counts.
    fn weights(&self, examples: &Examples<'_>) -> stack::Weights {
        let of_ridge: Vec<&[f32]> = self.left_out.iter().map(|scores| scores.ridge.as_slice()).collect();
        let of_softmax: Vec<&[f32]> = self.left_out.iter().map(|scores| scores.softmax.as_slice()).collect();
        let targets: Vec<usize> = self.left_out.iter().map(|scores| examples.classes[scores.place]).collect();
        stack::fit(&of_ridge, &of_softmax, &targets)
    }

    /// The places of the examples that are in a part, and their scores together.
    fn scores(&self, weights: stack::Weights) -> Vec<(usize, Vec<f32>)> {
        let together = |Unseen { place, ridge, softmax }: &Unseen| {
            let scores = ridge.iter().zip(softmax).map(|(&ridge, &softmax)| weights.add(ridge, softmax));
            (*place, scores.collect())
        };
        self.left_out.iter().map(together).collect()
    }
}

/// The settings under which messages that are left out are the likeliest.
pub(super) fn select(examples: &Examples<'_>, mut progress: impl FnMut(usize, usize)) -> Result<Settings> {
    let sample = examples.sample(SELECTION);
    let folds = sample.folds(SELECTION_FOLDS);
    let of = LEXICAL_WEIGHTS.len() + PENALTIES.len() - 1;
    let mut done = 0;
    let mut loss = |prepared: &Prepared, penalty: f64| -> Result<f64> {
        progress(done, of);
        done += 1;
        let scores = prepared.left_out(&sample, &folds, &prepared.regression(&sample, penalty)?, |_| ());
        let (rows, targets): (Vec<&[f32]>, Vec<usize>) = scores
            .iter()
            .zip(&sample.classes)
            .filter(|(row, _)| !row.is_empty())
            .map(|(row, &class)| (row.as_slice(), class))
            .unzip();
        let weights = stack::fit(&rows, &rows, &targets);
        Ok(stack::loss(&rows, &rows, &targets, weights))
    };
    let mut best: Option<(f64, f32, Prepared)> = None;
    for lexical_weight in LEXICAL_WEIGHTS {
        let prepared = Prepared::new(&sample, SELECTION, lexical_weight, &folds)?;
        let found = loss(&prepared, PENALTIES[0])?;
        if best.as_ref().is_none_or(|(least, ..)| found < *least) {
            best = Some((found, lexical_weight, prepared));
        }
    }
    let (mut least, lexical_weight, prepared) = best.expect("a weight was tried");
    let mut penalty = PENALTIES[0];
    for candidate in &PENALTIES[1..] {
        let found = loss(&prepared, *candidate)?;
        if found < least {
            (least, penalty) = (found, *candidate);
        }
    }
    progress(of, of);
    Ok(Settings { lexical_weight, penalty })
}

/// What [`fit`] makes.
pub(super) struct Trained {
    pub(super) classifier: Classifier,
    /// For each message, what a classifier predicts that has not learnt from it.
    pub(super) left_out: Vec<Prediction>,
    /// Which of the examples, titles after messages, the classifier keeps.
    pub(super) landmarks: Vec<usize>,
}

/// The classifier, which keeps at most `landmarks` examples.
pub(super) fn fit(
    labels: &[Label],
    examples: &Examples<'_>,
    settings: Settings,
    landmarks: usize,
    mut progress: impl FnMut(usize, usize),
) -> Result<Trained> {
    let Settings { lexical_weight, penalty } = settings;
    let intents = examples.intents;
    let folds_count = if examples.len() < FEW { FOLDS_OF_FEW } else { FOLDS };
    let steps = 3 + folds_count;
    let folds = examples.folds(folds_count);
    let prepared = Prepared::new(examples, landmarks, lexical_weight, &folds)?;
    let fitted = prepared.fit(examples, &folds, penalty, |step| progress(step, steps))?;
    let weights = fitted.weights(examples);
    let scores = fitted.scores(weights);

    let target = |class: usize| (class < intents).then_some(class);
    let mut witnesses: Vec<Witness> = scores
        .iter()
        .map(|(place, scores)| {
            let (intents, none) = scores.split_at(intents);
            let signs = Signs::new(intents, none.first().copied(), prepared.nearest[*place]);
            Witness { signs, target: target(examples.classes[*place]), weight: 1.0 }
        })
        .collect();
    progress(steps - 1, steps);
    // Of two intents, none can be left out: one alone cannot be told apart from anything.
    let strangers = if examples.knows_out_of_scope() || intents < 3 {
        Vec::new()
    } else {
        strangers(examples, settings, SCOPE_PARTS.min(intents), weights)?
    };
    let weight = SCOPE_SHARE / (1.0 - SCOPE_SHARE) * witnesses.len() as f64 / strangers.len().max(1) as f64;
    let seen = witnesses.len();
    witnesses.extend(strangers.into_iter().map(|signs| Witness { signs, target: None, weight }));
    let confidence = ConfidenceModel::fit(&witnesses)?;
    progress(steps, steps);

    let (coefficients, intercepts) = together(&prepared, &fitted, weights, examples.count());
    let classifier = Classifier {
        labels: labels.to_vec(),
        knows_out_of_scope: examples.knows_out_of_scope(),
        coefficients,
        intercepts,
        index: prepared.index,
        confidence,
    };
    let mut left_out: Vec<(usize, Prediction)> = scores
        .iter()
        .zip(&witnesses[..seen])
        .map(|((place, scores), Witness { signs, target, .. })| {
            let scores = &scores[..intents];
            let uncalibrated = stack::probabilities(scores)[signs.best];
            let (intents, out_of_scope) = classifier.probabilities(scores, signs);
            let (target, likeliest) = (*target, signs.best);
            let prediction = Prediction { target, likeliest, intents, out_of_scope, uncalibrated };
            (examples.origins[*place], prediction)
        })
        .collect();
    left_out.sort_by_key(|(origin, _)| *origin);
    let landmarks = examples.origins[..classifier.index.len()].to_vec();
    let left_out = left_out.into_iter().map(|(_, prediction)| prediction).collect();
    Ok(Trained { classifier, left_out, landmarks })
}

/// Both regressions as one: for each landmark one number a class, and the intercepts.
fn together(
    prepared: &Prepared,
    fitted: &Fitted,
    weights: stack::Weights,
    classes: usize,
) -> (Vec<f32>, Vec<f32>) {
    let of_softmax = prepared.basis.coefficients(&fitted.softmax.weights(), classes);
    let mut intercepts = vec![0.0; classes];
    for row in fitted.ridge.chunks_exact(classes) {
        intercepts.iter_mut().zip(row).for_each(|(sum, coefficient)| *sum += coefficient);
    }
    let add = |(&ridge, &softmax): (&f32, &f32)| weights.add(ridge, softmax);
    let softmax_or_none = of_softmax.iter().chain(std::iter::repeat(&0.0));
    let coefficients = fitted.ridge.iter().zip(softmax_or_none).map(add).collect();
    (coefficients, intercepts.iter().zip(&fitted.softmax.intercepts()).map(add).collect())
}

/// Messages of intents as they look to a classifier that does not know these intents.
fn strangers(
    examples: &Examples<'_>,
    settings: Settings,
    parts: usize,
    weights: stack::Weights,
) -> Result<Vec<Signs>> {
    let sample = examples.sample(SCOPE);
    let folds: Vec<Option<usize>> = sample.classes.iter().map(|class| Some(class % parts)).collect();
    let prepared = Prepared::new(&sample, SCOPE, settings.lexical_weight, &folds)?;
    let fitted = prepared.fit(&sample, &folds, settings.penalty, |_| ())?;
    let strangers = fitted.scores(weights).into_iter().filter(|(place, _)| sample.is_message(*place));
    let strangers = strangers.map(|(place, scores)| {
        let known =
            scores.iter().enumerate().filter(|(class, _)| class % parts != sample.classes[place] % parts);
        let known: Vec<f32> = known.map(|(_, &score)| score).collect();
        Signs::new(&known, None, prepared.nearest[place])
    });
    Ok(strangers.collect())
}

pub(super) fn thresholds(predictions: &[Prediction], labels: &[Label], promise: &Promise) -> Thresholds {
    let own = |intent: usize| promise.intents.get(&labels[intent].id).copied();
    let trials = |belongs: &dyn Fn(usize) -> bool| -> Vec<Trial> {
        let candidates = predictions.iter().filter_map(|prediction| {
            let (intent, confidence) = prediction.likeliest();
            let may_be_answered = labels[intent].handling == Handling::Answer && belongs(intent);
            let right = prediction.target == Some(intent);
            may_be_answered.then_some(Trial { confidence, right })
        });
        candidates.collect()
    };
    let choose = |belongs: &dyn Fn(usize) -> bool, max_error: f64| {
        promise::choose(&trials(belongs), predictions.len(), max_error, promise.confidence)
    };
    let intents = labels.iter().enumerate().filter_map(|(intent, label)| {
        Some((label.id.clone(), choose(&|other| other == intent, own(intent)?)))
    });
    Thresholds {
        intents: intents.collect(),
        promise: choose(&|intent| own(intent).is_none(), promise.max_error),
        out_of_scope: scope_threshold(predictions),
    }
}

/// The lowest that costs no more in-scope accuracy than is allowed, and at most one half.
fn scope_threshold(predictions: &[Prediction]) -> Probability {
    let in_scope: Vec<&Prediction> = predictions.iter().filter(|p| p.target.is_some()).collect();
    let right = in_scope.iter().filter(|p| Some(p.likeliest().0) == p.target);
    let mut right: Vec<f64> = right.map(|p| p.out_of_scope).collect();
    right.sort_by(|a, b| b.total_cmp(a));
    let allowed = (in_scope.len() as f64 * SCOPE_LOSS) as usize;
    Probability::rounded(right.get(allowed).copied().unwrap_or(0.5).min(0.5))
}

/// `SplitMix64` (Steele et al. 2014): scrambles a number the same way everywhere.
pub(super) fn split_mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
