//! Fits a classifier to labelled messages and measures it on messages that it did not see.

use super::calibration::fit_temperature;
use super::confidence::{ConfidenceModel, Signs, Witness};
use super::kernel::{Features, KernelIndex};
use super::metrics::{Metrics, Prediction};
use super::promise::{self, Trial};
use super::ridge;
use super::{Bundle, Classifier, Promise, Thresholds};
use crate::intents::{Handling, Intents, Label};
use crate::{Error, Probability, Result, Role, TextEncoder};

/// Weights of the letters, and penalties, that are tried; the first penalty with each weight, the others with the best weight.
const LEXICAL_WEIGHTS: [f32; 4] = [0.0, 0.25, 0.5, 1.0];
const PENALTIES: [f32; 4] = [0.1, 0.03, 0.3, 1.0];

/// Messages on which these are tried: the cost is the cube of their number.
const SELECTION: usize = 4000;

/// Messages of the intents that are left when some are left out, to learn what is out of scope.
const SCOPE: usize = 4000;

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
        Ok(Self { labels, messages, validation })
    }
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
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self { promise: Promise::default(), batch: 256 }
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
    let TrainingData { labels, messages, validation } = data;
    require_enough(labels, messages)?;
    for intent in options.promise.intents.keys() {
        if !labels.iter().any(|label| label.id == *intent) {
            return Err(Error::PromiseForUnknownIntent { intent: intent.to_string() });
        }
    }
    let all = messages.len() + validation.len();
    let features = embed(encoder, messages, options.batch, |done| progress(Stage::Embed, done, all))?;
    let validation_features = embed(encoder, validation, options.batch, |done| {
        progress(Stage::Embed, messages.len() + done, all);
    })?;
    let examples = Examples::new(labels.len(), messages, &features);

    let settings = select(&examples, |done, of| progress(Stage::Select, done, of))?;
    let (classifier, left_out) = fit(labels, &examples, settings, |done, of| progress(Stage::Fit, done, of))?;
    let measured = if validation.is_empty() {
        left_out
    } else {
        validation
            .iter()
            .zip(&validation_features)
            .map(|(labelled, features)| classifier.predict(features, labelled.label))
            .collect()
    };
    let thresholds = thresholds(&measured, labels, &options.promise);
    let metrics = Metrics::of(&measured, labels, !validation.is_empty());
    Ok(Bundle::new(classifier, encoder.id(), data, thresholds, metrics))
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

/// Messages with their classes; those out of scope come last, and are the class after the intents.
pub(super) struct Examples<'a> {
    intents: usize,
    features: Vec<&'a Features>,
    classes: Vec<usize>,
}

/// What selection chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settings {
    lexical_weight: f32,
    penalty: f32,
}

impl<'a> Examples<'a> {
    pub(super) fn new(intents: usize, messages: &[LabelledText], features: &'a [Features]) -> Self {
        let classes = messages.iter().map(|labelled| labelled.label.unwrap_or(intents));
        Self { intents, features: features.iter().collect(), classes: classes.collect() }
    }

    fn knows_out_of_scope(&self) -> bool {
        self.classes.contains(&self.intents)
    }

    /// How many messages have an intent.
    fn inside(&self) -> usize {
        self.classes.iter().filter(|&&class| class < self.intents).count()
    }

    /// How many classes there are.
    fn count(&self) -> usize {
        self.intents + usize::from(self.knows_out_of_scope())
    }

    pub(super) fn only(&self, keep: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.classes.len()).filter(|&index| keep(index)).collect();
        Self {
            intents: self.intents,
            features: kept.iter().map(|&index| self.features[index]).collect(),
            classes: kept.iter().map(|&index| self.classes[index]).collect(),
        }
    }

    /// About that many, of each class its share, but at least two.
    fn sample(&self, size: usize) -> Self {
        if self.classes.len() <= size {
            return self.only(|_| true);
        }
        let mut rank = vec![0; self.classes.len()];
        let mut counts = vec![0; self.intents + 1];
        // In an order that depends only on their number: people write similar examples one after the other.
        let mut order: Vec<usize> = (0..rank.len()).collect();
        order.sort_by_key(|&index| split_mix(index as u64));
        for index in order {
            let class = self.classes[index];
            rank[index] = counts[class];
            counts[class] += 1;
        }
        let share = size as f64 / self.classes.len() as f64;
        self.only(|index| {
            let quota = (counts[self.classes[index]] as f64 * share).round() as usize;
            rank[index] < quota.max(FEWEST)
        })
    }
}

/// The settings under which messages that are left out one at a time are the likeliest.
pub(super) fn select(examples: &Examples<'_>, mut progress: impl FnMut(usize, usize)) -> Result<Settings> {
    let sample = examples.sample(SELECTION);
    let of = LEXICAL_WEIGHTS.len() + PENALTIES.len() - 1;
    let mut done = 0;
    let mut loss = |settings: Settings| -> Result<f64> {
        progress(done, of);
        done += 1;
        let index = KernelIndex::build(&sample.features, sample.inside(), settings.lexical_weight);
        let (gram, _) = index.gram(&sample.features);
        let fitted = ridge::fit(gram, &sample.classes, sample.count(), settings.penalty)?;
        Ok(fit_temperature(&fitted.left_out, &sample.classes).1)
    };
    let (first_weight, first_penalty) = (LEXICAL_WEIGHTS[0], PENALTIES[0]);
    let mut best = Settings { lexical_weight: first_weight, penalty: first_penalty };
    let mut least = loss(best)?;
    let mut consider = |settings: Settings, best: &mut Settings| -> Result<()> {
        let found = loss(settings)?;
        if found < least {
            (least, *best) = (found, settings);
        }
        Ok(())
    };
    for lexical_weight in &LEXICAL_WEIGHTS[1..] {
        consider(Settings { lexical_weight: *lexical_weight, penalty: first_penalty }, &mut best)?;
    }
    for penalty in &PENALTIES[1..] {
        consider(Settings { penalty: *penalty, ..best }, &mut best)?;
    }
    progress(of, of);
    Ok(best)
}

/// The classifier, and what it would predict for each message without that message.
pub(super) fn fit(
    labels: &[Label],
    examples: &Examples<'_>,
    settings: Settings,
    mut progress: impl FnMut(usize, usize),
) -> Result<(Classifier, Vec<Prediction>)> {
    let parts = if examples.knows_out_of_scope() { 0 } else { SCOPE_PARTS.min(examples.intents - 1) };
    progress(0, parts + 1);
    let index = KernelIndex::build(&examples.features, examples.inside(), settings.lexical_weight);
    let (gram, nearest) = index.gram(&examples.features);
    let fitted = ridge::fit(gram, &examples.classes, examples.count(), settings.penalty)?;
    let target = |class: usize| (class < examples.intents).then_some(class);
    let mut witnesses: Vec<Witness> = fitted
        .left_out
        .iter()
        .zip(&nearest)
        .zip(&examples.classes)
        .map(|((scores, &(nearest, nearest_lexical)), &class)| {
            let (intents, none) = scores.split_at(examples.intents);
            let signs = Signs::new(intents, none.first().copied(), nearest, nearest_lexical);
            Witness { signs, target: target(class), weight: 1.0 }
        })
        .collect();
    let (scores, targets): (Vec<Vec<f32>>, Vec<usize>) = fitted
        .left_out
        .iter()
        .zip(&examples.classes)
        .filter_map(|(scores, &class)| Some((scores[..examples.intents].to_vec(), target(class)?)))
        .unzip();
    let (temperature, _) = fit_temperature(&scores, &targets);
    let strangers = strangers(examples, settings, parts, |done| progress(done, parts + 1))?;
    let weight = SCOPE_SHARE / (1.0 - SCOPE_SHARE) * witnesses.len() as f64 / strangers.len().max(1) as f64;
    let seen = witnesses.len();
    witnesses.extend(strangers.into_iter().map(|signs| Witness { signs, target: None, weight }));
    let confidence = ConfidenceModel::fit(&witnesses)?;
    progress(parts + 1, parts + 1);

    let classifier = Classifier {
        labels: labels.to_vec(),
        knows_out_of_scope: examples.knows_out_of_scope(),
        index,
        coefficients: fitted.coefficients,
        penalty: settings.penalty,
        temperature,
        confidence,
    };
    let left_out = fitted.left_out.iter().zip(&witnesses[..seen]);
    let left_out = left_out.map(|(scores, Witness { signs, target, .. })| {
        let (intents, out_of_scope) = classifier.probabilities(&scores[..examples.intents], signs);
        Prediction { target: *target, likeliest: signs.best, intents, out_of_scope }
    });
    let left_out = left_out.collect();
    Ok((classifier, left_out))
}

/// Messages of intents as they look to a classifier that does not know these intents.
fn strangers(
    examples: &Examples<'_>,
    settings: Settings,
    parts: usize,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Signs>> {
    let mut strangers = Vec::new();
    if parts == 0 {
        return Ok(strangers);
    }
    let sample = examples.sample(SCOPE);
    for part in 0..parts {
        progress(part + 1);
        let known = sample.only(|row| sample.classes[row] % parts != part);
        let index = KernelIndex::build(&known.features, known.inside(), settings.lexical_weight);
        let (gram, _) = index.gram(&known.features);
        // Classes without messages get no score of their own.
        let classes: Vec<usize> = (0..sample.intents).filter(|class| class % parts != part).collect();
        let targets: Vec<usize> =
            known.classes.iter().map(|class| classes.binary_search(class).expect("a known class")).collect();
        let coefficients = ridge::solve(gram, &targets, classes.len(), settings.penalty)?;
        let unknown = sample.only(|row| sample.classes[row] % parts == part);
        for features in unknown.features {
            let similarities = index.similarities(features);
            let scores = super::scores(&similarities, &coefficients, classes.len());
            strangers.push(Signs::of(&scores, None, &similarities));
        }
    }
    Ok(strangers)
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
