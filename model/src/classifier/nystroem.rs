//! Messages as vectors whose products are the kernel, by the Nyström method.
//!
//! Some messages are landmarks. With `K` the kernel between them and `L Lᵀ = K` its Cholesky factor, the message `x` becomes
//! `L⁻¹ k(x)`, where `k(x)` is its kernel with each landmark (Williams and Seeger 2001, Using the Nyström Method to Speed Up Kernel
//! Machines). Where all messages are landmarks, this is exact; with fewer it is the best approximation that they allow. What is learnt on
//! these vectors costs time in proportion to the messages, and what is kept does not grow with them.

use faer::linalg::solvers::Llt;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Mat, MatMut, Par, Side};

use super::parallel;
use crate::{Error, Result};

/// Added to the diagonal, since messages may be equal.
const JITTER: f64 = 1e-4;

/// How many messages are worked on at once.
const CHUNK: usize = 256;

/// The factor of the landmarks' kernel.
pub(super) struct Basis {
    lower: Mat<f32>,
}

/// Some messages in a basis: a column for each.
pub(super) struct Design {
    pub(super) values: Vec<f32>,
    /// The length of a column.
    pub(super) width: usize,
}

impl Design {
    pub(super) fn column(&self, number: usize) -> &[f32] {
        &self.values[number * self.width..][..self.width]
    }

    /// Some of the columns.
    pub(super) fn only(&self, columns: &[usize]) -> Self {
        let mut values = Vec::with_capacity(columns.len() * self.width);
        columns.iter().for_each(|&number| values.extend_from_slice(self.column(number)));
        Self { values, width: self.width }
    }
}

impl Basis {
    /// The basis of the first messages of `kernel`, which has a column for each message: its kernel with all landmarks. All
    /// messages in this basis come with it.
    ///
    /// # Errors
    /// When an embedding is not finite.
    pub(super) fn build(mut kernel: Design) -> Result<(Self, Design)> {
        let width = kernel.width;
        let mut square =
            Mat::<f64>::from_fn(width, width, |row, column| f64::from(kernel.values[column * width + row]));
        for place in 0..width {
            square[(place, place)] += JITTER;
        }
        let factor = Llt::new(square.as_ref(), Side::Lower).map_err(|_| Error::DegenerateKernel)?;
        drop(square);
        let lower = factor.L();
        let lower = Mat::from_fn(width, width, |row, column| lower[(row, column)] as f32);
        parallel::for_each(kernel.values.chunks_mut(CHUNK * width), |values| {
            let messages = values.len() / width;
            let columns = MatMut::from_column_major_slice_mut(values, width, messages);
            solve_lower_triangular_in_place(lower.as_ref(), columns, Par::Seq);
        });
        Ok((Self { lower }, kernel))
    }

    /// Weights of the kernel with each landmark, from weights in this basis; both are a row of `classes` numbers for each landmark.
    pub(super) fn coefficients(&self, weights: &[f32], classes: usize) -> Vec<f32> {
        let mut coefficients = weights.to_vec();
        let columns = MatMut::from_row_major_slice_mut(&mut coefficients, self.lower.nrows(), classes);
        solve_upper_triangular_in_place(self.lower.transpose(), columns, Par::Seq);
        coefficients
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_messages_are_their_kernel() {
        let kernel = |a: usize, b: usize| (-((a as f32 - b as f32) / 9.0).powi(2)).exp();
        let (landmarks, messages, classes) = (30, 40, 2);
        let values: Vec<f32> = (0..messages)
            .flat_map(|message| (0..landmarks).map(move |other| kernel(message, other)))
            .collect();
        let columns = Design { values: values.clone(), width: landmarks };
        let (basis, design) = Basis::build(columns).unwrap();
        let weights: Vec<f32> = (0..classes * landmarks).map(|i| (i as f32).sin()).collect();
        let coefficients = basis.coefficients(&weights, classes);
        let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let score = |row: &[f32], weights: &[f32]| -> f32 {
            row.iter().zip(weights.chunks_exact(classes)).map(|(x, weights)| x * weights[1]).sum()
        };
        for message in 0..messages {
            for other in 0..landmarks {
                let product = dot(design.column(message), design.column(other));
                assert!((product - kernel(message, other)).abs() < 2e-3, "{product} {message} {other}");
            }
            let kernel = &values[message * landmarks..][..landmarks];
            let (in_basis, in_kernel) =
                (score(design.column(message), &weights), score(kernel, &coefficients));
            assert!((in_basis - in_kernel).abs() < 2e-2, "{in_basis} {in_kernel}");
        }
        assert_eq!(design.only(&[3, 1]).column(1), design.column(1));
    }
}
