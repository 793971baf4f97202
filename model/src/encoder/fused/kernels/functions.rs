//! GELU and the exponential function as polynomials.

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

/// `exp(x)` for `x <= 0`, with a relative error of at most 3e-7; below -87 what it is at -87, which is 1.6e-38.
///
/// `exp(x) = 2^n exp(r)` with `n` the nearest integer to `x / ln 2`; the rest `r` is found in two steps to lose no digits
/// (Cody and Waite, Software Manual for the Elementary Functions, 1980).
#[inline(always)]
pub(super) fn exp<S: Simd>(simd: S, x: S::F32) -> S::F32 {
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = simd.max(x, simd.splat(-87.0));
    let n = simd.round(simd.mul(x, simd.splat(std::f32::consts::LOG2_E)));
    let whole = simd.to_f32(n);
    let rest = simd.mul_add(whole, simd.splat(-LN_2_HIGH), x);
    let rest = simd.mul_add(whole, simd.splat(-LN_2_LOW), rest);
    let mut series = simd.splat(1.0 / 720.0);
    for coefficient in [1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0] {
        series = simd.mul_add(series, rest, simd.splat(coefficient));
    }
    simd.mul(series, simd.power_of_two(n))
}
