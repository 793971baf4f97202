//! N-grams that many texts have, with a number for every text: to add these up one after the other takes a fraction of what it takes
//! to look up each text that has one.

use pulp::{Arch, Simd, WithSimd};

/// An n-gram is frequent when more than one text in so many has it, as long as these are more than a few.
const SHARE: usize = 32;
const FEW: usize = 64;

/// Columns that are added at once: sums are then loaded and stored a quarter as often.
const AT_ONCE: usize = 4;

/// Sums that are in the processor's nearest cache while all columns are added to them.
const BLOCK: usize = 2048;

/// The weights of frequent n-grams in all texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Columns {
    /// The places of the n-grams among all, ascending.
    places: Vec<u32>,
    /// For each of them, how much one step of its weights is.
    steps: Vec<f32>,
    /// `[n-grams, texts]`, in steps: 255 to the greatest weight that the n-gram has in any text.
    weights: Vec<u8>,
    texts: usize,
}

/// One column, and what it is multiplied with.
struct Weighted<'a> {
    weights: &'a [u8],
    times: f32,
}

impl Columns {
    /// Whether an n-gram that so many of `texts` have gets a column.
    pub(super) fn has(frequency: usize, texts: usize) -> bool {
        frequency > FEW && frequency * SHARE > texts
    }

    /// Given the place of each frequent n-gram, and the texts that have it with their weights.
    pub(super) fn new<'a>(
        texts: usize,
        frequent: impl Iterator<Item = (usize, &'a [u32], &'a [f32])>,
    ) -> Self {
        let mut columns = Self { texts, ..Self::default() };
        for (place, having, weights) in frequent {
            let greatest = weights.iter().copied().fold(0.0, f32::max);
            let step = if greatest > 0.0 { greatest / 255.0 } else { 1.0 };
            columns.places.push(place as u32);
            columns.steps.push(step);
            let start = columns.weights.len();
            columns.weights.resize(start + texts, 0);
            for (&text, &weight) in having.iter().zip(weights) {
                columns.weights[start + text as usize] = (weight / step).round() as u8;
            }
        }
        columns
    }

    /// Adds to the sum of each text what the n-grams at these places, each with its weight, have in common with it. Each place has a column.
    pub(super) fn add(&self, weighted: impl Iterator<Item = (usize, f32)>, sums: &mut [f32]) {
        let column = |(place, weight): (usize, f32)| {
            let number = self.places.binary_search(&(place as u32)).expect("each place has a column");
            let weights = &self.weights[number * self.texts..][..self.texts];
            Weighted { weights, times: weight * self.steps[number] }
        };
        let columns: Vec<Weighted<'_>> = weighted.map(column).collect();
        Arch::new().dispatch(Sums { columns: &columns, sums });
    }
}

/// Compiled for what the processor has.
struct Sums<'a> {
    columns: &'a [Weighted<'a>],
    sums: &'a mut [f32],
}

impl<'a> WithSimd for Sums<'a> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (block, sums) in self.sums.chunks_mut(BLOCK).enumerate() {
            let count = sums.len();
            let part = |column: &Weighted<'a>| &column.weights[block * BLOCK..][..count];
            for columns in self.columns.chunks(AT_ONCE) {
                match columns {
                    [a, b, c, d] => {
                        let (of_a, of_b, of_c, of_d) = (part(a), part(b), part(c), part(d));
                        for (text, sum) in sums.iter_mut().enumerate() {
                            let first = a.times * f32::from(of_a[text]) + b.times * f32::from(of_b[text]);
                            *sum +=
                                first + (c.times * f32::from(of_c[text]) + d.times * f32::from(of_d[text]));
                        }
                    }
                    few => {
                        for column in few {
                            for (sum, &number) in sums.iter_mut().zip(part(column)) {
                                *sum += column.times * f32::from(number);
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_of_the_weights_to_within_half_a_step() {
        let mut random = fastrand::Rng::with_seed(3);
        for (texts, count) in [(1, 1), (63, 3), (5000, 4), (5000, 11), (2048, 0)] {
            let having: Vec<Vec<u32>> =
                (0..count).map(|_| (0..texts as u32).filter(|_| random.bool()).collect()).collect();
            let weights: Vec<Vec<f32>> =
                having.iter().map(|having| having.iter().map(|_| random.f32()).collect()).collect();
            let frequent = having.iter().zip(&weights).enumerate();
            let frequent = frequent
                .map(|(number, (having, weights))| (7 * number, having.as_slice(), weights.as_slice()));
            let columns = Columns::new(texts, frequent);
            let times: Vec<f32> = (0..count).map(|_| random.f32()).collect();
            let mut sums = vec![0.5; texts];
            columns.add(times.iter().enumerate().map(|(number, &times)| (7 * number, times)), &mut sums);
            let mut expected = vec![0.5; texts];
            for ((having, weights), times) in having.iter().zip(&weights).zip(&times) {
                for (&text, weight) in having.iter().zip(weights) {
                    expected[text as usize] += times * weight;
                }
            }
            let allowed = times.iter().sum::<f32>() * 0.501 / 255.0 + 1e-5;
            for (sum, expected) in sums.iter().zip(expected) {
                assert!((sum - expected).abs() < allowed, "{sum} for {expected}");
            }
        }
    }

    #[test]
    fn only_what_many_texts_have_is_frequent() {
        assert!(Columns::has(FEW + 1, FEW + 1) && Columns::has(501, 16_000));
        assert!(!Columns::has(FEW, FEW) && !Columns::has(500, 16_000));
    }
}
