//! Weights that make up for each other's errors.

use super::super::rounding::Feedback;
use super::super::smoothing::{Channels, Smoothing};
use super::Random;

const WIDTH: usize = 24;
const SCALE: f32 = 0.1;

/// `eᵀ H e`
fn squared_error(covariance: &[f32], weights: &[f32], rounded: &[i8]) -> f32 {
    let errors: Vec<f32> = weights.iter().zip(rounded).map(|(w, &r)| w - f32::from(r) * SCALE).collect();
    let rows = covariance.chunks_exact(WIDTH).zip(&errors);
    rows.map(|(row, error)| error * row.iter().zip(&errors).map(|(h, e)| h * e).sum::<f32>()).sum()
}

fn feedback(covariance: &[f32], greatest: &[f32]) -> Feedback {
    let channels =
        Channels { mean: vec![0.0; WIDTH], range: vec![1.0; WIDTH], covariance: covariance.to_vec() };
    let smoothing = Smoothing { centre: vec![0.0; WIDTH], size: vec![1.0; WIDTH] };
    Feedback::of(&channels, &smoothing, greatest)
}

/// Channels that are mixtures of six sources.
fn mixtures(random: &mut Random) -> Vec<f32> {
    let mixing: Vec<Vec<f32>> = (0..WIDTH).map(|_| random.floats(6, 1.0)).collect();
    let entry = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum();
    mixing.iter().flat_map(|a| mixing.iter().map(move |b| entry(a, b))).collect()
}

#[test]
fn errors_of_channels_that_move_together_make_up_for_each_other() {
    let mut random = Random(11);
    let (mut nearest, mut fed_back) = (0.0, 0.0);
    for _ in 0..20 {
        let covariance = mixtures(&mut random);
        let weights = random.floats(WIDTH, 5.0);
        let plain: Vec<i8> = weights.iter().map(|weight| (weight / SCALE).round() as i8).collect();
        let rounded = feedback(&covariance, &[5.0; WIDTH]).round(&weights, |_| SCALE);
        nearest += squared_error(&covariance, &weights, &plain);
        fed_back += squared_error(&covariance, &weights, &rounded);
    }
    assert!(fed_back < nearest / 2.0, "{fed_back} instead of {nearest}");
}

#[test]
fn weights_of_channels_that_stand_alone_are_rounded_to_the_nearest() {
    let weights = Random(5).floats(WIDTH, 5.0);
    let covariance: Vec<f32> =
        (0..WIDTH * WIDTH).map(|at| if at % (WIDTH + 1) == 0 { 1.0 } else { 0.0 }).collect();
    let nearest: Vec<i8> = weights.iter().map(|weight| (weight / SCALE).round() as i8).collect();
    assert_eq!(feedback(&covariance, &[5.0; WIDTH]).round(&weights, |_| SCALE), nearest);
}

#[test]
fn a_channel_without_weights_keeps_none_and_nothing_gets_out_of_range() {
    let mut random = Random(3);
    let covariance = mixtures(&mut random);
    let mut weights = random.floats(WIDTH, 12.7);
    weights[7] = 0.0;
    weights[20] = 12.7;
    let mut greatest = [12.7; WIDTH];
    greatest[7] = 0.0;
    let rounded = feedback(&covariance, &greatest).round(&weights, |_| SCALE);
    assert_eq!(rounded[7], 0);
    assert!(rounded.iter().all(|&value| value >= -127));
    let constant = vec![0.0; WIDTH * WIDTH];
    assert_eq!(
        feedback(&constant, &greatest).round(&weights, |_| SCALE)[20],
        127,
        "channels that never move"
    );
}
