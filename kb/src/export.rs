//! An article as Markdown with front matter, as [`Article::parse`](crate::Article::parse) reads it.

use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::{DateTime, Time};
use serde::Serialize;

use crate::Article;
use crate::article::{Link, Picture, Validity};

/// The front matter in the order in which people read it.
#[derive(Serialize)]
struct FrontMatter<'a> {
    id: &'a str,
    title: &'a str,
    language: &'a str,
    intents: Vec<&'a str>,
    questions: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    audience: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    links: &'a [Link],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pictures: &'a [Picture],
    answer: &'a str,
}

impl Article {
    /// The article as a file. Read again, it is the same version.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let (valid_from, valid_until) = self.validity.written();
        let matter = FrontMatter {
            id: self.id.as_str(),
            title: &self.title,
            language: self.language.as_str(),
            intents: self.intents.iter().map(String::as_str).collect(),
            questions: &self.questions,
            tags: &self.tags,
            audience: &self.audience,
            valid_from,
            valid_until,
            links: &self.links,
            pictures: &self.pictures,
            answer: &self.answer,
        };
        let yaml = serde_saphyr::to_string(&matter).expect("plain data");
        let mut markdown = format!("---\n{}\n---\n", yaml.trim_end());
        if !self.body.is_empty() {
            write!(markdown, "\n{}\n", self.body).expect("a string takes everything");
        }
        markdown
    }
}

impl Validity {
    /// From when and until when, as people write it: a last day stays that day.
    #[must_use]
    pub fn written(&self) -> (Option<String>, Option<String>) {
        let last_day = |until: DateTime| until.checked_sub(1.day()).unwrap_or(until);
        (self.from.map(|from| moment(from, from)), self.until.map(|until| moment(until, last_day(until))))
    }
}

/// The day where the time is a midnight, or else the time.
fn moment(time: DateTime, day: DateTime) -> String {
    if time.time() == Time::midnight() { day.date().to_string() } else { time.to_string() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn what_was_written_is_read_again() {
        let text = "---\nid: a\ntitle: \"Pay: now, or 'later'\"\nlanguage: en\nintents: [x, y]\nquestions:\n  - \"yes\"\n  - \"- what? #1\"\n  - 没动了：怎么办\ntags: [\"2026\"]\naudience: [member]\nvalid_from: 2026-11-01\nvalid_until: 2026-11-11T20:00\nlinks:\n  - {title: T, url: \"https://e.com/#a\"}\npictures:\n  - {url: \"https://e.com/p.png\", alt: \"a: b\"}\nanswer: |\n  One: two.\n    - three\n\n  # four\n---\n\n## In full\n\nText.\n";
        let article = Article::parse(Path::new("a.md"), text).unwrap();
        let again = Article::parse(Path::new("a.md"), &article.to_markdown());
        assert_eq!(again.unwrap().version, article.version, "{}", article.to_markdown());
    }

    #[test]
    fn a_last_day_stays_that_day() {
        let text = "---\nid: a\ntitle: T\nlanguage: en\nintents: [x]\nquestions: []\nvalid_until: 2026-11-30\nanswer: A.\n---\n";
        let article = Article::parse(Path::new("a.md"), text).unwrap();
        assert!(article.to_markdown().contains("valid_until: \"2026-11-30\"\n"), "{}", article.to_markdown());
    }
}
