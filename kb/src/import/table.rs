//! Articles from tables of questions and answers, as other systems export them: CSV and JSON lines.
//!
//! Columns are `question` and `answer`, and, where there are any, `id`, `title`, `language`, `intents`, `questions`, `tags`, `body`,
//! `valid_from` and `valid_until`. Several values in one cell of CSV stand on lines of their own or between `|`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::front_matter::{Moment, validity};
use crate::{Article, ArticleId, Articles, Language, Mistake, Version};

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// Comma-separated values with a line of names.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

impl TableFormat {
    /// What the ending of the file's name says.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// What a table does not say of its articles.
#[derive(Clone, Debug)]
pub struct TableDefaults {
    /// The language of rows without one.
    pub language: Option<Language>,
    /// The intents of rows without any.
    pub intents: BTreeSet<String>,
}

/// A row, each value with all that it holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    question: String,
    answer: String,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    intents: Vec<String>,
    #[serde(default)]
    questions: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    valid_from: Option<String>,
    #[serde(default)]
    valid_until: Option<String>,
}

const COLUMNS: [&str; 11] = [
    "question",
    "answer",
    "id",
    "title",
    "language",
    "intents",
    "questions",
    "tags",
    "body",
    "valid_from",
    "valid_until",
];

/// Reads the text of the table at `path`. A broken row is reported and left out; the others are there.
#[must_use]
pub fn read_table(path: &Path, text: &str, format: TableFormat, defaults: &TableDefaults) -> Articles {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = match format {
        TableFormat::Csv => csv_rows(text),
        TableFormat::JsonLines => json_rows(text),
    };
    let mut loaded = Articles::default();
    let mut seen: HashMap<(ArticleId, Language), u64> = HashMap::new();
    for (line, row) in rows {
        let article = row.and_then(|row| article_of(row, path, line, defaults));
        let article = article.and_then(|article| {
            match seen.insert((article.id.clone(), article.language.clone()), line) {
                Some(other) => Err(format!("line {other} has the same `id` (`{}`) and language", article.id)),
                None => Ok(article),
            }
        });
        match article {
            Ok(article) => loaded.articles.push(Arc::new(article)),
            Err(problem) => {
                loaded.mistakes.push(Mistake {
                    path: path.to_path_buf(),
                    article: None,
                    line: Some(line),
                    problem,
                });
            }
        }
    }
    loaded.articles.sort_by(|a, b| (&a.language, &a.id).cmp(&(&b.language, &b.id)));
    loaded
}

/// Rows or what is wrong with them, each with its line.
type Rows = Vec<(u64, Result<Row, String>)>;

fn json_rows(text: &str) -> Rows {
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| (number, serde_json::from_str(line).map_err(|error| error.to_string())))
        .collect()
}

fn csv_rows(text: &str) -> Rows {
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(|name| name.trim().to_lowercase()).collect(),
        Err(error) => return vec![(1, Err(error.to_string()))],
    };
    if let Some(unknown) = names.iter().find(|name| !COLUMNS.contains(&name.as_str())) {
        let problem = format!(
            "there is no column `{unknown}`: the columns are {}; remove or rename it",
            COLUMNS.join(", ")
        );
        return vec![(1, Err(problem))];
    }
    if let Some(missing) = ["question", "answer"].iter().find(|name| !names.iter().any(|n| n == *name)) {
        return vec![(1, Err(format!("the first line names no column `{missing}`")))];
    }
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => return rows,
            Ok(true) => {
                let line = record.position().map_or(line, csv::Position::line);
                rows.push((line, Ok(csv_row(&names, &record))));
            }
            Err(error) => rows.push((line, Err(error.to_string()))),
        }
    }
}

fn csv_row(names: &[String], record: &csv::StringRecord) -> Row {
    let cells: BTreeMap<&str, &str> =
        names.iter().map(String::as_str).zip(record).filter(|(_, cell)| !cell.trim().is_empty()).collect();
    let cell = |name: &str| cells.get(name).map(|cell| (*cell).trim().to_owned());
    let many = |name: &str| {
        let values = cells.get(name).into_iter().flat_map(|cell| cell.split(['|', '\n']));
        values.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
    };
    Row {
        question: cell("question").unwrap_or_default(),
        answer: cell("answer").unwrap_or_default(),
        id: cell("id"),
        title: cell("title"),
        language: cell("language"),
        intents: many("intents"),
        questions: many("questions"),
        tags: many("tags"),
        body: cell("body"),
        valid_from: cell("valid_from"),
        valid_until: cell("valid_until"),
    }
}

fn article_of(row: Row, path: &Path, line: u64, defaults: &TableDefaults) -> Result<Article, String> {
    if row.question.trim().is_empty() {
        return Err("`question` is empty".to_owned());
    }
    let question = row.question.trim().to_owned();
    let id = row.id.unwrap_or_else(|| id_of(&question));
    let id = ArticleId::new(id.as_str())
        .ok_or_else(|| format!("`{id}` cannot be an id: use letters a to z, digits, `-` and `_`"))?;
    let language = row.language.map(|tag| Language::new(tag.trim())).or_else(|| defaults.language.clone());
    let language = language.ok_or("it has no `language`: add the column, or give `--language`")?;
    let intents =
        if row.intents.is_empty() { defaults.intents.clone() } else { trimmed(row.intents).collect() };
    if intents.iter().all(String::is_empty) {
        return Err("it has no `intents`: add the column, or give `--intent`".to_owned());
    }
    let moment = |key: &str, text: Option<String>| -> Result<Option<Moment>, String> {
        text.map(|text| text.parse().map_err(|problem| format!("`{key}`: {problem}"))).transpose()
    };
    let validity = validity(moment("valid_from", row.valid_from)?, moment("valid_until", row.valid_until)?);
    let mut questions = vec![question.clone()];
    questions.extend(trimmed(row.questions).filter(|other| !other.is_empty() && *other != question));
    let article = Article {
        id,
        language,
        version: Version::default(),
        title: row.title.map_or(question, |title| title.trim().to_owned()),
        intents,
        questions,
        tags: row.tags,
        audience: Vec::new(),
        validity,
        links: Vec::new(),
        pictures: Vec::new(),
        answer: row.answer.trim().to_owned(),
        body: row.body.unwrap_or_default().trim().to_owned(),
        path: path.to_path_buf(),
        intents_line: Some(line),
    };
    match article.problems().into_iter().next() {
        Some((_, problem)) => Err(problem),
        None => Ok(article.with_version()),
    }
}

fn trimmed(texts: Vec<String>) -> impl Iterator<Item = String> {
    texts.into_iter().map(|text| text.trim().to_owned())
}

/// The same question is the same article when the table comes again.
fn id_of(question: &str) -> String {
    let digest = Sha256::digest(question.as_bytes());
    let hash: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
    format!("faq-{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, format: TableFormat) -> Articles {
        let intents = BTreeSet::from(["returns".to_owned()]);
        let defaults = TableDefaults { language: Some(Language::new("zh")), intents };
        read_table(Path::new("faq.csv"), text, format, &defaults)
    }

    fn problems(articles: &Articles) -> Vec<(Option<u64>, &str)> {
        articles.mistakes.iter().map(|mistake| (mistake.line, mistake.problem.as_str())).collect()
    }

    #[test]
    fn questions_and_answers_are_enough() {
        let read = read("question,answer\n怎么退货？,\"七天内，\n原路退回。\"\n", TableFormat::Csv);
        assert_eq!(problems(&read), []);
        let article = &read.articles[0];
        assert_eq!((article.title.as_str(), article.answer.as_str()), ("怎么退货？", "七天内，\n原路退回。"));
        assert_eq!(article.questions, ["怎么退货？"]);
        assert!(article.id.as_str().starts_with("faq-"));
    }

    #[test]
    fn a_table_that_comes_again_is_the_same() {
        let text = r#"{"question": "怎么退", "answer": "七天内", "intents": ["a"], "language": "zh-Hant"}"#;
        let [first, second] = [text, text].map(|text| read(text, TableFormat::JsonLines).articles);
        assert_eq!(first, second);
        assert_eq!(first[0].language.as_str(), "zh-Hant");
    }

    #[test]
    fn a_broken_row_names_its_line_and_stops_nothing_else() {
        let csv =
            "question,answer,id,valid_until\nq,a,ok,2026-11-30\n,a,x,\nq,a,not ok,\nq,a,ok,\nq,a,y,soon\n";
        let read = read(csv, TableFormat::Csv);
        assert_eq!(read.articles.len(), 1);
        let lines: Vec<_> = problems(&read).iter().map(|(line, _)| line.unwrap()).collect();
        assert_eq!(lines, [3, 4, 5, 6], "{:?}", problems(&read));
    }

    #[test]
    fn an_unknown_column_is_named() {
        let read = read("question,reply\nq,a\n", TableFormat::Csv);
        assert!(problems(&read)[0].1.contains("`reply`"), "{:?}", problems(&read));
    }
}
