//! Where the index is and how patient we are with it.

use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// How to reach Qdrant. What is left out has the value that is given here.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QdrantSettings {
    /// Where its servers listen for gRPC, one cluster's, in the order in which they are tried: `["http://localhost:6334"]`.
    pub urls: Vec<String>,
    /// The alias under which the collection in use is found: `shopdesk`. The collections themselves are called `shopdesk-s1-…`.
    pub collection: String,
    /// A file that holds the API key. The environment variable `SHOPDESK_QDRANT_API_KEY` comes before it.
    pub api_key_file: Option<PathBuf>,
    /// How long a server may take for a search before the next one is asked: 2. Changes may take ten times as long.
    pub timeout_seconds: NonZeroU64,
    /// How often a call that a server could not be reached for is made again: 2. A call always reaches every server once.
    pub retries: u32,
    /// After how many failed calls in a row further ones are refused without being made: 5.
    pub failures_to_open: NonZeroU32,
    /// For how long they are refused then, before one is made as a trial: 10.
    pub open_seconds: NonZeroU64,
    /// On how many machines of a cluster each passage is kept: 1. It holds for collections made from now on.
    pub replicas: NonZeroU32,
}

/// How many times longer than a search a change may take.
const CHANGE_PATIENCE: u32 = 10;

impl QdrantSettings {
    /// How long a server may take for a search.
    pub(crate) fn search_patience(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds.get())
    }

    /// How long a server may take for anything else.
    pub(crate) fn change_patience(&self) -> Duration {
        self.search_patience().saturating_mul(CHANGE_PATIENCE)
    }
}

impl Default for QdrantSettings {
    fn default() -> Self {
        const fn seconds(n: u64) -> NonZeroU64 {
            NonZeroU64::new(n).expect("no default is 0")
        }
        const fn count(n: u32) -> NonZeroU32 {
            NonZeroU32::new(n).expect("no default is 0")
        }
        Self {
            urls: vec!["http://localhost:6334".to_owned()],
            collection: "shopdesk".to_owned(),
            api_key_file: None,
            timeout_seconds: seconds(2),
            retries: 2,
            failures_to_open: count(5),
            open_seconds: seconds(10),
            replicas: count(1),
        }
    }
}
