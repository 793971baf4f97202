//! Vectors row by row, in 8 bits to look through all of them and in full to be exact about the closest.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use pulp::{Simd, WithSimd};

/// How many standard deviations of the rounding error a row may be below the last one that counts, and still be compared exactly.
const DEVIATIONS: f32 = 6.0;

/// `[rows, dimension]`.
#[derive(Debug)]
pub(super) struct Vectors {
    dimension: usize,
    exact: Vec<f32>,
    rounded: Vec<i8>,
    /// What one step of a row's rounded numbers is worth.
    steps: Vec<f32>,
    largest_step: f32,
}

/// The cosines of a query with all rows, from the rounded numbers.
pub(super) struct RoughCosines {
    cosines: Vec<f32>,
    /// What one step of the rounded query is worth.
    step: f32,
}

impl Vectors {
    pub(super) fn new(dimension: usize) -> Self {
        Self { dimension, exact: Vec::new(), rounded: Vec::new(), steps: Vec::new(), largest_step: 0.0 }
    }

    pub(super) fn dimension(&self) -> usize {
        self.dimension
    }

    pub(super) fn push(&mut self, vector: &[f32]) {
        let (rounded, step) = round(vector);
        self.exact.extend_from_slice(vector);
        self.rounded.extend(rounded);
        self.steps.push(step);
        self.largest_step = self.largest_step.max(step);
    }

    #[inline(always)]
    pub(super) fn exact(&self, row: u32) -> &[f32] {
        &self.exact[row as usize * self.dimension..][..self.dimension]
    }

    /// These rows with their exact cosines.
    pub(super) fn cosines(&self, query: &[f32], rows: impl Iterator<Item = u32>) -> Vec<(u32, f32)> {
        let mut cosines: Vec<(u32, f32)> = rows.map(|row| (row, 0.0)).collect();
        pulp::Arch::new().dispatch(Exact { vectors: self, query, cosines: &mut cosines });
        cosines
    }

    /// The `limit` admitted rows of the highest cosine, those of equal cosine by `order`.
    pub(super) fn nearest(
        &self,
        query: &[f32],
        RoughCosines { cosines: rough, step }: &RoughCosines,
        limit: usize,
        admits: impl Fn(u32) -> bool,
        order: impl Fn(u32, u32) -> Ordering,
    ) -> Vec<(u32, f32)> {
        if limit == 0 {
            return Vec::new();
        }
        let admitted = || (0..).zip(rough.iter().copied()).filter(|&(row, _)| admits(row));
        let last = nth_highest(admitted().map(|(_, cosine)| cosine), limit);
        let least = last.map_or(f32::NEG_INFINITY, |last| last - DEVIATIONS * self.rounding_error(*step));
        let close = admitted().filter(|&(_, rough)| rough >= least);
        let mut close = self.cosines(query, close.map(|(row, _)| row));
        close.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then_with(|| order(a.0, b.0)));
        close.truncate(limit);
        close
    }

    /// Those of each of some queries.
    pub(super) fn rough_cosines(&self, queries: &[&[f32]]) -> Vec<RoughCosines> {
        let (rounded, steps): (Vec<Vec<i16>>, Vec<f32>) = queries
            .iter()
            .map(|query| {
                let (rounded, step) = round(query);
                (rounded.into_iter().map(i16::from).collect::<Vec<i16>>(), step)
            })
            .unzip();
        let mut cosines = vec![vec![0.0; self.steps.len()]; queries.len()];
        shopdesk_dot::multiply(&self.rounded, &rounded, &mut cosines);
        let rough = |(mut cosines, step): (Vec<f32>, f32)| {
            cosines.iter_mut().zip(&self.steps).for_each(|(cosine, row_step)| *cosine *= row_step * step);
            RoughCosines { cosines, step }
        };
        cosines.into_iter().zip(steps).map(rough).collect()
    }

    /// The standard deviation of a cosine of rounded vectors of unit length: each number is off by an even spread over one step, whose
    /// variance is a twelfth of the step's square.
    fn rounding_error(&self, query_step: f32) -> f32 {
        ((self.largest_step.powi(2) + query_step.powi(2)) / 12.0).sqrt()
    }
}

/// Exact cosines of some rows. Compiled for what the processor has.
struct Exact<'a> {
    vectors: &'a Vectors,
    query: &'a [f32],
    cosines: &'a mut [(u32, f32)],
}

impl WithSimd for Exact<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (row, cosine) in self.cosines {
            *cosine = dot(self.query, self.vectors.exact(*row));
        }
    }
}

/// Numbers in steps, and what a step is worth.
fn round(vector: &[f32]) -> (Vec<i8>, f32) {
    let largest = vector.iter().fold(0.0_f32, |largest, number| largest.max(number.abs()));
    let step = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    (vector.iter().map(|number| (number / step).round() as i8).collect(), step)
}

/// The sum of products, in as many lanes as any processor has.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let (mut sums, split) = ([0.0_f32; LANES], a.len() - a.len() % LANES);
    for (a, b) in a[..split].chunks_exact(LANES).zip(b[..split].chunks_exact(LANES)) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a[split..].iter().zip(&b[split..]).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The `n`th highest of some numbers; nothing when there are fewer.
pub(super) fn nth_highest(numbers: impl Iterator<Item = f32>, n: usize) -> Option<f32> {
    // The lowest of the highest so far is on top. Most numbers are below it and cost one comparison.
    let mut highest: BinaryHeap<Reverse<Ordered>> = BinaryHeap::with_capacity(n + 1);
    for number in numbers {
        if highest.len() < n {
            highest.push(Reverse(Ordered(number)));
        } else if let Some(mut lowest) = highest.peek_mut()
            && number > lowest.0.0
        {
            *lowest = Reverse(Ordered(number));
        }
    }
    (highest.len() == n).then(|| highest.peek().map(|lowest| lowest.0.0)).flatten()
}

/// A number that is compared in the order of all numbers.
#[derive(PartialEq)]
struct Ordered(f32);

impl Eq for Ordered {}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(random: &mut fastrand::Rng, dimension: usize) -> Vec<f32> {
        let vector: Vec<f32> = (0..dimension).map(|_| random.f32() - 0.5).collect();
        let length = dot(&vector, &vector).sqrt();
        vector.into_iter().map(|number| number / length).collect()
    }

    #[test]
    fn rounding_never_changes_what_is_found() {
        let mut random = fastrand::Rng::with_seed(3);
        for (dimension, rows) in [(2, 500), (19, 2_000), (384, 3_000)] {
            let mut vectors = Vectors::new(dimension);
            // Neighbours in a narrow cone, as those of an encoder are.
            let common = unit(&mut random, dimension);
            for _ in 0..rows {
                let own = unit(&mut random, dimension);
                let mixed: Vec<f32> = own.iter().zip(&common).map(|(a, b)| 0.3 * a + b).collect();
                let length = dot(&mixed, &mixed).sqrt();
                vectors.push(&mixed.into_iter().map(|number| number / length).collect::<Vec<f32>>());
            }
            for _ in 0..20 {
                let query = unit(&mut random, dimension);
                let admits = |row: u32| !row.is_multiple_of(7);
                let mut plain = vectors.cosines(&query, (0..rows as u32).filter(|&row| admits(row)));
                plain.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
                plain.truncate(30);
                let rough = vectors.rough_cosines(&[&common, &query]);
                assert_eq!(vectors.nearest(&query, &rough[1], 30, admits, |a, b| a.cmp(&b)), plain);
            }
        }
    }

    #[test]
    fn nothing_is_nearest_when_nothing_is_asked_for() {
        let mut vectors = Vectors::new(2);
        vectors.push(&[1.0, 0.0]);
        let rough = &vectors.rough_cosines(&[&[1.0, 0.0]])[0];
        assert_eq!(vectors.nearest(&[1.0, 0.0], rough, 0, |_| true, |a, b| a.cmp(&b)), []);
        assert_eq!(vectors.nearest(&[1.0, 0.0], rough, 3, |_| false, |a, b| a.cmp(&b)), []);
    }
}
