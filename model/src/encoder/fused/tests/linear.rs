//! Quantised activations, and products with them.

use super::super::aligned::Aligned;
use super::super::kernels::{
    Activation, Linear, MATRIX_ROWS, PANEL, Panel, Quantization, Quantize, QuantizedBlock, QuantizedPlace,
};
use super::super::shared::Shared;
use super::super::simd::{MatrixMode, Portable, Simd, WeightStep};
use super::{Random, SHAPES, on_every_engine};

/// A product's input and weights.
struct LinearCase {
    rows: usize,
    width: usize,
    block: usize,
    input: Vec<f32>,
    factor: Vec<f32>,
    offset: Vec<f32>,
    weights: Vec<i8>,
    /// `[blocks, 2, PANEL]`, as in a panel.
    by_column: Vec<f32>,
    bias: Vec<f32>,
}

impl LinearCase {
    fn random(random: &mut Random) -> Self {
        // Up to three matrices of rows, and a rest.
        let (rows, width) = (1 + random.below(110), 64 * (1 + random.below(6)));
        let block = [64, 128, 192, 384][random.below(4)];
        let weights: Vec<i8> = (0..width * PANEL).map(|_| (random.below(255) as i16 - 127) as i8).collect();
        let blocks = width.div_ceil(block);
        let mut by_column = random.floats(blocks * 2 * PANEL, 0.01);
        // The second half of each block is what the first half makes it: scale times the sum of the weights.
        for b in 0..blocks {
            for column in 0..PANEL {
                let sum: i32 = (b * block..width.min((b + 1) * block))
                    .map(|k| i32::from(weights[(k / 4 * PANEL + column) * 4 + k % 4]))
                    .sum();
                by_column[(2 * b + 1) * PANEL + column] = by_column[2 * b * PANEL + column] * sum as f32;
            }
        }
        Self {
            rows,
            width,
            block,
            input: random.floats(rows * width, 4.0),
            factor: random.floats(width, 2.0),
            offset: random.floats(width, 1.0),
            weights,
            by_column,
            bias: random.floats(PANEL, 1.0),
        }
    }

    fn quantize<S: Simd>(&self, simd: S) -> QuantizedRows<S::Activation> {
        let blocks = self.rows * self.width.div_ceil(self.block);
        let mut values = Aligned::default();
        let mut quantizations = vec![Quantization::default(); blocks];
        // SAFETY: one kernel on one thread uses them.
        let (to, to_quantizations) =
            unsafe { (Shared::new(values.resize(blocks + MATRIX_ROWS)), Shared::new(&mut quantizations)) };
        simd.run(Quantize {
            rows: &self.input,
            width: self.width,
            factor: &self.factor,
            offset: &self.offset,
            block: self.block,
            to: QuantizedPlace {
                values: &to,
                quantizations: &to_quantizations,
                all_rows: self.rows,
                row: 0,
                block: 0,
            },
        });
        QuantizedRows { values, quantizations }
    }

    /// Where channel `k` of a row lies: in which block of the whole, and at which place of it.
    fn place(&self, row: usize, k: usize) -> (usize, usize) {
        (k / self.block * self.rows + row, k % self.block)
    }

    /// The product of all rows but the first `skipped`.
    fn run<S: Simd>(&self, simd: S, activation: Activation, skipped: usize) -> Vec<f32> {
        let QuantizedRows { values, quantizations } = self.quantize(simd);
        let mut steps: Vec<[WeightStep; 2]> = vec![[[0; 64]; 2]; self.width / 4];
        bytemuck::cast_slice_mut(&mut steps).copy_from_slice(&self.weights);
        let mut out = vec![0.0; (self.rows - skipped) * PANEL];
        // SAFETY: one kernel on one thread uses it.
        let shared = unsafe { Shared::new(&mut out) };
        let mode = MatrixMode::begin(simd);
        simd.run(Linear {
            mode: &mode,
            quantized: &values,
            quantizations: &quantizations,
            all_rows: self.rows,
            rows: skipped..self.rows,
            block: self.block,
            panel: Panel {
                weights: &steps,
                blocks: bytemuck::cast_slice(&self.by_column),
                bias: self.bias.as_slice().try_into().unwrap(),
            },
            next: steps.as_flattened(),
            activation,
            out: &shared,
            out_width: PANEL,
            out_column: 0,
        });
        drop(mode);
        out
    }

    /// With activations as they were quantised, but multiplied and added in `f64`.
    fn expected(&self, quantized: &QuantizedRows<u8>) -> Vec<f64> {
        let mut out = Vec::new();
        for row in 0..self.rows {
            for column in 0..PANEL {
                let products = (0..self.width).map(|k| {
                    let activation = quantized.restored(self.place(row, k));
                    let weight = f64::from(self.weights[(k / 4 * PANEL + column) * 4 + k % 4]);
                    activation * weight * f64::from(self.by_column[2 * (k / self.block) * PANEL + column])
                });
                out.push(products.sum::<f64>() + f64::from(self.bias[column]));
            }
        }
        out
    }
}

/// What is multiplied: a block of each row after the other, with what it was quantised by.
struct QuantizedRows<A: bytemuck::Pod> {
    values: Aligned<QuantizedBlock<A>>,
    quantizations: Vec<Quantization>,
}

impl QuantizedRows<u8> {
    fn restored(&self, (block, place): (usize, usize)) -> f64 {
        let Quantization { scale, least } = self.quantizations[block];
        f64::from(scale) * f64::from(self.values[block].as_flattened()[place]) + f64::from(least)
    }
}

#[test]
fn activations_are_quantised_to_within_half_a_step() {
    let mut random = Random(1);
    for _ in 0..SHAPES {
        let case = LinearCase::random(&mut random);
        let quantized = case.quantize(Portable);
        for (place, value) in case.input.iter().enumerate() {
            let (row, k) = (place / case.width, place % case.width);
            let transformed = value * case.factor[k] + case.offset[k];
            let transformed = f64::from(transformed);
            let scale = f64::from(quantized.quantizations[case.place(row, k).0].scale);
            let restored = quantized.restored(case.place(row, k));
            assert!((restored - transformed).abs() <= scale * 0.501, "{restored} for {transformed}");
        }
    }
}

#[test]
fn a_block_of_equal_activations_is_quantised_exactly() {
    let case = LinearCase {
        rows: 1,
        width: 64,
        block: 64,
        input: vec![3.0; 64],
        factor: vec![1.0; 64],
        offset: vec![0.0; 64],
        weights: Vec::new(),
        by_column: Vec::new(),
        bias: Vec::new(),
    };
    let QuantizedRows { values, quantizations } = case.quantize(Portable);
    assert_eq!(quantizations, [Quantization { scale: 0.0, least: 3.0 }]);
    assert!(values[0].as_flattened().iter().all(|&value| value == 0));
}

#[test]
fn the_product_is_what_the_formula_says() {
    let mut random = Random(2);
    for _ in 0..SHAPES {
        let case = LinearCase::random(&mut random);
        let expected = case.expected(&case.quantize(Portable));
        for activation in [Activation::Identity, Activation::Gelu] {
            let out = case.run(Portable, activation, 0);
            for (value, &expected) in out.iter().zip(&expected) {
                let expected = if activation == Activation::Gelu { gelu(expected) } else { expected };
                let allowed = 3e-4 + expected.abs() * 1e-5;
                assert!((f64::from(*value) - expected).abs() <= allowed, "{value} for {expected}");
            }
        }
    }
}

/// With the error function as a series (Abramowitz and Stegun, 1964, 7.1.6), which converges fast where it matters.
fn gelu(x: f64) -> f64 {
    let z = x / std::f64::consts::SQRT_2;
    if z.abs() > 5.0 {
        return x.max(0.0);
    }
    let mut term = z;
    let mut sum = z;
    for n in 1..200 {
        term *= 2.0 * z * z / f64::from(2 * n + 1);
        sum += term;
    }
    let erf = 2.0 / std::f64::consts::PI.sqrt() * (-z * z).exp() * sum;
    x * (1.0 + erf) / 2.0
}

#[test]
fn engines_multiply_to_the_same_bits() {
    let mut random = Random(3);
    for _ in 0..SHAPES {
        let case = LinearCase::random(&mut random);
        for activation in [Activation::Identity, Activation::Gelu] {
            let expected = case.run(Portable, activation, 0);
            on_every_engine!(|simd| assert_eq!(case.run(simd, activation, 0), expected));
            let skipped = random.below(case.rows);
            on_every_engine!(|simd| {
                assert_eq!(case.run(simd, activation, skipped), expected[skipped * PANEL..]);
            });
        }
    }
}

#[test]
fn the_greatest_activations_and_weights_do_not_saturate() {
    let mut random = Random(4);
    let mut case = LinearCase::random(&mut random);
    (case.rows, case.width, case.block) = (7, 384, 384);
    case.factor = vec![1.0; 384];
    case.offset = vec![0.0; 384];
    // One activation is the least, all others are the greatest: 255.
    case.input = (0..7 * 384).map(|place| if place % 384 == 0 { -1.0 } else { 1.0 }).collect();
    for weight in [-127_i8, 127] {
        case.weights = vec![weight; 384 * PANEL];
        case.by_column = [vec![1.0; PANEL], vec![f32::from(weight) * 384.0; PANEL]].concat();
        let expected = case.run(Portable, Activation::Identity, 0);
        let exact = f64::from(weight) * (383.0 - 1.0) + f64::from(case.bias[0]);
        assert!((f64::from(expected[0]) - exact).abs() < 0.1, "{} for {exact}", expected[0]);
        on_every_engine!(|simd| assert_eq!(case.run(simd, Activation::Identity, 0), expected));
    }
}
