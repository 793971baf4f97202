//! GELU and powers of two as polynomials.

use super::super::simd::Simd;

/// From here on, GELU is the identity, and minus this and below, zero: what is left out is at most 1.3e-4.
const GELU_END: f32 = 4.0;

/// `erf(x / sqrt(2)) / (2 x)` as a polynomial in `x * x` on `-GELU_END..=GELU_END`, exact at its ends; fitted to the
/// least greatest error of GELU.
const GELU: [f32; 7] = [
    0.5 * 0.795_740_5,
    0.5 * -0.129_108_81,
    0.5 * 0.017_527_377,
    0.5 * -0.001_624_374,
    0.5 * 9.552_768_5e-5,
    0.5 * -3.177_650_1e-6,
    0.5 * 4.517_634e-8,
];

/// `x * (1 + erf(x / sqrt(2))) / 2`, as in <https://arxiv.org/abs/1606.08415>, to within 2e-4. The result is quantised to
/// eight bits right after, whose step is far greater.
#[inline(always)]
pub(super) fn gelu<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    let near = simd.max(simd.min(x, simd.splat(GELU_END)), simd.splat(-GELU_END));
    let square = simd.mul(near, near);
    let mut half_erf = simd.splat(GELU[6]);
    for coefficient in GELU[..6].iter().rev() {
        half_erf = simd.mul_add(half_erf, square, simd.splat(*coefficient));
    }
    simd.mul(x, simd.mul_add(near, half_erf, simd.splat(0.5)))
}

/// `2^x` on -0.5..=0.5 as a polynomial, fitted to the least greatest relative error.
const EXP2: [f32; 6] = [1.000_000_1, 0.693_146_94, 0.240_221_2, 0.055_507_13, 0.009_675_542, 0.001_327_647_2];

/// `2^x` for `x` up to 127, with a relative error of at most 3e-7; below -125 what it is at -125, which is 2.4e-38.
///
/// `2^x = 2^n 2^r` with `n` the nearest integer to `x`, which stands in the lowest bits once 1.5 times 2 to the 23rd is added.
#[inline(always)]
pub(super) fn exp2<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    const ROUND: f32 = 12_582_912.0;
    let x = simd.max(x, simd.splat(-125.0));
    let biased = simd.add(x, simd.splat(ROUND));
    let rest = simd.mul_add(simd.add(biased, simd.splat(-ROUND)), simd.splat(-1.0), x);
    let mut series = simd.splat(EXP2[5]);
    for coefficient in EXP2[..5].iter().rev() {
        series = simd.mul_add(series, rest, simd.splat(*coefficient));
    }
    simd.times_power_of_two(series, biased)
}
