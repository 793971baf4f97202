//! One JSON object a line.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde_json::{Map, Value};

use super::{LabelledMessage, Messages, known_keys};
use crate::{Error, Result};

pub(super) fn read(path: &Path) -> Result<Messages> {
    let file = File::open(path).map_err(Error::io("read", path))?;
    let path = path.to_path_buf();
    let lines = (1_u64..).zip(BufReader::new(file).lines());
    Ok(Box::new(lines.filter_map(move |(number, line)| {
        let line = match line {
            Ok(line) => line,
            Err(source) => {
                return Some(Err(Error::Io { action: "read", path: path.clone(), source }));
            }
        };
        let line = if number == 1 { line.trim_start_matches('\u{feff}') } else { &line };
        let problem = |problem| Error::Line { path: path.clone(), line: number, problem };
        (!line.trim().is_empty()).then(|| message(line).map_err(problem))
    })))
}

fn message(line: &str) -> Result<LabelledMessage, String> {
    let shape = "A line is `{\"text\": \"…\", \"intent\": \"an_id\" or null}`";
    let object: Map<String, Value> =
        serde_json::from_str(line).map_err(|error| format!("{error}. {shape}"))?;
    let text = object.get("text").and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| format!("`text` is missing, empty or no text. {shape}"))?;
    // The key must be there, so that a typing mistake in it does not make everything out of scope.
    let intent = match object.get("intent") {
        Some(Value::Null) => None,
        Some(Value::String(id)) => Some(id.as_str()),
        _ => return Err(format!("`intent` is missing, or neither text nor null. {shape}")),
    };
    let mut message = LabelledMessage::new(text, None);
    message.intent = known_keys::intent(intent);
    for (key, value) in &object {
        match key.as_str() {
            "text" | "intent" => {}
            "article" | "articles" => message.expectation.articles = Some(texts(key, value)?),
            "before" => message.before = texts(key, value)?,
            _ => match value {
                Value::String(value) => known_keys::set(&mut message, key, value)?,
                Value::Number(value) => known_keys::set(&mut message, key, &value.to_string())?,
                Value::Bool(value) => known_keys::set(&mut message, key, &value.to_string())?,
                Value::Null | Value::Array(_) | Value::Object(_) => {}
            },
        }
    }
    Ok(message)
}

/// One text, a list of them, or `null` for none.
fn texts(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let wrong = || format!("`{key}` is neither text nor a list of texts nor null");
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Array(list) => {
            list.iter().map(|text| text.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        _ => Err(wrong()),
    }
}
