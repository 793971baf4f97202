//! What a processor must offer to run the fused encoder, sixteen lanes at a time.
//!
//! Every engine computes on the same logical vector of sixteen lanes with the same operations in the same order,
//! so that all of them give the same bits: `Portable` says what they are, on arrays, and the others are tested
//! against it. A value of an engine's type is the proof that this processor has its instructions.

#[cfg(target_arch = "x86_64")]
mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(test)]
mod portable;

#[cfg(target_arch = "x86_64")]
pub(in crate::encoder) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(in crate::encoder) use avx512::{AmxInt8, Avx512Vnni};
#[cfg(test)]
pub(super) use portable::Portable;

use std::cell::Cell;
use std::marker::PhantomData;

use super::kernels::QuantizedBlock;

const NO_MATRICES: &str = "only called on an engine that multiplies matrices";

/// Lanes of the logical vector.
pub(in crate::encoder) const LANES: usize = 16;

/// Sixteen neighbours in memory.
pub(in crate::encoder) type Lanes<T> = [T; LANES];

/// Two numbers that are multiplied and added up together.
pub(in crate::encoder) type Pair = [i16; 2];

/// Weights that one step of the integer product takes: for sixteen columns, four neighbours of a row each.
pub(in crate::encoder) type WeightStep = [i8; 4 * LANES];

/// Sums of products of 32 rows and 32 columns.
pub(in crate::encoder) type MatrixSums = [[Lanes<i32>; 2]; 2 * LANES];

/// A piece of work that is compiled once for every engine.
pub(in crate::encoder) trait Kernel<S: Simd> {
    /// Runs it. Implementations, and all that they call in their loops, are `#[inline(always)]`: only so are they compiled
    /// for the engine's instructions.
    fn run(self, simd: S);
}

thread_local! {
    /// How many [`MatrixMode`]s of the thread live: the registers belong to the first until the last is gone.
    static MODES: Cell<usize> = const { Cell::new(0) };
}

/// As long as it lives, its thread multiplies matrices, on engines that do so: whoever has a reference to one may.
pub(in crate::encoder) struct MatrixMode<S: Simd> {
    simd: S,
    /// It is of one thread, as the registers are.
    on_this_thread: PhantomData<*const ()>,
}

impl<S: Simd> MatrixMode<S> {
    #[inline(always)]
    pub(in crate::encoder) fn begin(simd: S) -> Self {
        if S::MATRICES && MODES.replace(MODES.get() + 1) == 0 {
            simd.configure_matrices();
        }
        Self { simd, on_this_thread: PhantomData }
    }
}

impl<S: Simd> Drop for MatrixMode<S> {
    #[inline(always)]
    fn drop(&mut self) {
        if S::MATRICES && MODES.replace(MODES.get() - 1) == 1 {
            // SAFETY: this was the thread's last mode.
            unsafe { self.simd.release_matrices() };
        }
    }
}

/// The instructions of a processor.
pub(in crate::encoder) trait Simd: Copy + Send + Sync + 'static {
    /// Sixteen `f32`.
    type F32: Copy;
    /// Sixteen `i32`.
    type I32: Copy;
    /// Sixteen pairs.
    type Pairs: Copy;
    /// A quantised activation in memory; its value is in 0..=255.
    type Activation: Copy + Default + Send + Sync + bytemuck::Pod;
    /// The weights of sixteen columns for a step, as they are multiplied.
    type Step;
    /// Where a block's weights are unpacked, if they are not multiplied as they are packed.
    type Room;
    /// The neighbouring activations of a part of a step, spread over all columns.
    type Spread: Copy;

    /// Tokens that go through the network at once: enough to use each weight often while it is near, few enough for their
    /// activations to stay in the second-level cache.
    const BATCH_TOKENS: usize = 128;
    /// How many instructions a step takes for each vector of columns: each multiplies as many neighbours of a row.
    const PARTS: usize;
    /// Rows that the tile of the integer product has at most. It is bounded by the registers.
    const TILE_ROWS: usize;
    /// Whether the tile of the integer product is 32 columns wide, or 16.
    const WIDE_TILE: bool;
    /// Rows and vectors that the tile of a product of pairs has at most.
    const PAIRS_TILE_ROWS: usize;
    const PAIRS_TILE_VECTORS: usize;

    /// Runs the kernel with this processor's instructions.
    fn run<K: Kernel<Self>>(self, kernel: K);

    fn splat(self, value: f32) -> Self::F32;
    fn load(self, from: &Lanes<f32>) -> Self::F32;
    fn store(self, value: Self::F32, to: &mut Lanes<f32>);
    fn add(self, a: Self::F32, b: Self::F32) -> Self::F32;
    fn mul(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// `a * b + c`, rounded once.
    fn mul_add(self, a: Self::F32, b: Self::F32, c: Self::F32) -> Self::F32;
    fn min(self, a: Self::F32, b: Self::F32) -> Self::F32;
    fn max(self, a: Self::F32, b: Self::F32) -> Self::F32;
    /// The sum of all lanes, by halves: lane 0 with 8, 1 with 9 and so on, then 0 with 4, 0 with 2, 0 with 1.
    fn sum(self, value: Self::F32) -> f32;
    /// The least lane.
    fn least(self, value: Self::F32) -> f32;
    /// The greatest lane.
    fn greatest(self, value: Self::F32) -> f32;
    /// The nearest integers, ties to even.
    fn round(self, value: Self::F32) -> Self::I32;
    fn to_f32(self, value: Self::I32) -> Self::F32;
    /// Each lane times two to the power of the lowest 8 bits of `exponent`'s, as they stand in memory; the result is normal.
    fn times_power_of_two(self, value: Self::F32, exponent: Self::F32) -> Self::F32;

    /// Each lane's numbers, which are in 16 bits, as a pair.
    fn pairs(self, first: Self::I32, second: Self::I32) -> Self::Pairs;
    fn spread_pair(self, pair: Pair) -> Self::Pairs;
    fn load_pairs(self, from: &Lanes<Pair>) -> Self::Pairs;
    fn store_pairs(self, pairs: Self::Pairs, to: &mut Lanes<Pair>);
    /// Adds to each lane's sum the products of its pairs' first and of their second numbers.
    fn dot_pairs(self, sums: Self::I32, a: Self::Pairs, b: Self::Pairs) -> Self::I32;
    /// The columns of a square block.
    fn transpose(self, rows: [Self::Pairs; LANES]) -> [Self::Pairs; LANES];

    /// Stores what [`round`](Self::round) gave, cut to 0..=255.
    fn store_activations(self, values: [Self::I32; 4], to: &mut [Self::Activation; 4 * LANES]);

    fn room() -> Self::Room;
    /// The weights of at most [`GREATEST_BLOCK`](super::kernels::GREATEST_BLOCK) channels, as they are multiplied.
    fn unpack<'a>(self, packed: &'a [[WeightStep; 2]], room: &'a mut Self::Room) -> &'a [[Self::Step; 2]];
    fn spread(self, activations: &[Self::Activation; 4], part: usize) -> Self::Spread;
    fn no_sums(self) -> Self::I32;
    /// Adds to each column's sum its weights of that part times the activations.
    fn dot(self, sums: Self::I32, weights: &Self::Step, part: usize, activations: Self::Spread) -> Self::I32;

    /// Whether the engine multiplies whole matrices. Only then the following are there.
    const MATRICES: bool = false;

    /// Called on a thread before others of these, by [`MatrixMode`].
    fn configure_matrices(self) {}

    /// Called after them.
    ///
    /// # Safety
    /// No [`MatrixMode`] of this thread lives on.
    unsafe fn release_matrices(self) {}

    /// The products of 16 or 32 rows with a panel's weights for one block.
    fn multiply_matrices(
        self,
        _: &MatrixMode<Self>,
        _: &[QuantizedBlock<Self::Activation>],
        _: &[[WeightStep; 2]],
    ) {
        unreachable!("{NO_MATRICES}")
    }

    /// Writes the last products; with 16 rows, the others are zero.
    fn store_matrices(self, _: &MatrixMode<Self>, _: &mut MatrixSums) {
        unreachable!("{NO_MATRICES}")
    }
    fn load_sums(self, _: &Lanes<i32>) -> Self::I32 {
        unreachable!("{NO_MATRICES}")
    }

    /// Asks for the memory to be brought near, without waiting for it.
    fn prefetch<T>(self, what: &T);
}
