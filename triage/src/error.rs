//! The one error type of this crate.

use crate::StoreFailure;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a message and a decision.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model failed.
    #[error(transparent)]
    Model(#[from] shopdesk_model::Error),
    /// The knowledge base failed.
    #[error(transparent)]
    KnowledgeBase(#[from] shopdesk_kb::Error),
    /// A pattern in the shop's settings is not a regular expression that we can run.
    #[error("`{key}` is not a regular expression that can be run: {source}")]
    SignalPattern {
        /// The settings' key.
        key: &'static str,
        /// What is wrong with it.
        source: Box<regex::Error>,
    },
    /// The store of kept vectors failed.
    #[error("the store of vectors failed: {0}")]
    Vectors(StoreFailure),
}
