//! Token ids in, one unit-length vector out.
//!
//! [`Encoder`] is the contract. [`mod@reference`] is the portable implementation in `f32`, and what every other is measured
//! against; [`fused`] is the fast one, for processors that have its instructions. [`open`] picks the [`Engine`].

mod embeddings;
mod engine;
pub(crate) mod fused;
mod reference;

pub use engine::{Engine, EngineChoice};
pub use fused::Arithmetic;

use std::sync::Arc;

use crate::folder::ModelFolder;
use crate::{Embedding, Error, Result};

/// A sentence encoder: the mean over the last layer's token vectors, brought to unit length.
pub trait Encoder: Send + Sync {
    /// The length of the vectors.
    fn dimension(&self) -> usize;

    /// How many callers compute at the same time without being in each other's way.
    fn threads(&self) -> usize;

    /// How many tokens go through the network at once, so that more of them in a call gain nothing.
    fn batch_tokens(&self) -> usize;

    /// One embedding for each sequence of token ids, in order. Sequences are not empty, and no longer than the
    /// model's limit.
    ///
    /// # Errors
    /// When the arithmetic fails, which a verified model folder does not cause.
    fn encode(&self, sequences: &[&[u32]], threads: Threads) -> Result<Vec<Embedding>>;
}

/// On which threads a call computes. The result is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threads {
    /// On the calling thread; the reference encoder, which leaves this to its libraries, takes what it gets.
    Caller,
    /// On all of the encoder's threads that are free.
    All,
}

/// Opens the folder with that engine, on at most `threads` threads.
///
/// # Errors
/// When the folder is incomplete or damaged, or the processor lacks what the engine needs.
pub(crate) fn open(folder: &ModelFolder, engine: Engine, threads: usize) -> Result<Arc<dyn Encoder>> {
    #[cfg(not(target_arch = "x86_64"))]
    let _ = threads;
    match engine {
        #[cfg(target_arch = "x86_64")]
        Engine::AmxInt8 => {
            let simd = fused::AmxInt8::detect().ok_or(Error::EngineUnavailable { engine })?;
            Ok(Arc::new(fused::FusedEncoder::open(folder, simd, threads)?))
        }
        #[cfg(target_arch = "x86_64")]
        Engine::Avx512Vnni => {
            let simd = fused::Avx512Vnni::detect().ok_or(Error::EngineUnavailable { engine })?;
            Ok(Arc::new(fused::FusedEncoder::open(folder, simd, threads)?))
        }
        #[cfg(target_arch = "x86_64")]
        Engine::Avx2 => {
            let simd = fused::Avx2::detect().ok_or(Error::EngineUnavailable { engine })?;
            Ok(Arc::new(fused::FusedEncoder::open(folder, simd, threads)?))
        }
        #[cfg(not(target_arch = "x86_64"))]
        Engine::AmxInt8 | Engine::Avx512Vnni | Engine::Avx2 => Err(Error::EngineUnavailable { engine }),
        Engine::Candle => Ok(Arc::new(reference::ReferenceEncoder::open(folder)?)),
    }
}
