//! AVX2 with FMA: a vector is two registers. Bytes are widened to 16 bits before they are multiplied, since the
//! instruction that multiplies bytes saturates at 16 bits, and would lose what a 255 times a 127 twice adds up to. Weights are
//! widened a block at a time, for all rows.

use std::arch::x86_64::*;
use std::mem::MaybeUninit;

use super::super::kernels::GREATEST_BLOCK;
use super::{Kernel, LANES, Lanes, Pair, Simd, WeightStep};

const STEP_IN_HALVES: &str = "a step's weights are twice as many as a register has";

/// The proof that this processor has AVX2 and FMA: only [`detect`](Self::detect) makes it.
#[derive(Clone, Copy, Debug)]
pub(in crate::encoder) struct Avx2(());

impl Avx2 {
    /// Looks whether this processor has the instructions.
    pub(in crate::encoder) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

#[target_feature(enable = "avx2,fma")]
fn run_here<K: Kernel<Avx2>>(simd: Avx2, kernel: K) {
    kernel.run(simd);
}

/// One intrinsic of the processor that `self` proves to be there.
macro_rules! intrinsic {
    ($call:expr) => {
        // SAFETY: a value of this type is only made where the processor has the instruction; pointers come from
        // references of the width that is read or written, and no alignment is asked for.
        unsafe { $call }
    };
}

/// The sum of eight lanes, by halves.
#[target_feature(enable = "avx2,fma")]
#[inline]
pub(super) fn sum_of_eight(value: __m256) -> f32 {
    let four = _mm_add_ps(_mm256_castps256_ps128(value), _mm256_extractf128_ps::<1>(value));
    let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
}

/// The first two and the last two weights of eight columns, widened.
#[target_feature(enable = "avx2,fma")]
#[inline]
fn pairs_of_eight(weights: &[i8; 2 * LANES]) -> [__m256i; 2] {
    // Of the four columns in each half of a register, the first pairs come before the second.
    let order = _mm256_setr_epi8(
        0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, //
        0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15,
    );
    // SAFETY: it reads as many bytes as there are, and asks for no alignment.
    let bytes = unsafe { _mm256_loadu_si256(weights.as_ptr().cast()) };
    let pairs = _mm256_shuffle_epi8(bytes, order);
    // Each byte into the upper half of 16 bits, and down with its sign.
    [
        _mm256_srai_epi16::<8>(_mm256_unpacklo_epi8(pairs, pairs)),
        _mm256_srai_epi16::<8>(_mm256_unpackhi_epi8(pairs, pairs)),
    ]
}

/// Applies one operation to both halves.
macro_rules! halves {
    ($operation:ident, $($value:expr),+) => {
        intrinsic!([$operation($($value[0]),+), $operation($($value[1]),+)])
    };
}

impl Simd for Avx2 {
    type F32 = [__m256; 2];
    type I32 = [__m256i; 2];
    type Pairs = [__m256i; 2];
    type Activation = i16;
    /// Pairs of neighbours: the first of eight columns, of eight more, and the second.
    type Step = [[__m256i; 2]; 2];
    type Room = [[MaybeUninit<Self::Step>; 2]; GREATEST_BLOCK / 4];
    /// A pair, eight times.
    type Spread = __m256i;

    const PARTS: usize = 2;
    const TILE_ROWS: usize = 6;
    const WIDE_TILE: bool = false;
    const PAIRS_TILE_ROWS: usize = 6;
    const PAIRS_TILE_VECTORS: usize = 1;

    fn run<K: Kernel<Self>>(self, kernel: K) {
        intrinsic!(run_here(self, kernel));
    }

    #[inline(always)]
    fn splat(self, value: f32) -> [__m256; 2] {
        intrinsic!([_mm256_set1_ps(value); 2])
    }

    #[inline(always)]
    fn load(self, from: &Lanes<f32>) -> [__m256; 2] {
        intrinsic!([_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from[8..].as_ptr())])
    }

    #[inline(always)]
    fn store(self, value: [__m256; 2], to: &mut Lanes<f32>) {
        intrinsic!({
            _mm256_storeu_ps(to.as_mut_ptr(), value[0]);
            _mm256_storeu_ps(to[8..].as_mut_ptr(), value[1]);
        });
    }

    #[inline(always)]
    fn add(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_add_ps, a, b)
    }

    #[inline(always)]
    fn mul(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_mul_ps, a, b)
    }

    #[inline(always)]
    fn mul_add(self, a: [__m256; 2], b: [__m256; 2], c: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_fmadd_ps, a, b, c)
    }

    #[inline(always)]
    fn min(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_min_ps, a, b)
    }

    #[inline(always)]
    fn max(self, a: [__m256; 2], b: [__m256; 2]) -> [__m256; 2] {
        halves!(_mm256_max_ps, a, b)
    }

    #[inline(always)]
    fn sum(self, value: [__m256; 2]) -> f32 {
        intrinsic!(sum_of_eight(_mm256_add_ps(value[0], value[1])))
    }

    #[inline(always)]
    fn least(self, value: [__m256; 2]) -> f32 {
        intrinsic!({
            let eight = _mm256_min_ps(value[0], value[1]);
            let four = _mm_min_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
            let two = _mm_min_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_min_ss(two, _mm_movehdup_ps(two)))
        })
    }

    #[inline(always)]
    fn greatest(self, value: [__m256; 2]) -> f32 {
        intrinsic!({
            let eight = _mm256_max_ps(value[0], value[1]);
            let four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps::<1>(eight));
            let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_max_ss(two, _mm_movehdup_ps(two)))
        })
    }

    #[inline(always)]
    fn round(self, value: [__m256; 2]) -> [__m256i; 2] {
        halves!(_mm256_cvtps_epi32, value)
    }

    #[inline(always)]
    fn to_f32(self, value: [__m256i; 2]) -> [__m256; 2] {
        halves!(_mm256_cvtepi32_ps, value)
    }

    #[inline(always)]
    fn times_power_of_two(self, value: [__m256; 2], exponent: [__m256; 2]) -> [__m256; 2] {
        let [value, exponent] = [value, exponent].map(|both| halves!(_mm256_castps_si256, both));
        let shifted =
            intrinsic!([_mm256_slli_epi32::<23>(exponent[0]), _mm256_slli_epi32::<23>(exponent[1])]);
        let product = halves!(_mm256_add_epi32, value, shifted);
        halves!(_mm256_castsi256_ps, product)
    }

    #[inline(always)]
    fn pairs(self, first: [__m256i; 2], second: [__m256i; 2]) -> [__m256i; 2] {
        intrinsic!([
            _mm256_blend_epi16::<0b1010_1010>(first[0], _mm256_slli_epi32::<16>(second[0])),
            _mm256_blend_epi16::<0b1010_1010>(first[1], _mm256_slli_epi32::<16>(second[1])),
        ])
    }

    #[inline(always)]
    fn spread_pair(self, pair: Pair) -> [__m256i; 2] {
        intrinsic!([_mm256_set1_epi32(bytemuck::cast(pair)); 2])
    }

    #[inline(always)]
    fn load_pairs(self, from: &Lanes<Pair>) -> [__m256i; 2] {
        intrinsic!([_mm256_loadu_si256(from.as_ptr().cast()), _mm256_loadu_si256(from[8..].as_ptr().cast())])
    }

    #[inline(always)]
    fn store_pairs(self, pairs: [__m256i; 2], to: &mut Lanes<Pair>) {
        intrinsic!({
            _mm256_storeu_si256(to.as_mut_ptr().cast(), pairs[0]);
            _mm256_storeu_si256(to[8..].as_mut_ptr().cast(), pairs[1]);
        });
    }

    #[inline(always)]
    fn dot_pairs(self, sums: [__m256i; 2], a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        intrinsic!([
            _mm256_add_epi32(sums[0], _mm256_madd_epi16(a[0], b[0])),
            _mm256_add_epi32(sums[1], _mm256_madd_epi16(a[1], b[1])),
        ])
    }

    #[inline(always)]
    fn transpose(self, rows: [[__m256i; 2]; LANES]) -> [[__m256i; 2]; LANES] {
        // Four by four, in registers of four; the blocks themselves change places in memory.
        let (mut from, mut to) = ([[[0; 2]; LANES]; LANES], [[[0; 2]; LANES]; LANES]);
        for (row, from) in rows.into_iter().zip(&mut from) {
            self.store_pairs(row, from);
        }
        for row in (0..LANES).step_by(4) {
            for column in (0..LANES).step_by(4) {
                intrinsic!({
                    let mut a = _mm_loadu_ps(from[row][column..].as_ptr().cast());
                    let mut b = _mm_loadu_ps(from[row + 1][column..].as_ptr().cast());
                    let mut c = _mm_loadu_ps(from[row + 2][column..].as_ptr().cast());
                    let mut d = _mm_loadu_ps(from[row + 3][column..].as_ptr().cast());
                    _MM_TRANSPOSE4_PS(&mut a, &mut b, &mut c, &mut d);
                    _mm_storeu_ps(to[column][row..].as_mut_ptr().cast(), a);
                    _mm_storeu_ps(to[column + 1][row..].as_mut_ptr().cast(), b);
                    _mm_storeu_ps(to[column + 2][row..].as_mut_ptr().cast(), c);
                    _mm_storeu_ps(to[column + 3][row..].as_mut_ptr().cast(), d);
                });
            }
        }
        let mut columns = rows;
        for (column, to) in columns.iter_mut().zip(&to) {
            *column = self.load_pairs(to);
        }
        columns
    }

    #[inline(always)]
    fn store_activations(self, values: [[__m256i; 2]; 4], to: &mut [i16; 4 * LANES]) {
        let (to, _) = to.as_chunks_mut::<LANES>();
        for (value, to) in values.into_iter().zip(to) {
            intrinsic!({
                // Packing works within halves of a register, so that a last step brings the quarters in order.
                let packed = _mm256_packus_epi32(value[0], value[1]);
                let cut = _mm256_min_epu16(packed, _mm256_set1_epi16(255));
                let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(cut);
                _mm256_storeu_si256(to.as_mut_ptr().cast(), ordered);
            });
        }
    }

    #[inline(always)]
    fn room() -> Self::Room {
        [[const { MaybeUninit::uninit() }; 2]; GREATEST_BLOCK / 4]
    }

    #[inline(always)]
    fn unpack<'a>(self, packed: &'a [[WeightStep; 2]], room: &'a mut Self::Room) -> &'a [[Self::Step; 2]] {
        let room = &mut room[..packed.len()];
        for (packed, room) in packed.as_flattened().iter().zip(room.as_flattened_mut()) {
            let [low, high] = packed.as_chunks::<{ 2 * LANES }>().0 else { unreachable!("{STEP_IN_HALVES}") };
            let (low, high) = intrinsic!((pairs_of_eight(low), pairs_of_eight(high)));
            room.write([[low[0], high[0]], [low[1], high[1]]]);
        }
        // SAFETY: each of these was written just now.
        unsafe { std::slice::from_raw_parts(room.as_ptr().cast(), room.len()) }
    }

    #[inline(always)]
    fn spread(self, activations: &[i16; 4], part: usize) -> __m256i {
        let pair = [activations[2 * part], activations[2 * part + 1]];
        intrinsic!(_mm256_set1_epi32(bytemuck::cast(pair)))
    }

    #[inline(always)]
    fn no_sums(self) -> [__m256i; 2] {
        intrinsic!([_mm256_setzero_si256(); 2])
    }

    #[inline(always)]
    fn dot(self, sums: [__m256i; 2], weights: &Self::Step, part: usize, pair: __m256i) -> [__m256i; 2] {
        let weights = &weights[part];
        intrinsic!([
            _mm256_add_epi32(sums[0], _mm256_madd_epi16(weights[0], pair)),
            _mm256_add_epi32(sums[1], _mm256_madd_epi16(weights[1], pair)),
        ])
    }

    #[inline(always)]
    fn prefetch<T>(self, what: &T) {
        intrinsic!(_mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(what).cast()));
    }
}
