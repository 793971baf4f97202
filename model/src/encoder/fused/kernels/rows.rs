//! What is done to one token's row at a time: layer norm, and quantisation for the next product.

use super::super::shared::Shared;
use super::super::simd::{Kernel, LANES, Lanes, Simd};

/// Channels that share a scale, at most.
pub(in super::super) const GREATEST_BLOCK: usize = 384;

/// Rows whose ranges are found before the first of them is quantised.
const ROWS_AT_ONCE: usize = 8;

/// A block of one token's quantised activations, in fours as they are multiplied. Whatever is not needed of it is left as it
/// was, so that the rows of a tile always stand equally far apart: that distance is then part of the instructions.
pub(in super::super) type QuantizedBlock<A> = [[A; 4]; GREATEST_BLOCK / 4];

/// How one block of a token's activations was quantised: `activation = scale * q + least`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct Quantization {
    pub(in super::super) scale: f32,
    pub(in super::super) least: f32,
}

/// Quantises rows of activations, each block of each row by its own least and greatest value.
///
/// Before that, channel `k` is brought to `x * factor[k] + offset[k]`: centred, and large channels made smaller, for which the
/// weights make up. See the module [`smoothing`](super::super::smoothing).
pub(in super::super) struct Quantize<'a, A> {
    /// `[rows, width]`
    pub(in super::super) rows: &'a [f32],
    pub(in super::super) width: usize,
    /// `[width]` each.
    pub(in super::super) factor: &'a [f32],
    pub(in super::super) offset: &'a [f32],
    /// How many channels share a scale.
    pub(in super::super) block: usize,
    pub(in super::super) to: QuantizedPlace<'a, A>,
}

/// Where quantised activations are written: the rows from `row` on, and the blocks from `block` on.
#[derive(Clone, Copy)]
pub(in super::super) struct QuantizedPlace<'a, A> {
    /// `[blocks, all rows]`
    pub(in super::super) values: &'a Shared<'a, QuantizedBlock<A>>,
    /// `[blocks, all rows]`
    pub(in super::super) quantizations: &'a Shared<'a, Quantization>,
    pub(in super::super) all_rows: usize,
    pub(in super::super) row: usize,
    /// The first of the blocks.
    pub(in super::super) block: usize,
}

impl<S: Simd> Kernel<S> for Quantize<'_, S::Activation> {
    #[inline(always)]
    fn run(self, simd: S) {
        let QuantizedPlace { values, quantizations, all_rows, row, block } = self.to;
        let channels = self.factor.chunks(self.block).zip(self.offset.chunks(self.block));
        for (number, channels) in channels.enumerate() {
            let columns = number * self.block..number * self.block + channels.0.len();
            let rows_at_once = self.rows.chunks(ROWS_AT_ONCE * self.width);
            for (first, rows) in (row..).step_by(ROWS_AT_ONCE).zip(rows_at_once) {
                let rows = || rows.chunks_exact(self.width).map(|row| &row[columns.clone()]);
                // What a block's range is takes a while to find, even though it is little work; meanwhile the next row begins.
                let mut ranges = [(0.0, 0.0); ROWS_AT_ONCE];
                for (range, row) in ranges.iter_mut().zip(rows()) {
                    *range = find_range(simd, row, channels);
                }
                for ((row, activations), range) in (first..).zip(rows()).zip(ranges) {
                    let place = (block + number) * all_rows + row;
                    // SAFETY: nobody else touches this block of this row meanwhile.
                    let (to, quantization) =
                        unsafe { (values.slice_mut(place, 1), quantizations.slice_mut(place, 1)) };
                    quantization[0] = quantize(simd, activations, channels, range, to[0].as_flattened_mut());
                }
            }
        }
    }
}

/// The least and the greatest value of a block's channels, each times its factor and with its offset.
#[inline(always)]
fn find_range<S: Simd>(simd: S, row: &[f32], (factor, offset): (&[f32], &[f32])) -> (f32, f32) {
    let mut least = [simd.splat(f32::INFINITY); 4];
    let mut greatest = [simd.splat(f32::NEG_INFINITY); 4];
    let channels = fours(factor).iter().zip(fours(offset));
    for (row, (factor, offset)) in fours(row).iter().zip(channels) {
        for (v, row) in row.iter().enumerate() {
            let value = simd.mul_add(simd.load(row), simd.load(&factor[v]), simd.load(&offset[v]));
            least[v] = simd.min(least[v], value);
            greatest[v] = simd.max(greatest[v], value);
        }
    }
    let [a, b, c, d] = least;
    let least = simd.min(simd.min(a, b), simd.min(c, d));
    let [a, b, c, d] = greatest;
    let greatest = simd.max(simd.max(a, b), simd.max(c, d));
    (simd.least(least), simd.greatest(greatest))
}

/// `q = round((x - least) / scale)` with 255 steps from the least to the greatest value.
#[inline(always)]
fn quantize<S: Simd>(
    simd: S,
    row: &[f32],
    (factor, offset): (&[f32], &[f32]),
    (least, greatest): (f32, f32),
    quantized: &mut [S::Activation],
) -> Quantization {
    let range = greatest - least;
    let inverse = if range > 0.0 { 255.0 / range } else { 0.0 };
    let (inverses, shift) = (simd.splat(inverse), simd.splat(-least * inverse));
    let channels = fours(factor).iter().zip(fours(offset));
    let rows = fours(row).iter().zip(quantized.as_chunks_mut().0);
    for ((row, quantized), (factor, offset)) in rows.zip(channels) {
        let mut steps = [simd.round(shift); 4];
        for (v, steps) in steps.iter_mut().enumerate() {
            let value = simd.mul_add(simd.load(&row[v]), simd.load(&factor[v]), simd.load(&offset[v]));
            *steps = simd.round(simd.mul_add(value, inverses, shift));
        }
        simd.store_activations(steps, quantized);
    }
    Quantization { scale: range * (1.0 / 255.0), least }
}

#[inline(always)]
fn fours(values: &[f32]) -> &[[Lanes<f32>; 4]] {
    lanes(values).as_chunks().0
}

/// Layer norm over rows, after adding what a layer computed to what went into it.
pub(in super::super) struct AddAndNormalize<'a> {
    /// `[rows, width]`: the sum's one part, and the result.
    pub(in super::super) rows: &'a mut [f32],
    /// `[rows, width]`: the sum's other part.
    pub(in super::super) added: Option<&'a [f32]>,
    /// Width in memory, and how many channels there are really; the rest is zero and stays so.
    pub(in super::super) width: usize,
    pub(in super::super) channels: usize,
    /// `[width]` each.
    pub(in super::super) weight: &'a [f32],
    pub(in super::super) bias: &'a [f32],
    pub(in super::super) epsilon: f32,
}

impl<S: Simd> Kernel<S> for AddAndNormalize<'_> {
    #[inline(always)]
    fn run(self, simd: S) {
        let mut added = self.added.map(|added| added.chunks_exact(self.width));
        for row in self.rows.chunks_exact_mut(self.width) {
            if let Some(added) = added.as_mut().and_then(Iterator::next) {
                for (lanes, added) in lanes_mut(row).iter_mut().zip(lanes(added)) {
                    simd.store(simd.add(simd.load(lanes), simd.load(added)), lanes);
                }
            }
            // Four sums each, so that one addition need not wait for the other.
            let mut sums = [simd.splat(0.0); 4];
            let mut squares = [simd.splat(0.0); 4];
            for four in row.as_chunks::<{ 4 * LANES }>().0 {
                for (v, lanes) in lanes(four).iter().enumerate() {
                    let value = simd.load(lanes);
                    sums[v] = simd.add(sums[v], value);
                    squares[v] = simd.mul_add(value, value, squares[v]);
                }
            }
            let row = lanes_mut(row);
            let [a, b, c, d] = sums;
            let sum = simd.add(simd.add(a, b), simd.add(c, d));
            let [a, b, c, d] = squares;
            let squares = simd.add(simd.add(a, b), simd.add(c, d));
            let count = self.channels as f32;
            let mean = simd.sum(sum) / count;
            let variance = (simd.sum(squares) / count - mean * mean).max(0.0);
            let inverse = 1.0 / (variance + self.epsilon).sqrt();
            let (inverses, shift) = (simd.splat(inverse), simd.splat(-mean * inverse));
            for ((lanes, weight), bias) in row.iter_mut().zip(lanes(self.weight)).zip(lanes(self.bias)) {
                let standard = simd.mul_add(simd.load(lanes), inverses, shift);
                simd.store(simd.mul_add(standard, simd.load(weight), simd.load(bias)), lanes);
            }
        }
    }
}

#[inline(always)]
pub(super) fn lanes(values: &[f32]) -> &[Lanes<f32>] {
    values.as_chunks().0
}

#[inline(always)]
pub(super) fn lanes_mut(values: &mut [f32]) -> &mut [Lanes<f32>] {
    values.as_chunks_mut().0
}
