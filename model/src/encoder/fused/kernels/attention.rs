//! Scaled dot-product attention of one head over the sequences of a batch, in integers of 16 bits.
//!
//! Vaswani et al. (2017), <https://arxiv.org/abs/1706.03762>. Queries, keys and values of a sequence are rounded to so many steps that
//! no sum of their products leaves 32 bits, which is some 12 bits each: far finer than the eight bits that what is mixed is rounded to
//! afterwards. An instruction multiplies twice as many pairs of them as of `f32`.
//!
//! Two neighbours that are multiplied together stand together, as a pair: of queries and keys, a channel and that sixteen further; of
//! values, two tokens. Keys are transposed, so that sixteen of them stand side by side. Then queries go through in tiles; a
//! tile's scores stay near, and are never written out for a whole sequence.

use super::super::aligned::Aligned;
use super::super::shared::Shared;
use super::super::simd::{Kernel, LANES, Lanes, Pair, Simd};
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

/// Scores are multiplied with at least so much, so that [`NO_KEY`] stays far from the others also where queries or keys are all zero. Of
/// 32 bits, that much is nothing.
const LEAST_SCALE: f32 = 1e-20;

/// Pairs of tokens whose values are added up in integers.
const TOKEN_PAIRS: usize = 32;

/// How many steps the greatest weight of a query has, and the greatest value of a sequence. What is mixed is divided by the sum of the
/// steps, so that weights that are too small for one cost nothing but their own share.
const WEIGHT_STEPS: f32 = 8191.0;
const VALUE_STEPS: f32 = 4095.0;

const _: () = assert!(
    2.0 * TOKEN_PAIRS as f64 * WEIGHT_STEPS as f64 * VALUE_STEPS as f64 <= i32::MAX as f64,
    "sums of weighted values fit into 32 bits"
);

/// Memory for one head of one sequence.
#[derive(Default)]
pub(in super::super) struct AttentionScratch {
    /// `[tokens, pairs of channels]`
    queries: Aligned<Pair>,
    /// `[pairs of channels, tokens and some more]`
    keys: Aligned<Pair>,
    /// `[pairs of tokens, channels]`
    values: Aligned<Pair>,
    /// `[QUERIES, tokens and some more]`
    scores: Aligned<f32>,
    /// `[QUERIES, pairs of tokens and some more]`: the exponentials of the scores.
    weights: Aligned<Pair>,
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
        let AttentionScratch { queries, keys, values, scores, weights } = self.scratch;
        let (width, stride) = (self.width, self.stride);
        let longest = self.lengths.iter().copied().max().unwrap_or(0);
        let pairs = width.div_ceil(2 * LANES) * LANES;
        // An odd number of cache lines from one row to the next, so that they do not push each other out of the cache.
        let key_stride = longest.next_multiple_of(2 * LANES) + LANES;
        let weight_stride = longest.next_multiple_of(4 * LANES) / 2 + LANES;
        let queries = queries.resize(longest * pairs);
        let keys = keys.resize(pairs * key_stride);
        let values = values.resize(longest.div_ceil(2) * width);
        let scores = scores.resize(QUERIES * key_stride);
        let weights = weights.resize(QUERIES * weight_stride);
        // As many steps as leave the sum of `width` products in 32 bits.
        let steps = f64::from(i32::MAX / width as i32).sqrt().floor() as f32;
        let mut start = 0;
        for &tokens in self.lengths {
            let sequence = &self.projections[start * stride..][..tokens * stride];
            let [query_rows, key_rows, value_rows] =
                self.columns.map(|column| Rows { rows: &sequence[column..], stride, tokens, width });
            let query_step = query_rows.step(simd, steps);
            let key_step = key_rows.step(simd, steps);
            let value_step = value_rows.step(simd, VALUE_STEPS);
            query_rows.pair_channels(simd, query_step, queries, pairs);
            key_rows.transpose(simd, key_step, keys, key_stride);
            value_rows.pair_tokens(simd, value_step, values);
            let tiles = tokens.div_ceil(S::PAIRS_TILE_ROWS.min(QUERIES));
            let mut first = 0;
            for tile in 0..tiles {
                let count = (tokens - first).div_ceil(tiles - tile);
                let tile = Tile {
                    queries: &queries[first * pairs..],
                    keys,
                    key_stride,
                    values,
                    tokens,
                    pairs,
                    width,
                    scale: (self.scale * std::f32::consts::LOG2_E * (query_step * key_step)).max(LEAST_SCALE),
                    value_scale: value_step,
                    scores,
                    weights,
                    weight_stride,
                    out: self.out,
                    out_stride: self.out_stride,
                    out_start: (start + first) * self.out_stride + self.out_column,
                };
                match count {
                    1 => tile.run::<S, 1>(simd),
                    2 => tile.run::<S, 2>(simd),
                    3 => tile.run::<S, 3>(simd),
                    4 if S::PAIRS_TILE_ROWS >= 4 => tile.run::<S, 4>(simd),
                    5 if S::PAIRS_TILE_ROWS >= 5 => tile.run::<S, 5>(simd),
                    6 if S::PAIRS_TILE_ROWS >= 6 => tile.run::<S, 6>(simd),
                    7 if S::PAIRS_TILE_ROWS >= 7 => tile.run::<S, 7>(simd),
                    8 if S::PAIRS_TILE_ROWS >= 8 => tile.run::<S, 8>(simd),
                    9 if S::PAIRS_TILE_ROWS >= 9 => tile.run::<S, 9>(simd),
                    10 if S::PAIRS_TILE_ROWS >= 10 => tile.run::<S, 10>(simd),
                    11 if S::PAIRS_TILE_ROWS >= 11 => tile.run::<S, 11>(simd),
                    12 if S::PAIRS_TILE_ROWS >= 12 => tile.run::<S, 12>(simd),
                    _ => unreachable!("a tile has at most as many rows as the engine takes"),
                }
                first += count;
            }
            start += tokens;
        }
    }
}

/// The queries, the keys or the values of a sequence's head.
#[derive(Clone, Copy)]
struct Rows<'a> {
    /// `[tokens, stride]`, from the first column on.
    rows: &'a [f32],
    stride: usize,
    tokens: usize,
    width: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    fn row(self, token: usize) -> &'a [Lanes<f32>] {
        lanes(&self.rows[token * self.stride..][..self.width])
    }

    /// How large a step is, when the greatest number has so many.
    #[inline(always)]
    fn step<S: Simd>(self, simd: S, steps: f32) -> f32 {
        let (mut least, mut greatest) = ([simd.splat(0.0); 2], [simd.splat(0.0); 2]);
        for token in 0..self.tokens {
            for (v, lanes) in self.row(token).iter().enumerate() {
                let value = simd.load(lanes);
                least[v % 2] = simd.min(least[v % 2], value);
                greatest[v % 2] = simd.max(greatest[v % 2], value);
            }
        }
        let least = simd.least(simd.min(least[0], least[1]));
        let greatest = simd.greatest(simd.max(greatest[0], greatest[1]));
        greatest.max(-least) / steps
    }

    /// Channels of a token in pairs of lanes, from vector `v` on: nothing where there is no further vector.
    #[inline(always)]
    fn pairs<S: Simd>(self, simd: S, inverse: S::F32, token: usize, v: usize) -> S::Pairs {
        let row = self.row(token);
        let first = simd.round(simd.mul(simd.load(&row[v]), inverse));
        let second = match row.get(v + 1) {
            Some(lanes) => simd.round(simd.mul(simd.load(lanes), inverse)),
            None => simd.no_sums(),
        };
        simd.pairs(first, second)
    }

    /// Each token's channels in pairs.
    #[inline(always)]
    fn pair_channels<S: Simd>(self, simd: S, step: f32, to: &mut [Pair], pairs: usize) {
        let inverse = simd.splat(inverse(step));
        for (token, to) in to.chunks_exact_mut(pairs).take(self.tokens).enumerate() {
            for (number, to) in pairs_mut(to).iter_mut().enumerate() {
                simd.store_pairs(self.pairs(simd, inverse, token, 2 * number), to);
            }
        }
    }

    /// The same for all tokens side by side.
    #[inline(always)]
    fn transpose<S: Simd>(self, simd: S, step: f32, to: &mut [Pair], to_stride: usize) {
        let inverse = simd.splat(inverse(step));
        for first in (0..self.tokens).step_by(LANES) {
            for v in (0..self.width / LANES).step_by(2) {
                let mut rows = [simd.spread_pair([0; 2]); LANES];
                for (row, pairs) in rows.iter_mut().enumerate() {
                    // Behind the last key, the last key again: what stands there does not matter.
                    *pairs = self.pairs(simd, inverse, (self.tokens - 1).min(first + row), v);
                }
                for (row, pairs) in simd.transpose(rows).into_iter().enumerate() {
                    let start = (v / 2 * LANES + row) * to_stride + first;
                    simd.store_pairs(pairs, &mut pairs_mut(&mut to[start..][..LANES])[0]);
                }
            }
        }
    }

    /// Two tokens' channels in pairs; nothing for a last one that is not there.
    #[inline(always)]
    fn pair_tokens<S: Simd>(self, simd: S, step: f32, to: &mut [Pair]) {
        let inverse = simd.splat(inverse(step));
        for (number, to) in to.chunks_exact_mut(self.width).take(self.tokens.div_ceil(2)).enumerate() {
            for (v, to) in pairs_mut(to).iter_mut().enumerate() {
                let first = simd.round(simd.mul(simd.load(&self.row(2 * number)[v]), inverse));
                let second = if 2 * number + 1 < self.tokens {
                    simd.round(simd.mul(simd.load(&self.row(2 * number + 1)[v]), inverse))
                } else {
                    simd.no_sums()
                };
                simd.store_pairs(simd.pairs(first, second), to);
            }
        }
    }
}

/// How many steps there are to 1; none where all is zero.
fn inverse(step: f32) -> f32 {
    if step > 0.0 { 1.0 / step } else { 0.0 }
}

/// Some queries of a sequence.
struct Tile<'a> {
    /// From the first of them on.
    queries: &'a [Pair],
    keys: &'a [Pair],
    key_stride: usize,
    values: &'a [Pair],
    tokens: usize,
    /// Of channels.
    pairs: usize,
    width: usize,
    /// What the sums of products are multiplied with, as exponents of two.
    scale: f32,
    /// What the sums of weighted values are multiplied with.
    value_scale: f32,
    /// From one query to the next, as from one row of keys.
    scores: &'a mut [f32],
    weights: &'a mut [Pair],
    weight_stride: usize,
    out: &'a Shared<'a, f32>,
    out_stride: usize,
    out_start: usize,
}

impl Tile<'_> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize>(mut self, simd: S) {
        let mut key = 0;
        while key < self.tokens {
            if S::PAIRS_TILE_VECTORS == 2 && self.tokens - key > LANES {
                self.score::<S, ROWS, 2>(simd, key);
                key += 2 * LANES;
            } else {
                self.score::<S, ROWS, 1>(simd, key);
                key += LANES;
            }
        }
        let mut factors = [0.0; ROWS];
        unrolled!(ROWS, |row| {
            factors[row] = self.value_scale / self.weigh(simd, row);
        });
        let mut column = 0;
        while column < self.width {
            if S::PAIRS_TILE_VECTORS == 2 && self.width - column > LANES {
                self.mix::<S, ROWS, 2>(simd, column, &factors);
                column += 2 * LANES;
            } else {
                self.mix::<S, ROWS, 1>(simd, column, &factors);
                column += LANES;
            }
        }
    }

    /// Products of the queries with the keys from `key` on.
    #[inline(always)]
    fn score<S: Simd, const ROWS: usize, const VECTORS: usize>(&mut self, simd: S, key: usize) {
        let pairs = self.pairs;
        let mut queries: [&[Pair]; ROWS] = [&[]; ROWS];
        unrolled!(ROWS, |row| {
            queries[row] = &self.queries[row * pairs..][..pairs];
        });
        let mut sums = [[simd.no_sums(); VECTORS]; ROWS];
        #[expect(clippy::needless_range_loop, reason = "so the compiler sees that no row ends too early")]
        for k in 0..pairs {
            let keys = pairs_of(&self.keys[k * self.key_stride + key..][..VECTORS * LANES]);
            let mut at = [simd.spread_pair([0; 2]); VECTORS];
            for (at, keys) in at.iter_mut().zip(keys) {
                *at = simd.load_pairs(keys);
            }
            unrolled!(ROWS, |row| {
                let query = simd.spread_pair(queries[row][k]);
                for v in 0..VECTORS {
                    sums[row][v] = simd.dot_pairs(sums[row][v], at[v], query);
                }
            });
        }
        unrolled!(ROWS, |row| {
            let to = lanes_mut(&mut self.scores[row * self.key_stride + key..][..VECTORS * LANES]);
            for (sum, to) in sums[row].into_iter().zip(to) {
                simd.store(simd.to_f32(sum), to);
            }
        });
    }

    /// A query's weights in steps: the softmax of its scores, but for the factor one over the sum, which is returned.
    #[inline(always)]
    fn weigh<S: Simd>(&mut self, simd: S, row: usize) -> f32 {
        let there = self.tokens.next_multiple_of(LANES);
        let scores = lanes_mut(&mut self.scores[row * self.key_stride..][..there]);
        let mut greatest = simd.splat(NO_KEY);
        if let Some((last, others)) = scores.split_last_mut() {
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
        let steps = simd.splat(WEIGHT_STEPS);
        let mut sum = simd.splat(0.0);
        let weights = &mut self.weights[row * self.weight_stride..][..there / 2];
        for (scores, weights) in scores.iter().zip(weights.as_chunks_mut().0) {
            // The shift is rounded, so that the greatest weight may be somewhat more than one.
            let weight = simd.mul(exp2(simd, simd.mul_add(simd.load(scores), scale, shift)), steps);
            let weight = simd.round(simd.min(weight, steps));
            simd.store_neighbours(weight, weights);
            sum = simd.add(sum, simd.to_f32(weight));
        }
        simd.sum(sum)
    }

    /// The means of the values, by the weights, in the head's columns from `column` on.
    #[inline(always)]
    fn mix<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        column: usize,
        factors: &[f32; ROWS],
    ) {
        let all = self.tokens.div_ceil(2);
        for first in (0..all).step_by(TOKEN_PAIRS) {
            let end = all.min(first + TOKEN_PAIRS);
            let mut rows: [&[Pair]; ROWS] = [&[]; ROWS];
            unrolled!(ROWS, |row| {
                rows[row] = &self.weights[row * self.weight_stride..][first..end];
            });
            let mut sums = [[simd.no_sums(); VECTORS]; ROWS];
            #[expect(clippy::needless_range_loop, reason = "so the compiler sees that no row ends too early")]
            for k in 0..end - first {
                let values = &self.values[(first + k) * self.width + column..][..VECTORS * LANES];
                let mut at = [simd.spread_pair([0; 2]); VECTORS];
                for (at, values) in at.iter_mut().zip(pairs_of(values)) {
                    *at = simd.load_pairs(values);
                }
                unrolled!(ROWS, |row| {
                    let weight = simd.spread_pair(rows[row][k]);
                    for v in 0..VECTORS {
                        sums[row][v] = simd.dot_pairs(sums[row][v], at[v], weight);
                    }
                });
            }
            unrolled!(ROWS, |row| {
                let start = self.out_start + row * self.out_stride + column;
                // SAFETY: nobody else touches this head's columns meanwhile.
                let to = unsafe { self.out.slice_mut(start, VECTORS * LANES) };
                let factor = simd.splat(factors[row]);
                for (sum, to) in sums[row].into_iter().zip(lanes_mut(to)) {
                    let mixed = simd.mul(simd.to_f32(sum), factor);
                    let mixed = if first == 0 { mixed } else { simd.add(simd.load(to), mixed) };
                    simd.store(mixed, to);
                }
            });
        }
    }
}

#[inline(always)]
fn pairs_of(pairs: &[Pair]) -> &[Lanes<Pair>] {
    pairs.as_chunks().0
}

#[inline(always)]
fn pairs_mut(pairs: &mut [Pair]) -> &mut [Lanes<Pair>] {
    pairs.as_chunks_mut().0
}
