//! Scaled dot-product attention of one head over one sequence, in `f32`.
//!
//! Vaswani et al. (2017), <https://arxiv.org/abs/1706.03762>. Queries go through in tiles; the scores of a tile stay near, and
//! are never written out for the whole sequence. Keys and values are copied first, so that each tile reads them from
//! one end to the other: in the projections, a head's columns lie so far apart that they would push each other out of the
//! cache.

use super::super::aligned::Aligned;
use super::super::shared::Shared;
use super::super::simd::{Kernel, LANES, Lanes, Simd};
use super::functions::exp;
use super::rows::{lanes, lanes_mut};

/// Queries of a tile, at most.
const QUERIES: usize = 24;

/// Keys whose scores are computed together.
const KEYS: usize = 2 * LANES;

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
    /// `[panels, head_width, KEYS]`
    keys: Aligned<f32>,
    /// `[tokens, head_width]`
    values: Aligned<f32>,
    /// `[QUERIES, head_width]`
    queries: Aligned<f32>,
    /// `[QUERIES, panels * KEYS]`
    scores: Aligned<f32>,
}

/// Some heads of one sequence.
pub(in super::super) struct Attention<'a> {
    /// `[tokens, 3 * part]` of the sequence: queries, keys and values, in each all heads side by side.
    pub(in super::super) projections: &'a [f32],
    pub(in super::super) part: usize,
    /// Which heads.
    pub(in super::super) heads: std::ops::Range<usize>,
    /// Columns of a head; a multiple of the lanes.
    pub(in super::super) head_width: usize,
    /// What the scores are multiplied with: one over the root of the head's real width.
    pub(in super::super) scale: f32,
    pub(in super::super) scratch: &'a mut AttentionScratch,
    /// `[all tokens, part]`; the sequence starts at row `out_row`.
    pub(in super::super) out: &'a Shared<'a, f32>,
    pub(in super::super) out_row: usize,
}

impl<S: Simd> Kernel<S> for Attention<'_> {
    #[inline(always)]
    fn run(self, simd: S) {
        let width = self.head_width;
        let tokens = self.projections.len() / (3 * self.part);
        let panels = tokens.div_ceil(KEYS);
        let AttentionScratch { keys, values, queries, scores } = self.scratch;
        let keys = keys.resize(panels * width * KEYS);
        let values = values.resize(tokens * width);
        let tiles = tokens.div_ceil(QUERIES);
        for head in self.heads {
            let rows = |part: usize| Rows {
                values: &self.projections[part * self.part + head * width..],
                stride: 3 * self.part,
            };
            transpose(simd, rows(1), tokens, width, keys);
            copy(simd, rows(2), tokens, width, values, 1.0);
            let mut first = 0;
            for tile in 0..tiles {
                let count = (tokens - first).div_ceil(tiles - tile);
                let queries = queries.resize(count * width);
                copy(simd, rows(0).from(first), count, width, queries, self.scale);
                let stride = panels * KEYS;
                let scores = scores.resize(count * stride);
                let queries = Rows { values: queries, stride: width };
                for (panel, keys) in keys.chunks_exact(width * KEYS).enumerate() {
                    let place = Place { out: &Shared::new(scores), stride, start: panel * KEYS };
                    product::<S, 2>(
                        simd,
                        queries,
                        count,
                        Rows { values: keys, stride: KEYS },
                        width,
                        None,
                        place,
                    );
                }
                let mut inverses = [0.0; QUERIES];
                for (row, inverse) in scores.chunks_exact_mut(stride).zip(&mut inverses) {
                    *inverse = exponentials(simd, &mut row[..tokens.next_multiple_of(LANES)], tokens);
                }
                let scores = Rows { values: scores, stride };
                let mut column = 0;
                while column < width {
                    let start = (self.out_row + first) * self.part + head * width + column;
                    let place = Place { out: self.out, stride: self.part, start };
                    let values = Rows { values: &values[column..], stride: width };
                    if width - column >= 2 * LANES {
                        product::<S, 2>(simd, scores, count, values, tokens, Some(&inverses), place);
                    } else {
                        product::<S, 1>(simd, scores, count, values, tokens, Some(&inverses), place);
                    }
                    column += 2 * LANES;
                }
                first += count;
            }
        }
    }
}

/// A matrix in memory, of whose rows a product takes the first columns.
#[derive(Clone, Copy)]
struct Rows<'a> {
    values: &'a [f32],
    stride: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    fn from(self, row: usize) -> Self {
        Self { values: &self.values[row * self.stride..], stride: self.stride }
    }

    #[inline(always)]
    fn row(self, row: usize, length: usize) -> &'a [f32] {
        &self.values[row * self.stride..][..length]
    }
}

/// Where a product is written.
#[derive(Clone, Copy)]
struct Place<'a> {
    out: &'a Shared<'a, f32>,
    stride: usize,
    start: usize,
}

/// Rows one after the other, times `scale`.
#[inline(always)]
fn copy<S: Simd>(simd: S, rows: Rows<'_>, count: usize, width: usize, to: &mut [f32], scale: f32) {
    let scale = simd.splat(scale);
    for (row, to) in to.chunks_exact_mut(width).take(count).enumerate() {
        for (from, to) in lanes(rows.row(row, width)).iter().zip(lanes_mut(to)) {
            simd.store(simd.mul(simd.load(from), scale), to);
        }
    }
}

/// Keys by panels, in each of which a column of the head has all its keys side by side. What stands in the place of keys
/// that are not there does not matter: their scores are not used.
#[inline(always)]
fn transpose<S: Simd>(simd: S, rows: Rows<'_>, tokens: usize, width: usize, to: &mut [f32]) {
    for (group, first) in (0..tokens).step_by(LANES).enumerate() {
        let panel = &mut to[group / 2 * width * KEYS..][..width * KEYS];
        let side = group % 2;
        for column in (0..width).step_by(LANES) {
            // Behind the last key, the last key again.
            let last = tokens - 1;
            let key = |row: usize| lanes(&rows.row(last.min(first + row), width)[column..])[0];
            let mut block: [Lanes<f32>; LANES] = std::array::from_fn(key);
            simd.transpose(&mut block);
            for (row, lanes) in block.iter().enumerate() {
                lanes_mut(&mut panel[(column + row) * KEYS..][..KEYS])[side] = *lanes;
            }
        }
    }
}

/// The first `rows` rows of `a b`, with `inner` columns of `a` and rows of `b`, and the first `VECTORS` times 16 columns of
/// `b`; each row times its factor.
#[inline(always)]
fn product<S: Simd, const VECTORS: usize>(
    simd: S,
    a: Rows<'_>,
    rows: usize,
    b: Rows<'_>,
    inner: usize,
    factors: Option<&[f32; QUERIES]>,
    place: Place<'_>,
) {
    let tiles = rows.div_ceil(S::F32_TILE_ROWS);
    let mut first = 0;
    for tile in 0..tiles {
        let count = (rows - first).div_ceil(tiles - tile);
        let a = a.from(first);
        let factors = factors.map(|factors| &factors[first..]);
        let place = Place { start: place.start + first * place.stride, ..place };
        match count {
            1 => product_tile::<S, 1, VECTORS>(simd, a, b, inner, factors, place),
            2 => product_tile::<S, 2, VECTORS>(simd, a, b, inner, factors, place),
            3 => product_tile::<S, 3, VECTORS>(simd, a, b, inner, factors, place),
            4 if S::F32_TILE_ROWS >= 4 => product_tile::<S, 4, VECTORS>(simd, a, b, inner, factors, place),
            5 if S::F32_TILE_ROWS >= 5 => product_tile::<S, 5, VECTORS>(simd, a, b, inner, factors, place),
            6 if S::F32_TILE_ROWS >= 6 => product_tile::<S, 6, VECTORS>(simd, a, b, inner, factors, place),
            7 if S::F32_TILE_ROWS >= 7 => product_tile::<S, 7, VECTORS>(simd, a, b, inner, factors, place),
            8 if S::F32_TILE_ROWS >= 8 => product_tile::<S, 8, VECTORS>(simd, a, b, inner, factors, place),
            _ => unreachable!("a tile has at most as many rows as the engine takes"),
        }
        first += count;
    }
}

#[inline(always)]
fn product_tile<S: Simd, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    a: Rows<'_>,
    b: Rows<'_>,
    inner: usize,
    factors: Option<&[f32]>,
    place: Place<'_>,
) {
    let mut rows: [&[f32]; ROWS] = [&[]; ROWS];
    unrolled!(ROWS, |row| {
        rows[row] = a.row(row, inner);
    });
    let mut sums = [[simd.splat(0.0); VECTORS]; ROWS];
    for (k, b) in b.values.chunks(b.stride).take(inner).enumerate() {
        let b = &lanes(b)[..VECTORS];
        unrolled!(ROWS, |row| {
            let factor = simd.splat(rows[row][k]);
            for v in 0..VECTORS {
                sums[row][v] = simd.mul_add(factor, simd.load(&b[v]), sums[row][v]);
            }
        });
    }
    unrolled!(ROWS, |row| {
        // SAFETY: nobody else touches this head's columns of this sequence, or this tile's scores, meanwhile.
        let to = unsafe { place.out.slice_mut(place.start + row * place.stride, VECTORS * LANES) };
        let factor = simd.splat(factors.map_or(1.0, |factors| factors[row]));
        for (v, to) in lanes_mut(to).iter_mut().enumerate() {
            simd.store(simd.mul(sums[row][v], factor), to);
        }
    });
}

/// `exp(x - greatest x)` of the first `tokens` scores, and one over the sum of these; the softmax, but for that factor.
#[inline(always)]
fn exponentials<S: Simd>(simd: S, row: &mut [f32], tokens: usize) -> f32 {
    let row = lanes_mut(row);
    if let Some(last) = row.last_mut() {
        let there = tokens - (tokens - 1) / LANES * LANES;
        let limits = &lanes(&LIMITS[LANES - there..])[0];
        simd.store(simd.min(simd.load(last), simd.load(limits)), last);
    }
    let mut greatest = simd.splat(f32::NEG_INFINITY);
    for lanes in &*row {
        greatest = simd.max(greatest, simd.load(lanes));
    }
    let shift = simd.splat(-simd.greatest(greatest));
    let mut sum = simd.splat(0.0);
    for lanes in row {
        let lanes: &mut Lanes<f32> = lanes;
        let value = exp(simd, simd.add(simd.load(lanes), shift));
        simd.store(value, lanes);
        sum = simd.add(sum, value);
    }
    1.0 / simd.sum(sum)
}
