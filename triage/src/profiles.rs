//! What the similar questions of each article have in common, learnt from all of them together.
//!
//! An article's profile is the mean of its questions' vectors, in all languages, after [`Whitening`]: linear discriminant analysis with an
//! article for a class. It tells articles apart that are close to each other, which the closest question alone does not.

use std::borrow::Cow;
use std::collections::HashMap;

use shopdesk_kb::ArticleId;
use shopdesk_model::Whitening;

/// From the articles of about so many questions, evenly taken from all, is learnt how questions of one article differ. More would not change that.
const MOST_QUESTIONS: usize = 20_000;

/// The profiles of the articles in force.
#[derive(Debug, Default)]
pub(crate) struct Profiles {
    /// Nothing when there are too few questions to learn from.
    whitening: Option<Whitening>,
    articles: HashMap<ArticleId, Profile>,
}

#[derive(Debug)]
struct Profile {
    sum: Vec<f32>,
    /// Of the sum.
    length: f32,
    questions: usize,
}

/// A message's vector, whitened.
pub(crate) struct Whitened(Vec<f32>);

impl Profiles {
    /// Learns from the vectors of similar questions, by article.
    pub(crate) fn learn(questions: &HashMap<ArticleId, Vec<Vec<f32>>>) -> Self {
        let all: usize = questions.values().map(Vec::len).sum();
        let step = all.div_ceil(MOST_QUESTIONS).max(1);
        // In a fixed order: sums of rounded numbers depend on it.
        let mut sorted: Vec<(&ArticleId, &Vec<Vec<f32>>)> = questions.iter().collect();
        sorted.sort_unstable_by_key(|(id, _)| *id);
        let some =
            sorted.iter().step_by(step).map(|(_, vectors)| vectors.iter().map(Vec::as_slice).collect());
        let groups: Vec<Vec<&[f32]>> = some.collect();
        let Some(whitening) = Whitening::fit(groups.iter().map(Vec::as_slice)) else {
            return Self::default();
        };
        let profile = |vectors: &Vec<Vec<f32>>| {
            let mut sum = vec![0.0; vectors.first().map_or(0, Vec::len)];
            for vector in vectors {
                add(&mut sum, &whitening.apply(vector), 1.0);
            }
            Profile { length: length(&sum), sum, questions: vectors.len() }
        };
        let articles = sorted.into_iter().map(|(id, vectors)| (id.clone(), profile(vectors))).collect();
        Self { whitening: Some(whitening), articles }
    }

    /// The message's vector as profiles are compared with; nothing as long as there are none.
    pub(crate) fn whiten(&self, vector: &[f32]) -> Option<Whitened> {
        self.whitening.as_ref().map(|whitening| Whitened(whitening.apply(vector)))
    }

    /// The cosine between a message and an article's profile, without one of its questions if one is named. Nothing when
    /// no other question is left.
    pub(crate) fn similarity(
        &self,
        article: &ArticleId,
        message: &Whitened,
        without: Option<&Whitened>,
    ) -> Option<f32> {
        let profile = self.articles.get(article)?;
        if profile.questions <= usize::from(without.is_some()) {
            return None;
        }
        let (rest, length) = match without {
            None => (Cow::Borrowed(&profile.sum), profile.length),
            Some(Whitened(left_out)) => {
                let mut rest = profile.sum.clone();
                add(&mut rest, left_out, -1.0);
                let length = length(&rest);
                (Cow::Owned(rest), length)
            }
        };
        (length > 0.0).then(|| dot(&rest, &message.0) / length)
    }
}

fn add(sum: &mut [f32], vector: &[f32], times: f32) {
    for (sum, number) in sum.iter_mut().zip(vector) {
        *sum += times * number;
    }
}

fn length(vector: &[f32]) -> f32 {
    dot(vector, vector).sqrt()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> ArticleId {
        ArticleId::new(name).unwrap()
    }

    #[test]
    fn a_profile_is_close_to_its_questions_and_forgets_one_that_is_left_out() {
        let questions = HashMap::from([
            (id("a"), vec![vec![1.0, 0.1, 0.0], vec![1.0, -0.1, 0.0]]),
            (id("b"), vec![vec![0.0, 0.1, 1.0], vec![0.0, -0.1, 1.0]]),
            (id("alone"), vec![vec![0.0, 1.0, 0.0]]),
        ]);
        let profiles = Profiles::learn(&questions);
        let message = profiles.whiten(&[1.0, 0.1, 0.0]).unwrap();
        let to =
            |article: &str, without: Option<&Whitened>| profiles.similarity(&id(article), &message, without);
        assert!(to("a", None).unwrap() > 0.5);
        assert!(to("b", None).unwrap() < 0.5);
        assert!(to("a", Some(&message)).unwrap() < to("a", None).unwrap());
        assert_eq!(to("alone", Some(&message)), None);
        assert_eq!(to("nobody", None), None);
    }

    #[test]
    fn without_questions_there_are_no_profiles() {
        assert!(Profiles::learn(&HashMap::new()).whiten(&[1.0]).is_none());
    }
}
