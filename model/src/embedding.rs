//! A vector of unit length: the only form in which meaning travels through the program.

use crate::{Error, Result};

/// A text's vector. Its Euclidean length is 1 (within rounding), so that a dot product is a cosine.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// Brings `vector` to unit length.
    ///
    /// # Errors
    /// [`Error::DegenerateVector`] when its length is zero or not finite.
    pub fn normalized(mut vector: Vec<f32>) -> Result<Self> {
        let length = vector.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
        if !length.is_finite() || length == 0.0 {
            return Err(Error::DegenerateVector);
        }
        for x in &mut vector {
            *x = (f64::from(*x) / length) as f32;
        }
        Ok(Self(vector))
    }

    /// The cosine of the angle to another embedding of the same encoder, in -1..=1.
    #[must_use]
    pub fn cosine(&self, other: &Self) -> f32 {
        self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum()
    }

    /// The components.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_brought_to_unit_length() {
        let embedding = Embedding::normalized(vec![3.0, 4.0]).unwrap();
        assert_eq!(embedding.as_slice(), [0.6, 0.8]);
        assert!((embedding.cosine(&embedding) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_zero_or_broken_vector_is_refused() {
        assert!(Embedding::normalized(vec![0.0, 0.0]).is_err());
        assert!(Embedding::normalized(vec![f32::NAN, 1.0]).is_err());
    }
}
