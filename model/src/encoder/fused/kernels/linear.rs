//! The product of quantised activations and weights: nearly all of the work.
//!
//! The weights of 32 output columns form a panel, in which the four weights that one step multiplies stand together:
//!
//! ```text
//! step 0:  column 0: w[0] w[1] w[2] w[3] | column 1: w[0] w[1] w[2] w[3] | … column 31     (128 bytes)
//! step 1:  column 0: w[4] w[5] w[6] w[7] | …
//! ```
//!
//! So a panel's block, the channels that share a scale, is read from its start to its end, and a tile of up to 12 rows and 32
//! columns stays in registers meanwhile. All rows go through one block before the next is touched: engines that do not multiply
//! bytes widen its weights once for all of them.

use std::ops::Range;

use super::super::shared::Shared;
use super::super::simd::{Kernel, LANES, Lanes, MatrixMode, MatrixSums, Simd, WeightStep};
use super::functions::gelu;
use super::rows::{Quantization, QuantizedBlock, lanes};

/// Columns of a panel.
pub(in super::super) const PANEL: usize = 2 * LANES;

/// After how many steps some more of the next weights are asked for: many at once would keep the tile's own loads waiting.
const PREFETCH_STEPS: usize = 16;

/// Rows of a matrix. Behind the last row of all blocks there must be as many more, whatever stands in them.
pub(in super::super) const MATRIX_ROWS: usize = 2 * LANES;

/// Why a tile finds its rows and columns.
const ROWS_THERE: &str = "each block has all rows";
const COLUMNS_THERE: &str = "a panel has all columns";

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
        let steps = self.block / 4;
        let blocks = self.panel.weights.len().div_ceil(steps);
        let tiles = self.rows.len().div_ceil(S::TILE_ROWS);
        // The next weights are asked for in parts, one with each tile.
        let mut next = self.next.chunks(self.next.len().div_ceil(blocks * tiles).max(1));
        let mut room = S::room();
        for (number, weights) in self.panel.weights.chunks(steps).enumerate() {
            let block =
                Block { number, weights: simd.unpack(weights, &mut room), is_last: number + 1 == blocks };
            let Range { start: mut first, end: rows } = self.rows;
            for tile in 0..tiles {
                let next = next.next().unwrap_or_default();
                // Rows are spread evenly, so that no tile is much smaller than the others.
                let count = (rows - first).div_ceil(tiles - tile);
                match count {
                    1 => self.columns::<1>(simd, &block, first, next),
                    2 => self.columns::<2>(simd, &block, first, next),
                    3 => self.columns::<3>(simd, &block, first, next),
                    4 => self.columns::<4>(simd, &block, first, next),
                    5 if S::TILE_ROWS >= 5 => self.columns::<5>(simd, &block, first, next),
                    6 if S::TILE_ROWS >= 6 => self.columns::<6>(simd, &block, first, next),
                    7 if S::TILE_ROWS >= 7 => self.columns::<7>(simd, &block, first, next),
                    8 if S::TILE_ROWS >= 8 => self.columns::<8>(simd, &block, first, next),
                    9 if S::TILE_ROWS >= 9 => self.columns::<9>(simd, &block, first, next),
                    10 if S::TILE_ROWS >= 10 => self.columns::<10>(simd, &block, first, next),
                    11 if S::TILE_ROWS >= 11 => self.columns::<11>(simd, &block, first, next),
                    12 if S::TILE_ROWS >= 12 => self.columns::<12>(simd, &block, first, next),
                    _ => unreachable!("a tile has at most as many rows as the engine takes"),
                }
                first += count;
            }
        }
    }
}

/// The channels of a panel that share a scale.
struct Block<'a, S: Simd> {
    number: usize,
    weights: &'a [[S::Step; 2]],
    is_last: bool,
}

/// What a block's products of some columns are multiplied with; those of the first block are added to the bias.
struct Columns<S: Simd, const VECTORS: usize> {
    bias: [S::F32; VECTORS],
    scales: [S::F32; VECTORS],
    weight_sums: [S::F32; VECTORS],
}

#[inline(always)]
fn load_all<S: Simd, const VECTORS: usize>(simd: S, from: &[Lanes<f32>; VECTORS]) -> [S::F32; VECTORS] {
    let mut loaded = [simd.splat(0.0); VECTORS];
    for v in 0..VECTORS {
        loaded[v] = simd.load(&from[v]);
    }
    loaded
}

/// A row of `out` and a block's products, added up.
#[inline(always)]
fn work_in<S: Simd, const VECTORS: usize>(
    simd: S,
    columns: &Columns<S, VECTORS>,
    out: [S::F32; VECTORS],
    Quantization { scale, least }: Quantization,
    sums: [S::I32; VECTORS],
    to: &mut [Lanes<f32>; VECTORS],
) {
    let (scale, least) = (simd.splat(scale), simd.splat(least));
    for v in 0..VECTORS {
        let sum = simd.mul(simd.to_f32(sums[v]), scale);
        let out = simd.mul_add(sum, columns.scales[v], out[v]);
        simd.store(simd.mul_add(least, columns.weight_sums[v], out), &mut to[v]);
    }
}

impl<S: Simd> Linear<'_, S> {
    #[inline(always)]
    fn columns<const ROWS: usize>(&self, simd: S, block: &Block<'_, S>, first: usize, next: &[WeightStep]) {
        if S::WIDE_TILE {
            self.tile::<ROWS, 2>(simd, block, first, 0, next);
        } else {
            self.tile::<ROWS, 1>(simd, block, first, 0, next);
            self.tile::<ROWS, 1>(simd, block, first, 1, &[]);
        }
    }

    /// `ROWS` rows from `first` on, and `VECTORS` times 16 columns from `vector` on.
    #[inline(always)]
    fn tile<const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        block: &Block<'_, S>,
        first: usize,
        vector: usize,
        next: &[WeightStep],
    ) {
        let start = block.number * self.all_rows + first;
        let rows: &[QuantizedBlock<S::Activation>; ROWS] =
            self.quantized[start..].first_chunk().expect(ROWS_THERE);
        let at_once = (next.len() * PREFETCH_STEPS).div_ceil(block.weights.len());
        let mut next = next.chunks(at_once.max(1));
        let mut sums = [[simd.no_sums(); VECTORS]; ROWS];
        for (part, weights) in block.weights.chunks(PREFETCH_STEPS).enumerate() {
            for line in next.next().unwrap_or_default() {
                simd.prefetch(line);
            }
            for (step, weights) in weights.iter().enumerate() {
                let step = part * PREFETCH_STEPS + step;
                for part in 0..S::PARTS {
                    unrolled!(ROWS, |row| {
                        let activations = simd.spread(&rows[row][step], part);
                        for v in 0..VECTORS {
                            sums[row][v] = simd.dot(sums[row][v], &weights[vector + v], part, activations);
                        }
                    });
                }
            }
        }
        let columns = self.columns_of::<VECTORS>(simd, block.number, vector);
        let quantizations: &[Quantization; ROWS] =
            self.quantizations[start..].first_chunk().expect(ROWS_THERE);
        let place = (first - self.rows.start) * self.out_width + self.out_column + vector * LANES;
        // SAFETY: nobody else touches these columns of `out` meanwhile: each panel is computed once.
        let mut out = unsafe { self.out.rows_mut::<ROWS, VECTORS>(place, self.out_width) };
        if block.number == 0 {
            unrolled!(ROWS, |row| {
                work_in(simd, &columns, columns.bias, quantizations[row], sums[row], out.row_mut(row));
            });
        } else {
            unrolled!(ROWS, |row| {
                let to = out.row_mut(row);
                work_in(simd, &columns, load_all(simd, to), quantizations[row], sums[row], to);
            });
        }
        if block.is_last && self.activation == Activation::Gelu {
            for row in 0..ROWS {
                for to in out.row_mut(row) {
                    simd.store(gelu(simd, simd.load(to)), to);
                }
            }
        }
    }

    #[inline(always)]
    fn columns_of<const VECTORS: usize>(&self, simd: S, block: usize, vector: usize) -> Columns<S, VECTORS> {
        let [scales, weight_sums] = &self.panel.blocks[block];
        Columns {
            bias: load_all(simd, lanes(self.panel.bias)[vector..].first_chunk().expect(COLUMNS_THERE)),
            scales: load_all(simd, lanes(scales)[vector..].first_chunk().expect(COLUMNS_THERE)),
            weight_sums: load_all(simd, lanes(weight_sums)[vector..].first_chunk().expect(COLUMNS_THERE)),
        }
    }

    /// The same in matrices of up to 32 rows; for a few rows there would be nothing to gain. While one block is multiplied,
    /// what the block before gave is worked into `out`: two units of the processor do that at the same time.
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
                    self.work_in_all(simd, &sums, group, block, block + 1 == blocks);
                }
                simd.store_matrices(self.mode, &mut sums);
            }
        }
        if let Some((group, block)) = before {
            self.work_in_all(simd, &sums, group, block, block + 1 == blocks);
        }
    }

    /// Adds a block's products of matrices to `out`.
    #[inline(always)]
    fn work_in_all(&self, simd: S, sums: &MatrixSums, rows: Range<usize>, block: usize, is_last: bool) {
        let columns = self.columns_of::<2>(simd, block, 0);
        let quantizations = &self.quantizations[block * self.all_rows..][rows.clone()];
        let gelu_now = is_last && self.activation == Activation::Gelu;
        for (row, (quantization, sums)) in
            (rows.start - self.rows.start..).zip(quantizations.iter().zip(sums))
        {
            let place = row * self.out_width + self.out_column;
            // SAFETY: nobody else touches these columns of `out` meanwhile: each panel is computed once.
            let mut out = unsafe { self.out.rows_mut::<1, 2>(place, self.out_width) };
            let to = out.row_mut(0);
            let sums = [simd.load_sums(&sums[0]), simd.load_sums(&sums[1])];
            let before = if block == 0 { columns.bias } else { load_all(simd, to) };
            work_in(simd, &columns, before, *quantization, sums, to);
            if gelu_now {
                for to in to {
                    simd.store(gelu(simd, simd.load(to)), to);
                }
            }
        }
    }
}
