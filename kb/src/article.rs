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
use std::path::PathBuf;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// An article in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Shared by its translations.
    pub id: ArticleId,
    /// The language it is written in.
    pub language: Language,
    /// A hash of everything that is said here: another text is another version.
    #[serde(skip)]
    pub version: Version,
    /// The headline.
    pub title: String,
    /// Ids of the intents that it answers.
    pub intents: BTreeSet<String>,
    /// Ways in which shoppers ask it.
    pub questions: Vec<String>,
    /// Free words for the people who keep the articles.
    pub tags: Vec<String>,
    /// Who may read it, such as `member`; empty means everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub audience: Vec<String>,
    /// When it holds.
    #[serde(flatten)]
    pub validity: Validity,
    /// Where to read on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// What to look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pictures: Vec<Picture>,
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

/// Twelve hexadecimal digits that change with every change of what the article says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(String);

/// When an article holds, by the shop's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// From this moment on.
    #[serde(rename = "valid_from", default, skip_serializing_if = "Option::is_none")]
    pub from: Option<DateTime>,
    /// No more from this moment on. An article that is valid until a day holds on that day, so this is the next midnight.
    #[serde(rename = "valid_until", default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime>,
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

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Picture {
    /// Where it is.
    pub url: String,
    /// What it shows, for those who do not see it.
    pub alt: String,
}

impl Article {
    /// Whether readers who are all of `audience` may read it.
    #[must_use]
    pub fn is_for(&self, audience: &[String]) -> bool {
        self.audience.is_empty() || self.audience.iter().any(|group| audience.contains(group))
    }

    /// The same with the version that belongs to what it says.
    #[must_use]
    pub fn with_version(mut self) -> Self {
        let contents = serde_json::to_vec(&self).expect("plain data");
        let digest = Sha256::digest(&contents);
        self.version = Version(digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect());
        self
    }

    /// Everything that is said here, as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data")
    }

    /// What [`Article::to_json`] wrote.
    ///
    /// # Errors
    /// When it is no article.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        Ok(serde_json::from_str::<Self>(json)?.with_version())
    }
}

impl Validity {
    /// From the first moment of one day to the last of another.
    #[must_use]
    pub fn days(from: Option<Date>, until: Option<Date>) -> Self {
        let start = |day: Date| day.to_datetime(Time::midnight());
        let next = |day: Date| day.checked_add(1.day()).unwrap_or(Date::MAX);
        Self { from: from.map(start), until: until.map(next).map(start) }
    }

    /// Whether the article holds at that moment.
    #[must_use]
    pub fn contains(&self, at: DateTime) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

impl ArticleId {
    /// The id of nothing.
    pub(crate) fn none() -> Self {
        Self(String::new())
    }

    /// Letters of the basic alphabet, digits, `-` and `_`, so that it can name a file and stand in an address.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Option<Self> {
        let id = id.into();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        (!id.is_empty() && id.len() <= 100 && id.chars().all(fits)).then_some(Self(id))
    }
}

impl Version {
    /// A version that was read from where it was written.
    #[must_use]
    pub fn new(version: impl Into<String>) -> Self {
        Self(version.into())
    }
}

impl Language {
    /// Any tag; what it means is the shop's business.
    #[must_use]
    pub fn new(tag: impl Into<String>) -> Self {
        Self(tag.into())
    }

    /// Whether it has the form of a tag (BCP 47): letters, then letters and digits between hyphens. So it can name a folder, too.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let mut parts = self.0.split('-');
        let language = parts.next().unwrap_or_default();
        (2..=8).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_lowercase())
            && parts.all(|part| {
                (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
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
                f.pad(&self.0)
            }
        }
    )*};
}
text_newtype!(ArticleId, Language, Version);
