//! What is done to one token's row at a time: layer norm, and quantisation for the next product.

use super::super::simd::{Kernel, LANES, Lanes, Simd};

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
    /// `[width]`: a row while it is worked on.
    pub(in super::super) transformed: &'a mut [f32],
    pub(in super::super) width: usize,
    /// `[width]` each.
    pub(in super::super) factor: &'a [f32],
    pub(in super::super) offset: &'a [f32],
    /// How many channels share a scale.
    pub(in super::super) block: usize,
    /// `[rows, width]`
    pub(in super::super) quantized: &'a mut [A],
    /// `[rows, blocks]`
    pub(in super::super) quantizations: &'a mut [Quantization],
}

impl<S: Simd> Kernel<S> for Quantize<'_, S::Activation> {
    #[inline(always)]
    fn run(self, simd: S) {
        let blocks = self.width.div_ceil(self.block);
        let out =
            self.quantized.chunks_exact_mut(self.width).zip(self.quantizations.chunks_exact_mut(blocks));
        for (row, (quantized, quantizations)) in self.rows.chunks_exact(self.width).zip(out) {
            let channels = self.factor.chunks(self.block).zip(self.offset.chunks(self.block));
            let row = row.chunks(self.block).zip(self.transformed.chunks_mut(self.block));
            let blocks = row.zip(quantized.chunks_mut(self.block));
            for ((((row, transformed), quantized), (factor, offset)), quantization) in
                blocks.zip(channels).zip(quantizations)
            {
                let range = transform(simd, row, transformed, factor, offset);
                *quantization = quantize(simd, transformed, range, quantized);
            }
        }
    }
}

/// Transforms a block, and gives its least and its greatest value.
#[inline(always)]
fn transform<S: Simd>(
    simd: S,
    row: &[f32],
    transformed: &mut [f32],
    factor: &[f32],
    offset: &[f32],
) -> (f32, f32) {
    let mut least = [simd.splat(f32::INFINITY); 4];
    let mut greatest = [simd.splat(f32::NEG_INFINITY); 4];
    let channels = factor.as_chunks::<{ 4 * LANES }>().0.iter().zip(offset.as_chunks::<{ 4 * LANES }>().0);
    let blocks =
        row.as_chunks::<{ 4 * LANES }>().0.iter().zip(transformed.as_chunks_mut::<{ 4 * LANES }>().0);
    for ((row, transformed), (factor, offset)) in blocks.zip(channels) {
        let [row, factor, offset] = [lanes(row), lanes(factor), lanes(offset)];
        for (v, transformed) in lanes_mut(transformed).iter_mut().enumerate() {
            let value = simd.mul_add(simd.load(&row[v]), simd.load(&factor[v]), simd.load(&offset[v]));
            simd.store(value, transformed);
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
    (least, greatest): (f32, f32),
    quantized: &mut [S::Activation],
) -> Quantization {
    let scale = (greatest - least) / 255.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let (inverses, shift) = (simd.splat(inverse), simd.splat(-least * inverse));
    for (four, quantized) in row.as_chunks::<{ 4 * LANES }>().0.iter().zip(quantized.as_chunks_mut().0) {
        let four = lanes(four);
        let steps = [
            steps(simd, &four[0], inverses, shift),
            steps(simd, &four[1], inverses, shift),
            steps(simd, &four[2], inverses, shift),
            steps(simd, &four[3], inverses, shift),
        ];
        simd.store_activations(steps, quantized);
    }
    Quantization { scale, least }
}

#[inline(always)]
fn steps<S: Simd>(simd: S, values: &Lanes<f32>, inverse: S::F32, shift: S::F32) -> S::I32 {
    simd.round(simd.mul_add(simd.load(values), inverse, shift))
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
