//! The embedded index: every passage in memory, compared with every query. Exact, and up to about 100,000 passages
//! faster than anything that needs a service.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{Article, Entry, Error, Filter, Hit, Index, Passage, Result};

/// All passages in memory.
#[derive(Debug)]
pub struct ExactIndex {
    passages: Vec<Passage>,
    /// `[passages, dimension]`, row by row.
    vectors: Vec<f32>,
    dimension: usize,
}

impl ExactIndex {
    /// Takes the passages in.
    ///
    /// # Errors
    /// [`Error::WrongDimension`] when a vector is not `dimension` long.
    pub fn new(dimension: usize, entries: impl IntoIterator<Item = Entry>) -> Result<Self> {
        let mut index = Self { passages: Vec::new(), vectors: Vec::new(), dimension };
        for Entry { passage, vector } in entries {
            index.require_dimension(&vector)?;
            index.passages.push(passage);
            index.vectors.extend(vector);
        }
        Ok(index)
    }

    fn require_dimension(&self, vector: &[f32]) -> Result<()> {
        if vector.len() == self.dimension {
            return Ok(());
        }
        Err(Error::WrongDimension { expected: self.dimension, found: vector.len() })
    }
}

impl Index for ExactIndex {
    fn search(&self, query: &[f32], filter: &Filter, limit: usize) -> Result<Vec<Hit>> {
        self.require_dimension(query)?;
        let mut best: HashMap<*const Article, Hit> = HashMap::new();
        for (passage, vector) in self.passages.iter().zip(self.vectors.chunks_exact(self.dimension)) {
            if !filter.admits(&passage.article) {
                continue;
            }
            let similarity: f32 = query.iter().zip(vector).map(|(a, b)| a * b).sum();
            let hit = Hit { article: Arc::clone(&passage.article), part: passage.part, similarity };
            best.entry(Arc::as_ptr(&passage.article))
                .and_modify(|known| {
                    if known.similarity < similarity {
                        known.clone_from(&hit);
                    }
                })
                .or_insert(hit);
        }
        let mut hits: Vec<Hit> = best.into_values().collect();
        // Id and language break ties, so that the order never depends on where things lie in memory.
        let name = |hit: &Hit| (hit.article.id.clone(), hit.article.language.clone());
        hits.sort_by(|a, b| b.similarity.total_cmp(&a.similarity).then_with(|| name(a).cmp(&name(b))));
        hits.truncate(limit);
        Ok(hits)
    }

    fn len(&self) -> usize {
        self.passages.len()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::civil::Date;

    use super::*;
    use crate::{Language, Part};

    fn article(id: &str, language: &str, extra: &str) -> Arc<Article> {
        let text = format!(
            "---\nid: {id}\ntitle: T\nlanguage: {language}\nintents: [x]\nquestions: [q]\n{extra}answer: A.\n---\n"
        );
        Arc::new(Article::parse(Path::new(&format!("{id}.md")), &text).unwrap())
    }

    fn index(entries: &[(&Arc<Article>, [f32; 2])]) -> ExactIndex {
        let entries = entries.iter().map(|(article, vector)| Entry {
            passage: Passage { article: Arc::clone(article), part: Part::Question, text: String::new() },
            vector: vector.to_vec(),
        });
        ExactIndex::new(2, entries).unwrap()
    }

    fn ids(index: &ExactIndex, languages: &[&str], day: Date) -> Vec<String> {
        let filter = Filter { languages: languages.iter().map(|&tag| Language::new(tag)).collect(), day };
        let hits = index.search(&[1.0, 0.0], &filter, 10).unwrap();
        hits.iter().map(|hit| hit.article.id.to_string()).collect()
    }

    const DAY: Date = Date::constant(2026, 11, 22);

    #[test]
    fn the_closest_article_comes_first_and_once() {
        let (near, far) = (article("near", "en", ""), article("far", "en", ""));
        let index = index(&[(&far, [0.6, 0.8]), (&near, [0.0, 1.0]), (&near, [0.8, 0.6])]);
        assert_eq!(ids(&index, &["en"], DAY), ["near", "far"]);
    }

    #[test]
    fn other_languages_and_expired_articles_are_not_found() {
        let (english, chinese) = (article("a", "en", ""), article("b", "zh", ""));
        let expired = article("c", "en", "valid_until: 2026-11-21\n");
        let index = index(&[(&english, [1.0, 0.0]), (&chinese, [1.0, 0.0]), (&expired, [1.0, 0.0])]);
        assert_eq!(ids(&index, &["en"], DAY), ["a"]);
        assert_eq!(ids(&index, &["en"], Date::constant(2026, 11, 21)), ["a", "c"]);
        assert_eq!(ids(&index, &[], DAY), ["a", "b"]);
    }

    #[test]
    fn a_vector_of_another_model_is_refused() {
        let index = index(&[]);
        let filter = Filter { languages: Vec::new(), day: DAY };
        assert!(matches!(
            index.search(&[1.0], &filter, 1),
            Err(Error::WrongDimension { expected: 2, found: 1 })
        ));
    }
}
