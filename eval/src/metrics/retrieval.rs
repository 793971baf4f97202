//! Whether the right article was among those looked up, and how high.

/// Where the right articles of a message stand among those that were found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retrieved {
    /// Places of right articles, from 0, in order.
    pub places: Vec<usize>,
    /// How many articles are right.
    pub right: usize,
}

impl Retrieved {
    /// Compares what was found, the best first, with what is right.
    #[must_use]
    pub fn of<'a>(found: impl Iterator<Item = &'a str>, right: &[String]) -> Self {
        let places = found.enumerate().filter(|(_, id)| right.iter().any(|right| right == id));
        Self { places: places.map(|(place, _)| place).collect(), right: right.len() }
    }

    /// Whether one of the first `k` is right.
    #[must_use]
    pub fn hit(&self, k: usize) -> bool {
        self.places.first().is_some_and(|&place| place < k)
    }

    /// One over the place, from 1, of the first that is right; 0 when none is.
    #[must_use]
    pub fn reciprocal_rank(&self) -> f64 {
        self.places.first().map_or(0.0, |&place| 1.0 / (place + 1) as f64)
    }
}

/// Normalised discounted cumulative gain of the first `k` (Järvelin and Kekäläinen 2002), an article being right or not.
#[must_use]
pub fn ndcg(retrieved: &Retrieved, k: usize) -> f64 {
    let gain = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let found: f64 = retrieved.places.iter().filter(|&&place| place < k).map(|&place| gain(place)).sum();
    let best: f64 = (0..retrieved.right.min(k)).map(gain).sum();
    if best > 0.0 { found / best } else { 0.0 }
}
