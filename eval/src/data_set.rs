//! Messages with the intent that a person gave them, one JSON object a line.

use std::path::Path;

use serde::Deserialize;

use crate::{Error, Result};

/// A file of labelled messages.
#[derive(Clone, Debug, Default)]
pub struct DataSet {
    /// In the file's order.
    pub messages: Vec<LabelledMessage>,
}

/// A message and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LabelledMessage {
    /// The message.
    pub text: String,
    /// The id of its intent; `null` means that it is out of scope. The key must be there.
    #[serde(deserialize_with = "Option::deserialize")]
    pub intent: Option<String>,
}

impl DataSet {
    /// Reads JSON lines; other keys than `text` and `intent` are left alone.
    ///
    /// # Errors
    /// [`Error::Line`] names the first line that cannot be used.
    pub fn load(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_path_buf(), source })?;
        let mut messages = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let message = serde_json::from_str(line).map_err(|error| Error::Line {
                path: path.to_path_buf(),
                line: index + 1,
                problem: error.to_string(),
            })?;
            messages.push(message);
        }
        if messages.is_empty() {
            return Err(Error::Empty { path: path.to_path_buf() });
        }
        Ok(Self { messages })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<DataSet> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.jsonl");
        std::fs::write(&path, text).unwrap();
        DataSet::load(&path)
    }

    #[test]
    fn an_intent_of_null_means_out_of_scope() {
        let data = load(
            "{\"text\": \"hi\", \"intent\": \"greeting\", \"note\": 1}\n\n{\"text\": \"x\", \"intent\": null}\n",
        );
        let intents: Vec<_> = data.unwrap().messages.into_iter().map(|message| message.intent).collect();
        assert_eq!(intents, [Some("greeting".to_owned()), None]);
    }

    #[test]
    fn a_line_without_its_label_is_named() {
        let error = load("{\"text\": \"a\", \"intent\": null}\n{\"text\": \"b\"}\n").unwrap_err();
        assert!(matches!(error, Error::Line { line: 2, .. }), "{error}");
    }

    #[test]
    fn an_empty_file_says_so() {
        assert!(matches!(load("\n"), Err(Error::Empty { .. })));
    }
}
