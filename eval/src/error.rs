//! The one error type of this crate.

use std::path::PathBuf;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a file of messages and a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("{}:{line}: {problem}. A line is `{{\"text\": \"…\", \"intent\": \"an_id\" or null}}`", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// There is no message in the file.
    #[error("`{}` holds no messages", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The pipeline failed.
    #[error(transparent)]
    Triage(#[from] shopdesk_triage::Error),
}
