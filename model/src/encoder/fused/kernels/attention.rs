//! Scaled dot-product attention of one head over the sequences of a batch, in integers of 16 bits.
//!
//! Vaswani et al. (2017), <https://arxiv.org/abs/1706.03762>. Queries, keys and values of a sequence are rounded to so many steps that
//! no sum of their products leaves 32 bits, which is some 12 bits each: far finer than the eight bits that what is mixed is rounded to
//! afterwards. An instruction multiplies twice as many pairs of them as of `f32`.
//!
//! Two neighbours that are multiplied together stand together, as a pair: of queries and keys, a channel and that sixteen further; of
//! values, two tokens. Queries are transposed, so that sixteen of them stand side by side, and go through together: what is done to each
//! query's scores, from the greatest of them to the sum of their exponentials, is done to sixteen at once, without a step across lanes.

use super::super::aligned::Aligned;
use super::super::shared::Shared;
use super::super::simd::{Kernel, LANES, Lanes, Pair, Simd};
use super::functions::exp2;
use super::rows::{lanes, lanes_mut};

/// Queries that go through together, at most.
const QUERIES: usize = 2 * LANES;

/// Why a tile finds its rows.
const ROWS_THERE: &str = "a tile lies within its sequence";

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
    /// `[pairs of channels, tokens and some more]`
    queries: Aligned<Pair>,
    /// `[tokens, pairs of channels]`
    keys: Aligned<Pair>,
    /// `[pairs of tokens, channels]`
    values: Aligned<Pair>,
    /// `[tokens]`: each key's products with the queries.
    scores: Aligned<[f32; QUERIES]>,
    /// `[pairs of tokens]`: the exponentials of the scores.
    weights: Aligned<[Pair; QUERIES]>,
}

/// Calls with as many rows as there are, as a constant.
macro_rules! with_rows {
    ($count:expr, $most:expr, $rows:ident => $call:expr) => {
        with_rows!(@match $count, $most, $rows => $call; 1 2 3 4 5 6 7 8 9 10 11 12)
    };
    (@match $count:expr, $most:expr, $rows:ident => $call:expr; $($number:literal)*) => {
        match $count {
            $($number if $most >= $number => {
                const $rows: usize = $number;
                $call
            })*
            _ => unreachable!("a tile has at most as many rows as the engine takes"),
        }
    };
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
        let query_stride = longest.next_multiple_of(QUERIES) + LANES;
        let queries = queries.resize(pairs * query_stride);
        let keys = keys.resize(longest * pairs);
        let values = values.resize(longest.div_ceil(2) * width);
        let scores = scores.resize(longest);
        let weights = weights.resize(longest.div_ceil(2));
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
            query_rows.transpose(simd, query_step, queries, query_stride);
            key_rows.pair_channels(simd, key_step, keys, pairs);
            value_rows.pair_tokens(simd, value_step, values);
            for first in (0..tokens).step_by(S::PAIRS_TILE_VECTORS * LANES) {
                let tile = Tile {
                    count: (tokens - first).min(S::PAIRS_TILE_VECTORS * LANES),
                    queries: &queries[first..],
                    query_stride,
                    keys,
                    values,
                    pairs,
                    width,
                    scale: self.scale * std::f32::consts::LOG2_E * (query_step * key_step),
                    value_scale: value_step,
                    scores: &mut scores[..tokens],
                    weights: &mut weights[..tokens.div_ceil(2)],
                    out: self.out,
                    out_stride: self.out_stride,
                    out_start: (start + first) * self.out_stride + self.out_column,
                };
                if S::PAIRS_TILE_VECTORS == 2 && tile.count > LANES {
                    tile.run::<S, 2>(simd);
                } else {
                    tile.run::<S, 1>(simd);
                }
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
                    // Behind the last token, the last token again: what comes of it does not matter.
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
    count: usize,
    /// From the first of them on.
    queries: &'a [Pair],
    query_stride: usize,
    keys: &'a [Pair],
    values: &'a [Pair],
    /// Of channels.
    pairs: usize,
    width: usize,
    /// What the sums of products are multiplied with, as exponents of two.
    scale: f32,
    /// What the sums of weighted values are multiplied with.
    value_scale: f32,
    scores: &'a mut [[f32; QUERIES]],
    weights: &'a mut [[Pair; QUERIES]],
    out: &'a Shared<'a, f32>,
    out_stride: usize,
    out_start: usize,
}

impl Tile<'_> {
    #[inline(always)]
    fn run<S: Simd, const VECTORS: usize>(mut self, simd: S) {
        let keys = self.scores.len();
        let tiles = keys.div_ceil(S::PAIRS_TILE_ROWS);
        let mut key = 0;
        for tile in 0..tiles {
            let rows = (keys - key).div_ceil(tiles - tile);
            with_rows!(rows, S::PAIRS_TILE_ROWS, ROWS => self.score::<S, ROWS, VECTORS>(simd, key));
            key += rows;
        }
        let mut factors = [0.0; QUERIES];
        for (v, factors) in lanes_mut(&mut factors).iter_mut().take(VECTORS).enumerate() {
            *factors = self.weigh(simd, v).map(|sum| self.value_scale / sum);
        }
        let tiles = self.count.div_ceil(S::PAIRS_TILE_ROWS);
        let mut query = 0;
        for tile in 0..tiles {
            let rows = (self.count - query).div_ceil(tiles - tile);
            with_rows!(rows, S::PAIRS_TILE_ROWS, ROWS => {
                let factors = factors[query..].first_chunk().expect(ROWS_THERE);
                self.mix_all::<S, ROWS>(simd, query, factors);
            });
            query += rows;
        }
    }

    /// Products of the queries with the keys from `key` on.
    #[inline(always)]
    fn score<S: Simd, const ROWS: usize, const VECTORS: usize>(&mut self, simd: S, key: usize) {
        let pairs = self.pairs;
        let mut keys: [&[Pair]; ROWS] = [&[]; ROWS];
        unrolled!(ROWS, |row| {
            keys[row] = &self.keys[(key + row) * pairs..][..pairs];
        });
        let mut sums = [[simd.no_sums(); VECTORS]; ROWS];
        #[expect(clippy::needless_range_loop, reason = "so the compiler sees that no row ends too early")]
        for k in 0..pairs {
            let queries = pairs_of(&self.queries[k * self.query_stride..][..VECTORS * LANES]);
            let mut at = [simd.spread_pair([0; 2]); VECTORS];
            for (at, queries) in at.iter_mut().zip(queries) {
                *at = simd.load_pairs(queries);
            }
            unrolled!(ROWS, |row| {
                let key = simd.spread_pair(keys[row][k]);
                for v in 0..VECTORS {
                    sums[row][v] = simd.dot_pairs(sums[row][v], at[v], key);
                }
            });
        }
        let scores: &mut [_; ROWS] = self.scores[key..].first_chunk_mut().expect(ROWS_THERE);
        unrolled!(ROWS, |row| {
            for (sum, to) in sums[row].into_iter().zip(lanes_mut(&mut scores[row])) {
                simd.store(simd.to_f32(sum), to);
            }
        });
    }

    /// The weights of a vector of queries in steps: the softmax of their scores, but for the factor one over the sum, which is returned.
    #[inline(always)]
    fn weigh<S: Simd>(&mut self, simd: S, v: usize) -> Lanes<f32> {
        let (twos, last) = self.scores.as_chunks::<2>();
        // Two of each, so that one need not wait for the other.
        let mut greatest = [simd.load(&lanes(&self.scores[0])[v]); 2];
        for two in twos {
            for (greatest, scores) in greatest.iter_mut().zip(two) {
                *greatest = simd.max(*greatest, simd.load(&lanes(scores)[v]));
            }
        }
        for last in last {
            greatest[0] = simd.max(greatest[0], simd.load(&lanes(last)[v]));
        }
        let scale = simd.splat(self.scale);
        let shift = simd.mul(simd.max(greatest[0], greatest[1]), simd.splat(-self.scale));
        let mut sums = [simd.splat(0.0); 2];
        let mut weights = self.weights.iter_mut();
        for ([first, second], to) in twos.iter().zip(&mut weights) {
            let first = weight(simd, simd.mul_add(simd.load(&lanes(first)[v]), scale, shift));
            let second = weight(simd, simd.mul_add(simd.load(&lanes(second)[v]), scale, shift));
            sums[0] = simd.add(sums[0], simd.to_f32(first));
            sums[1] = simd.add(sums[1], simd.to_f32(second));
            simd.store_pairs(simd.pairs(first, second), &mut pairs_mut(to)[v]);
        }
        for (last, to) in last.iter().zip(&mut weights) {
            let last = weight(simd, simd.mul_add(simd.load(&lanes(last)[v]), scale, shift));
            sums[0] = simd.add(sums[0], simd.to_f32(last));
            simd.store_pairs(simd.pairs(last, simd.no_sums()), &mut pairs_mut(to)[v]);
        }
        let mut sum = [0.0; LANES];
        simd.store(simd.add(sums[0], sums[1]), &mut sum);
        sum
    }

    /// The means of the values, by the weights of the queries from `query` on.
    #[inline(always)]
    fn mix_all<S: Simd, const ROWS: usize>(&self, simd: S, query: usize, factors: &[f32; ROWS]) {
        let mut column = 0;
        while column < self.width {
            if S::PAIRS_TILE_VECTORS == 2 && self.width - column > LANES {
                self.mix::<S, ROWS, 2>(simd, query, column, factors);
                column += 2 * LANES;
            } else {
                self.mix::<S, ROWS, 1>(simd, query, column, factors);
                column += LANES;
            }
        }
    }

    /// The same in the head's columns from `column` on.
    #[inline(always)]
    fn mix<S: Simd, const ROWS: usize, const VECTORS: usize>(
        &self,
        simd: S,
        query: usize,
        column: usize,
        factors: &[f32; ROWS],
    ) {
        let blocks = self.weights.chunks(TOKEN_PAIRS).zip(self.values.chunks(TOKEN_PAIRS * self.width));
        for (block, (weights, values)) in blocks.enumerate() {
            let mut sums = [[simd.no_sums(); VECTORS]; ROWS];
            for (weights, values) in weights.iter().zip(values.chunks_exact(self.width)) {
                let weights: &[Pair; ROWS] = weights[query..].first_chunk().expect(ROWS_THERE);
                let mut at = [simd.spread_pair([0; 2]); VECTORS];
                for (at, values) in at.iter_mut().zip(pairs_of(&values[column..][..VECTORS * LANES])) {
                    *at = simd.load_pairs(values);
                }
                unrolled!(ROWS, |row| {
                    let weight = simd.spread_pair(weights[row]);
                    for v in 0..VECTORS {
                        sums[row][v] = simd.dot_pairs(sums[row][v], at[v], weight);
                    }
                });
            }
            unrolled!(ROWS, |row| {
                let start = self.out_start + (query + row) * self.out_stride + column;
                // SAFETY: nobody else touches this head's columns meanwhile.
                let to = unsafe { self.out.slice_mut(start, VECTORS * LANES) };
                let factor = simd.splat(factors[row]);
                for (sum, to) in sums[row].into_iter().zip(lanes_mut(to)) {
                    let mixed = simd.mul(simd.to_f32(sum), factor);
                    let mixed = if block == 0 { mixed } else { simd.add(simd.load(to), mixed) };
                    simd.store(mixed, to);
                }
            });
        }
    }
}

/// Two to the power of numbers that are at most zero, in steps.
#[inline(always)]
fn weight<S: Simd>(simd: S, exponent: S::F32) -> S::I32 {
    let steps = simd.splat(WEIGHT_STEPS);
    // The greatest score's exponent is rounded, so that it may be somewhat more than zero.
    simd.round(simd.min(simd.mul(exp2(simd, exponent), steps), steps))
}

#[inline(always)]
fn pairs_of(pairs: &[Pair]) -> &[Lanes<Pair>] {
    pairs.as_chunks().0
}

#[inline(always)]
fn pairs_mut(pairs: &mut [Pair]) -> &mut [Lanes<Pair>] {
    pairs.as_chunks_mut().0
}
