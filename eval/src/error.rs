//! The one error type of this crate.

use std::path::{Path, PathBuf};

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a file of messages and a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read or write.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What we were doing, as a verb: `read`, `write`, `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("{}:{line}: {problem}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: u64,
        /// What is wrong and what to do.
        problem: String,
    },
    /// A question is labelled with an article that is not in force.
    #[error(
        "a question is labelled with the article `{id}`, which is not in force: `shopdesk kb list` lists those that are"
    )]
    UnknownArticle {
        /// The label.
        id: String,
    },
    /// There is no message in the file.
    #[error("`{}` holds no messages", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Not a kind of file that we read.
    #[error("`{}` is of a kind that is not known: give `.jsonl`, `.csv`, `.tsv` or Rasa's `.yml`", path.display())]
    UnknownKind {
        /// The file.
        path: PathBuf,
    },
    /// A saved result cannot be used.
    #[error("`{}` is no saved result: {problem}", path.display())]
    NotAResult {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Two results have no message in common.
    #[error("the two results have no message in common: compare runs over the same data")]
    NothingInCommon,
    /// The file of limits cannot be used.
    #[error("in `{}`: {problem}", path.display())]
    Limits {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        problem: String,
    },
    /// Fewer messages than folds.
    #[error(
        "{messages} different messages cannot be split into {folds} folds: give fewer folds, at least 2, or more messages"
    )]
    TooFewForFolds {
        /// How many different messages there are.
        messages: usize,
        /// How many folds were asked for.
        folds: usize,
    },
    /// A plot could not be drawn.
    #[error("cannot draw a plot: {0}")]
    Plot(String),
    /// The page could not be put together.
    #[error("cannot write the page: {0}")]
    Page(#[from] askama::Error),
    /// A value could not be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The model or its data failed.
    #[error(transparent)]
    Model(#[from] shopdesk_model::Error),
    /// The pipeline failed.
    #[error(transparent)]
    Triage(#[from] shopdesk_triage::Error),
}

impl Error {
    /// For `map_err` on what the operating system does to a file.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}
