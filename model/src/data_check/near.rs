//! Messages that mean almost the same, by the cosine of their embeddings.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::same::words;
use super::{Finding, Message};
use crate::Embedding;

/// How many messages are compared with all others at a time.
const BLOCK: usize = 256;

/// The most pairs that are kept, the nearest ones: nobody reads more.
const MOST: usize = 10_000;

/// Pairs of different intents, the nearest first. Pairs of the same words are not among them: they are found without a
/// model.
pub(super) fn across_intents(messages: &[Message<'_>], embeddings: &[Embedding], least: f32) -> Vec<Finding> {
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    compare(embeddings, embeddings, |first, cosines| {
        for (second, &cosine) in cosines.iter().enumerate().skip(first + 1) {
            if cosine >= least && messages[first].intent != messages[second].intent {
                pairs.push((cosine, first, second));
            }
        }
        if pairs.len() > 2 * MOST {
            keep_nearest(&mut pairs);
        }
    });
    keep_nearest(&mut pairs);
    let text = |index: usize| messages[index].example.text.as_str();
    let pairs =
        pairs.into_iter().filter(|&(_, a, b)| words(text(a)).is_none() || words(text(a)) != words(text(b)));
    pairs
        .map(|(similarity, first, second)| Finding::NearDuplicate {
            similarity,
            messages: [messages[first].located(), messages[second].located()],
        })
        .collect()
}

/// Test messages that are that near to an example, with the nearest, the nearest first. Those of the same words are not among
/// them.
pub(super) fn leaks(
    tests: &[Message<'_>],
    test_embeddings: &[Embedding],
    examples: &[Message<'_>],
    embeddings: &[Embedding],
    least: f32,
) -> Vec<Finding> {
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    compare(test_embeddings, embeddings, |test, cosines| {
        let nearest = cosines.iter().enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
        if let Some((example, &cosine)) = nearest
            && cosine >= least
        {
            pairs.push((cosine, test, example));
        }
    });
    keep_nearest(&mut pairs);
    let pairs =
        pairs.into_iter().map(|(similarity, test, example)| (similarity, &tests[test], &examples[example]));
    let other_words = pairs.filter(|(_, test, example)| {
        let of_test = words(&test.example.text);
        of_test.is_none() || of_test != words(&example.example.text)
    });
    other_words
        .map(|(similarity, test, example)| Finding::Leak {
            similarity: Some(similarity),
            test: test.located(),
            training: example.located(),
        })
        .collect()
}

fn keep_nearest(pairs: &mut Vec<(f32, usize, usize)>) {
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    pairs.truncate(MOST);
}

/// Shows to `visit` each row with its cosines to all columns.
fn compare(rows: &[Embedding], columns: &[Embedding], mut visit: impl FnMut(usize, &[f32])) {
    let Some(dimension) = columns.first().map(|embedding| embedding.as_slice().len()) else { return };
    let flat = |embeddings: &[Embedding]| -> Vec<f32> {
        embeddings.iter().flat_map(Embedding::as_slice).copied().collect()
    };
    let all = flat(columns);
    let all = MatRef::from_row_major_slice(&all, columns.len(), dimension);
    for (block, embeddings) in rows.chunks(BLOCK).enumerate() {
        let of_block = flat(embeddings);
        let of_block = MatRef::from_row_major_slice(&of_block, embeddings.len(), dimension);
        // A column for each row of the block.
        let mut cosines = Mat::<f32>::zeros(columns.len(), embeddings.len());
        matmul(cosines.as_mut(), Accum::Replace, all, of_block.transpose(), 1.0, Par::Seq);
        for number in 0..embeddings.len() {
            visit(block * BLOCK + number, cosines.col_as_slice(number));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::intents::{Example, IntentId, Place};

    fn embedding(angle: f32) -> Embedding {
        Embedding::normalized(vec![angle.cos(), angle.sin()]).unwrap()
    }

    fn example(text: &str) -> Example {
        Example {
            text: text.to_owned(),
            language: None,
            place: Place { path: Arc::from(Path::new("a")), line: 1 },
        }
    }

    #[test]
    fn pairs_of_different_intents_are_ranked_and_the_same_words_left_out() {
        let examples = ["a", "b", "c", "A!", "d"].map(example);
        let (x, y) = (IntentId::new("x").unwrap(), IntentId::new("y").unwrap());
        let of = [Some(&x), Some(&y), None, Some(&y), Some(&x)];
        let messages: Vec<Message<'_>> =
            examples.iter().zip(of).map(|(example, intent)| Message { example, intent }).collect();
        let embeddings = [0.0, 0.2, 0.1, 0.0, 0.04].map(embedding);
        let found = across_intents(&messages, &embeddings, 0.99);
        let pairs: Vec<(String, String)> = found
            .iter()
            .map(|finding| match finding {
                Finding::NearDuplicate { messages: [a, b], .. } => (a.text.clone(), b.text.clone()),
                other => panic!("{other:?}"),
            })
            .collect();
        let expected = [("A!", "d"), ("c", "d"), ("a", "c"), ("b", "c"), ("c", "A!")];
        let mut sorted: Vec<_> = expected.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
        assert_eq!(pairs.first(), sorted.first());
        let mut found = pairs;
        found.sort();
        sorted.sort();
        assert_eq!(found, sorted);
    }

    #[test]
    fn more_messages_than_a_block_are_all_compared() {
        let examples: Vec<Example> = (0..600).map(|number| example(&number.to_string())).collect();
        let (x, y) = (IntentId::new("x").unwrap(), IntentId::new("y").unwrap());
        let messages: Vec<Message<'_>> = examples
            .iter()
            .enumerate()
            .map(|(number, example)| Message { example, intent: Some(if number == 599 { &y } else { &x }) })
            .collect();
        let embeddings: Vec<Embedding> = (0..600)
            .map(|number| embedding(if number == 300 || number == 599 { 1.0 } else { 0.0 }))
            .collect();
        let found = across_intents(&messages, &embeddings, 0.99);
        assert_eq!(found.len(), 1);
        let found = leaks(&messages[599..], &embeddings[599..], &messages[..599], &embeddings[..599], 0.99);
        let [Finding::Leak { training, .. }] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(training.text, "300");
    }
}
