//! The meaning of each operation, on arrays. It runs everywhere, also under Miri, and is what the engines are tested
//! against.

use super::{Kernel, LANES, Lanes, Pair, Simd, WeightStep};

/// No particular processor.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Portable;

fn zip(a: Lanes<f32>, b: Lanes<f32>, operation: impl Fn(f32, f32) -> f32) -> Lanes<f32> {
    std::array::from_fn(|lane| operation(a[lane], b[lane]))
}

fn fold(mut value: Lanes<f32>, operation: impl Fn(f32, f32) -> f32) -> f32 {
    for half in [8, 4, 2, 1] {
        for lane in 0..half {
            value[lane] = operation(value[lane], value[lane + half]);
        }
    }
    value[0]
}

impl Simd for Portable {
    type F32 = Lanes<f32>;
    type I32 = Lanes<i32>;
    type Pairs = Lanes<Pair>;
    type Activation = u8;
    type Step = WeightStep;
    type Room = ();
    type Spread = [u8; 4];

    const PARTS: usize = 1;
    const TILE_ROWS: usize = 4;
    const WIDE_TILE: bool = true;
    const PAIRS_TILE_ROWS: usize = 4;
    const PAIRS_TILE_VECTORS: usize = 2;

    fn run<K: Kernel<Self>>(self, kernel: K) {
        kernel.run(self);
    }

    fn splat(self, value: f32) -> Lanes<f32> {
        [value; LANES]
    }

    fn load(self, from: &Lanes<f32>) -> Lanes<f32> {
        *from
    }

    fn store(self, value: Lanes<f32>, to: &mut Lanes<f32>) {
        *to = value;
    }

    fn add(self, a: Lanes<f32>, b: Lanes<f32>) -> Lanes<f32> {
        zip(a, b, |a, b| a + b)
    }

    fn mul(self, a: Lanes<f32>, b: Lanes<f32>) -> Lanes<f32> {
        zip(a, b, |a, b| a * b)
    }

    fn mul_add(self, a: Lanes<f32>, b: Lanes<f32>, c: Lanes<f32>) -> Lanes<f32> {
        std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
    }

    fn min(self, a: Lanes<f32>, b: Lanes<f32>) -> Lanes<f32> {
        zip(a, b, |a, b| if a < b { a } else { b })
    }

    fn max(self, a: Lanes<f32>, b: Lanes<f32>) -> Lanes<f32> {
        zip(a, b, |a, b| if a > b { a } else { b })
    }

    fn sum(self, value: Lanes<f32>) -> f32 {
        fold(value, |a, b| a + b)
    }

    fn least(self, value: Lanes<f32>) -> f32 {
        fold(value, f32::min)
    }

    fn greatest(self, value: Lanes<f32>) -> f32 {
        fold(value, f32::max)
    }

    fn round(self, value: Lanes<f32>) -> Lanes<i32> {
        value.map(|value| value.round_ties_even() as i32)
    }

    fn to_f32(self, value: Lanes<i32>) -> Lanes<f32> {
        value.map(|value| value as f32)
    }

    fn times_power_of_two(self, value: Lanes<f32>, exponent: Lanes<f32>) -> Lanes<f32> {
        zip(value, exponent, |value, exponent| {
            f32::from_bits(value.to_bits().wrapping_add(exponent.to_bits() << 23))
        })
    }

    fn pairs(self, first: Lanes<i32>, second: Lanes<i32>) -> Lanes<Pair> {
        std::array::from_fn(|lane| [first[lane] as i16, second[lane] as i16])
    }

    fn spread_pair(self, pair: Pair) -> Lanes<Pair> {
        [pair; LANES]
    }

    fn load_pairs(self, from: &Lanes<Pair>) -> Lanes<Pair> {
        *from
    }

    fn store_pairs(self, pairs: Lanes<Pair>, to: &mut Lanes<Pair>) {
        *to = pairs;
    }

    fn dot_pairs(self, sums: Lanes<i32>, a: Lanes<Pair>, b: Lanes<Pair>) -> Lanes<i32> {
        let product = |lane: usize, number: usize| i32::from(a[lane][number]) * i32::from(b[lane][number]);
        std::array::from_fn(|lane| sums[lane] + product(lane, 0) + product(lane, 1))
    }

    fn transpose(self, rows: [Lanes<Pair>; LANES]) -> [Lanes<Pair>; LANES] {
        std::array::from_fn(|column| rows.map(|row| row[column]))
    }

    fn store_activations(self, values: [Lanes<i32>; 4], to: &mut [u8; 4 * LANES]) {
        for (value, to) in values.as_flattened().iter().zip(to) {
            *to = (*value).clamp(0, 255) as u8;
        }
    }

    fn room() {}

    fn unpack<'a>(self, packed: &'a [[WeightStep; 2]], (): &'a mut ()) -> &'a [[WeightStep; 2]] {
        packed
    }

    fn spread(self, activations: &[u8; 4], _: usize) -> [u8; 4] {
        *activations
    }

    fn no_sums(self) -> Lanes<i32> {
        [0; LANES]
    }

    fn dot(self, sums: Lanes<i32>, weights: &WeightStep, _: usize, activations: [u8; 4]) -> Lanes<i32> {
        std::array::from_fn(|lane| {
            let products =
                activations.iter().zip(&weights[4 * lane..]).map(|(&a, &w)| i32::from(a) * i32::from(w));
            sums[lane] + products.sum::<i32>()
        })
    }

    fn prefetch<T>(self, _: &T) {}
}
