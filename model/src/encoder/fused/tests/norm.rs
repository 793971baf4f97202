//! Layer norm.

use super::super::kernels::AddAndNormalize;
use super::super::simd::{Portable, Simd};
use super::{Random, SHAPES, on_every_engine};

#[test]
fn layer_norm_is_what_the_formula_says_on_every_engine() {
    let mut random = Random(5);
    for _ in 0..SHAPES {
        let (rows, channels) = (1 + random.below(9), 1 + random.below(400));
        let width = channels.next_multiple_of(64);
        let mut padded = |size| {
            let mut values = random.floats(width, size);
            values[channels..].fill(0.0);
            values
        };
        let (weight, bias) = (padded(2.0), padded(1.0));
        let hidden: Vec<f32> = (0..rows).flat_map(|_| padded(3.0)).collect();
        let added: Vec<f32> = (0..rows).flat_map(|_| padded(3.0)).collect();
        let epsilon = 1e-12;
        let portable = normalized(Portable, &hidden, &added, (width, channels), (&weight, &bias));
        for (row, (hidden, added)) in hidden.chunks(width).zip(added.chunks(width)).enumerate() {
            let sums: Vec<f64> = hidden.iter().zip(added).map(|(a, b)| f64::from(a + b)).collect();
            let count = channels as f64;
            let mean = sums.iter().sum::<f64>() / count;
            let squares = sums[..channels].iter().map(|value| (value - mean).powi(2));
            let deviation = (squares.sum::<f64>() / count + epsilon).sqrt();
            for k in 0..width {
                let standard = if channels == 1 { 0.0 } else { (sums[k] - mean) / deviation };
                let expected =
                    if k < channels { standard * f64::from(weight[k]) + f64::from(bias[k]) } else { 0.0 };
                let value = f64::from(portable[row * width + k]);
                assert!((value - expected).abs() < 2e-3, "{value} for {expected}, {channels} channels");
            }
        }
        on_every_engine!(|simd| {
            assert_eq!(normalized(simd, &hidden, &added, (width, channels), (&weight, &bias)), portable);
        });
    }
}

fn normalized<S: Simd>(
    simd: S,
    hidden: &[f32],
    added: &[f32],
    (width, channels): (usize, usize),
    (weight, bias): (&[f32], &[f32]),
) -> Vec<f32> {
    let mut rows = hidden.to_vec();
    simd.run(AddAndNormalize {
        rows: &mut rows,
        added: Some(added),
        width,
        channels,
        weight,
        bias,
        epsilon: 1e-12,
    });
    rows
}
