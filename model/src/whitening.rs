//! Vectors without the directions in which those of one group differ anyway.
//!
//! Within-class covariance normalisation (Hatch, Kajarekar and Stolcke 2006): with `S` the covariance of vectors around the mean of their
//! group and `L Lᵀ = S` its Cholesky factor, a vector `x` becomes `L⁻¹ x` of unit length. What ways of saying one thing have in
//! common with ways of saying another, such as being polite, counts less then; what tells groups apart counts more.

use faer::linalg::solvers::Llt;
use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{Mat, MatMut, Par, Side};

/// How much of the covariance is taken to be the same in all directions: a few thousand vectors do not tell that of hundreds of
/// dimensions well (Ledoit and Wolf 2004).
const SHRINKAGE: f64 = 0.5;

/// The factor of the covariance within groups.
#[derive(Clone, Debug)]
pub struct Whitening {
    lower: Mat<f32>,
}

impl Whitening {
    /// Learns from groups of vectors of one length. `None` when no group has two of them, or when they do not differ.
    #[must_use]
    pub fn fit<'a>(groups: impl IntoIterator<Item = &'a [&'a [f32]]>) -> Option<Self> {
        let mut sum: Option<Mat<f64>> = None;
        let mut freedom = 0;
        for group in groups.into_iter().filter(|group| group.len() > 1) {
            let width = group[0].len();
            let sum = sum.get_or_insert_with(|| Mat::zeros(width, width));
            let centred = centred(group);
            let matrix = faer::MatRef::from_column_major_slice(&centred, width, group.len());
            faer::linalg::matmul::matmul(
                sum.as_mut(),
                faer::Accum::Add,
                matrix,
                matrix.transpose(),
                1.0,
                Par::Seq,
            );
            freedom += group.len() - 1;
        }
        let sum = sum?;
        let width = sum.nrows();
        let mean = (0..width).map(|place| sum[(place, place)]).sum::<f64>() / (width * freedom) as f64;
        let covariance = Mat::<f64>::from_fn(width, width, |row, column| {
            let own = (1.0 - SHRINKAGE) * sum[(row, column)] / freedom as f64;
            if row == column { own + SHRINKAGE * mean } else { own }
        });
        let factor = Llt::new(covariance.as_ref(), Side::Lower).ok()?;
        let lower = factor.L();
        Some(Self { lower: Mat::from_fn(width, width, |row, column| lower[(row, column)] as f32) })
    }

    /// The vector, whitened and of unit length; zeros for one that has no direction.
    #[must_use]
    pub fn apply(&self, vector: &[f32]) -> Vec<f32> {
        let mut whitened = vector.to_vec();
        let rows = whitened.len();
        let column = MatMut::from_column_major_slice_mut(&mut whitened, rows, 1);
        solve_lower_triangular_in_place(self.lower.as_ref(), column, Par::Seq);
        let length = whitened.iter().map(|number| number * number).sum::<f32>().sqrt();
        if length > 0.0 {
            whitened.iter_mut().for_each(|number| *number /= length);
        }
        whitened
    }
}

/// The vectors of a group without their mean, one after the other.
fn centred(group: &[&[f32]]) -> Vec<f64> {
    let count = group.len() as f64;
    let mut mean = vec![0.0; group[0].len()];
    for vector in group {
        for (mean, &number) in mean.iter_mut().zip(*vector) {
            *mean += f64::from(number) / count;
        }
    }
    let centred = group.iter().flat_map(|vector| vector.iter().zip(&mean));
    centred.map(|(&number, mean)| f64::from(number) - mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cosine(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn directions_in_which_groups_scatter_count_less() {
        // Far apart in the second direction within each group, and hardly in the others.
        let group = |place: f32| -> Vec<[f32; 3]> {
            let scatter = |n: u8| f32::from(n) / 25.0 - 2.0;
            let noise = |n: u8, step: u8| f32::from(n * step % 17) / 340.0 - 0.025;
            (0..100).map(|n| [place + noise(n % 14, 7), scatter(n), noise(n % 14, 3)]).collect()
        };
        let (left, right) = (group(-0.5), group(0.5));
        let (left, right): (Vec<&[f32]>, Vec<&[f32]>) = (
            left.iter().map(|vector| &vector[..]).collect(),
            right.iter().map(|vector| &vector[..]).collect(),
        );
        let whitening = Whitening::fit([&left[..], &right[..]]).unwrap();
        let (same, other) = ([[0.5, 0.9, 0.0], [0.5, -0.9, 0.0]], [-0.5, 0.9, 0.0]);
        let [a, b] = same.map(|vector| whitening.apply(&vector));
        let c = whitening.apply(&other);
        assert!(cosine(&same[0], &same[1]) < cosine(&same[0], &other), "before, the scatter decides");
        assert!(cosine(&a, &b) > cosine(&a, &c), "{a:?} {b:?} {c:?}");
        assert!((cosine(&a, &a) - 1.0).abs() < 1e-5);
    }

    #[test]
    fn nothing_is_learnt_from_groups_of_one_or_from_equal_vectors() {
        assert!(Whitening::fit([&[&[1.0, 0.0][..]][..]]).is_none());
        let equal: [&[f32]; 2] = [&[1.0, 0.0], &[1.0, 0.0]];
        assert!(Whitening::fit([&equal[..]]).is_none());
    }
}
