//! Labelled messages, read one after the other so that a large file need not fit in memory.

mod json_lines;
mod known_keys;
mod table;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use shopdesk_model::intents::{Intents, Priority};

use crate::{Error, Result};

/// A message and what a person said that it means.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledMessage {
    /// The message.
    pub text: String,
    /// The id of its intent; `None` means that it is out of scope.
    pub intent: Option<String>,
    /// What else the file says of it.
    pub expectation: Expectation,
    /// For how many messages it stands; 1 unless the file says otherwise.
    pub weight: f64,
    /// What was said before it in the conversation, the oldest first.
    pub before: Vec<String>,
    /// The file's other columns, to look at the figures by.
    pub columns: BTreeMap<String, String>,
}

/// What should have happened to a message, where the file says so.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// Ids of articles that answer it; empty when none fits. `None` when the file does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub articles: Option<Vec<String>>,
    /// What should happen to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<ExpectedDecision>,
    /// How soon a human should look at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// For a message out of scope: whether it is close to what the shop knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance: Option<Distance>,
}

/// What should happen to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedDecision {
    /// The shop's own text answers it.
    Answer,
    /// The shopper is asked what is meant.
    Clarify,
    /// A human takes over.
    Escalate,
}

/// How far a message out of scope is from what the shop knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// Of the same world: easy to take for one of the intents.
    Near,
    /// Of another world.
    Far,
}

/// A file of labelled messages that was found to be readable.
#[derive(Clone, Debug)]
pub struct DataFile {
    path: PathBuf,
    kind: Kind,
    sha256: String,
    rows: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    JsonLines,
    Table { delimiter: u8 },
    Intents,
}

/// Messages, or what is wrong with one.
pub type Messages = Box<dyn Iterator<Item = Result<LabelledMessage>>>;

impl DataFile {
    /// Looks at the file, or at a folder of intents, without keeping it.
    ///
    /// # Errors
    /// [`Error::UnknownKind`], [`Error::Io`] or [`Error::Empty`].
    pub fn open(path: &Path) -> Result<Self> {
        let kind = Kind::of(path).ok_or_else(|| Error::UnknownKind { path: path.to_path_buf() })?;
        let (sha256, rows) = match kind {
            Kind::Intents if path.is_dir() => (String::new(), intents(path)?.len()),
            _ => look_through(path)?,
        };
        if rows == 0 {
            return Err(Error::Empty { path: path.to_path_buf() });
        }
        Ok(Self { path: path.to_path_buf(), kind, sha256, rows })
    }

    /// The messages in the file's order.
    ///
    /// # Errors
    /// When the file cannot be read any more, or its header is not understood.
    pub fn messages(&self) -> Result<Messages> {
        match self.kind {
            Kind::JsonLines => json_lines::read(&self.path),
            Kind::Table { delimiter } => table::read(&self.path, delimiter),
            Kind::Intents => Ok(Box::new(intents(&self.path)?.into_iter().map(Ok))),
        }
    }

    /// How many rows there are about; for a progress bar.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or(self.path.as_os_str()).to_string_lossy().into_owned()
    }

    /// The hash of the file's contents; empty for a folder.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl Kind {
    fn of(path: &Path) -> Option<Self> {
        if path.is_dir() {
            return Some(Self::Intents);
        }
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            "csv" => Some(Self::Table { delimiter: b',' }),
            "tsv" => Some(Self::Table { delimiter: b'\t' }),
            "yaml" | "yml" => Some(Self::Intents),
            _ => None,
        }
    }
}

impl LabelledMessage {
    /// A message of which nothing but its intent is known.
    #[must_use]
    pub fn new(text: impl Into<String>, intent: Option<&str>) -> Self {
        Self {
            text: text.into(),
            intent: intent.map(str::to_owned),
            expectation: Expectation::default(),
            weight: 1.0,
            before: Vec::new(),
            columns: BTreeMap::new(),
        }
    }
}

/// The hash, and how many lines are not empty.
fn look_through(path: &Path) -> Result<(String, usize)> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let (mut hasher, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    let (mut lines, mut line_has_text) = (0, false);
    loop {
        let read = file.read(&mut buffer).map_err(Error::io("read", path))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        for &byte in &buffer[..read] {
            if byte == b'\n' {
                lines += usize::from(line_has_text);
                line_has_text = false;
            } else {
                line_has_text |= !byte.is_ascii_whitespace();
            }
        }
    }
    let digest = hasher.finalize();
    let hash = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((hash, lines + usize::from(line_has_text)))
}

/// Rasa's training data and our own intents: small, and read by those who train.
fn intents(path: &Path) -> Result<Vec<LabelledMessage>> {
    let Intents { intents, out_of_scope } = Intents::load(path)?;
    let inside = intents.into_iter().flat_map(|intent| {
        let id = intent.label.id;
        intent.examples.into_iter().map(move |example| (example, Some(id.to_string())))
    });
    let all = inside.chain(out_of_scope.into_iter().map(|example| (example, None)));
    let messages = all.map(|(example, intent)| {
        let mut message = LabelledMessage::new(example.text, intent.as_deref());
        message.columns.extend(example.language.map(|language| ("language".to_owned(), language)));
        message
    });
    Ok(messages.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> Result<Vec<LabelledMessage>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        DataFile::open(&path)?.messages()?.collect()
    }

    #[test]
    fn json_lines_say_what_should_have_happened() {
        let messages = read(
            "a.jsonl",
            "{\"text\": \"hi\", \"intent\": \"greeting\", \"article\": \"hello\", \"decision\": \"answer\", \
             \"priority\": \"low\", \"weight\": 2.5, \"before\": [\"yo\"], \"channel\": \"app\", \"hour\": 9}\n\n\
             {\"text\": \"x\", \"intent\": null, \"article\": null, \"distance\": \"near\"}\n",
        )
        .unwrap();
        let [first, second] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!((first.intent.as_deref(), first.weight), (Some("greeting"), 2.5));
        assert_eq!(first.expectation.articles, Some(vec!["hello".to_owned()]));
        assert_eq!(first.expectation.decision, Some(ExpectedDecision::Answer));
        assert_eq!(first.expectation.priority, Some(Priority::Low));
        assert_eq!((first.columns["channel"].as_str(), first.columns["hour"].as_str()), ("app", "9"));
        assert_eq!(first.before, ["yo"]);
        assert_eq!((second.intent.as_ref(), second.expectation.articles.as_deref()), (None, Some(&[][..])));
        assert_eq!(second.expectation.distance, Some(Distance::Near));
    }

    #[test]
    fn a_table_has_the_same_columns() {
        let text =
            "\u{feff}Utterance,Label,article,weight,channel\n\"a, b\",refund,r1|r2,0.5,app\nc,,none,,\n";
        let messages = read("a.csv", text).unwrap();
        let [first, second] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!(
            (first.text.as_str(), first.intent.as_deref(), first.weight),
            ("a, b", Some("refund"), 0.5)
        );
        assert_eq!(first.expectation.articles, Some(vec!["r1".to_owned(), "r2".to_owned()]));
        assert_eq!((second.intent.as_ref(), second.weight), (None, 1.0));
        assert_eq!(second.expectation.articles, Some(Vec::new()));
        assert!(second.columns.is_empty());
    }

    #[test]
    fn rasas_file_is_read() {
        let messages =
            read("nlu.yml", "nlu:\n- intent: greet\n  examples: |\n    - hey [you](name)\n").unwrap();
        assert_eq!(messages, [LabelledMessage::new("hey you", Some("greet"))]);
    }

    #[test]
    fn a_bad_line_is_named_with_what_is_wrong() {
        for (name, text, line, part) in [
            ("a.jsonl", "{\"text\": \"a\", \"intent\": null}\n{\"text\": \"b\"}\n", 2, "`intent`"),
            ("a.jsonl", "{\"text\": \"a\", \"intent\": null\n", 1, "column"),
            ("a.jsonl", "{\"text\": \"a\", \"intent\": 7}\n", 1, "`intent`"),
            ("a.jsonl", "{\"text\": \"a\", \"intent\": null, \"weight\": -1}\n", 1, "`weight`"),
            ("a.jsonl", "{\"text\": \" \", \"intent\": null}\n", 1, "`text`"),
            ("a.csv", "text,intent,decision\na,b,perhaps\n", 2, "`decision`"),
            ("a.csv", "words,intent\na,b\n", 1, "text"),
            ("a.csv", "text,intent\na\n", 2, "columns"),
        ] {
            match read(name, text) {
                Err(Error::Line { line: found, problem, .. }) => {
                    assert_eq!(found, line, "{problem}");
                    assert!(problem.contains(part), "{problem}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn an_empty_file_and_an_unknown_kind_say_so() {
        assert!(matches!(read("a.jsonl", " \n\n"), Err(Error::Empty { .. })));
        assert!(matches!(read("a.docx", "x"), Err(Error::UnknownKind { .. })));
    }
}
