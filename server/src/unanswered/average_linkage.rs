//! Groups by average linkage: two groups become one as long as the mean cosine between their members is high enough.
//!
//! Average linkage is that of Sokal and Michener (1958); nearest neighbours are followed in a chain (Murtagh 1983), which takes time and
//! memory with the square of the number of vectors. A group's nearest neighbour never comes nearer when others merge, so one that has none near
//! enough is finished.

/// The places of the vectors, which are of unit length, in groups whose members' mean cosine is at least `least`.
pub(super) fn groups(vectors: &[Vec<f32>], least: f32) -> Vec<Vec<usize>> {
    let mut growing = Growing::of(vectors);
    let mut finished = Vec::new();
    let mut chain: Vec<usize> = Vec::new();
    while let Some(last) = chain.last().copied().or_else(|| growing.any()) {
        if chain.is_empty() {
            chain.push(last);
        }
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        match growing.nearest(last, before) {
            Some((nearest, similarity)) if similarity >= least => {
                if Some(nearest) == before {
                    chain.truncate(chain.len() - 2);
                    growing.merge(nearest, last);
                } else {
                    chain.push(nearest);
                }
            }
            _ => {
                chain.pop();
                finished.push(growing.take(last));
            }
        }
    }
    finished
}

/// Groups that may still merge.
struct Growing {
    count: usize,
    /// The mean cosine between any two groups: a square of `count`.
    similarities: Vec<f32>,
    /// Empty where a group went into another one, or is finished.
    members: Vec<Vec<usize>>,
}

impl Growing {
    /// Each vector alone.
    fn of(vectors: &[Vec<f32>]) -> Self {
        let count = vectors.len();
        let mut similarities = vec![0.0; count * count];
        for (at, vector) in vectors.iter().enumerate() {
            for (other, another) in vectors.iter().enumerate().take(at) {
                let cosine = vector.iter().zip(another).map(|(a, b)| a * b).sum();
                similarities[at * count + other] = cosine;
                similarities[other * count + at] = cosine;
            }
        }
        Self { count, similarities, members: (0..count).map(|at| vec![at]).collect() }
    }

    fn any(&self) -> Option<usize> {
        self.members.iter().position(|members| !members.is_empty())
    }

    /// The nearest other group; of equals the one that came before, so that a chain cannot run in a circle.
    fn nearest(&self, group: usize, before: Option<usize>) -> Option<(usize, f32)> {
        let similarity = |other: usize| self.similarities[group * self.count + other];
        let mut nearest = before.map(|before| (before, similarity(before)));
        for other in (0..self.count).filter(|&other| other != group && !self.members[other].is_empty()) {
            if nearest.is_none_or(|(_, highest)| similarity(other) > highest) {
                nearest = Some((other, similarity(other)));
            }
        }
        nearest
    }

    /// Puts one group into another one.
    fn merge(&mut self, into: usize, from: usize) {
        let (grown, added) = (self.members[into].len() as f32, self.members[from].len() as f32);
        for other in 0..self.count {
            let mean = (grown * self.similarities[into * self.count + other]
                + added * self.similarities[from * self.count + other])
                / (grown + added);
            self.similarities[into * self.count + other] = mean;
            self.similarities[other * self.count + into] = mean;
        }
        let moved = std::mem::take(&mut self.members[from]);
        self.members[into].extend(moved);
    }

    fn take(&mut self, group: usize) -> Vec<usize> {
        std::mem::take(&mut self.members[group])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A vector in that direction of the plane, in degrees.
    fn at(degrees: f32) -> Vec<f32> {
        vec![degrees.to_radians().cos(), degrees.to_radians().sin()]
    }

    fn sorted(vectors: &[Vec<f32>], least: f32) -> Vec<Vec<usize>> {
        let mut groups = groups(vectors, least);
        groups.iter_mut().for_each(|group| group.sort_unstable());
        groups.sort();
        groups
    }

    #[test]
    fn near_vectors_are_together_and_far_ones_alone() {
        let vectors = [at(0.0), at(90.0), at(5.0), at(180.0), at(92.0), at(2.0)];
        assert_eq!(sorted(&vectors, 0.9), [vec![0, 2, 5], vec![1, 4], vec![3]]);
    }

    #[test]
    fn the_mean_counts_so_that_a_row_of_neighbours_is_not_one_group() {
        let row: Vec<Vec<f32>> = (0..10).map(|step| at(step as f32 * 20.0)).collect();
        let groups = sorted(&row, 0.9);
        assert!(groups.len() > 2, "{groups:?}");
    }

    #[test]
    fn equal_vectors_are_one_group_and_none_are_none() {
        assert_eq!(sorted(&vec![at(10.0); 7], 0.5), [vec![0, 1, 2, 3, 4, 5, 6]]);
        assert!(groups(&[], 0.5).is_empty());
    }
}
