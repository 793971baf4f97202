//! The one error type of this crate.

use std::path::PathBuf;
use std::time::Duration;

use tonic::Code;

/// Shorthand for results of this crate.
pub type Result<T, E = QdrantError> = std::result::Result<T, E>;

/// What can go wrong with an index in Qdrant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QdrantError {
    /// No server answered.
    #[error("no Qdrant server answers at {}: {last}; see that it runs and that `urls` is right", list(urls))]
    Unreachable {
        /// Where they were looked for.
        urls: Vec<String>,
        /// What happened with the last one.
        last: String,
    },
    /// So many calls failed that no more are made for a while.
    #[error("Qdrant did not answer several times in a row; it is asked again in {} s", wait.as_secs_f32().ceil())]
    Open {
        /// How long that is.
        wait: Duration,
    },
    /// A server understood the call and said no.
    #[error("Qdrant refused ({code:?}): {message}; {}", advice(*code))]
    Refused {
        /// The kind of refusal.
        code: Code,
        /// In its own words.
        message: String,
    },
    /// A reply lacks something.
    #[error("Qdrant's reply lacks {missing}; run `shopdesk kb rebuild`")]
    Incomplete {
        /// What that is.
        missing: &'static str,
    },
    /// No server is named.
    #[error("`urls` is empty; name a server, such as `http://localhost:6334`")]
    NoUrl,
    /// An address cannot be read.
    #[error("`{url}` in `urls` is no address: {reason}; write it like `http://localhost:6334`")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The key's file cannot be read.
    #[error("cannot read the API key from `{}`: {source}", path.display())]
    ApiKeyFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// What should be a key is none.
    #[error("`{from}` holds no API key; write the key alone, without spaces")]
    ApiKey {
        /// Where it was read from.
        from: String,
    },
    /// The alias is taken by a collection.
    #[error("`{name}` is a collection in Qdrant and not an alias; give `collection` another name")]
    NoAlias {
        /// What they are both called.
        name: String,
    },
    /// The collection was made by another version of this program.
    #[error("the collection `{collection}` was made by another version; run `shopdesk kb rebuild`")]
    OtherSchema {
        /// Which one.
        collection: String,
    },
    /// The collection is for other vectors.
    #[error("the collection `{collection}` has {found}, not {expected}; run `shopdesk kb rebuild`")]
    OtherVectors {
        /// Which one.
        collection: String,
        /// What is needed.
        expected: String,
        /// What is there.
        found: String,
    },
}

impl From<QdrantError> for shopdesk_kb::Error {
    fn from(error: QdrantError) -> Self {
        Self::Index(Box::new(error))
    }
}

fn list(urls: &[String]) -> String {
    urls.iter().map(|url| format!("`{url}`")).collect::<Vec<_>>().join(", ")
}

/// What to do about a refusal.
fn advice(code: Code) -> &'static str {
    match code {
        Code::Unauthenticated | Code::PermissionDenied => {
            "set the key in `SHOPDESK_QDRANT_API_KEY` or `api_key_file`"
        }
        Code::NotFound => "start again, and if that does not help, run `shopdesk kb rebuild`",
        Code::Unimplemented => "that server is too old or no Qdrant",
        _ => "Qdrant's own log says more",
    }
}
