//! How alike two messages are: in meaning, by their embeddings, and to the letter, by their n-grams.
//!
//! The kernel of two messages with the centred, unit-length embeddings `x` and `y` and the lexical cosine `l` is
//!
//! ```text
//! k = (p(x·y) + w l) / (1 + w),   p(c) = ((1 + c)² - 1) / 3
//! ```
//!
//! `p` is the polynomial kernel of degree two: it lets a classifier weigh pairs of directions, which a linear one cannot, and is 1 for
//! equal messages. `w` says how much the letters count; training chooses it.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

use super::lexical::{Grams, LexicalIndex};
use crate::Embedding;

/// A message as classifiers see it.
#[derive(Clone, Debug)]
pub struct Features {
    pub(super) embedding: Embedding,
    pub(super) grams: Grams,
}

impl Features {
    /// What a message says to the letter, beside what its embedding says it means.
    #[must_use]
    pub fn new(text: &str, embedding: Embedding) -> Self {
        Self { embedding, grams: Grams::of(text) }
    }
}

/// The messages that others are compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KernelIndex {
    /// What all embeddings of an encoder have in common: it carries no meaning, and is taken away.
    pub(super) mean: Vec<f32>,
    /// Centred embeddings of unit length, one after the other.
    pub(super) rows: Vec<f32>,
    /// The same in steps of `1 / ONE`: half the memory to go through.
    rounded: Vec<i16>,
    pub(super) lexical: LexicalIndex,
    pub(super) lexical_weight: f32,
    /// The classes of the messages.
    pub(super) classes: Vec<u32>,
}

/// How many steps rounded embeddings have to 1. Cosines are off by some 0.00001, and no sum of products leaves 32 bits: the product of two
/// vectors of unit length is at most 1, and so is that of any parts of them.
const ONE: f32 = 32_000.0;

/// The largest cosines of a message with some others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Nearest {
    /// Of centred embeddings.
    pub(super) embedding: f32,
    /// Of n-grams.
    pub(super) lexical: f32,
}

impl Nearest {
    /// Among those that `counts` says yes to; with none, the message is like nothing.
    pub(super) fn among(cosines: &[f32], lexical: &[f32], counts: impl Fn(usize) -> bool) -> Self {
        let mut nearest = Self { embedding: -1.0, lexical: 0.0 };
        for (place, (&cosine, &lexical)) in cosines.iter().zip(lexical).enumerate() {
            if counts(place) {
                nearest.embedding = nearest.embedding.max(cosine);
                nearest.lexical = nearest.lexical.max(lexical);
            }
        }
        nearest
    }
}

impl KernelIndex {
    /// From its parts, as a bundle keeps them.
    pub(super) fn new(
        mean: Vec<f32>,
        rows: Vec<f32>,
        lexical: LexicalIndex,
        lexical_weight: f32,
        classes: Vec<u32>,
    ) -> Self {
        let rounded = rounded(&rows);
        Self { mean, rows, rounded, lexical, lexical_weight, classes }
    }

    /// Indexes messages, of which there is at least one.
    pub(super) fn build(messages: &[&Features], classes: Vec<u32>, lexical_weight: f32) -> Self {
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
        let grams: Vec<&Grams> = messages.iter().map(|message| &message.grams).collect();
        Self::new(mean, rows, LexicalIndex::build(&grams), lexical_weight, classes)
    }

    /// How many messages there are.
    pub(super) fn len(&self) -> usize {
        self.classes.len()
    }

    /// Writes the kernel of each message with each of the index: `kernel` is a column for each message. `visit` sees the number of
    /// the message and its cosines, of embeddings and of n-grams, before they become the kernel.
    pub(super) fn compare(
        &self,
        messages: &[&Features],
        kernel: &mut [f32],
        mut visit: impl FnMut(usize, &[f32], &[f32]),
    ) {
        let (count, dimension) = (self.len(), self.mean.len());
        let centred: Vec<f32> =
            messages.iter().flat_map(|message| centre(&message.embedding, &self.mean)).collect();
        matmul(
            MatMut::from_column_major_slice_mut(kernel, count, messages.len()),
            Accum::Replace,
            MatRef::from_row_major_slice(&self.rows, count, dimension),
            MatRef::from_column_major_slice(&centred, dimension, messages.len()),
            1.0,
            Par::Seq,
        );
        let mut lexical = vec![0.0; count];
        for (number, (message, column)) in messages.iter().zip(kernel.chunks_exact_mut(count)).enumerate() {
            lexical.fill(0.0);
            self.lexical.similarities(&message.grams, &mut lexical);
            visit(number, column, &lexical);
            self.combine(column, &lexical);
        }
    }

    /// The kernel of each message with each of the index, and the largest cosines with one whose class is below `intents`. A message has
    /// the same alone and among others.
    pub(super) fn similarities(&self, messages: &[&Features], intents: usize) -> Vec<(Vec<f32>, Nearest)> {
        let mut lexical = vec![0.0; self.len()];
        let kernels = self.cosines(messages).into_iter().zip(messages).map(|(mut kernel, message)| {
            lexical.fill(0.0);
            self.lexical.similarities(&message.grams, &mut lexical);
            let nearest = Nearest::among(&kernel, &lexical, |place| (self.classes[place] as usize) < intents);
            self.combine(&mut kernel, &lexical);
            (kernel, nearest)
        });
        kernels.collect()
    }

    /// The cosines of the messages' centred embeddings with all of the index.
    fn cosines(&self, messages: &[&Features]) -> Vec<Vec<f32>> {
        let rounded: Vec<Vec<i16>> =
            messages.iter().map(|message| rounded(&centre(&message.embedding, &self.mean))).collect();
        let mut cosines = vec![vec![0.0; self.len()]; messages.len()];
        shopdesk_dot::multiply(&self.rounded, &rounded, &mut cosines);
        cosines.iter_mut().flatten().for_each(|cosine| *cosine /= ONE * ONE);
        cosines
    }

    /// Makes cosines of embeddings the kernel, given those of n-grams.
    fn combine(&self, cosines: &mut [f32], lexical: &[f32]) {
        for (cosine, lexical) in cosines.iter_mut().zip(lexical) {
            let polynomial = (*cosine * *cosine + 2.0 * *cosine) / 3.0;
            *cosine = (polynomial + self.lexical_weight * lexical) / (1.0 + self.lexical_weight);
        }
    }
}

fn rounded(vectors: &[f32]) -> Vec<i16> {
    vectors.iter().map(|x| (x * ONE).round() as i16).collect()
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

    /// How far off a kernel of three numbers can be: each number by half a step on both sides, and the polynomial is at most 4/3 as steep.
    const ROUNDED: f32 = 4.0 / 3.0 * 3.0 / ONE;

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

    fn index(weight: f32) -> KernelIndex {
        KernelIndex::build(&messages().iter().collect::<Vec<_>>(), vec![0, 0, 1], weight)
    }

    #[test]
    fn a_message_is_itself_alone_and_among_others() {
        let (messages, index) = (messages(), index(0.5));
        let mut together = vec![0.0; 9];
        index.compare(&messages.iter().collect::<Vec<_>>(), &mut together, |_, _, _| ());
        let found = index.similarities(&messages.iter().collect::<Vec<_>>(), 2);
        for (number, (message, (kernel, nearest))) in messages.iter().zip(found).enumerate() {
            assert_eq!(index.similarities(&[message], 2), [(kernel.clone(), nearest)]);
            assert!((kernel[number] - 1.0).abs() < ROUNDED, "{kernel:?}");
            assert!((nearest.embedding - 1.0).abs() < ROUNDED && (nearest.lexical - 1.0).abs() < 1e-5);
            for (alone, among) in kernel.iter().zip(&together[3 * number..]) {
                assert!((alone - among).abs() < ROUNDED, "{alone} {among}");
            }
        }
    }

    #[test]
    fn a_message_without_an_intent_is_nobodys_neighbour() {
        let (_, nearest) = index(0.5).similarities(&[&messages()[2]], 1)[0];
        assert!(nearest.embedding < 0.5 && nearest.lexical < 0.9, "{nearest:?}");
    }

    #[test]
    fn no_sum_of_rounded_products_is_too_large() {
        for dimension in [1, 2, 384] {
            let vector = vec![(1.0 / dimension as f32).sqrt(); dimension];
            let mut products = [vec![0.0]];
            shopdesk_dot::multiply(&rounded(&vector), &[rounded(&vector)], &mut products);
            let cosine = products[0][0] / (ONE * ONE);
            assert!((cosine - 1.0).abs() < 2.0 * (dimension as f32).sqrt() / ONE, "{cosine}");
        }
    }

    #[test]
    fn letters_count_as_much_as_they_are_told_to() {
        let message = &messages()[0];
        let kernel = |weight| index(weight).similarities(&[message], 2)[0].0[2];
        let mut cosines = vec![0.0; 3];
        index(0.0).lexical.similarities(&message.grams, &mut cosines);
        assert!((kernel(2.0) - (kernel(0.0) + 2.0 * cosines[2]) / 3.0).abs() < 1e-5);
    }
}
