//! Every kernel on random numbers of random shapes: the portable one against the formula in `f64`, and each engine that
//! runs here against the portable one, bit for bit.

mod attention;
mod linear;
mod network;
mod norm;
mod rounding;

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
            if let Some($simd) = super::super::simd::AmxInt8::detect() {
                $check;
            }
            if let Some($simd) = super::super::simd::Avx512Vnni::detect() {
                $check;
            }
            if let Some($simd) = super::super::simd::Avx2::detect() {
                $check;
            }
        }
    };
}
use on_every_engine;
