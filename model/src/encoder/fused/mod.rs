//! The fused encoder: BERT in eight-bit integers, written for the processor.
//!
//! `docs/encoder.md` explains how it works and why. Read it in this order:
//!
//! 1. [`packed`]: the weights as they lie in the model folder.
//! 2. [`forward`]: the network, as a sequence of kernels.
//! 3. [`kernels`]: the parts of it, written once over [`simd`], which is written for every engine.
//! 4. [`crew`]: threads that share the work of one call.
//! 5. [`calibration`], [`smoothing`], [`rounding`] and [`mod@pack`]: how an import makes the packed weights.
//!
//! A vector has the same bits whatever stands beside it in a batch, on however many threads, and on every engine.
#![expect(
    unsafe_code,
    reason = "vector instructions, and parts of one slice written by several threads; nowhere else is it allowed"
)]

mod aligned;
mod calibration;
mod crew;
mod forward;
mod kernels;
mod large_pages;
mod pack;
mod packed;
mod peak;
mod rounding;
mod scratch;
mod shared;
mod simd;
mod smoothing;
mod split;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};

use crew::{Alone, Crew, Team};
use forward::Network;
use packed::Packed;
pub use peak::Arithmetic;
#[cfg(target_arch = "x86_64")]
pub(super) use peak::{measure, measure_matrices};
use scratch::Scratch;
use simd::Simd;
#[cfg(target_arch = "x86_64")]
pub(super) use simd::{AmxInt8, Avx2, Avx512Vnni};

use super::embeddings::TokenTable;
use super::reference::load_tensors;
use super::{Encoder, Threads};
use crate::folder::ModelFolder;
use crate::tokenizer::Tokenizer;
use crate::{Embedding, Result};

/// The encoder on one kind of processor.
pub(super) struct FusedEncoder<S: Simd> {
    simd: S,
    packed: Packed,
    token_table: TokenTable,
    first_position: usize,
    epsilon: f32,
    crew: Crew,
    scratch: Mutex<Vec<Scratch<S::Activation>>>,
}

impl<S: Simd> FusedEncoder<S> {
    /// Reads the packed weights, and starts the threads that help.
    pub(super) fn open(folder: &ModelFolder, simd: S, threads: usize) -> Result<Self> {
        let architecture = &folder.manifest().architecture;
        Ok(Self {
            simd,
            packed: Packed::open(folder)?,
            token_table: TokenTable::open_mapped(folder)?,
            first_position: architecture.first_position,
            epsilon: architecture.layer_norm_eps as f32,
            crew: Crew::start(threads.saturating_sub(1)),
            scratch: Mutex::default(),
        })
    }

    fn network(&self) -> Network<'_, S> {
        Network {
            simd: self.simd,
            packed: &self.packed,
            token_table: &self.token_table,
            first_position: self.first_position,
            epsilon: self.epsilon,
        }
    }

    fn forward(&self, sequences: &[&[u32]], team: &mut dyn Team) -> Result<Vec<Embedding>> {
        let lock = || self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = lock().pop().unwrap_or_default();
        let embeddings = self.network().forward(sequences, &mut scratch, team);
        lock().push(scratch);
        embeddings
    }

    /// Each batch on whatever thread is free.
    fn forward_all(&self, batches: &[&[&[u32]]], team: &mut dyn Team) -> Result<Vec<Embedding>> {
        let results: Vec<Mutex<Result<Vec<Embedding>>>> =
            batches.iter().map(|_| Mutex::new(Ok(Vec::new()))).collect();
        team.run(batches.len(), &|batch| {
            let embeddings = self.forward(batches[batch], &mut Alone);
            *results[batch].lock().unwrap_or_else(PoisonError::into_inner) = embeddings;
        });
        let mut all = Vec::new();
        for result in results {
            all.extend(result.into_inner().unwrap_or_else(PoisonError::into_inner)?);
        }
        Ok(all)
    }
}

impl<S: Simd> Encoder for FusedEncoder<S> {
    fn dimension(&self) -> usize {
        self.packed.layout.sizes.hidden
    }

    fn threads(&self) -> usize {
        self.crew.threads()
    }

    fn batch_tokens(&self) -> usize {
        S::BATCH_TOKENS
    }

    fn encode(&self, sequences: &[&[u32]], threads: Threads) -> Result<Vec<Embedding>> {
        let batches = batches(sequences, S::BATCH_TOKENS);
        let mut session = if threads == Threads::All { self.crew.session() } else { None };
        match (&mut session, batches.as_slice()) {
            (Some(session), [batch]) => self.forward(batch, session),
            (Some(session), batches) => {
                let mut all = Vec::with_capacity(sequences.len());
                // Chunks of a piece of work are counted in 16 bits.
                for batches in batches.chunks(usize::from(u16::MAX)) {
                    all.extend(self.forward_all(batches, session)?);
                }
                Ok(all)
            }
            (None, batches) => self.forward_all(batches, &mut Alone),
        }
    }
}

/// Runs of sequences that go through the network together: at most so many tokens, or one sequence.
fn batches<'a, 'b>(sequences: &'a [&'b [u32]], most: usize) -> Vec<&'a [&'b [u32]]> {
    let mut batches = Vec::new();
    let mut rest = sequences;
    while !rest.is_empty() {
        let mut tokens = 0;
        let count = rest.iter().take_while(|sequence| {
            tokens += sequence.len();
            tokens <= most
        });
        let (batch, others) = rest.split_at(count.count().max(1));
        batches.push(batch);
        rest = others;
    }
    batches
}

/// Calibrates on the texts of [`calibration`] and packs the weights of a folder that has everything else.
pub(crate) fn pack(folder: &ModelFolder) -> Result<Vec<u8>> {
    let manifest = folder.manifest();
    let tokenizer = Tokenizer::open(folder)?;
    let tensors = load_tensors(folder)?;
    let token_table = TokenTable::open_mapped(folder)?;
    let mut calibration = calibration::Calibration::new(&manifest.architecture, &tensors, &token_table);
    let (messages, passages) =
        calibration::TEXTS.split_once("\n\n").expect("messages and passages are separate");
    for (texts, prefix) in [(messages, &manifest.query_prefix), (passages, &manifest.passage_prefix)] {
        for text in texts.lines() {
            calibration.add(&tokenizer.encode(&format!("{prefix}{text}"))?.ids)?;
        }
    }
    let mut weights = pack::Weights::new();
    for (name, tensor) in &tensors {
        weights.insert(name.clone(), tensor.flatten_all()?.to_vec1()?);
    }
    pack::pack(&manifest.architecture, &weights, || calibration.watch_layer())
}
