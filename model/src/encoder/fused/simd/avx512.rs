//! AVX-512 with VNNI: a vector is one register, and one instruction multiplies 64 pairs of bytes and adds them up.

use std::arch::x86_64::*;

use super::super::kernels::QuantizedBlock;
use super::amx;
use super::{Kernel, LANES, Lanes, MatrixMode, MatrixSums, Pair, Simd, WeightStep};

/// The proof that this processor has AVX-512 F, BW, DQ, VL and VNNI, and if so with `TILES`, AMX for bytes: only
/// [`detect`](Self::detect) makes it.
#[derive(Clone, Copy, Debug)]
pub(in crate::encoder) struct Avx512<const TILES: bool>(());

/// Products by AVX-512 VNNI.
pub(in crate::encoder) type Avx512Vnni = Avx512<false>;

/// Products by AMX, and everything else by AVX-512.
pub(in crate::encoder) type AmxInt8 = Avx512<true>;

impl<const TILES: bool> Avx512<TILES> {
    /// Looks whether this processor has the instructions.
    pub(in crate::encoder) fn detect() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && (!TILES || amx::permitted());
        has_all.then_some(Self(()))
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
fn run_here<const TILES: bool, K: Kernel<Avx512<TILES>>>(simd: Avx512<TILES>, kernel: K) {
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

impl<const TILES: bool> Simd for Avx512<TILES> {
    type F32 = __m512;
    type I32 = __m512i;
    type Pairs = __m512i;
    type Activation = u8;
    type Step = WeightStep;
    type Room = ();
    type Spread = __m512i;

    const MATRICES: bool = TILES;
    // Products take so little time that reading the weights counts.
    const BATCH_TOKENS: usize = if TILES { 256 } else { 128 };
    const PARTS: usize = 1;
    const TILE_ROWS: usize = 12;
    const WIDE_TILE: bool = true;
    const PAIRS_TILE_ROWS: usize = 12;
    const PAIRS_TILE_VECTORS: usize = 2;

    fn run<K: Kernel<Self>>(self, kernel: K) {
        intrinsic!(run_here(self, kernel));
    }

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        intrinsic!(_mm512_set1_ps(value))
    }

    #[inline(always)]
    fn load(self, from: &Lanes<f32>) -> __m512 {
        intrinsic!(_mm512_loadu_ps(from.as_ptr()))
    }

    #[inline(always)]
    fn store(self, value: __m512, to: &mut Lanes<f32>) {
        intrinsic!(_mm512_storeu_ps(to.as_mut_ptr(), value));
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_add_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_mul_ps(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        intrinsic!(_mm512_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_min_ps(a, b))
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        intrinsic!(_mm512_max_ps(a, b))
    }

    #[inline(always)]
    fn sum(self, value: __m512) -> f32 {
        intrinsic!({
            let high = _mm512_extractf32x8_ps::<1>(value);
            super::avx2::sum_of_eight(_mm256_add_ps(_mm512_castps512_ps256(value), high))
        })
    }

    #[inline(always)]
    fn least(self, value: __m512) -> f32 {
        intrinsic!(_mm512_reduce_min_ps(value))
    }

    #[inline(always)]
    fn greatest(self, value: __m512) -> f32 {
        intrinsic!(_mm512_reduce_max_ps(value))
    }

    #[inline(always)]
    fn round(self, value: __m512) -> __m512i {
        intrinsic!(_mm512_cvtps_epi32(value))
    }

    #[inline(always)]
    fn to_f32(self, value: __m512i) -> __m512 {
        intrinsic!(_mm512_cvtepi32_ps(value))
    }

    #[inline(always)]
    fn times_power_of_two(self, value: __m512, exponent: __m512) -> __m512 {
        intrinsic!({
            let shifted = _mm512_slli_epi32::<23>(_mm512_castps_si512(exponent));
            _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(value), shifted))
        })
    }

    #[inline(always)]
    fn pairs(self, first: __m512i, second: __m512i) -> __m512i {
        intrinsic!(_mm512_mask_blend_epi16(0xAAAA_AAAA, first, _mm512_slli_epi32::<16>(second)))
    }

    #[inline(always)]
    fn spread_pair(self, pair: Pair) -> __m512i {
        intrinsic!(_mm512_set1_epi32(bytemuck::cast(pair)))
    }

    #[inline(always)]
    fn load_pairs(self, from: &Lanes<Pair>) -> __m512i {
        intrinsic!(_mm512_loadu_si512(from.as_ptr().cast()))
    }

    #[inline(always)]
    fn store_pairs(self, pairs: __m512i, to: &mut Lanes<Pair>) {
        intrinsic!(_mm512_storeu_si512(to.as_mut_ptr().cast(), pairs));
    }

    #[inline(always)]
    fn dot_pairs(self, sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
        intrinsic!(_mm512_dpwssd_epi32(sums, a, b))
    }

    #[inline(always)]
    fn transpose(self, rows: [__m512i; LANES]) -> [__m512i; LANES] {
        intrinsic!({
            // Pairs of rows, then pairs of pairs within quarters of a register, then quarters.
            let mut pairs = [_mm512_setzero_ps(); LANES];
            for row in (0..LANES).step_by(2) {
                let [a, b] = [_mm512_castsi512_ps(rows[row]), _mm512_castsi512_ps(rows[row + 1])];
                pairs[row] = _mm512_unpacklo_ps(a, b);
                pairs[row + 1] = _mm512_unpackhi_ps(a, b);
            }
            // `fours[4 g + c]` has column c of rows 4 g.. in its first quarter, c + 4 in its second and so on.
            let mut fours = [_mm512_setzero_ps(); LANES];
            for group in (0..LANES).step_by(4) {
                fours[group] = _mm512_shuffle_ps::<0b01_00_01_00>(pairs[group], pairs[group + 2]);
                fours[group + 1] = _mm512_shuffle_ps::<0b11_10_11_10>(pairs[group], pairs[group + 2]);
                fours[group + 2] = _mm512_shuffle_ps::<0b01_00_01_00>(pairs[group + 1], pairs[group + 3]);
                fours[group + 3] = _mm512_shuffle_ps::<0b11_10_11_10>(pairs[group + 1], pairs[group + 3]);
            }
            let mut columns = [_mm512_setzero_ps(); LANES];
            for column in 0..4 {
                let [a, b, c, d] = [fours[column], fours[column + 4], fours[column + 8], fours[column + 12]];
                let even_low = _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b);
                let even_high = _mm512_shuffle_f32x4::<0b10_00_10_00>(c, d);
                let odd_low = _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b);
                let odd_high = _mm512_shuffle_f32x4::<0b11_01_11_01>(c, d);
                columns[column] = _mm512_shuffle_f32x4::<0b10_00_10_00>(even_low, even_high);
                columns[column + 4] = _mm512_shuffle_f32x4::<0b10_00_10_00>(odd_low, odd_high);
                columns[column + 8] = _mm512_shuffle_f32x4::<0b11_01_11_01>(even_low, even_high);
                columns[column + 12] = _mm512_shuffle_f32x4::<0b11_01_11_01>(odd_low, odd_high);
            }
            let mut pairs = rows;
            for (pairs, column) in pairs.iter_mut().zip(columns) {
                *pairs = _mm512_castps_si512(column);
            }
            pairs
        })
    }

    #[inline(always)]
    fn store_activations(self, values: [__m512i; 4], to: &mut [u8; 4 * LANES]) {
        intrinsic!({
            // Packing works within quarters of a register, so that a last step brings the quarters in order.
            let low = _mm512_packs_epi32(values[0], values[1]);
            let high = _mm512_packs_epi32(values[2], values[3]);
            let packed = _mm512_packus_epi16(low, high);
            let order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
            _mm512_storeu_si512(to.as_mut_ptr().cast(), _mm512_permutexvar_epi32(order, packed));
        });
    }

    #[inline(always)]
    fn room() {}

    #[inline(always)]
    fn unpack<'a>(self, packed: &'a [[WeightStep; 2]], (): &'a mut ()) -> &'a [[WeightStep; 2]] {
        packed
    }

    #[inline(always)]
    fn spread(self, activations: &[u8; 4], _: usize) -> __m512i {
        intrinsic!(_mm512_set1_epi32(i32::from_le_bytes(*activations)))
    }

    #[inline(always)]
    fn no_sums(self) -> __m512i {
        intrinsic!(_mm512_setzero_si512())
    }

    #[inline(always)]
    fn dot(self, sums: __m512i, weights: &WeightStep, _: usize, activations: __m512i) -> __m512i {
        intrinsic!(_mm512_dpbusd_epi32(sums, activations, _mm512_loadu_si512(weights.as_ptr().cast())))
    }

    #[inline(always)]
    fn load_sums(self, from: &Lanes<i32>) -> __m512i {
        intrinsic!(_mm512_loadu_si512(from.as_ptr().cast()))
    }

    #[inline(always)]
    fn configure_matrices(self) {
        if TILES {
            // SAFETY: a value with `TILES` is only made where AMX is there and permitted.
            unsafe { amx::configure() };
        }
    }

    #[inline(always)]
    unsafe fn release_matrices(self) {
        if TILES {
            // SAFETY: as above; the caller knows that nobody on this thread needs the tiles any more.
            unsafe { amx::release() };
        }
    }

    #[inline(always)]
    fn multiply_matrices(
        self,
        _: &MatrixMode<Self>,
        rows: &[QuantizedBlock<u8>],
        weights: &[[WeightStep; 2]],
    ) {
        assert!(TILES, "this engine has matrix tiles");
        // SAFETY: the mode, which cannot leave its thread, has configured the tiles of the AMX that `self` proves to be there.
        unsafe { amx::clear() };
        let (parts, rest) = weights.as_chunks();
        assert!(rest.is_empty(), "widths are multiples of a tile's");
        for (part, weights) in parts.iter().enumerate() {
            if let Some(rows) = rows.first_chunk() {
                // SAFETY: as above.
                unsafe { amx::multiply_two(rows, part, weights) };
            } else {
                let rows = rows.first_chunk().expect("a tile has all rows");
                // SAFETY: as above.
                unsafe { amx::multiply_one(rows, part, weights) };
            }
        }
    }

    #[inline(always)]
    fn store_matrices(self, _: &MatrixMode<Self>, sums: &mut MatrixSums) {
        assert!(TILES, "this engine has matrix tiles");
        // SAFETY: the mode, which cannot leave its thread, has configured the tiles of the AMX that `self` proves to be there.
        unsafe { amx::store(sums) };
    }

    #[inline(always)]
    fn prefetch<T>(self, what: &T) {
        intrinsic!(_mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(what).cast()));
    }
}
