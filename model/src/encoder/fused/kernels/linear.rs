//! The product of quantised activations and weights: nearly all of the work.
//!
//! The weights of 32 output columns form a panel, in which the four weights that one step multiplies stand together:
//!
//! ```text
//! step 0:  column 0: w[0] w[1] w[2] w[3] | column 1: w[0] w[1] w[2] w[3] | … column 31     (128 bytes)
//! step 1:  column 0: w[4] w[5] w[6] w[7] | …
//! ```
//!
//! So a panel is read from its start to its end, and a tile of up to 12 rows and 32 columns stays in registers
//! meanwhile. All rows go through one panel before the next is touched.

use std::ops::Range;

use super::super::shared::Shared;
use super::super::simd::{Kernel, LANES, MatrixMode, MatrixSums, Simd, WeightStep};
use super::functions::gelu;
use super::rows::{Quantization, QuantizedBlock, lanes, lanes_mut};

/// Columns of a panel.
pub(in super::super) const PANEL: usize = 2 * LANES;

/// After how many steps some more of the next weights are asked for: many at once would keep the tile's own loads waiting.
const PREFETCH_STEPS: usize = 16;

/// Rows of a matrix. Behind the last row of all blocks there must be as many more, whatever stands in them.
pub(in super::super) const MATRIX_ROWS: usize = 2 * LANES;

/// Why a tile finds its rows.
const ROWS_THERE: &str = "each block has all rows";

/// What is done to the product's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Activation {
    Identity,
    Gelu,
}

/// 32 columns of a weight matrix.
#[derive(Clone, Copy)]
pub(in super::super) struct Panel<'a> {
    /// `[steps]`, the weights of each step.
    pub(in super::super) weights: &'a [[WeightStep; 2]],
    /// For each block: what the integer sums are multiplied with, and what the block's least activation is
    /// multiplied with (the sum of its weights), by column.
    pub(in super::super) blocks: &'a [[[f32; PANEL]; 2]],
    /// By column.
    pub(in super::super) bias: &'a [f32; PANEL],
}

/// One panel's columns of `activation(x W^T + b)`, for some rows.
///
/// With `x = s q + l` in each block of a row, and `w = t v` in each block of a column, the block's part of the sum over `k` is
/// `s t sum(q v) + l t sum(v)`, and only `sum(q v)` is left to compute.
pub(in super::super) struct Linear<'a, S: Simd> {
    /// For engines that multiply matrices.
    pub(in super::super) mode: &'a MatrixMode<S>,
    /// `[blocks, all rows]`
    pub(in super::super) quantized: &'a [QuantizedBlock<S::Activation>],
    /// `[blocks, all rows]`
    pub(in super::super) quantizations: &'a [Quantization],
    pub(in super::super) all_rows: usize,
    /// The rows to multiply.
    pub(in super::super) rows: Range<usize>,
    /// How many channels share a scale.
    pub(in super::super) block: usize,
    pub(in super::super) panel: Panel<'a>,
    /// The weights that are read after these: they are asked for meanwhile.
    pub(in super::super) next: &'a [WeightStep],
    pub(in super::super) activation: Activation,
    /// `[rows to multiply, out_width]`; the panel's columns start at `out_column`.
    pub(in super::super) out: &'a Shared<'a, f32>,
    pub(in super::super) out_width: usize,
    pub(in super::super) out_column: usize,
}

impl<S: Simd> Kernel<S> for Linear<'_, S> {
    #[inline(always)]
    fn run(self, simd: S) {
        if S::MATRICES && self.rows.len() > LANES {
            return self.by_matrices(simd);
        }
        let Range { start: mut first, end: rows } = self.rows;
        let tiles = (rows - first).div_ceil(S::TILE_ROWS);
        // The next weights are asked for in parts, one with each tile.
        let mut parts = self.next.chunks(self.next.len().div_ceil(tiles).max(1));
        for tile in 0..tiles {
            let next = parts.next().unwrap_or_default();
            // Rows are spread evenly, so that no tile is much smaller than the others.
            let count = (rows - first).div_ceil(tiles - tile);
            match count {
                1 => self.columns::<1>(simd, first, next),
                2 => self.columns::<2>(simd, first, next),
                3 => self.columns::<3>(simd, first, next),
                4 if S::TILE_ROWS >= 4 => self.columns::<4>(simd, first, next),
                5 if S::TILE_ROWS >= 5 => self.columns::<5>(simd, first, next),
                6 if S::TILE_ROWS >= 6 => self.columns::<6>(simd, first, next),
                7 if S::TILE_ROWS >= 7 => self.columns::<7>(simd, first, next),
                8 if S::TILE_ROWS >= 8 => self.columns::<8>(simd, first, next),
                9 if S::TILE_ROWS >= 9 => self.columns::<9>(simd, first, next),
                10 if S::TILE_ROWS >= 10 => self.columns::<10>(simd, first, next),
                11 if S::TILE_ROWS >= 11 => self.columns::<11>(simd, first, next),
                12 if S::TILE_ROWS >= 12 => self.columns::<12>(simd, first, next),
                _ => unreachable!("a tile has at most as many rows as the engine takes"),
            }
            first += count;
        }
    }
}

impl<S: Simd> Linear<'_, S> {
    #[inline(always)]
    fn columns<const ROWS: usize>(&self, simd: S, first: usize, next: &[WeightStep]) {
        if S::WIDE_TILE {
            self.tile::<ROWS, 2>(simd, first, 0, next);
        } else {
            self.tile::<ROWS, 1>(simd, first, 0, next);
            self.tile::<ROWS, 1>(simd, first, 1, &[]);
        }
    }

    /// `ROWS` rows from `first` on, and `VECTORS` times 16 columns from `vector` on.
    #[inline(always)]
    fn tile<const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        first: usize,
        vector: usize,
        next: &[WeightStep],
    ) {
        let bias = lanes(self.panel.bias);
        let mut out = [[simd.splat(0.0); VECTORS]; ROWS];
        unrolled!(ROWS, |row| {
            for v in 0..VECTORS {
                out[row][v] = simd.load(&bias[vector + v]);
            }
        });
        let at_once = (next.len() * PREFETCH_STEPS).div_ceil(self.panel.weights.len());
        let mut next = next.chunks(at_once.max(1));
        let steps_of_blocks = self.panel.weights.chunks(self.block / 4);
        for (block, (weights, by_column)) in steps_of_blocks.zip(self.panel.blocks).enumerate() {
            let start = block * self.all_rows + first;
            let rows: &[QuantizedBlock<S::Activation>; ROWS] =
                self.quantized[start..].first_chunk().expect(ROWS_THERE);
            let mut sums = [[simd.no_sums(); VECTORS]; ROWS];
            for (part, weights) in weights.chunks(PREFETCH_STEPS).enumerate() {
                for line in next.next().unwrap_or_default() {
                    simd.prefetch(line);
                }
                for (step, weights) in weights.iter().enumerate() {
                    let step = part * PREFETCH_STEPS + step;
                    unrolled!(ROWS, |row| {
                        let quad = simd.quad(&rows[row][step]);
                        for v in 0..VECTORS {
                            sums[row][v] = simd.dot(sums[row][v], &weights[vector + v], quad);
                        }
                    });
                }
            }
            let [scales, weight_sums] = by_column;
            let (scales, weight_sums) = (lanes(scales), lanes(weight_sums));
            let quantizations: &[Quantization; ROWS] =
                self.quantizations[start..].first_chunk().expect(ROWS_THERE);
            unrolled!(ROWS, |row| {
                let Quantization { scale, least } = quantizations[row];
                let (scale, least) = (simd.splat(scale), simd.splat(least));
                for v in 0..VECTORS {
                    let sum = simd.mul(simd.to_f32(simd.finish(sums[row][v])), scale);
                    let column = vector + v;
                    out[row][v] = simd.mul_add(sum, simd.load(&scales[column]), out[row][v]);
                    out[row][v] = simd.mul_add(least, simd.load(&weight_sums[column]), out[row][v]);
                }
            });
        }
        unrolled!(ROWS, |row| {
            let start = (first - self.rows.start + row) * self.out_width + self.out_column + vector * LANES;
            // SAFETY: nobody else touches these columns of `out` meanwhile: each panel is computed once.
            let to = unsafe { self.out.slice_mut(start, VECTORS * LANES) };
            for (v, to) in lanes_mut(to).iter_mut().enumerate() {
                let value = out[row][v];
                simd.store(if self.activation == Activation::Gelu { gelu(simd, value) } else { value }, to);
            }
        });
    }

    /// The same in matrices of up to 32 rows; for a few rows there would be nothing to gain. While one block is multiplied, what the block before gave is worked into `out`:
    /// two units of the processor do that at the same time.
    #[inline(always)]
    fn by_matrices(&self, simd: S) {
        let groups = self.rows.len().div_ceil(MATRIX_ROWS);
        let steps = self.block / 4;
        let blocks = self.panel.weights.len().div_ceil(steps);
        let mut next = self.next.chunks(self.next.len().div_ceil(groups * blocks).max(1));
        let mut sums: MatrixSums = [[[0; LANES]; 2]; MATRIX_ROWS];
        let mut before: Option<(Range<usize>, usize)> = None;
        for first in self.rows.clone().step_by(MATRIX_ROWS) {
            let group = first..self.rows.end.min(first + MATRIX_ROWS);
            for (block, weights) in self.panel.weights.chunks(steps).enumerate() {
                let there = if group.len() > LANES { MATRIX_ROWS } else { LANES };
                let rows = &self.quantized[block * self.all_rows + first..][..there];
                simd.multiply_matrices(self.mode, rows, weights);
                for line in next.next().unwrap_or_default() {
                    simd.prefetch(line);
                }
                if let Some((group, block)) = before.replace((group.clone(), block)) {
                    self.work_in(simd, &sums, group, block, block + 1 == blocks);
                }
                simd.store_matrices(self.mode, &mut sums);
            }
        }
        if let Some((group, block)) = before {
            self.work_in(simd, &sums, group, block, block + 1 == blocks);
        }
    }

    /// Adds a block's products to `out`.
    #[inline(always)]
    fn work_in(&self, simd: S, sums: &MatrixSums, group: Range<usize>, block: usize, last: bool) {
        let [scales, weight_sums] = &self.panel.blocks[block];
        let [bias, scales, weight_sums] = [self.panel.bias, scales, weight_sums].map(|columns| {
            let columns = lanes(columns);
            [simd.load(&columns[0]), simd.load(&columns[1])]
        });
        let quantizations = &self.quantizations[block * self.all_rows..][group.clone()];
        let first = group.start - self.rows.start;
        for (row, (quantization, sums)) in (first..).zip(quantizations.iter().zip(sums)) {
            let start = row * self.out_width + self.out_column;
            // SAFETY: nobody else touches these columns of `out` meanwhile: each panel is computed once.
            let to = lanes_mut(unsafe { self.out.slice_mut(start, PANEL) });
            let (scale, least) = (simd.splat(quantization.scale), simd.splat(quantization.least));
            for (v, to) in to.iter_mut().enumerate() {
                let sum = simd.mul(simd.to_f32(simd.load_sums(&sums[v])), scale);
                let out = if block == 0 { bias[v] } else { simd.load(to) };
                let out = simd.mul_add(sum, scales[v], out);
                let out = simd.mul_add(least, weight_sums[v], out);
                let gelu_now = last && self.activation == Activation::Gelu;
                simd.store(if gelu_now { gelu(simd, out) } else { out }, to);
            }
        }
    }
}
