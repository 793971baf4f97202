//! What a classifier learns from.

use crate::intents::{Intents, Label};
use crate::{Error, Result};

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

    /// The same, with the messages as the desk shows them to the classifier, which `mask` makes of them. Titles are the shop's own words.
    #[must_use]
    pub fn masked(mut self, mask: impl Fn(&str) -> String) -> Self {
        for message in self.messages.iter_mut().chain(&mut self.validation) {
            message.text = mask(&message.text);
        }
        self
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_to_learn_from_and_to_measure_on_are_masked_alike() {
        let labelled = |text: &str| vec![LabelledText { text: text.to_owned(), label: None }];
        let data = TrainingData {
            labels: Vec::new(),
            messages: labelled("call 1"),
            titles: labelled("1 year"),
            validation: labelled("1 parcel"),
        };
        let TrainingData { messages, titles, validation, .. } = data.masked(|text| text.replace('1', "#"));
        let texts = [messages, titles, validation].map(|texts| texts[0].text.clone());
        assert_eq!(texts, ["call #", "1 year", "# parcel"]);
    }
}
