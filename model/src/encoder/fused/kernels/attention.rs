//! Scaled dot-product attention of one head over the sequences of a batch, in `f32`.
//!
//! Vaswani et al. (2017), <https://arxiv.org/abs/1706.03762>. Keys are transposed first, all at once, so that sixteen of them
//! stand side by side. Then queries go through in tiles; a tile's scores stay near, and are never written out for a
//! whole sequence.

use super::super::aligned::Aligned;
use super::super::shared::Shared;
use super::super::simd::{Kernel, LANES, Lanes, Simd};
use super::functions::exp2;
use super::rows::{lanes, lanes_mut};

/// Queries of a tile, at most.
const QUERIES: usize = 12;

/// The score of a key that is not there: it is nothing beside the others once the exponential function is taken.
const NO_KEY: f32 = -1e30;

/// A window into this leaves a vector's first lanes as they are and makes the others [`NO_KEY`], by the minimum.
const LIMITS: [f32; 2 * LANES] = {
    let mut limits = [NO_KEY; 2 * LANES];
    let mut lane = 0;
    while lane < LANES {
        limits[lane] = f32::INFINITY;
        lane += 1;
    }
    limits
};

/// Memory for one head.
#[derive(Default)]
pub(in super::super) struct AttentionScratch {
    /// `[head_width, all tokens and some more]`
    keys: Aligned<f32>,
    /// `[QUERIES, tokens of a sequence and some more]`
    scores: Aligned<f32>,
}

/// One head of all sequences.
pub(in super::super) struct Attention<'a> {
    /// `[all tokens, stride]`: of the head, the columns of the queries start at `columns[0]`, then those of the keys and the values.
    pub(in super::super) projections: &'a [f32],
    pub(in super::super) stride: usize,
    pub(in super::super) columns: [usize; 3],
    /// Columns of the head; a multiple of the lanes.
    pub(in super::super) width: usize,
    /// How many tokens each sequence has, one after the other.
    pub(in super::super) lengths: &'a [usize],
    /// What the scores are multiplied with: one over the root of the head's real width.
    pub(in super::super) scale: f32,
    pub(in super::super) scratch: &'a mut AttentionScratch,
    /// `[all tokens, out_stride]`; the head's columns start at `out_column`.
    pub(in super::super) out: &'a Shared<'a, f32>,
    pub(in super::super) out_stride: usize,
    pub(in super::super) out_column: usize,
}

impl<S: Simd> Kernel<S> for Attention<'_> {
    #[inline(always)]
    fn run(self, simd: S) {
        let tokens = self.projections.len() / self.stride;
        let AttentionScratch { keys, scores } = self.scratch;
        // An odd number of cache lines from one column to the next, so that they do not push each other out of the cache;
        // the last keys are read in vectors of which most may lie behind them.
        let key_stride = tokens.next_multiple_of(2 * LANES) + 3 * LANES;
        let keys = keys.resize(self.width * key_stride);
        let [queries, key_column, values] = self.columns;
        transpose(simd, &self.projections[key_column..], self.stride, tokens, self.width, keys, key_stride);
        let longest = self.lengths.iter().copied().max().unwrap_or(0);
        let score_stride = longest.next_multiple_of(2 * LANES) + LANES;
        let scores = scores.resize(QUERIES * score_stride);
        let mut start = 0;
        for &tokens in self.lengths {
            let sequence = &self.projections[start * self.stride..][..tokens * self.stride];
            let keys = &keys[start..];
            let most = S::F32_TILE_ROWS.min(QUERIES);
            let tiles = tokens.div_ceil(most);
            let mut first = 0;
            for tile in 0..tiles {
                let count = (tokens - first).div_ceil(tiles - tile);
                let tile = Tile {
                    queries: &sequence[first * self.stride + queries..],
                    stride: self.stride,
                    keys,
                    key_stride,
                    values: &sequence[values..],
                    tokens,
                    width: self.width,
                    scale: self.scale * std::f32::consts::LOG2_E,
                    out: self.out,
                    out_stride: self.out_stride,
                    out_start: (start + first) * self.out_stride + self.out_column,
                };
                match count {
                    1 => tile.run::<S, 1>(simd, scores, score_stride),
                    2 => tile.run::<S, 2>(simd, scores, score_stride),
                    3 => tile.run::<S, 3>(simd, scores, score_stride),
                    4 if S::F32_TILE_ROWS >= 4 => tile.run::<S, 4>(simd, scores, score_stride),
                    5 if S::F32_TILE_ROWS >= 5 => tile.run::<S, 5>(simd, scores, score_stride),
                    6 if S::F32_TILE_ROWS >= 6 => tile.run::<S, 6>(simd, scores, score_stride),
                    7 if S::F32_TILE_ROWS >= 7 => tile.run::<S, 7>(simd, scores, score_stride),
                    8 if S::F32_TILE_ROWS >= 8 => tile.run::<S, 8>(simd, scores, score_stride),
                    9 if S::F32_TILE_ROWS >= 9 => tile.run::<S, 9>(simd, scores, score_stride),
                    10 if S::F32_TILE_ROWS >= 10 => tile.run::<S, 10>(simd, scores, score_stride),
                    11 if S::F32_TILE_ROWS >= 11 => tile.run::<S, 11>(simd, scores, score_stride),
                    12 if S::F32_TILE_ROWS >= 12 => tile.run::<S, 12>(simd, scores, score_stride),
                    _ => unreachable!("a tile has at most as many rows as the engine takes"),
                }
                first += count;
            }
            start += tokens;
        }
    }
}

/// Each of the first `width` columns of `rows`, for all tokens side by side.
#[inline(always)]
fn transpose<S: Simd>(
    simd: S,
    rows: &[f32],
    stride: usize,
    tokens: usize,
    width: usize,
    to: &mut [f32],
    to_stride: usize,
) {
    for first in (0..tokens).step_by(LANES) {
        for column in (0..width).step_by(LANES) {
            // Behind the last key, the last key again: what stands there does not matter.
            let row = |row: usize| {
                let start = (tokens - 1).min(first + row) * stride + column;
                &lanes(&rows[start..][..LANES])[0]
            };
            let block = simd.transpose(std::array::from_fn(row));
            for (row, lanes) in block.into_iter().enumerate() {
                let start = (column + row) * to_stride + first;
                simd.store(lanes, &mut lanes_mut(&mut to[start..][..LANES])[0]);
            }
        }
    }
}

/// Some queries of a sequence.
struct Tile<'a> {
    /// From the first of them on.
    queries: &'a [f32],
    /// From one token to the next, in queries and values.
    stride: usize,
    /// From the sequence's first on.
    keys: &'a [f32],
    key_stride: usize,
    values: &'a [f32],
    tokens: usize,
    width: usize,
    /// What the scores are multiplied with, as exponents of two.
    scale: f32,
    out: &'a Shared<'a, f32>,
    out_stride: usize,
    out_start: usize,
}

impl Tile<'_> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize>(self, simd: S, scores: &mut [f32], score_stride: usize) {
        let scores = &mut scores[..ROWS * score_stride];
        let mut key = 0;
        while key < self.tokens {
            if S::F32_TILE_VECTORS == 2 && self.tokens - key > LANES {
                self.scores::<S, ROWS, 2>(simd, key, scores, score_stride);
                key += 2 * LANES;
            } else {
                self.scores::<S, ROWS, 1>(simd, key, scores, score_stride);
                key += LANES;
            }
        }
        let mut inverses = [0.0; ROWS];
        let there = self.tokens.next_multiple_of(LANES);
        unrolled!(ROWS, |row| {
            inverses[row] = self.softmax(simd, &mut scores[row * score_stride..][..there]);
        });
        let mut column = 0;
        while column < self.width {
            if S::F32_TILE_VECTORS == 2 && self.width - column > LANES {
                self.mix::<S, ROWS, 2>(simd, column, scores, score_stride, &inverses);
                column += 2 * LANES;
            } else {
                self.mix::<S, ROWS, 1>(simd, column, scores, score_stride, &inverses);
                column += LANES;
            }
        }
    }

    /// Products of the queries with the keys from `key` on.
    #[inline(always)]
    fn scores<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        key: usize,
        scores: &mut [f32],
        score_stride: usize,
    ) {
        let width = self.width;
        let mut queries: [&[f32]; ROWS] = [&[]; ROWS];
        unrolled!(ROWS, |row| {
            queries[row] = &self.queries[row * self.stride..][..width];
        });
        let mut sums = [[simd.splat(0.0); VECTORS]; ROWS];
        #[expect(clippy::needless_range_loop, reason = "so the compiler sees that no row ends too early")]
        for k in 0..width {
            let keys = lanes(&self.keys[k * self.key_stride + key..][..VECTORS * LANES]);
            let mut at = [simd.splat(0.0); VECTORS];
            for (at, keys) in at.iter_mut().zip(keys) {
                *at = simd.load(keys);
            }
            unrolled!(ROWS, |row| {
                let query = simd.splat(queries[row][k]);
                for v in 0..VECTORS {
                    sums[row][v] = simd.mul_add(query, at[v], sums[row][v]);
                }
            });
        }
        unrolled!(ROWS, |row| {
            let to = lanes_mut(&mut scores[row * score_stride + key..][..VECTORS * LANES]);
            for (sum, to) in sums[row].into_iter().zip(to) {
                simd.store(sum, to);
            }
        });
    }

    /// The softmax of a row of scores, but for the factor that is returned: one over their sum.
    #[inline(always)]
    fn softmax<S: Simd>(&self, simd: S, row: &mut [f32]) -> f32 {
        let row = lanes_mut(row);
        let mut greatest = simd.splat(NO_KEY);
        if let Some((last, others)) = row.split_last_mut() {
            let there = self.tokens - others.len() * LANES;
            let limits = &lanes(&LIMITS[LANES - there..][..LANES])[0];
            greatest = simd.min(simd.load(last), simd.load(limits));
            simd.store(greatest, last);
            for lanes in others {
                greatest = simd.max(greatest, simd.load(lanes));
            }
        }
        let scale = simd.splat(self.scale);
        let shift = simd.splat(-simd.greatest(greatest) * self.scale);
        let mut sum = simd.splat(0.0);
        for lanes in row {
            let lanes: &mut Lanes<f32> = lanes;
            let value = exp2(simd, simd.mul_add(simd.load(lanes), scale, shift));
            simd.store(value, lanes);
            sum = simd.add(sum, value);
        }
        1.0 / simd.sum(sum)
    }

    /// The means of the values, by the scores, in the head's columns from `column` on.
    #[inline(always)]
    fn mix<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        column: usize,
        scores: &[f32],
        score_stride: usize,
        inverses: &[f32; ROWS],
    ) {
        let tokens = self.tokens;
        let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
        unrolled!(ROWS, |row| {
            rows[row] = &scores[row * score_stride..][..tokens];
        });
        let mut sums = [[simd.splat(0.0); VECTORS]; ROWS];
        #[expect(clippy::needless_range_loop, reason = "so the compiler sees that no row ends too early")]
        for k in 0..tokens {
            let values = lanes(&self.values[k * self.stride + column..][..VECTORS * LANES]);
            let mut at = [simd.splat(0.0); VECTORS];
            for (at, values) in at.iter_mut().zip(values) {
                *at = simd.load(values);
            }
            unrolled!(ROWS, |row| {
                let score = simd.splat(rows[row][k]);
                for v in 0..VECTORS {
                    sums[row][v] = simd.mul_add(score, at[v], sums[row][v]);
                }
            });
        }
        unrolled!(ROWS, |row| {
            let start = self.out_start + row * self.out_stride + column;
            // SAFETY: nobody else touches this head's columns meanwhile.
            let to = unsafe { self.out.slice_mut(start, VECTORS * LANES) };
            let inverse = simd.splat(inverses[row]);
            for (sum, to) in sums[row].into_iter().zip(lanes_mut(to)) {
                simd.store(simd.mul(sum, inverse), to);
            }
        });
    }
}
