//! What is wrong with an article, for those who say it in words of their own.

use crate::Article;

/// Something wrong with an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flaw {
    /// The key of the front matter that it is about.
    pub key: &'static str,
    /// What it is.
    pub kind: FlawKind,
}

/// What is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlawKind {
    /// It says nothing, or one of its lines says nothing.
    Empty,
    /// It is not what it should be: no language tag, no day, no id.
    Malformed,
    /// The end comes before the beginning.
    EndsBeforeItBegins,
}

impl FlawKind {
    /// The word used in keys of texts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Malformed => "malformed",
            Self::EndsBeforeItBegins => "ends_before_it_begins",
        }
    }
}

impl Article {
    /// What is wrong with it.
    #[must_use]
    pub fn flaws(&self) -> Vec<Flaw> {
        let is_empty = |text: &String| text.trim().is_empty();
        let ends_first = matches!(
            (self.validity.from, self.validity.until),
            (Some(from), Some(until)) if from >= until
        );
        let checks = [
            ("title", FlawKind::Empty, is_empty(&self.title)),
            ("answer", FlawKind::Empty, is_empty(&self.answer)),
            ("language", FlawKind::Malformed, !self.language.is_well_formed()),
            ("intents", FlawKind::Empty, self.intents.is_empty()),
            ("questions", FlawKind::Empty, self.questions.iter().any(is_empty)),
            ("valid_until", FlawKind::EndsBeforeItBegins, ends_first),
        ];
        let wrong = checks.into_iter().filter(|(.., is_wrong)| *is_wrong);
        wrong.map(|(key, kind, _)| Flaw { key, kind }).collect()
    }

    /// What is wrong with it, by key, as sentences.
    #[must_use]
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        self.flaws().into_iter().map(|flaw| (flaw.key, self.sentence(flaw))).collect()
    }

    fn sentence(&self, Flaw { key, kind }: Flaw) -> String {
        match (key, kind) {
            ("intents", _) => "`intents` is empty: no message would ever get this answer".to_owned(),
            ("questions", _) => "one of the `questions` is empty".to_owned(),
            (_, FlawKind::Empty) => format!("`{key}` is empty"),
            (_, FlawKind::Malformed) => {
                format!("`{}` is no language tag such as `zh`, `zh-Hant` or `en`", self.language)
            }
            (_, FlawKind::EndsBeforeItBegins) => {
                let [from, until] = [self.validity.from, self.validity.until]
                    .map(|moment| moment.map(|moment| moment.to_string()).unwrap_or_default());
                format!("it ends at {until}, before it starts at {from}")
            }
        }
    }
}
