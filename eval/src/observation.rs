//! A labelled message and what the pipeline made of it: all that the figures are computed from.

use std::collections::BTreeMap;

use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shopdesk_model::classifier::{Bundle, NearestExample};
use shopdesk_model::intents::{Handling, OUT_OF_SCOPE, Priority};

use crate::data::{Expectation, LabelledMessage};
use crate::pipeline::{Action, Assessed, FoundArticle};

/// How many intents are kept with their probabilities.
const KEPT: usize = 5;

/// How many characters of a message are kept to be shown.
const SHOWN: usize = 500;

/// A labelled message and what the pipeline made of it. It is small, so that many fit in memory, and is what a saved result
/// consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// A hash of the message as it was written: the same message in another run has the same one.
    pub id: String,
    /// The message as it may be shown: its beginning, with personal data masked unless asked otherwise.
    pub text: String,
    /// The id of its intent by its label; `None` when it is out of scope.
    pub expected: Option<String>,
    /// Whether the bundle has that intent, or it is out of scope.
    pub known: bool,
    /// For how many messages it stands.
    pub weight: f64,
    /// The likeliest intent.
    pub likeliest: String,
    /// Its probability.
    pub confidence: f64,
    /// The probability that the message is out of scope.
    pub out_of_scope: f64,
    /// The likeliest intent's probability before calibration; nothing in results from before it was kept.
    #[serde(default)]
    pub uncalibrated: Option<f64>,
    /// Whether the pipeline takes it for out of scope.
    pub taken_for_out_of_scope: bool,
    /// The probability of what the label says.
    pub expected_probability: f64,
    /// The sum over all intents, and none of them, of the squared distance between the probability and what is right.
    pub squared_distance: f64,
    /// The likeliest intents with their probabilities, the likeliest first.
    pub top: Vec<(String, f64)>,
    /// What happened to it.
    #[serde(flatten)]
    pub action: Action,
    /// How soon a human would look at it.
    pub priority: Priority,
    /// Whether the likeliest intent is one that humans deal with.
    pub for_humans: bool,
    /// Whether the intent by the label is, or the message is out of scope; nothing when the bundle does not know the intent.
    pub needs_human: Option<bool>,
    /// Whether the thresholds allow to answer the likeliest intent.
    pub allowed: bool,
    /// Whether they would if the confidence were high enough.
    pub allowed_if_sure: bool,
    /// Whether it would then be answered, with an article.
    pub answered_if_sure: bool,
    /// The closest articles: all that were looked up when the file says which are right, otherwise the closest one.
    pub articles: Vec<FoundArticle>,
    /// What the classifier learnt from that is the most like a message whose class it got wrong; masked when it was learnt from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<NearestExample>,
    /// What should have happened, as far as the file says.
    pub expectation: Expectation,
    /// What was said before it, masked like the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// What the figures can be looked at by.
    pub slices: BTreeMap<String, String>,
}

impl Observation {
    pub(crate) fn new(
        message: &LabelledMessage,
        assessed: &Assessed,
        bundle: &Bundle,
        shown: impl Fn(&str) -> String,
    ) -> Self {
        let labels = bundle.classifier().labels();
        let expected = message.intent.as_deref();
        let position = expected.and_then(|id| labels.iter().position(|label| label.id.as_str() == id));
        let known = expected.is_none() || position.is_some();
        let expected_probability = match (expected, position) {
            (None, _) => assessed.out_of_scope,
            (Some(_), Some(position)) => assessed.probabilities[position],
            (Some(_), None) => 0.0,
        };
        let all = assessed.probabilities.iter().chain([&assessed.out_of_scope]);
        let squares: f64 = all.map(|probability| probability * probability).sum();
        let name = |position: usize| labels[position].id.to_string();
        let keep = if message.expectation.articles.is_some() { assessed.articles.len() } else { 1 };
        let mut observation = Self {
            id: id(&message.text),
            text: beginning(&shown(&message.text)),
            expected: message.intent.clone(),
            known,
            weight: message.weight,
            likeliest: name(assessed.likeliest),
            confidence: assessed.probabilities[assessed.likeliest],
            out_of_scope: assessed.out_of_scope,
            uncalibrated: Some(assessed.uncalibrated),
            taken_for_out_of_scope: assessed.taken_for_out_of_scope,
            expected_probability,
            squared_distance: squares - 2.0 * expected_probability + 1.0,
            top: top(assessed)
                .into_iter()
                .map(|(position, probability)| (name(position), probability))
                .collect(),
            action: assessed.action.clone(),
            priority: assessed.priority,
            for_humans: labels[assessed.likeliest].handling == Handling::Human,
            needs_human: match position {
                Some(position) => Some(labels[position].handling == Handling::Human),
                None => expected.is_none().then_some(true),
            },
            allowed: assessed.allowed,
            allowed_if_sure: assessed.allowed_if_sure,
            answered_if_sure: assessed.answered_if_sure,
            articles: assessed.articles.iter().take(keep).cloned().collect(),
            examples: Vec::new(),
            expectation: message.expectation.clone(),
            before: message.before.iter().map(|text| beginning(&shown(text))).collect(),
            slices: slices(message, assessed),
        };
        if !observation.right() {
            observation.examples.clone_from(&assessed.examples);
        }
        observation
    }

    /// The class by the label: an intent, or out of scope.
    #[must_use]
    pub fn expected_class(&self) -> &str {
        self.expected.as_deref().unwrap_or(OUT_OF_SCOPE)
    }

    /// The class that the pipeline takes it for.
    #[must_use]
    pub fn predicted_class(&self) -> &str {
        if self.taken_for_out_of_scope { OUT_OF_SCOPE } else { &self.likeliest }
    }

    /// Whether they are the same.
    #[must_use]
    pub fn right(&self) -> bool {
        self.predicted_class() == self.expected_class()
    }

    /// Whether the likeliest intent is what the label says: an answer for it would be right.
    #[must_use]
    pub fn likeliest_right(&self) -> bool {
        self.expected.as_deref() == Some(self.likeliest.as_str())
    }

    /// The probability of the class that the pipeline takes it for.
    #[must_use]
    pub fn predicted_probability(&self) -> f64 {
        if self.taken_for_out_of_scope { self.out_of_scope } else { self.confidence }
    }
}

fn top(assessed: &Assessed) -> Vec<(usize, f64)> {
    let mut order: Vec<(usize, f64)> = assessed.probabilities.iter().copied().enumerate().collect();
    order.sort_by(|(i, p), (j, q)| {
        q.total_cmp(p).then((*j == assessed.likeliest).cmp(&(*i == assessed.likeliest))).then(i.cmp(j))
    });
    order.truncate(KEPT);
    order
}

fn id(text: &str) -> String {
    Sha256::digest(text.as_bytes())[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn beginning(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The file's columns, and what every message has. A column of the file goes before ours of the same name.
fn slices(message: &LabelledMessage, assessed: &Assessed) -> BTreeMap<String, String> {
    let mut slices = BTreeMap::from([
        ("language".to_owned(), assessed.language.clone()),
        ("script".to_owned(), script(&message.text).to_owned()),
        ("length".to_owned(), length(&message.text).to_owned()),
        ("typos".to_owned(), if assessed.mistyped { "noticed" } else { "none noticed" }.to_owned()),
    ]);
    for (column, value) in &message.columns {
        match hour(value) {
            Some(hour) => slices.insert(format!("{column}, by the hour"), format!("{hour:02}")),
            None => slices.insert(column.clone(), value.clone()),
        };
    }
    slices
}

/// The hour of the day that a date with a time names, as it is written.
fn hour(value: &str) -> Option<i8> {
    Some(Pieces::parse(value).ok()?.time()?.hour())
}

fn script(text: &str) -> &'static str {
    let han = text.chars().any(|c| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}'));
    let latin = text.chars().any(|c| c.is_alphabetic() && c < '\u{250}');
    match (han, latin) {
        (true, true) => "Chinese and Latin",
        (true, false) => "Chinese",
        (false, true) => "Latin",
        (false, false) => "other",
    }
}

fn length(text: &str) -> &'static str {
    match text.chars().count() {
        0..=5 => "1 to 5 characters",
        6..=15 => "6 to 15 characters",
        16..=40 => "16 to 40 characters",
        41..=100 => "41 to 100 characters",
        _ => "more than 100 characters",
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An observation with what most figures look at.
    pub(crate) fn observed(
        expected: Option<&str>,
        likeliest: &str,
        confidence: f64,
        none: f64,
    ) -> Observation {
        Observation {
            id: id(&format!("{expected:?} {likeliest} {confidence}")),
            text: "x".to_owned(),
            expected: expected.map(str::to_owned),
            known: true,
            weight: 1.0,
            likeliest: likeliest.to_owned(),
            confidence,
            out_of_scope: none,
            uncalibrated: Some(confidence),
            taken_for_out_of_scope: none > confidence,
            expected_probability: if expected == Some(likeliest) { confidence } else { 0.0 },
            squared_distance: 0.0,
            top: vec![(likeliest.to_owned(), confidence)],
            action: Action::Clarify,
            priority: Priority::Normal,
            for_humans: false,
            needs_human: Some(expected.is_none()),
            allowed: false,
            allowed_if_sure: true,
            answered_if_sure: true,
            articles: Vec::new(),
            examples: Vec::new(),
            expectation: Expectation::default(),
            before: Vec::new(),
            slices: BTreeMap::new(),
        }
    }

    #[test]
    fn out_of_scope_is_a_class_but_never_an_answer() {
        let aside = observed(None, "a", 0.2, 0.7);
        assert!(aside.right() && !aside.likeliest_right());
        assert_eq!((aside.predicted_class(), aside.predicted_probability()), (OUT_OF_SCOPE, 0.7));
        let missed = observed(Some("a"), "a", 0.2, 0.7);
        assert!(!missed.right() && missed.likeliest_right());
    }

    #[test]
    fn what_is_shown_is_cut_between_characters() {
        assert_eq!(beginning(&"长".repeat(501)).chars().count(), 501);
        assert_eq!(beginning("短"), "短");
    }

    #[test]
    fn times_are_looked_at_by_the_hour_and_nothing_else_is() {
        for (value, expected) in [
            ("2026-11-11T20:15:00+08:00", Some(20)),
            ("2026-11-11T00:15:00Z", Some(0)),
            ("2026-11-11 09:30", Some(9)),
            ("2026-11-11", None),
            ("9", None),
            ("app", None),
        ] {
            assert_eq!(hour(value), expected, "{value}");
        }
    }

    #[test]
    fn scripts_and_lengths_are_told() {
        assert_eq!(script("运费多少 order"), "Chinese and Latin");
        assert_eq!((script("退货"), script("café"), script("?? 12")), ("Chinese", "Latin", "other"));
        assert_eq!((length("退货"), length(&"x".repeat(41))), ("1 to 5 characters", "41 to 100 characters"));
    }
}
