//! Questions of shoppers whose answers are known: what tells best how far a search can be believed.

use serde::Deserialize;
use shopdesk_kb::{ArticleId, Language};

use crate::{detect_language, languages_for};

/// A question and the articles that answer it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct KnownQuestion {
    /// What a shopper writes.
    pub text: String,
    /// The language of the articles to search; found in the text where it is not said.
    pub language: Option<String>,
    /// Ids of the articles that answer it; none when no article does.
    pub articles: Vec<String>,
}

impl KnownQuestion {
    /// Whether that article answers it.
    #[must_use]
    pub fn is_answered_by(&self, article: &ArticleId) -> bool {
        self.articles.iter().any(|id| id == article.as_str())
    }

    /// The languages to search, the one that is liked best first.
    #[must_use]
    pub fn languages(&self) -> Vec<Language> {
        let detected = languages_for(detect_language(&self.text));
        match &self.language {
            Some(tag) if detected.iter().all(|language| language.as_str() != tag) => {
                vec![Language::new(tag.as_str())]
            }
            _ => detected,
        }
    }
}
