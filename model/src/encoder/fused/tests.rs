//! Every kernel on random numbers of random shapes: the portable one against the formula in `f64`, and each engine that
//! runs here against the portable one, bit for bit.

use std::any::{Any as _, TypeId};
use std::collections::HashMap;
use std::path::Path;

use candle_core::{Device, Tensor};

use super::aligned::Aligned;
use super::kernels::{
    Activation, AddAndNormalize, Attention, AttentionScratch, Linear, MATRIX_ROWS, PANEL, Panel,
    Quantization, Quantize, QuantizedBlock, QuantizedPlace,
};
use super::shared::Shared;
use super::simd::{MatrixMode, Portable, Simd, WeightStep};
use crate::encoder::{Engine, EngineChoice};
use crate::folder::Architecture;
use crate::import::{ImportOptions, import};
use crate::{EncoderOptions, Role, TextEncoder};

/// A small generator of numbers (Steele, Lea and Flood, 2014, SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// From -`size` to `size`.
    fn float(&mut self, size: f32) -> f32 {
        (self.next() >> 40) as f32 / (1 << 23) as f32 * size - size
    }

    fn floats(&mut self, count: usize, size: f32) -> Vec<f32> {
        (0..count).map(|_| self.float(size)).collect()
    }
}

/// How often a shape is drawn; Miri takes a thousand times as long as a processor.
const SHAPES: usize = if cfg!(miri) { 2 } else { 40 };

/// Calls `$check` for every engine that runs here.
macro_rules! on_every_engine {
    (|$simd:ident| $check:expr) => {
        #[cfg(target_arch = "x86_64")]
        {
            if let Some($simd) = super::simd::AmxInt8::detect() {
                $check;
            }
            if let Some($simd) = super::simd::Avx512Vnni::detect() {
                $check;
            }
            if let Some($simd) = super::simd::Avx2::detect() {
                $check;
            }
        }
    };
}

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

#[test]
fn attention_is_what_the_formula_says_on_every_engine() {
    let mut random = Random(6);
    // One scratch for all shapes on an engine, so that longer sequences leave something behind for shorter ones.
    let mut scratch = AttentionScratch::default();
    let mut scratches: HashMap<TypeId, AttentionScratch> = HashMap::new();
    for _ in 0..SHAPES {
        let head_width = 16 * (1 + random.below(4));
        let longest = [70, 200][random.below(2)];
        let lengths: Vec<usize> = (0..1 + random.below(3)).map(|_| 1 + random.below(longest)).collect();
        let width = 3 * head_width;
        let projections = random.floats(lengths.iter().sum::<usize>() * width, 2.0);
        let expected = attend(Portable, &projections, &lengths, head_width, &mut scratch);
        let (mut rest, mut out) = (projections.as_slice(), expected.as_slice());
        for &tokens in &lengths {
            let (sequence, others) = rest.split_at(tokens * width);
            let (mixed, after) = out.split_at(tokens * head_width);
            assert_attention(sequence, mixed, head_width);
            (rest, out) = (others, after);
        }
        on_every_engine!(|simd| {
            let scratch = scratches.entry(simd.type_id()).or_default();
            assert_eq!(attend(simd, &projections, &lengths, head_width, scratch), expected);
        });
    }
}

/// Against the formula.
fn assert_attention(projections: &[f32], out: &[f32], head_width: usize) {
    let width = 3 * head_width;
    for (query, out) in projections.chunks(width).zip(out.chunks(head_width)) {
        let keys = projections.chunks(width).map(|row| &row[head_width..2 * head_width]);
        let scores: Vec<f64> = keys
            .map(|key| {
                let products = query.iter().zip(key).map(|(a, b)| f64::from(*a) * f64::from(*b));
                products.sum::<f64>() / (head_width as f64).sqrt()
            })
            .collect();
        let greatest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weights: Vec<f64> = scores.iter().map(|score| (score - greatest).exp()).collect();
        for (column, value) in out.iter().enumerate() {
            let values = projections.chunks(width).map(|row| f64::from(row[2 * head_width + column]));
            let mixed = values.zip(&weights).map(|(value, weight)| value * weight).sum::<f64>();
            let mixed = mixed / weights.iter().sum::<f64>();
            // Numbers up to 2 in steps of at most 2 / 4095, and weights whose exponents are off by what some dozen products of them are.
            assert!((f64::from(*value) - mixed).abs() < 1e-3, "{value} for {mixed}");
        }
    }
}

/// Where all keys are alike, all weights are the greatest; where all values are, every sum is.
#[test]
fn the_greatest_weights_and_values_do_not_overflow() {
    for (query, value) in [(3.0, 5.0), (3.0, -5.0), (0.0, 5.0), (0.0, 0.0)] {
        for tokens in [1, 17, 64, 65, 128, 200] {
            let row = [[query; 32], [query; 32], [value; 32]].concat();
            let projections = vec![row; tokens].concat();
            let expected = attend(Portable, &projections, &[tokens], 32, &mut AttentionScratch::default());
            assert!(expected.iter().all(|mixed| (mixed - value).abs() < 1e-5), "{query} {value} {tokens}");
            on_every_engine!(|simd| {
                let mut scratch = AttentionScratch::default();
                assert_eq!(attend(simd, &projections, &[tokens], 32, &mut scratch), expected);
            });
        }
    }
}

fn attend<S: Simd>(
    simd: S,
    projections: &[f32],
    lengths: &[usize],
    head_width: usize,
    scratch: &mut AttentionScratch,
) -> Vec<f32> {
    let mut out = vec![0.0; projections.len() / 3];
    // SAFETY: one kernel on one thread uses it.
    let shared = unsafe { Shared::new(&mut out) };
    simd.run(Attention {
        projections,
        stride: 3 * head_width,
        columns: [0, head_width, 2 * head_width],
        width: head_width,
        lengths,
        scale: 1.0 / (head_width as f32).sqrt(),
        scratch,
        out: &shared,
        out_stride: head_width,
        out_column: 0,
    });
    out
}

/// A head of 8, heads that do not fill 64 columns, a hidden width that is no multiple of 16.
#[test]
#[cfg_attr(miri, ignore = "reads and writes files")]
fn a_network_of_odd_sizes_is_close_to_the_reference_whatever_ran_before() {
    let scratch = tempfile::tempdir().unwrap();
    let checkpoint = scratch.path().join("checkpoint");
    write_odd_checkpoint(&checkpoint);
    let target = scratch.path().join("model");
    import(&checkpoint, &target, &ImportOptions::default()).unwrap();
    let open = |engine| {
        let options = EncoderOptions { engine: EngineChoice::Forced(engine), ..EncoderOptions::default() };
        TextEncoder::open(&target, &options).unwrap()
    };
    let texts = ["快递三天没动了", "where is my parcel?", "x", "退货运费谁出？我穿不了，想换大一码的"];
    let reference = open(Engine::Candle).embed_all(&texts, Role::Query).unwrap();
    for engine in Engine::ALL.into_iter().filter(|&engine| engine != Engine::Candle && engine.runs_here()) {
        let used = open(engine);
        for (text, reference) in texts.iter().zip(&reference) {
            let fresh = open(engine).embed(text, Role::Query).unwrap().embedding;
            let after_others = used.embed(text, Role::Query).unwrap().embedding;
            assert!(fresh == after_others, "{engine}: what ran before makes a difference to {text}");
            let cosine = fresh.cosine(&reference.embedding);
            assert!(cosine > 0.9995, "{engine}: {text}, cosine {cosine}");
        }
    }
}

fn write_odd_checkpoint(folder: &Path) {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tiny-xlm-roberta");
    std::fs::create_dir(folder).unwrap();
    std::fs::copy(tiny.join("tokenizer.json"), folder.join("tokenizer.json")).unwrap();
    let config = std::fs::read_to_string(tiny.join("config.json")).unwrap();
    let mut config: serde_json::Value = serde_json::from_str(&config).unwrap();
    for (key, value) in [
        ("hidden_size", 72),
        ("num_attention_heads", 9),
        ("intermediate_size", 100),
        ("num_hidden_layers", 4),
    ] {
        config[key] = value.into();
    }
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let size = |key: &str| config[key].as_u64().unwrap() as usize;
    let architecture = Architecture {
        vocab_size: size("vocab_size"),
        hidden_size: 72,
        num_hidden_layers: 4,
        num_attention_heads: 9,
        intermediate_size: 100,
        max_position_embeddings: size("max_position_embeddings"),
        type_vocab_size: size("type_vocab_size"),
        layer_norm_eps: 1e-5,
        first_position: 2,
    };
    let mut random = Random(7);
    let mut tensors = HashMap::new();
    for (name, shape) in architecture.tensor_shapes() {
        let count = shape.iter().product();
        let mut values = random.floats(count, 2.0 / (shape[shape.len() - 1] as f32).sqrt());
        if name.ends_with("LayerNorm.weight") {
            values.iter_mut().for_each(|value| *value += 1.0);
        }
        tensors.insert(name, Tensor::from_vec(values, shape, &Device::Cpu).unwrap());
    }
    candle_core::safetensors::save(&tensors, folder.join("model.safetensors")).unwrap();
}
