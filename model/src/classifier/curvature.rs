//! What makes the slopes of [`softmax`](super::softmax)'s objective point at its minimum: how it curves, roughly.
//!
//! The Hessian is the mean over the messages of `(diag(p) - p pᵀ) ⊗ x xᵀ`, and the penalty. Its stand-in has one number in place of all
//! `p (1 - p)` and leaves out what classes have to do with each other: for each class `c · X + penalty · I`, where `X` is the mean of
//! `x xᵀ`. With `F Fᵀ` its Cholesky factors, L-BFGS looks for `Fᵀ w` instead of `w`, in a third of the steps.

use faer::linalg::matmul::matmul;
use faer::linalg::solvers::Llt;
use faer::linalg::triangular_solve::{solve_lower_triangular_in_place, solve_upper_triangular_in_place};
use faer::{Accum, Mat, MatMut, MatRef, Par, Scale, Side};

use super::nystroem::Design;
use super::parallel;
use crate::{Error, Result};

/// How many messages the curvature is measured on, at most.
const SAMPLE: usize = 6000;

/// How many columns of the matrix are computed at once.
const BLOCK: usize = 128;

/// `c` is this divided by the number of classes. From a quarter to ten times it, the number of steps differs by a quarter.
const SPREAD: f32 = 0.1;

/// Mean of `x xᵀ`, its lower half; behind each `x` stands a one, for the intercept.
pub(super) struct Curvature {
    products: Mat<f32>,
}

impl Curvature {
    /// Of messages like the first of these.
    pub(super) fn of(design: &Design) -> Self {
        let width = design.width;
        let count = (design.values.len() / width).min(SAMPLE);
        let values = &design.values[..count * width];
        let messages = MatRef::from_column_major_slice(values, width, count);
        let mut blocks: Vec<(usize, Mat<f32>)> =
            (0..width).step_by(BLOCK).map(|from| (from, Mat::new())).collect();
        parallel::for_each(blocks.iter_mut(), |(from, block)| {
            let columns = BLOCK.min(width - *from);
            *block = Mat::zeros(width - *from, columns);
            matmul(
                block.as_mut(),
                Accum::Replace,
                messages.subrows(*from, width - *from),
                messages.subrows(*from, columns).transpose(),
                1.0 / count as f32,
                Par::Seq,
            );
        });
        let mut products = Mat::zeros(width + 1, width + 1);
        for (from, block) in blocks {
            products.as_mut().submatrix_mut(from, from, block.nrows(), block.ncols()).copy_from(&block);
        }
        let mut mean = vec![0.0; width];
        for message in values.chunks_exact(width) {
            mean.iter_mut().zip(message).for_each(|(sum, value)| *sum += value / count as f32);
        }
        mean.into_iter().enumerate().for_each(|(column, mean)| products[(width, column)] = mean);
        products[(width, width)] = 1.0;
        Self { products }
    }
}

/// The factor `F`.
pub(super) struct Preconditioner {
    lower: Mat<f32>,
}

impl Preconditioner {
    /// # Errors
    /// When a number is not finite.
    pub(super) fn new(curvature: &Curvature, classes: usize, penalty: f64) -> Result<Self> {
        let spread = SPREAD / classes as f32;
        let mut hessian = &curvature.products * Scale(spread);
        let last = hessian.nrows() - 1;
        for place in 0..=last {
            // Intercepts are free; a trace of penalty keeps the matrix positive definite.
            hessian[(place, place)] += if place < last { penalty as f32 } else { 1e-3 * spread };
        }
        let factor = Llt::new(hessian.as_ref(), Side::Lower).map_err(|_| Error::DegenerateKernel)?;
        Ok(Self { lower: factor.L().to_owned() })
    }

    /// `Fᵀ w` becomes `w`, which has a stretch for each class.
    pub(super) fn parameters(&self, place: &mut [f32]) {
        solve_upper_triangular_in_place(self.lower.transpose(), self.columns(place), Par::Seq);
    }

    /// A slope for `w` becomes that for `Fᵀ w`.
    pub(super) fn slope(&self, slope: &mut [f32]) {
        solve_lower_triangular_in_place(self.lower.as_ref(), self.columns(slope), Par::Seq);
    }

    fn columns<'a>(&self, values: &'a mut [f32]) -> MatMut<'a, f32> {
        let height = self.lower.nrows();
        let classes = values.len() / height;
        MatMut::from_column_major_slice_mut(values, height, classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of three numbers.
    fn design() -> Design {
        Design { values: (0..600).map(|i| (i as f32 * 0.7).sin() + 0.3).collect(), width: 3 }
    }

    #[test]
    fn the_factor_is_that_of_the_mean_product() {
        let (classes, penalty) = (2, 0.01);
        let preconditioner = Preconditioner::new(&Curvature::of(&design()), classes, penalty).unwrap();
        let vector = |message: usize| {
            let design = design();
            let x = design.column(message);
            [x[0], x[1], x[2], 1.0]
        };
        for row in 0..4 {
            for column in 0..=row {
                let mean =
                    (0..200).map(|message| vector(message)[row] * vector(message)[column]).sum::<f32>()
                        / 200.0;
                let diagonal = match (row == column, row) {
                    (false, _) => 0.0,
                    (true, 3) => 1e-3 * SPREAD / 2.0,
                    (true, _) => 0.01,
                };
                let right = mean * SPREAD / 2.0 + diagonal;
                let lower = &preconditioner.lower;
                let found: f32 = (0..=column).map(|place| lower[(row, place)] * lower[(column, place)]).sum();
                assert!((found - right).abs() < 1e-5, "{row} {column}: {found} {right}");
            }
        }
    }

    #[test]
    fn slopes_and_places_change_together() {
        // How much a step gains is the same in both: slope · w = (F⁻¹ slope) · (Fᵀ w).
        let preconditioner = Preconditioner::new(&Curvature::of(&design()), 2, 0.01).unwrap();
        let place: Vec<f32> = (0..8).map(|i| (i as f32).cos()).collect();
        let slope: Vec<f32> = (0..8).map(|i| (i as f32).sin()).collect();
        let (mut parameters, mut turned) = (place.clone(), slope.clone());
        preconditioner.parameters(&mut parameters);
        preconditioner.slope(&mut turned);
        let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let (gain, right) = (dot(&turned, &place), dot(&slope, &parameters));
        assert!((gain / right - 1.0).abs() < 1e-3, "{gain} {right}");
    }

    #[test]
    fn numbers_that_are_not_finite_are_an_error() {
        let curvature = Curvature::of(&Design { values: vec![f32::NAN; 9], width: 3 });
        assert!(matches!(Preconditioner::new(&curvature, 2, 0.1), Err(Error::DegenerateKernel)));
    }
}
