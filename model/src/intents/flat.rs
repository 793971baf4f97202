//! JSON lines and tables: one message a line.

use std::path::Path;

use serde::Deserialize;

use super::cell::unguarded;
use super::load::Loader;

/// Names that the column with the messages may have.
pub const TEXT_COLUMNS: [&str; 6] = ["text", "message", "query", "question", "utterance", "sentence"];
/// Names that the column with the intents may have.
pub const INTENT_COLUMNS: [&str; 4] = ["intent", "label", "category", "class"];
const LANGUAGE: [&str; 2] = ["language", "lang"];

/// A line; other keys are left alone.
#[derive(Deserialize)]
struct Line {
    text: String,
    /// The key must be there, so that a typing mistake in it does not make everything out of scope.
    #[serde(deserialize_with = "Option::deserialize")]
    intent: Option<String>,
    language: Option<String>,
}

pub(super) fn read_json_lines(loader: &mut Loader, path: &Path, text: &str) {
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        match serde_json::from_str::<Line>(line) {
            Ok(line) => {
                loader.example(path, number, &line.text, line.intent.as_deref(), line.language.as_deref());
            }
            Err(error) => {
                let problem = format!(
                    "{}. A line is `{{\"text\": \"…\", \"intent\": \"an_id\" or null}}`",
                    without_position(&error)
                );
                loader.mistake(path, Some(number), problem);
            }
        }
    }
}

/// The parser counts lines from the start of each line.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => format!("{} in column {}", &text[..at], error.column()),
        None => text,
    }
}

pub(super) fn read_table(loader: &mut Loader, path: &Path, text: &str, delimiter: u8) {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text.as_bytes());
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => {
            return loader.mistake(path, Some(1), format!("the first line cannot be read: {error}"));
        }
    };
    let column =
        |names: &[&str]| header.iter().position(|name| names.contains(&name.trim().to_lowercase().as_str()));
    let (Some(text), Some(intent)) = (column(&TEXT_COLUMNS), column(&INTENT_COLUMNS)) else {
        let problem = format!(
            "the first line must name the columns: one of {} and one of {}; it has {}",
            TEXT_COLUMNS.join(", "),
            INTENT_COLUMNS.join(", "),
            header.iter().collect::<Vec<_>>().join(", ")
        );
        return loader.mistake(path, Some(1), problem);
    };
    let language = column(&LANGUAGE);
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map(csv::Position::line);
                loader.mistake(path, line, format!("this line cannot be read: {error}"));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let (Some(text), Some(intent)) = (record.get(text), record.get(intent)) else {
            loader.mistake(
                path,
                Some(line),
                "this line has too few columns: is a text with a comma not quoted?",
            );
            continue;
        };
        let language = language.and_then(|column| record.get(column)).filter(|language| !language.is_empty());
        loader.example(path, line, unguarded(text), Some(unguarded(intent)), language.map(unguarded));
    }
}
