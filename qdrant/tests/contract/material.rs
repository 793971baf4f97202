//! Articles, passages and messages to test with.

use std::sync::Arc;

use jiff::civil::{DateTime, date};
use shopdesk_kb::{
    Article, ArticleKey, Candidate, Candidates, Entry, Filter, Index, Language, Part, Passage, Query, Terms,
};

use crate::server::DIMENSION;

/// An article and its passages, in the making.
#[derive(Clone)]
pub(crate) struct Material {
    article: Article,
    passages: Vec<(Part, String, Vec<f32>)>,
}

impl Material {
    pub(crate) fn new(id: &str, language: &str) -> Self {
        let json = format!(
            r#"{{"id":"{id}","language":"{language}","title":"{id}","intents":[],"questions":[],"tags":[],"answer":"","body":""}}"#
        );
        Self { article: Article::from_json(&json).expect("an article"), passages: Vec::new() }
    }

    /// Another text, so another version.
    pub(crate) fn saying(mut self, answer: &str) -> Self {
        answer.clone_into(&mut self.article.answer);
        self
    }

    pub(crate) fn only_for(mut self, audience: &[&str]) -> Self {
        self.article.audience = audience.iter().map(|&group| group.to_owned()).collect();
        self
    }

    pub(crate) fn valid(mut self, from: Option<DateTime>, until: Option<DateTime>) -> Self {
        self.article.validity.from = from;
        self.article.validity.until = until;
        self
    }

    /// With a further passage, whose vector points there.
    pub(crate) fn with(mut self, part: Part, text: &str, direction: &[f32]) -> Self {
        self.passages.push((part, text.to_owned(), unit(direction)));
        self
    }

    pub(crate) fn article(&self) -> Arc<Article> {
        Arc::new(self.article.clone().with_version())
    }

    pub(crate) fn key(&self) -> ArticleKey {
        ArticleKey::of(&self.article())
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let article = self.article();
        let entry = |(number, (part, text, vector)): (u32, &(Part, String, Vec<f32>))| Entry {
            passage: Passage { article: Arc::clone(&article), number, part: *part, text: text.clone() },
            vector: vector.clone(),
            terms: Terms::of_passage(text),
        };
        (0..).zip(&self.passages).map(entry).collect()
    }

    pub(crate) fn put(&self, index: &dyn Index) {
        index.put(self.entries()).expect("it is taken in");
    }
}

/// A vector of unit length in that direction, filled up with zeros.
pub(crate) fn unit(direction: &[f32]) -> Vec<f32> {
    let length = direction.iter().map(|number| number * number).sum::<f32>().sqrt();
    let mut vector: Vec<f32> = direction.iter().map(|number| number / length).collect();
    vector.resize(DIMENSION.max(direction.len()), 0.0);
    vector
}

/// A moment of the shop's clock.
pub(crate) fn at(hour: i8, minute: i8, second: i8) -> DateTime {
    date(2026, 6, 1).at(hour, minute, second, 0)
}

/// All that may be found by nobody special, in any language.
pub(crate) fn everything() -> Filter {
    Filter::new(Vec::new(), at(12, 0, 0))
}

/// The same in these languages.
pub(crate) fn in_languages(tags: &[&str]) -> Filter {
    Filter::new(tags.iter().map(|&tag| Language::new(tag)).collect(), at(12, 0, 0))
}

/// What a message of these words and that direction finds.
pub(crate) fn find(
    index: &dyn Index,
    text: &str,
    direction: &[f32],
    filter: &Filter,
    limit: usize,
) -> Candidates {
    let (vector, terms) = (unit(direction), Terms::of_query(text));
    index.candidates(&Query { vector: &vector, terms: &terms }, filter, limit).expect("it is there")
}

/// What was found, each as `article/language/number`.
pub(crate) fn texts(candidates: &[Candidate]) -> Vec<String> {
    let text = |found: &Candidate| {
        let key = &found.passage.article;
        format!("{}/{}/{}", key.id, key.language, found.passage.number)
    };
    candidates.iter().map(text).collect()
}

/// The articles that a message finds by its vector, under that filter.
pub(crate) fn found(index: &dyn Index, filter: &Filter) -> Vec<String> {
    let candidates = find(index, "parcel", &[1.0], filter, 100);
    assert_eq!(
        texts(&candidates.dense).len(),
        texts(&candidates.lexical).len(),
        "both lists go by the same filter: {candidates:?}"
    );
    texts(&candidates.dense)
}
