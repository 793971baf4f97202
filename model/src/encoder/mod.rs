//! Token ids in, one unit-length vector out.
//!
//! [`Encoder`] is the contract; [`mod@reference`] is the portable implementation in f32, and what every faster one is
//! measured against.

mod embeddings;
pub mod reference;

use crate::{Embedding, Result};

/// A sentence encoder: the mean over the last layer's token vectors, brought to unit length.
pub trait Encoder: Send + Sync {
    /// The length of the vectors.
    fn dimension(&self) -> usize;

    /// One embedding for each sequence of token ids, in order. Sequences are not empty, and no longer than the
    /// model's limit.
    ///
    /// # Errors
    /// When the arithmetic fails, which a verified model folder does not cause.
    fn encode(&self, sequences: &[&[u32]]) -> Result<Vec<Embedding>>;
}
