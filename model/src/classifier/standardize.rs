//! Centres embeddings and scales them to unit variance overall.
//!
//! Sentence embeddings of one encoder share a large common direction (any two texts have a cosine near 0.8 with
//! E5), which carries no meaning; what distinguishes them is what is left after the mean.

use crate::Embedding;

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standardizer {
    pub(super) mean: Vec<f32>,
    /// One factor for all dimensions: their relative sizes are meaningful.
    pub(super) scale: f32,
}

impl Standardizer {
    /// The mean and the inverse standard deviation over all of `embeddings`, of which there is at least one.
    pub(super) fn fit(embeddings: &[&Embedding]) -> Self {
        let dimension = embeddings.first().map_or(0, |embedding| embedding.as_slice().len());
        let count = embeddings.len() as f64;
        let mut sums = vec![0_f64; dimension];
        for embedding in embeddings {
            for (sum, &x) in sums.iter_mut().zip(embedding.as_slice()) {
                *sum += f64::from(x);
            }
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / count) as f32).collect();
        let squares: f64 = embeddings
            .iter()
            .flat_map(|embedding| embedding.as_slice().iter().zip(&mean))
            .map(|(x, mean)| f64::from(x - mean).powi(2))
            .sum();
        let variance = squares / (count * dimension as f64);
        let scale = if variance > 0.0 { (1.0 / variance.sqrt()) as f32 } else { 1.0 };
        Self { mean, scale }
    }

    pub(super) fn apply(&self, embedding: &Embedding) -> Vec<f32> {
        embedding.as_slice().iter().zip(&self.mean).map(|(x, mean)| (x - mean) * self.scale).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standardised_vectors_have_mean_zero_and_variance_one() {
        let vectors = [[0.9_f32, 0.1, 0.2], [0.8, 0.3, -0.1], [0.7, -0.2, 0.4]];
        let embeddings: Vec<_> =
            vectors.iter().map(|vector| Embedding::normalized(vector.to_vec()).unwrap()).collect();
        let references: Vec<_> = embeddings.iter().collect();
        let standardizer = Standardizer::fit(&references);
        let all: Vec<f32> = embeddings.iter().flat_map(|embedding| standardizer.apply(embedding)).collect();
        let mean = all.iter().sum::<f32>() / 9.0;
        let variance = all.iter().map(|x| x * x).sum::<f32>() / 9.0;
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4, "{mean} {variance}");
    }
}
