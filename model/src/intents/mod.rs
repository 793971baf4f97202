//! What shoppers want, written by hand: one YAML file an intent, with example messages by language.
//!
//! ```yaml
//! id: return_freight
//! title:
//!   zh: 退货运费
//!   en: Return freight
//! description: Who pays the freight of a return.
//! priority: normal
//! handling: answer
//! examples:
//!   zh:
//!     - 退货的运费谁出？
//!   en:
//!     - who pays for shipping it back
//! ```
//! One file, `out_of_scope.yaml`, holds only examples: messages that are none of the intents.
//!
//! [`Intents::load`] reads what other systems export, too: see [`mod@load`]. [`Intents::write`] writes it: see [`mod@write`].

mod cell;
mod flat;
mod learn;
mod load;
mod rasa;
mod tree;
mod write;
mod yaml;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use flat::{INTENT_COLUMNS, TEXT_COLUMNS};
pub use learn::Learnt;
pub use load::same_message_key;
pub use write::{Completed, Format};

/// The id that a file of messages without an intent has.
pub const OUT_OF_SCOPE: &str = "out_of_scope";

/// A whole shop's intents.
#[derive(Clone, Debug)]
pub struct Intents {
    /// Sorted by id.
    pub intents: Vec<Intent>,
    /// Messages that are none of them. May be empty.
    pub out_of_scope: Vec<Example>,
}

/// One thing that shoppers want.
#[derive(Clone, Debug)]
pub struct Intent {
    /// How it is called, and what to do with it.
    pub label: Label,
    /// For those who write examples; the program does not need it.
    pub description: String,
    /// Messages that mean it.
    pub examples: Vec<Example>,
}

/// What a classifier keeps of an intent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The id in data, bundles, tickets and reports.
    pub id: IntentId,
    /// For people, by language tag.
    pub title: BTreeMap<String, String>,
    /// How soon a human should look at it.
    pub priority: Priority,
    /// Whether the knowledge base may answer.
    pub handling: Handling,
}

impl Label {
    /// The title in the first of these languages that has one, else in any.
    #[must_use]
    pub fn title_in(&self, languages: &[&str]) -> &str {
        let title = languages.iter().find_map(|&language| self.title.get(language));
        let title = title.or_else(|| self.title.values().next());
        title.map_or(self.id.as_str(), String::as_str)
    }
}

/// The id of an intent, as other systems may have given it: not empty, no control characters, no white space at its ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct IntentId(String);

impl IntentId {
    /// Takes an id that is well formed.
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        let well_formed = !id.is_empty() && id.trim() == id && !id.contains(char::is_control);
        well_formed.then(|| Self(id.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for IntentId {
    type Error = String;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        Self::new(&id).ok_or_else(|| {
            format!("`{id}` is not an intent's id: it is empty, or has control characters or white space around it")
        })
    }
}

impl fmt::Display for IntentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How soon a human should look at a ticket; the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Danger to people, threats: at once.
    Urgent,
    /// Something went wrong for the shopper.
    High,
    /// The usual.
    Normal,
    /// Can wait.
    Low,
}

impl Priority {
    /// All of them, the most urgent first.
    pub const ALL: [Self; 4] = [Self::Urgent, Self::High, Self::Normal, Self::Low];

    /// The word used in data, JSON and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::High => "high",
            Self::Normal => "normal",
            Self::Low => "low",
        }
    }
}

/// Who deals with an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Handling {
    /// The knowledge base, when it is sure enough.
    Answer,
    /// Always a human.
    Human,
}

impl Handling {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Answer, Self::Human];

    /// The word used in data and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Human => "human",
        }
    }
}

/// A message that means an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The message.
    pub text: String,
    /// The tag of the language that it is filed under; `None` where the file does not say.
    pub language: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file.
    pub path: Arc<Path>,
    /// The line, counted from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// One mistake in a file that people write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1, where it is known.
    pub line: Option<u64>,
    /// What is wrong and what to do.
    pub problem: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}
