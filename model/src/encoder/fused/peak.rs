//! How fast this processor can multiply at all: kernels that do nothing else, and need hardly any memory.

use std::time::{Duration, Instant};

use super::kernels::{GREATEST_BLOCK, MATRIX_ROWS, PANEL};
use super::simd::{Kernel, LANES, MatrixMode, Simd, WeightStep};

/// Sums that are gathered at once: enough to keep every unit of the processor busy, few enough for its registers, of which a
/// logical vector takes one or two.
const fn sum_count<S: Simd>(arithmetic: Arithmetic) -> usize {
    match arithmetic {
        _ if S::WIDE_TILE => 12,
        Arithmetic::Integer => 4,
        Arithmetic::Float => 6,
    }
}

/// What is multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arithmetic {
    /// Eight-bit integers, with sums of 32 bits.
    Integer,
    /// `f32`.
    Float,
}

/// Operations a second of the calling thread, over about that time; a product and its addition are two operations.
pub(in crate::encoder) fn measure<S: Simd>(simd: S, arithmetic: Arithmetic, time: Duration) -> f64 {
    let rounds = 5_000;
    let started = Instant::now();
    let mut runs = 0;
    while started.elapsed() < time {
        match arithmetic {
            Arithmetic::Integer => simd.run(Integer { rounds }),
            Arithmetic::Float => simd.run(Float { rounds }),
        }
        runs += 1;
    }
    // A step of a sum is 64 products in integers, and 16 in floating point.
    let operations = if arithmetic == Arithmetic::Integer { 128 } else { 32 };
    (operations * runs * rounds * sum_count::<S>(arithmetic)) as f64 / started.elapsed().as_secs_f64()
}

/// The same for products of whole matrices, of an engine that has them.
pub(in crate::encoder) fn measure_matrices<S: Simd>(simd: S, time: Duration) -> f64 {
    let rounds = 500;
    let started = Instant::now();
    let mut runs = 0;
    while started.elapsed() < time {
        simd.run(Matrices { rounds });
        runs += 1;
    }
    let operations = 2 * MATRIX_ROWS * PANEL * GREATEST_BLOCK;
    (operations * runs * rounds) as f64 / started.elapsed().as_secs_f64()
}

struct Matrices {
    rounds: usize,
}

impl<S: Simd> Kernel<S> for Matrices {
    #[inline(always)]
    fn run(self, simd: S) {
        let rows = vec![[[S::Activation::default(); 4]; GREATEST_BLOCK / 4]; MATRIX_ROWS];
        let weights = vec![[[0; 4 * LANES]; 2]; GREATEST_BLOCK / 4];
        let mode = MatrixMode::begin(simd);
        for _ in 0..self.rounds {
            simd.multiply_matrices(&mode, &rows, &weights);
        }
    }
}

struct Integer {
    rounds: usize,
}

impl<S: Simd> Kernel<S> for Integer {
    #[inline(always)]
    fn run(self, simd: S) {
        let weights: [[WeightStep; 2]; 1] = std::hint::black_box([[[3; 64]; 2]]);
        let mut room = S::room();
        let [[weights, _]] = simd.unpack(&weights, &mut room) else { unreachable!("one step was packed") };
        // Others in each round and for each sum, so that no product can be used twice.
        let activations = std::hint::black_box([[[S::Activation::default(); 4]; 12]; 8]);
        let mut sums = [simd.no_sums(); 12];
        for round in 0..self.rounds {
            let activations = &activations[round % activations.len()];
            for part in 0..S::PARTS {
                for (sum, activations) in
                    sums[..const { sum_count::<S>(Arithmetic::Integer) }].iter_mut().zip(activations)
                {
                    *sum = simd.dot(*sum, weights, part, simd.spread(activations, part));
                }
            }
        }
        std::hint::black_box(sums);
    }
}

struct Float {
    rounds: usize,
}

impl<S: Simd> Kernel<S> for Float {
    #[inline(always)]
    fn run(self, simd: S) {
        let [a, b] = std::hint::black_box([0.5, 0.25]).map(|value| simd.splat(value));
        let mut sums = [simd.splat(0.0); 12];
        for _ in 0..self.rounds {
            for sum in &mut sums[..const { sum_count::<S>(Arithmetic::Float) }] {
                *sum = simd.mul_add(a, b, *sum);
            }
        }
        std::hint::black_box(sums);
    }
}
