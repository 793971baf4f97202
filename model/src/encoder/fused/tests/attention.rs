//! Attention.

use std::any::{Any as _, TypeId};
use std::collections::HashMap;

use super::super::kernels::{Attention, AttentionScratch};
use super::super::shared::Shared;
use super::super::simd::{Portable, Simd};
use super::{Random, SHAPES, on_every_engine};

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
            assert_all_are(value, &projections, tokens);
        }
    }
}

/// Weights that are too small to have any step do not make those of the others less.
#[test]
fn many_weak_keys_beside_a_strong_one_leave_a_mean_of_equal_values_as_it_is() {
    for (tokens, strength) in [(20, 5.0), (128, 7.0), (512, 9.75), (512, 10.5), (512, 20_000.0)] {
        // Queries of one have that product with the first key, over the root of the width, and none with the others.
        let row = |key: f32| [[1.0; 16], [key / 4.0; 16], [-5.0; 16]].concat();
        let projections: Vec<f32> =
            (0..tokens).flat_map(|token| row(if token == 0 { strength } else { 0.0 })).collect();
        assert_all_are(-5.0, &projections, tokens);
    }
}

/// Whatever the weights are; on every engine to the same bits.
fn assert_all_are(value: f32, projections: &[f32], tokens: usize) {
    let width = projections.len() / tokens / 3;
    let mixed = attend(Portable, projections, &[tokens], width, &mut AttentionScratch::default());
    let furthest = mixed.iter().map(|mixed| (mixed - value).abs()).fold(0.0, f32::max);
    assert!(furthest < 1e-5, "{tokens} tokens are {furthest} away from {value}");
    on_every_engine!(|simd| {
        assert_eq!(attend(simd, projections, &[tokens], width, &mut AttentionScratch::default()), mixed);
    });
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
