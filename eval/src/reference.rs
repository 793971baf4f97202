//! Every figure against values from independent implementations: `scripts/evaluation-reference` made them.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::metrics::{Classes, Ranked, Reliability, Retrieved, macro_average, ndcg, weighted_f1};
use crate::statistics::{
    benjamini_hochberg, binomial_cdf, clopper_pearson, fisher_less, mcnemar, messages_to_prove, upper_bound,
    wilson,
};

static REFERENCE: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("reference.json")).unwrap());

/// The cases of one kind; there is at least one.
fn cases<T: for<'de> Deserialize<'de>>(kind: &str) -> Vec<T> {
    let cases: Vec<T> = Vec::deserialize(&REFERENCE[kind]).unwrap();
    assert!(!cases.is_empty());
    cases
}

fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 + 1e-7 * expected.abs(), "{found} is not {expected}");
}

fn both_close(found: [f64; 2], expected: [f64; 2]) {
    close(found[0], expected[0]);
    close(found[1], expected[1]);
}

fn some_close(found: Option<f64>, expected: Option<f64>) {
    match (found, expected) {
        (Some(found), Some(expected)) => close(found, expected),
        _ => assert_eq!(found, expected),
    }
}

#[derive(Deserialize)]
struct ClassCase {
    expected: Vec<String>,
    predicted: Vec<String>,
    weights: Vec<f64>,
    accuracy: f64,
    #[serde(rename = "macro")]
    macro_average: [f64; 3],
    weighted_f1: f64,
    each: std::collections::BTreeMap<String, [f64; 3]>,
}

#[test]
fn precision_recall_and_f1_are_scikit_learns() {
    for case in cases::<ClassCase>("classes") {
        let pairs = case.expected.iter().map(String::as_str).zip(case.predicted.iter().map(String::as_str));
        let classes = Classes::of(pairs);
        let figures = classes.figures(&case.weights);
        some_close(classes.accuracy(&case.weights), Some(case.accuracy));
        for (found, expected) in macro_average(&figures).unwrap().into_iter().zip(case.macro_average) {
            close(found, expected);
        }
        some_close(weighted_f1(&figures), Some(case.weighted_f1));
        for (name, figures) in classes.names().iter().zip(&figures) {
            if let Some([precision, recall, f1]) = case.each.get(name) {
                close(figures.precision().unwrap_or(0.0), *precision);
                close(figures.recall().unwrap_or(0.0), *recall);
                close(figures.f1().unwrap_or(0.0), *f1);
            } else {
                // Nobody has it: there is nothing to recall.
                assert_eq!((figures.recall(), figures.precision()), (None, Some(0.0)));
            }
        }
    }
}

#[derive(Deserialize)]
struct RankedCase {
    scores: Vec<f64>,
    good: Vec<bool>,
    weights: Vec<f64>,
    auroc: Option<f64>,
    fpr_at_95: Option<f64>,
    aurc: Option<f64>,
    coverage_at: Option<std::collections::BTreeMap<String, f64>>,
}

#[test]
fn areas_and_operating_points_are_those_of_scikit_learn_and_of_brute_force() {
    for case in cases::<RankedCase>("ranked") {
        let scores: Vec<(f64, bool)> = case.scores.iter().copied().zip(case.good).collect();
        let ranked = Ranked::of(&scores);
        some_close(ranked.auroc(&case.weights), case.auroc);
        some_close(ranked.false_positives_at(0.95, &case.weights), case.fpr_at_95);
        if let Some(aurc) = case.aurc {
            some_close(ranked.aurc(&case.weights), Some(aurc));
        }
        for (accuracy, coverage) in case.coverage_at.unwrap_or_default() {
            some_close(ranked.coverage_at(accuracy.parse().unwrap(), &case.weights), Some(coverage));
        }
        let curve = ranked.curve(&case.weights, 1000);
        assert!(curve.windows(2).all(|pair| pair[0].threshold > pair[1].threshold), "{curve:?}");
        close(curve.last().unwrap().coverage, 1.0);
    }
}

#[derive(Deserialize)]
struct ReliabilityCase {
    confidence: Vec<f64>,
    right: Vec<bool>,
    weights: Vec<f64>,
    ece: f64,
    ece_equal_mass: Option<f64>,
    brier: f64,
    log_loss: f64,
}

#[test]
fn calibration_is_that_of_scikit_learn_and_of_brute_force() {
    for case in cases::<ReliabilityCase>("reliability") {
        let reliability = Reliability::of(case.confidence.into_iter().zip(case.right).collect());
        some_close(reliability.calibration_error(&case.weights), Some(case.ece));
        some_close(reliability.brier(&case.weights), Some(case.brier));
        some_close(reliability.log_loss(&case.weights), Some(case.log_loss));
        if let Some(error) = case.ece_equal_mass {
            some_close(reliability.equal_mass_error(&case.weights), Some(error));
        }
    }
}

#[test]
fn no_message_is_no_figure() {
    let (classes, ranked, reliability) =
        (Classes::of(std::iter::empty()), Ranked::of(&[]), Reliability::of(Vec::new()));
    assert_eq!((classes.accuracy(&[]), macro_average(&classes.figures(&[]))), (None, None));
    assert_eq!((ranked.auroc(&[]), ranked.aurc(&[]), ranked.coverage_at(0.9, &[])), (None, None, None));
    assert_eq!((reliability.calibration_error(&[]), reliability.bins(&[])), (None, Vec::new()));
}

#[derive(Deserialize)]
struct IntervalCase {
    part: usize,
    whole: usize,
    wilson: [f64; 2],
    clopper_pearson: [f64; 2],
    upper_95: f64,
}

#[test]
fn intervals_are_those_of_statsmodels() {
    for case in cases::<IntervalCase>("intervals") {
        both_close(wilson(case.part as f64 / case.whole as f64, case.whole as f64), case.wilson);
        both_close(clopper_pearson(case.part, case.whole, 0.05), case.clopper_pearson);
        close(upper_bound(case.part, case.whole, 0.05), case.upper_95);
    }
    // Newcombe (1998), table I: 81 of 263.
    let [low, high] = wilson(81.0 / 263.0, 263.0);
    assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
}

#[test]
fn tests_of_hypotheses_are_those_of_scipy_and_statsmodels() {
    for (k, n, p, expected) in cases::<(usize, usize, f64, f64)>("binomial") {
        close(binomial_cdf(k, n, p), expected);
    }
    for (b, c, p_value, chi_squared) in cases::<(usize, usize, f64, f64)>("mcnemar") {
        let test = mcnemar(b, c);
        close(test.p_value, p_value);
        if b != c {
            close(test.chi_squared, chi_squared);
        }
    }
    for (a, n, b, m, p_value) in cases::<(usize, usize, usize, usize, f64)>("fisher") {
        close(fisher_less((a, n), (b, m)), p_value);
    }
    let p_values = Vec::<f64>::deserialize(&REFERENCE["benjamini_hochberg"]["p_values"]).unwrap();
    let corrected = Vec::<f64>::deserialize(&REFERENCE["benjamini_hochberg"]["corrected"]).unwrap();
    for (found, expected) in benjamini_hochberg(&p_values).into_iter().zip(corrected) {
        close(found, expected);
    }
    assert_eq!((benjamini_hochberg(&[]), mcnemar(0, 0).p_value), (Vec::new(), 1.0));
}

#[test]
fn gain_of_a_ranking_is_scikit_learns() {
    for (places, right, expected) in cases::<(Vec<usize>, usize, f64)>("ndcg") {
        let retrieved = Retrieved { places: places.clone(), right };
        close(ndcg(&retrieved, 10), expected);
        let first = places.first().map_or(0.0, |place| 1.0 / (place + 1) as f64);
        close(retrieved.reciprocal_rank(), first);
    }
}

#[derive(Deserialize)]
struct ConfidentLearning {
    labels: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    suspected: Vec<usize>,
    margins: Vec<f64>,
}

#[test]
fn suspected_labels_are_cleanlabs() {
    let case = ConfidentLearning::deserialize(&REFERENCE["confident_learning"]).unwrap();
    let names = ["a", "b", "c", "d"];
    let judged: Vec<_> = case
        .labels
        .iter()
        .zip(&case.probabilities)
        .map(|(&label, row)| {
            let others =
                (0..names.len()).filter(|&class| class != label).map(|class| (names[class], row[class]));
            Some(crate::metrics::Judged {
                label: names[label],
                label_probability: row[label],
                others: others.collect(),
            })
        })
        .collect();
    let found = crate::metrics::suspicions(&judged);
    assert_eq!(found.iter().map(|suspicion| suspicion.message).collect::<Vec<_>>(), case.suspected);
    for (suspicion, margin) in found.iter().zip(case.margins) {
        close(suspicion.margin, margin);
    }
}

#[derive(Deserialize)]
struct PowerCase {
    limit: f64,
    confidence: f64,
    true_error: f64,
    power: f64,
    messages: usize,
    wrong_allowed: usize,
}

#[test]
fn power_is_that_of_trying_every_number_of_messages() {
    for case in cases::<PowerCase>("power") {
        let found = messages_to_prove(case.limit, case.confidence, case.true_error, case.power);
        assert_eq!((found.messages, found.wrong_allowed), (Some(case.messages), case.wrong_allowed));
    }
    assert_eq!(messages_to_prove(0.02, 0.95, 0.02, 0.8).messages, None);
}
