//! Kernel ridge regression onto the classes, with every message predicted as if it had not been there.
//!
//! With the kernel matrix `K` of the messages and a target of `1 - 1/classes` for a message's own class and `-1/classes` for
//! every other, `A = K + λI` and `α = A⁻¹ Y`; the score of a message `x` for a class is `Σ_i k(x, x_i) α_i`. Without message `i`, its
//! own scores would have been `Y_i - α_i / (A⁻¹)_ii`: leave-one-out without fitting again (Rifkin and Lippert 2007, Notes on
//! Regularized Least Squares, MIT-CSAIL-TR-2007-025; Cawley and Talbot 2008). So every figure that training reports, and every
//! threshold that it chooses, comes from a model that differs from the final one by a single message.

use faer::linalg::solvers::{DenseSolveCore as _, Llt, Solve as _};
use faer::{Mat, Side};

use crate::{Error, Result};

/// What was fitted.
pub(super) struct Fitted {
    /// `α`: for each message, one number a class.
    pub(super) coefficients: Vec<f32>,
    /// Scores of each message for each class, as they would be without the message.
    pub(super) left_out: Vec<Vec<f32>>,
}

/// Fits to the classes of the messages. `gram` is `K`; `penalty` is `λ`, which is above zero.
///
/// # Errors
/// When the matrix is not positive definite, which a kernel's is unless numbers are not finite.
pub(super) fn fit(gram: Mat<f32>, targets: &[usize], classes: usize, penalty: f32) -> Result<Fitted> {
    let factor = factor(gram, penalty)?;
    let coefficients = factor.solve(one_hot(targets, classes));
    let inverse = factor.inverse();
    let left_out = targets.iter().enumerate().map(|(row, &target)| {
        (0..classes)
            .map(|class| target_of(class, target, classes) - coefficients[(row, class)] / inverse[(row, row)])
            .collect()
    });
    let left_out = left_out.collect();
    Ok(Fitted { coefficients: by_rows(&coefficients), left_out })
}

/// The coefficients alone, row by row.
///
/// # Errors
/// As [`fit`].
pub(super) fn solve(gram: Mat<f32>, targets: &[usize], classes: usize, penalty: f32) -> Result<Vec<f32>> {
    Ok(by_rows(&factor(gram, penalty)?.solve(one_hot(targets, classes))))
}

fn factor(mut gram: Mat<f32>, penalty: f32) -> Result<Llt<f32>> {
    for place in 0..gram.nrows() {
        gram[(place, place)] += penalty;
    }
    Llt::new(gram.as_ref(), Side::Lower).map_err(|_| Error::DegenerateKernel)
}

fn one_hot(targets: &[usize], classes: usize) -> Mat<f32> {
    Mat::from_fn(targets.len(), classes, |row, class| target_of(class, targets[row], classes))
}

fn target_of(class: usize, target: usize, classes: usize) -> f32 {
    f32::from(u8::from(class == target)) - 1.0 / classes as f32
}

fn by_rows(matrix: &Mat<f32>) -> Vec<f32> {
    let columns = matrix.ncols();
    (0..matrix.nrows()).flat_map(|row| (0..columns).map(move |column| matrix[(row, column)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel of three clusters on a circle.
    fn kernel(a: usize, b: usize) -> f32 {
        let angle = |i: usize| (i % 3) as f32 * 2.1 + (i * i % 7) as f32 * 0.11;
        (angle(a) - angle(b)).cos() + 1.0
    }

    #[test]
    fn leaving_one_out_is_what_fitting_without_it_gives() {
        let (count, classes, penalty) = (20, 3, 0.3);
        let targets: Vec<usize> = (0..count).map(|i| i % classes).collect();
        let gram = |rows: &[usize]| Mat::from_fn(rows.len(), rows.len(), |a, b| kernel(rows[a], rows[b]));
        let all: Vec<usize> = (0..count).collect();
        let fitted = fit(gram(&all), &targets, classes, penalty).unwrap();
        for left_out in 0..count {
            let rest: Vec<usize> = all.iter().copied().filter(|&i| i != left_out).collect();
            let rest_targets: Vec<usize> = rest.iter().map(|&i| targets[i]).collect();
            let coefficients = solve(gram(&rest), &rest_targets, classes, penalty).unwrap();
            for class in 0..classes {
                let score: f32 = rest
                    .iter()
                    .zip(coefficients.chunks_exact(classes))
                    .map(|(&i, row)| kernel(left_out, i) * row[class])
                    .sum();
                let found = fitted.left_out[left_out][class];
                assert!((score - found).abs() < 1e-3, "{score} {found}");
            }
        }
    }

    #[test]
    fn what_is_no_kernel_is_an_error() {
        let gram = Mat::from_fn(2, 2, |_, _| f32::NAN);
        assert!(matches!(fit(gram, &[0, 1], 2, 0.1), Err(Error::DegenerateKernel)));
    }
}
