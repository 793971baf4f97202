//! What the classifier would say of each message that it learns from, had it not seen it: for those who look for wrong labels.

use super::TrainingData;
use super::kernel::Features;
use super::train::{Examples, fit, select};
use crate::{Embedding, Error, Probability, Result};

/// Probabilities that were made without the message.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Of the intents, in the order of [`TrainingData::labels`].
    pub intents: Vec<Probability>,
    /// That it is none of them.
    pub out_of_scope: Probability,
}

/// For each of the data's messages, exact leave-one-out. There is an embedding for each of them, in their order, and those with an intent
/// come first. `progress` hears how much is done, and of how much.
///
/// # Errors
/// [`Error::TooFewExamples`] when there are fewer than three intents, or two and no message out of scope: what is out of
/// scope is learnt from intents that are left out, and some must stay. Whatever stops training, otherwise.
pub fn left_out(
    data: &TrainingData,
    embeddings: &[Embedding],
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<LeftOut>> {
    let knows_out_of_scope = data.messages.iter().any(|labelled| labelled.label.is_none());
    if data.labels.len() < 2 || (data.labels.len() == 2 && !knows_out_of_scope) {
        return Err(Error::TooFewExamples { intent: "another intent".to_owned(), found: 0, needed: 2 });
    }
    assert_eq!(data.messages.len(), embeddings.len(), "an embedding for each message");
    let messages = data.messages.iter().zip(embeddings);
    let features: Vec<Features> =
        messages.map(|(labelled, embedding)| Features::new(&labelled.text, embedding.clone())).collect();
    let examples = Examples::new(data.labels.len(), &data.messages, &features);
    let settings = select(&examples, &mut progress)?;
    let (_, predictions) = fit(&data.labels, &examples, settings, &mut progress)?;
    let left_out = predictions.into_iter().map(|prediction| LeftOut {
        intents: prediction.intents.into_iter().map(Probability::rounded).collect(),
        out_of_scope: Probability::rounded(prediction.out_of_scope),
    });
    Ok(left_out.collect())
}
