//! An article: what the shop has to say about one thing, in one language.
//!
//! ```markdown
//! ---
//! id: return-freight
//! title: Who pays for sending goods back
//! language: en
//! intents: [return_freight]
//! questions: [who pays the return postage?]
//! answer: You pay about ¥12, unless the fault is ours.
//! ---
//! ## In full
//! …
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;
use sha2::{Digest as _, Sha256};

use crate::Mistake;

/// An article in one language.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Article {
    /// Shared by its translations.
    pub id: ArticleId,
    /// The language it is written in.
    pub language: Language,
    /// A hash of the file: another text is another version.
    pub version: Version,
    /// The headline.
    pub title: String,
    /// Ids of the intents that it answers.
    pub intents: BTreeSet<String>,
    /// Ways in which shoppers ask it.
    pub questions: Vec<String>,
    /// Free words for the people who keep the articles.
    pub tags: Vec<String>,
    /// On which days it holds.
    pub validity: Validity,
    /// Where to read on.
    pub links: Vec<Link>,
    /// What the chat says, word for word.
    pub answer: String,
    /// The full text, in Markdown.
    pub body: String,
    /// The file that it was read from.
    #[serde(skip)]
    pub path: PathBuf,
    /// The line in that file on which `intents` starts.
    #[serde(skip)]
    pub intents_line: Option<u64>,
}

/// The id that an article shares with its translations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ArticleId(String);

/// A language tag as in BCP 47: `zh`, `zh-Hant`, `en`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

/// Twelve hexadecimal digits that change with every change of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(String);

/// The days on which an article holds, both ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Validity {
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

/// Where to read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What the link says.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

impl Validity {
    /// Whether the article holds on that day.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day <= until)
    }
}

impl Language {
    /// Any tag; what it means is the shop's business.
    #[must_use]
    pub fn new(tag: impl Into<String>) -> Self {
        Self(tag.into())
    }
}

macro_rules! text_newtype {
    ($($name:ident),*) => {$(
        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}
text_newtype!(ArticleId, Language, Version);

/// The front matter as people write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    id: Spanned<String>,
    title: Spanned<String>,
    language: Spanned<String>,
    intents: Vec<Spanned<String>>,
    questions: Vec<Spanned<String>>,
    #[serde(default)]
    tags: Vec<String>,
    valid_from: Option<Spanned<Date>>,
    valid_until: Option<Spanned<Date>>,
    #[serde(default)]
    links: Vec<Link>,
    answer: Spanned<String>,
}

impl Article {
    /// Reads the text of the file at `path`, whose name without `.md` is the article's id.
    ///
    /// # Errors
    /// Every mistake found, with its line in the file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut mistake = |line: Option<u64>, problem: String| {
            mistakes.push(Mistake { path: path.to_path_buf(), line, problem });
        };
        let Some((yaml, body)) = split_front_matter(text) else {
            mistake(
                Some(1),
                "an article starts with a line `---`, its keys, and another line `---`".to_owned(),
            );
            return Err(mistakes);
        };
        let matter: FrontMatter = match serde_saphyr::from_str(yaml) {
            Ok(matter) => matter,
            Err(error) => {
                // The front matter starts on the second line of the file.
                let line = error.location().map(|location| location.line() + 1);
                mistake(line, error.without_snippet().to_string());
                return Err(mistakes);
            }
        };
        let line = |location: &serde_saphyr::Location| Some(location.line() + 1);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        if matter.id.value != stem {
            let problem =
                format!("`id` is `{}`, but the file is called `{stem}`: make them the same", matter.id.value);
            mistake(line(&matter.id.referenced), problem);
        }
        for (key, text) in
            [("title", &matter.title), ("answer", &matter.answer), ("language", &matter.language)]
        {
            if text.value.trim().is_empty() {
                mistake(line(&text.referenced), format!("`{key}` is empty"));
            }
        }
        for question in &matter.questions {
            if question.value.trim().is_empty() {
                mistake(
                    line(&question.referenced),
                    "this question is empty: write one or remove the line".to_owned(),
                );
            }
        }
        if matter.intents.is_empty() {
            mistake(
                line(&matter.id.referenced),
                "`intents` is empty: no message would ever get this answer".to_owned(),
            );
        }
        if let (Some(from), Some(until)) = (&matter.valid_from, &matter.valid_until)
            && from.value > until.value
        {
            let problem = format!("`valid_until` ({}) is before `valid_from` ({})", until.value, from.value);
            mistake(line(&until.referenced), problem);
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let intents_line = matter.intents.first().and_then(|intent| line(&intent.referenced));
        let strings =
            |texts: Vec<Spanned<String>>| texts.into_iter().map(|text| text.value.trim().to_owned());
        Ok(Self {
            id: ArticleId(matter.id.value),
            language: Language(matter.language.value),
            version: version_of(text),
            title: matter.title.value.trim().to_owned(),
            intents: strings(matter.intents).collect(),
            questions: strings(matter.questions).collect(),
            tags: matter.tags,
            validity: Validity {
                from: matter.valid_from.map(|date| date.value),
                until: matter.valid_until.map(|date| date.value),
            },
            links: matter.links,
            answer: matter.answer.value.trim().to_owned(),
            body: body.trim().to_owned(),
            path: path.to_path_buf(),
            intents_line,
        })
    }
}

/// The YAML between two lines `---`, and what follows them.
fn split_front_matter(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rest = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let mut start = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((&rest[..start], &rest[start + line.len()..]));
        }
        start += line.len();
    }
    None
}

fn version_of(text: &str) -> Version {
    let digest = Sha256::digest(text.as_bytes());
    Version(digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "---\nid: returns\ntitle: Returns\nlanguage: en\nintents: [return_request]\nquestions:\n  - how?\nvalid_until: 2026-11-30\nanswer: |\n  Within 7 days.\n---\n\n## In full\nText.\n";

    fn mistakes(text: &str) -> Vec<(Option<u64>, String)> {
        let mistakes = Article::parse(Path::new("kb/en/returns.md"), text).unwrap_err();
        mistakes.into_iter().map(|mistake| (mistake.line, mistake.problem)).collect()
    }

    #[test]
    fn a_good_article_is_read() {
        let article = Article::parse(Path::new("kb/en/returns.md"), GOOD).unwrap();
        assert_eq!((article.answer.as_str(), article.body.as_str()), ("Within 7 days.", "## In full\nText."));
        assert!(article.validity.contains(Date::constant(2026, 11, 30)));
        assert!(!article.validity.contains(Date::constant(2026, 12, 1)));
    }

    #[test]
    fn another_text_is_another_version() {
        let read = |text: &str| Article::parse(Path::new("returns.md"), text).unwrap().version;
        assert_ne!(read(GOOD), read(&GOOD.replace("7 days", "8 days")));
        assert_eq!(read(GOOD), read(GOOD));
    }

    #[test]
    fn every_mistake_has_its_line_in_the_file() {
        let bad = GOOD
            .replace("id: returns", "id: return")
            .replace("  - how?", "  - \"\"")
            .replace("[return_request]", "[]");
        let lines: Vec<_> = mistakes(&bad).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [Some(2), Some(7), Some(2)]);
    }

    #[test]
    fn an_unknown_key_and_a_bad_date_are_named() {
        let (line, problem) = mistakes(&GOOD.replace("questions:", "question:")).remove(0);
        assert_eq!(line, Some(6));
        assert!(problem.contains("question"), "{problem}");
        let (line, problem) = mistakes(&GOOD.replace("2026-11-30", "2026-13-30")).remove(0);
        assert_eq!(line, Some(8), "{problem}");
    }

    #[test]
    fn a_file_without_front_matter_says_so() {
        assert_eq!(mistakes("# Returns\n")[0].0, Some(1));
    }
}
