//! Labels that are probably wrong: confident learning (Northcutt, Jiang and Chuang 2021, <https://arxiv.org/abs/1911.00068>).
//!
//! Each class has a threshold of its own: the mean probability that messages with that label have for it. A message that
//! is at least that probable for other classes counts for the likeliest of these and of its own, if it reaches its own. One that
//! counts for another class than its label's is suspected.

use std::collections::HashMap;

/// A label that is probably wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Suspicion {
    /// The message's place.
    pub message: usize,
    /// The class that it probably has.
    pub class: String,
    /// Its probability for its label less that for the likeliest other class: the lower, the more suspicious.
    pub margin: f64,
}

/// A message's label, the label's probability, and other classes with their probabilities.
pub(crate) struct Judged<'a> {
    pub(crate) label: &'a str,
    pub(crate) label_probability: f64,
    pub(crate) others: Vec<(&'a str, f64)>,
}

/// The suspected ones, the most suspicious first. A label that the model does not know has no probability, and is no evidence.
#[must_use]
pub fn suspected_label_errors(observations: &[crate::Observation]) -> Vec<Suspicion> {
    let judged: Vec<Option<Judged<'_>>> = observations
        .iter()
        .map(|observation| {
            let label = observation.expected_class();
            let none = (shopdesk_model::intents::OUT_OF_SCOPE, observation.out_of_scope);
            let intents = observation.top.iter().map(|(id, probability)| (id.as_str(), *probability));
            let others = intents.chain([none]).filter(|(class, _)| *class != label).collect();
            let label_probability = observation.expected_probability;
            observation.known.then_some(Judged { label, label_probability, others })
        })
        .collect();
    suspicions(&judged)
}

pub(crate) fn suspicions(judged: &[Option<Judged<'_>>]) -> Vec<Suspicion> {
    let mut sums: HashMap<&str, (f64, f64)> = HashMap::new();
    for judged in judged.iter().flatten() {
        let (sum, count) = sums.entry(judged.label).or_default();
        *sum += judged.label_probability;
        *count += 1.0;
    }
    let threshold = |class: &str| sums.get(class).map(|(sum, count)| sum / count);
    let mut suspicions = Vec::new();
    for (message, judged) in judged.iter().enumerate() {
        let Some(judged) = judged else { continue };
        let reaches =
            |(class, probability): &&(&str, f64)| threshold(class).is_some_and(|t| *probability >= t);
        let likeliest = judged.others.iter().filter(reaches).max_by(|(_, p), (_, q)| p.total_cmp(q));
        let Some((class, probability)) = likeliest else { continue };
        let own = threshold(judged.label).is_some_and(|threshold| judged.label_probability >= threshold);
        if own && judged.label_probability >= *probability {
            continue;
        }
        let next = judged.others.iter().map(|(_, probability)| *probability).fold(0.0, f64::max);
        let margin = judged.label_probability - next;
        suspicions.push(Suspicion { message, class: (*class).to_owned(), margin });
    }
    suspicions.sort_by(|a, b| a.margin.total_cmp(&b.margin).then(a.message.cmp(&b.message)));
    suspicions
}
