//! What the classifier would say of each message that it learns from, had it not seen it: for those who look for wrong labels.

use super::examples::{Examples, FEWEST};
use super::fit::{Trained, fit, select};
use super::kernel::Features;
use super::{TrainOptions, TrainingData};
use crate::{Embedding, Error, Probability, Result};

/// Probabilities that were made without the message.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    /// Of the intents, in the order of [`TrainingData::labels`].
    pub intents: Vec<Probability>,
    /// That it is none of them.
    pub out_of_scope: Probability,
}

/// For each of the data's messages, by a classifier that has not learnt from the message's part of them. There is an embedding for each of
/// them, in their order. `progress` hears how much is done, and of how much.
///
/// # Errors
/// [`Error::TooFewExamples`] when there are fewer than two intents, or messages. Whatever stops training, otherwise.
pub fn left_out(
    data: &TrainingData,
    embeddings: &[Embedding],
    mut progress: impl FnMut(usize, usize),
) -> Result<Vec<LeftOut>> {
    if data.labels.len() < 2 {
        return Err(Error::TooFewExamples { intent: "another intent".to_owned(), found: 0, needed: 2 });
    }
    if data.messages.len() < FEWEST {
        return Err(Error::TooFewExamples {
            intent: data.labels[0].id.to_string(),
            found: data.messages.len(),
            needed: FEWEST,
        });
    }
    assert_eq!(data.messages.len(), embeddings.len(), "an embedding for each message");
    let messages = data.messages.iter().zip(embeddings);
    let features: Vec<Features> =
        messages.map(|(labelled, embedding)| Features::new(&labelled.text, embedding.clone())).collect();
    let examples = Examples::new(data.labels.len(), [(&data.messages, &features), (&[], &[])]);
    let settings = select(&examples, &mut progress)?;
    let landmarks = TrainOptions::default().landmarks;
    let Trained { left_out, .. } = fit(&data.labels, &examples, settings, landmarks, &mut progress)?;
    let left_out = left_out.into_iter().map(|prediction| LeftOut {
        intents: prediction.intents.into_iter().map(Probability::rounded).collect(),
        out_of_scope: Probability::rounded(prediction.out_of_scope),
    });
    Ok(left_out.collect())
}
