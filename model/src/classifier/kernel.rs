//! How alike two messages are: in meaning, by their embeddings, and to the letter, by their n-grams.
//!
//! The kernel of two messages with the centred, unit-length embeddings `x` and `y` and the lexical cosine `l` is
//!
//! ```text
//! k = 1 + (p(x·y) + w l) / (1 + w),   p(c) = ((1 + c)² - 1) / 3
//! ```
//!
//! `p` is the polynomial kernel of degree two: it lets a classifier weigh pairs of directions, which a linear one cannot, and is 1 for
//! equal messages. The leading 1 stands for an intercept. `w` says how much the letters count; training chooses it.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};

use super::lexical::{Counts, LexicalIndex, count};
use crate::Embedding;

/// A message as the kernel sees it.
#[derive(Clone, Debug)]
pub(super) struct Features {
    pub(super) embedding: Embedding,
    pub(super) grams: Counts,
}

impl Features {
    pub(super) fn new(text: &str, embedding: Embedding) -> Self {
        Self { embedding, grams: count(text) }
    }
}

/// The messages that others are compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KernelIndex {
    /// What all embeddings of an encoder have in common: it carries no meaning, and is taken away.
    pub(super) mean: Vec<f32>,
    /// Centred embeddings of unit length, one after the other.
    pub(super) rows: Vec<f32>,
    pub(super) lexical: LexicalIndex,
    pub(super) lexical_weight: f32,
    /// How many of the messages have an intent. They come first; to be near to one that has none is no good sign.
    pub(super) inside: usize,
}

/// What a message has in common with each of the messages in the index.
#[derive(Clone, Debug)]
pub(super) struct Similarities {
    /// The kernel.
    pub(super) kernel: Vec<f32>,
    /// The largest cosine of centred embeddings with a message that has an intent.
    pub(super) nearest: f32,
    /// The largest lexical cosine with one.
    pub(super) nearest_lexical: f32,
}

impl KernelIndex {
    /// Indexes messages, of which there is at least one. The first `inside` have an intent.
    pub(super) fn build(messages: &[&Features], inside: usize, lexical_weight: f32) -> Self {
        let dimension = messages.first().map_or(0, |message| message.embedding.as_slice().len());
        let mut sums = vec![0_f64; dimension];
        for message in messages {
            for (sum, &x) in sums.iter_mut().zip(message.embedding.as_slice()) {
                *sum += f64::from(x);
            }
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / messages.len() as f64) as f32).collect();
        let mut rows = Vec::with_capacity(messages.len() * dimension);
        for message in messages {
            rows.extend(centre(&message.embedding, &mean));
        }
        let grams: Vec<&Counts> = messages.iter().map(|message| &message.grams).collect();
        Self { mean, rows, lexical: LexicalIndex::build(&grams), lexical_weight, inside }
    }

    /// How many messages there are.
    pub(super) fn len(&self) -> usize {
        self.lexical.count
    }

    pub(super) fn similarities(&self, message: &Features) -> Similarities {
        let x = centre(&message.embedding, &self.mean);
        let mut kernel = vec![0.0; self.len()];
        let rows = MatRef::from_row_major_slice(&self.rows, self.len(), x.len());
        let (into, x) = (MatMut::from_column_major_slice_mut(&mut kernel, rows.nrows(), 1), x.as_slice());
        matmul(into, Accum::Replace, rows, MatRef::from_column_major_slice(x, x.len(), 1), 1.0, Par::Seq);
        let mut lexical = vec![0.0; self.len()];
        self.lexical.similarities(&message.grams, &mut lexical);
        let (nearest, nearest_lexical) = (largest(&kernel[..self.inside]), largest(&lexical[..self.inside]));
        for (cosine, lexical) in kernel.iter_mut().zip(lexical) {
            *cosine = self.kernel(*cosine, lexical);
        }
        Similarities { kernel, nearest, nearest_lexical }
    }

    /// The kernel between all messages of the index, and what is nearest to each other than itself.
    pub(super) fn gram(&self, messages: &[&Features]) -> (Mat<f32>, Vec<(f32, f32)>) {
        let count = self.len();
        let rows = MatRef::from_row_major_slice(&self.rows, count, self.mean.len());
        let mut gram = Mat::<f32>::zeros(count, count);
        matmul(gram.as_mut(), Accum::Replace, rows, rows.transpose(), 1.0, Par::Seq);
        let mut nearest = Vec::with_capacity(count);
        let mut lexical = vec![0.0; count];
        for (number, message) in messages.iter().enumerate() {
            lexical.fill(0.0);
            self.lexical.similarities(&message.grams, &mut lexical);
            let column = gram.col_as_slice_mut(number);
            let others = |values: &[f32]| {
                let (before, after) = (number.min(self.inside), (number + 1).min(self.inside));
                largest(&values[..before]).max(largest(&values[after..self.inside]))
            };
            nearest.push((others(column), others(&lexical)));
            for (cosine, lexical) in column.iter_mut().zip(&lexical) {
                *cosine = self.kernel(*cosine, *lexical);
            }
        }
        (gram, nearest)
    }

    fn kernel(&self, cosine: f32, lexical: f32) -> f32 {
        let polynomial = (cosine * cosine + 2.0 * cosine) / 3.0;
        1.0 + (polynomial + self.lexical_weight * lexical) / (1.0 + self.lexical_weight)
    }
}

fn largest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

/// The embedding without the mean, at unit length.
fn centre(embedding: &Embedding, mean: &[f32]) -> Vec<f32> {
    let mut centred: Vec<f32> = embedding.as_slice().iter().zip(mean).map(|(x, mean)| x - mean).collect();
    let norm = centred.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let scale = if norm > 0.0 { (1.0 / norm) as f32 } else { 0.0 };
    centred.iter_mut().for_each(|x| *x *= scale);
    centred
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages() -> Vec<Features> {
        let message = |text: &str, vector: [f32; 3]| {
            Features::new(text, Embedding::normalized(vector.to_vec()).unwrap())
        };
        vec![
            message("return it", [1.0, 0.2, 0.3]),
            message("退货", [0.9, 0.4, 0.1]),
            message("where is it", [0.1, 1.0, 0.6]),
        ]
    }

    #[test]
    fn a_message_of_the_index_has_the_similarities_of_its_row() {
        let messages = messages();
        let messages: Vec<&Features> = messages.iter().collect();
        let index = KernelIndex::build(&messages, 3, 0.5);
        let (gram, nearest) = index.gram(&messages);
        for (number, message) in messages.iter().enumerate() {
            let found = index.similarities(message);
            for (other, kernel) in found.kernel.iter().enumerate() {
                assert!((gram[(other, number)] - kernel).abs() < 1e-5);
                assert!((gram[(number, other)] - kernel).abs() < 1e-5);
            }
            assert!((found.kernel[number] - 2.0).abs() < 1e-5, "a message is itself");
            assert!((found.nearest - 1.0).abs() < 1e-5 && (found.nearest_lexical - 1.0).abs() < 1e-5);
            assert!(nearest[number].0 < 1.0 && nearest[number].1 < 1.0);
        }
    }

    #[test]
    fn a_message_without_an_intent_is_nobodys_neighbour() {
        let messages = messages();
        let messages: Vec<&Features> = messages.iter().collect();
        let index = KernelIndex::build(&messages, 2, 0.5);
        let found = index.similarities(messages[2]);
        assert!(found.nearest < 0.5 && found.nearest_lexical < 0.9, "{found:?}");
        let (_, nearest) = index.gram(&messages);
        assert!((nearest[2].0 - found.nearest).abs() < 1e-5);
    }

    #[test]
    fn letters_count_as_much_as_they_are_told_to() {
        let messages = messages();
        let messages: Vec<&Features> = messages.iter().collect();
        let kernel = |weight| KernelIndex::build(&messages, 3, weight).similarities(messages[0]).kernel[2];
        let lexical = KernelIndex::build(&messages, 3, 0.0).lexical;
        let mut cosines = vec![0.0; 3];
        lexical.similarities(&messages[0].grams, &mut cosines);
        let expected = 1.0 + (kernel(0.0) - 1.0 + 2.0 * cosines[2]) / 3.0;
        assert!((kernel(2.0) - expected).abs() < 1e-5);
    }
}
