//! Tables: comma- or tab-separated, with the columns named in the first line.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use csv::StringRecord;
use shopdesk_model::intents::{INTENT_COLUMNS, TEXT_COLUMNS};

use super::{LabelledMessage, Messages, known_keys};
use crate::{Error, Result};

/// How a table says that no article fits.
const NONE: &str = "none";

pub(super) fn read(path: &Path, delimiter: u8) -> Result<Messages> {
    let mut file = BufReader::new(File::open(path).map_err(Error::io("read", path))?);
    // A byte order mark, as spreadsheets write it, is no text.
    let start = file.fill_buf().map_err(Error::io("read", path))?;
    if start.starts_with("\u{feff}".as_bytes()) {
        file.consume("\u{feff}".len());
    }
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(file);
    let at = |line: u64, problem: String| Error::Line { path: path.to_path_buf(), line, problem };
    let header = reader.headers().map_err(|error| at(1, error.to_string()))?;
    let columns = Columns::of(header).map_err(|problem| at(1, problem))?;
    let path = path.to_path_buf();
    Ok(Box::new(reader.into_records().map(move |record| {
        let at = |line: u64, problem: String| Error::Line { path: path.clone(), line, problem };
        let record = record.map_err(|error| {
            at(error.position().map_or(0, csv::Position::line), format!("this line cannot be read: {error}"))
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        columns.message(&record).map_err(|problem| at(line, problem))
    })))
}

/// Which column holds what.
struct Columns {
    text: usize,
    intent: usize,
    names: Vec<String>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let names: Vec<String> = header.iter().map(|name| name.trim().to_lowercase()).collect();
        let column = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        match (column(&TEXT_COLUMNS), column(&INTENT_COLUMNS)) {
            (Some(text), Some(intent)) => Ok(Self { text, intent, names }),
            _ => Err(format!(
                "the first line must name the columns: one of {} and one of {}; it has {}",
                TEXT_COLUMNS.join(", "),
                INTENT_COLUMNS.join(", "),
                names.join(", ")
            )),
        }
    }

    fn message(&self, record: &StringRecord) -> Result<LabelledMessage, String> {
        let (Some(text), Some(intent)) = (record.get(self.text), record.get(self.intent)) else {
            return Err("this line has too few columns: is a text with a comma not quoted?".to_owned());
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(format!("`{}` is empty", self.names[self.text]));
        }
        let mut message = LabelledMessage::new(text, None);
        message.intent = known_keys::intent(Some(intent));
        for (column, (name, value)) in self.names.iter().zip(record).enumerate() {
            match name.as_str() {
                _ if column == self.text || column == self.intent => {}
                "article" | "articles" => message.expectation.articles = articles(value),
                "before" => message.before = value.split('|').map(str::to_owned).collect(),
                _ => known_keys::set(&mut message, name, value)?,
            }
        }
        Ok(message)
    }
}

fn articles(value: &str) -> Option<Vec<String>> {
    match value.trim() {
        "" => None,
        NONE => Some(Vec::new()),
        ids => Some(ids.split('|').map(|id| id.trim().to_owned()).collect()),
    }
}
