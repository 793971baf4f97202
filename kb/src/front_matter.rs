//! Reads an article from Markdown with front matter.

use std::path::Path;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::article::{Link, Picture, Validity};
use crate::{Article, ArticleId, Flaw, FlawKind, Language, Mistake, Version};

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
    #[serde(default)]
    audience: Vec<String>,
    valid_from: Option<Spanned<Moment>>,
    valid_until: Option<Spanned<Moment>>,
    #[serde(default)]
    links: Vec<Link>,
    #[serde(default)]
    pictures: Vec<Picture>,
    answer: Spanned<String>,
}

/// A day, or a time of a day.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum Moment {
    Day(Date),
    Time(DateTime),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = text.parse().map(Self::Day);
        // A date alone parses as a time, too; `T` tells them apart.
        let moment = if text.contains(['T', ' ']) { text.parse().map(Self::Time) } else { day };
        moment.map_err(|error| {
            format!("`{text}` is no day such as 2026-11-30 and no time such as 2026-11-30T20:00: {error}")
        })
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

/// From the first moment to the last; a day ends when the next one starts.
pub(crate) fn validity(from: Option<Moment>, until: Option<Moment>) -> Validity {
    let day = |moment: Option<Moment>| match moment {
        Some(Moment::Day(day)) => Some(day),
        _ => None,
    };
    let mut validity = Validity::days(day(from), day(until));
    if let Some(Moment::Time(time)) = from {
        validity.from = Some(time);
    }
    if let Some(Moment::Time(time)) = until {
        validity.until = Some(time);
    }
    validity
}

impl Validity {
    /// What people write in `valid_from` and `valid_until`; nothing where they leave it empty.
    ///
    /// # Errors
    /// The flaws of what is neither a day nor a time of a day.
    pub fn parse(from: &str, until: &str) -> Result<Self, Vec<Flaw>> {
        let moment = |key, text: &str| match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| Flaw { key, kind: FlawKind::Malformed }),
        };
        match (moment("valid_from", from), moment("valid_until", until)) {
            (Ok(from), Ok(until)) => Ok(validity(from, until)),
            (from, until) => Err(from.err().into_iter().chain(until.err()).collect()),
        }
    }
}

impl Article {
    /// Reads the text of the file at `path`, whose name without `.md` is the article's id.
    ///
    /// # Errors
    /// Every mistake found, with its line in the file.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        let mut mistake = |line: Option<u64>, problem: String| {
            mistakes.push(Mistake { path: path.to_path_buf(), article: None, line, problem });
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
        let id = ArticleId::new(matter.id.value.as_str());
        if id.is_none() {
            let problem =
                format!("`{}` cannot be an id: use letters a to z, digits, `-` and `_`", matter.id.value);
            mistake(line(&matter.id.referenced), problem);
        } else if matter.id.value != stem {
            let problem =
                format!("`id` is `{}`, but the file is called `{stem}`: make them the same", matter.id.value);
            mistake(line(&matter.id.referenced), problem);
        }
        for question in &matter.questions {
            if question.value.trim().is_empty() {
                mistake(
                    line(&question.referenced),
                    "this question is empty: write one or remove the line".to_owned(),
                );
            }
        }
        let moment = |moment: &Option<Spanned<Moment>>| moment.as_ref().map(|moment| moment.value);
        let validity = validity(moment(&matter.valid_from), moment(&matter.valid_until));
        let intents_line = matter.intents.first().and_then(|intent| line(&intent.referenced));
        let lines = [
            ("title", line(&matter.title.referenced)),
            ("answer", line(&matter.answer.referenced)),
            ("language", line(&matter.language.referenced)),
            ("intents", line(&matter.id.referenced)),
            ("valid_until", matter.valid_until.as_ref().and_then(|until| line(&until.referenced))),
        ];
        let strings =
            |texts: Vec<Spanned<String>>| texts.into_iter().map(|text| text.value.trim().to_owned());
        let named = id.clone();
        let article = Self {
            // An id that cannot be one was noted above, and keeps the article out.
            id: id.unwrap_or_else(ArticleId::none),
            language: Language::new(matter.language.value.trim()),
            version: Version::default(),
            title: matter.title.value.trim().to_owned(),
            intents: strings(matter.intents).collect(),
            questions: strings(matter.questions).collect(),
            tags: matter.tags,
            audience: matter.audience,
            validity,
            links: matter.links,
            pictures: matter.pictures,
            answer: matter.answer.value.trim().to_owned(),
            body: body.trim().to_owned(),
            path: path.to_path_buf(),
            intents_line,
        };
        // Empty questions are noted one by one.
        for (key, problem) in article.problems().into_iter().filter(|(key, _)| *key != "questions") {
            mistake(lines.iter().find(|(name, _)| *name == key).and_then(|(_, line)| *line), problem);
        }
        if mistakes.is_empty() {
            return Ok(article.with_version());
        }
        for mistake in &mut mistakes {
            mistake.article.clone_from(&named);
        }
        Err(mistakes)
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
        assert!(article.validity.contains(DateTime::constant(2026, 11, 30, 23, 59, 59, 999_999_999)));
        assert!(!article.validity.contains(DateTime::constant(2026, 12, 1, 0, 0, 0, 0)));
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
    #[test]
    fn a_validity_is_read_as_it_is_written() {
        for (from, until) in [("2026-11-01", "2026-11-30"), ("2026-11-01T08:00:00", ""), ("", "")] {
            let (written_from, written_until) = Validity::parse(from, until).unwrap().written();
            assert_eq!(
                (written_from.unwrap_or_default(), written_until.unwrap_or_default()),
                (from.to_owned(), until.to_owned())
            );
        }
        let flaws = Validity::parse("tomorrow", "2026-13-01").unwrap_err();
        assert_eq!(flaws.iter().map(|flaw| flaw.key).collect::<Vec<_>>(), ["valid_from", "valid_until"]);
    }
}
