//! The one error type of this crate: data in the variants, a sentence with the next step in the display.

use std::path::{Path, PathBuf};

use crate::intents::Mistake;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a checkpoint on disk and a probability.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused to read or write.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What we were doing, as a verb: `read`, `write`, `create`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The disk filled up while a folder was written; nothing half-written is left behind.
    #[error(
        "the disk is full: writing `{}` failed. Free some space ({needed_mib} MiB are needed) and run the command again; \
         nothing half-written was left behind",
        path.display()
    )]
    DiskFull {
        /// What was being written.
        path: PathBuf,
        /// How much that file needs.
        needed_mib: u64,
    },
    /// No model folder at the configured place.
    #[error("there is no model at `{}`. Run `scripts/fetch-model`, or `shopdesk model import` with a checkpoint of your own", folder.display())]
    NoModel {
        /// Where it was expected.
        folder: PathBuf,
    },
    /// The settings force an engine that cannot run here.
    #[error("this processor cannot run the engine `{engine}`. Set `model.engine` to `auto`, or leave it out")]
    EngineUnavailable {
        /// Which one.
        engine: crate::encoder::Engine,
    },
    /// The first bytes do not announce the format that was expected.
    #[error(
        "`{}` is not a {expected} file: it starts with {found:02x?}. Check that the download is the right file",
        path.display()
    )]
    WrongMagic {
        /// The file.
        path: PathBuf,
        /// The format's name.
        expected: &'static str,
        /// What the file starts with.
        found: Vec<u8>,
    },
    /// A file ends before its contents do.
    #[error(
        "`{}` is cut short: {needed} bytes are needed, {found} are there. Fetch it again",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Bytes that the contents need.
        needed: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// A file is not the one that was written, or not the one that is pinned.
    #[error(
        "`{}` has the SHA-256 {found}, expected {expected}: it was changed or damaged. Import the model again",
        path.display()
    )]
    WrongHash {
        /// The file.
        path: PathBuf,
        /// The hash on record.
        expected: String,
        /// The hash of what is there.
        found: String,
    },
    /// A file parses, but says something that we cannot use.
    #[error("`{}`: {problem}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do about it.
        problem: String,
    },
    /// A folder or file that would be overwritten.
    #[error("`{}` exists already. Remove it, or pass `--replace`", folder.display())]
    AlreadyThere {
        /// The folder or file.
        folder: PathBuf,
    },
    /// The intents have mistakes; all of them are listed.
    #[error("{}", list(.0))]
    Intents(Vec<Mistake>),
    /// There is too little to learn from.
    #[error(
        "training needs at least two intents with {needed} examples each; `{intent}` has {found}. Write some more, or leave the intent out"
    )]
    TooFewExamples {
        /// The intent that lacks them.
        intent: String,
        /// How many it has.
        found: usize,
        /// How many it takes.
        needed: usize,
    },
    /// A message for validation has an intent that no message for training has.
    #[error(
        "the validation data have the intent `{intent}`, which the training data do not have. Add examples of it, or correct its name"
    )]
    UnknownIntent {
        /// The intent.
        intent: String,
    },
    /// The promise names an intent that there is not.
    #[error(
        "the promise names the intent `{intent}`, which the training data do not have. Correct `[promise.intents]`"
    )]
    PromiseForUnknownIntent {
        /// The intent.
        intent: String,
    },
    /// The bundle was trained with another encoder than the one that is loaded.
    #[error(
        "the bundle in `{}` was trained with the encoder {trained_with}, but {loaded} is loaded. Run `shopdesk train` again",
        path.display()
    )]
    OtherEncoder {
        /// The bundle's folder.
        path: PathBuf,
        /// The encoder that made the training vectors.
        trained_with: String,
        /// The encoder that runs now.
        loaded: String,
    },
    /// More messages wait for the encoder than may.
    #[error("{waiting} messages wait for the encoder already; try again in a moment")]
    Overloaded {
        /// How many wait.
        waiting: usize,
    },
    /// The encoder panicked on a message.
    #[error("the encoder panicked on this message; the log says where. Please report it as a bug")]
    InferencePanicked,
    /// The system refused to start a thread.
    #[error("cannot start a thread for the encoder: {0}")]
    NoThread(std::io::Error),
    /// The tensor library failed.
    #[error("the tensor library failed: {0}")]
    Tensor(#[from] candle_core::Error),
    /// The kernel matrix of the training messages cannot be factored.
    #[error(
        "the training messages cannot be told apart by numbers: an embedding is not finite; run `shopdesk model verify`"
    )]
    DegenerateKernel,
    /// Messages to learn sentiment from have other labels than the levels.
    #[error(
        "sentiment has the levels very_negative, negative, neutral, positive and very_positive: {problem}"
    )]
    NotSentiment {
        /// Which label, and what is wrong with it.
        problem: String,
    },
    /// A vector came out that cannot be brought to unit length.
    #[error("the encoder returned a vector that is zero or not finite; run `shopdesk model verify`")]
    DegenerateVector,
}

impl Error {
    /// For `map_err`: wraps an I/O error with what we were doing and to which file.
    pub(crate) fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { action, path, source }
    }

    /// A file that parses but says something unusable.
    pub(crate) fn unusable(path: impl AsRef<Path>, problem: impl Into<String>) -> Self {
        Self::Unusable { path: path.as_ref().to_path_buf(), problem: problem.into() }
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
