//! The one error type of this crate.

use std::fmt;
use std::path::PathBuf;

use crate::ArticleId;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a folder of articles and a hit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read.
    #[error("cannot read `{}`: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A vector does not fit the index.
    #[error(
        "a vector of {found} numbers does not fit an index of {expected}; the passages were embedded with another model"
    )]
    WrongDimension {
        /// The index's dimension.
        expected: usize,
        /// The vector's.
        found: usize,
    },
    /// The articles were switched again and again while a search was under way.
    #[error("the articles change faster than they can be searched")]
    Unsettled,
    /// An index elsewhere cannot be reached, or refused.
    #[error("the index cannot be used: {0}")]
    Index(Box<dyn std::error::Error + Send + Sync>),
}

/// One mistake in an article. It keeps that article out, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: PathBuf,
    /// The article that the file says it is, as far as that could be read.
    pub article: Option<ArticleId>,
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
