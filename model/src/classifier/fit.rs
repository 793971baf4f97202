//! From examples to a classifier: its settings, the regressions, and what makes their scores probabilities.

use super::confidence::{ConfidenceModel, Signs, Witness};
use super::examples::{Examples, parts};
use super::metrics::Prediction;
use super::regressions::{Fitted, Prepared};
use super::{Classifier, parallel, stack};
use crate::Result;
use crate::intents::Label;

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

/// Messages of the intents that are left when some are left out, to learn what is out of scope.
const SCOPE: usize = 3000;

/// Into how many parts the intents are split to leave one out.
const SCOPE_PARTS: usize = 5;

/// How many of all messages are taken to be out of scope when there are none to count.
const SCOPE_SHARE: f64 = 0.1;

/// What selection chooses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Settings {
    lexical_weight: f32,
    penalty: f64,
}

/// The settings under which messages that are left out are the likeliest.
pub(super) fn select(examples: &Examples<'_>, mut progress: impl FnMut(usize, usize)) -> Result<Settings> {
    let sample = examples.sample(SELECTION);
    let folds = sample.folds(SELECTION_FOLDS);
    let of = (LEXICAL_WEIGHTS.len() + PENALTIES.len() - 1) * SELECTION_FOLDS;
    progress(0, of);
    let prepare = |&weight: &f32| Prepared::new(&sample, SELECTION, weight, &folds);
    let prepared = LEXICAL_WEIGHTS.iter().map(prepare).collect::<Result<Vec<Prepared>>>()?;

    let with_first: Vec<(&Prepared, f64)> =
        prepared.iter().map(|prepared| (prepared, PENALTIES[0])).collect();
    let mut found = losses(&sample, &folds, &with_first, |done| progress(done, of))?;
    let best = least(&found);
    let others: Vec<(&Prepared, f64)> =
        PENALTIES[1..].iter().map(|&penalty| (&prepared[best], penalty)).collect();
    let before = LEXICAL_WEIGHTS.len() * SELECTION_FOLDS;
    found =
        [vec![found[best]], losses(&sample, &folds, &others, |done| progress(before + done, of))?].concat();
    Ok(Settings { lexical_weight: LEXICAL_WEIGHTS[best], penalty: PENALTIES[least(&found)] })
}

fn least(losses: &[f64]) -> usize {
    (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).expect("a setting was tried")
}

/// For each setting, the mean log loss of messages that are left out.
fn losses(
    sample: &Examples<'_>,
    folds: &[Option<usize>],
    settings: &[(&Prepared, f64)],
    progress: impl FnMut(usize),
) -> Result<Vec<f64>> {
    let regressions = settings.iter().map(|(prepared, penalty)| prepared.regression(sample, *penalty));
    let regressions = regressions.collect::<Result<Vec<_>>>()?;
    let tasks: Vec<(usize, usize)> =
        (0..settings.len()).flat_map(|setting| (0..parts(folds)).map(move |fold| (setting, fold))).collect();
    let fit = |(setting, fold): (usize, usize)| {
        settings[setting].0.left_out(sample, folds, &regressions[setting], fold)
    };
    let scores = parallel::map(tasks.into_iter(), fit, progress);
    let losses = scores.chunks_exact(parts(folds)).map(|folds| {
        let unseen = folds.iter().flatten();
        let (rows, targets): (Vec<&[f32]>, Vec<usize>) =
            unseen.map(|(place, row)| (row.as_slice(), sample.classes[*place])).unzip();
        let weights = stack::fit(&rows, &rows, &targets);
        stack::loss(&rows, &rows, &targets, weights)
    });
    Ok(losses.collect())
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
