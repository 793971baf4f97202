//! The knowledge base's index in Qdrant, for more passages than one machine compares with every message.
//!
//! Read it in this order:
//!
//! 1. [`QdrantSettings`]: which servers, which collection, how patient. `api_key` keeps the secret out of every log.
//! 2. [`QdrantIndex`]: the [`shopdesk_kb::Index`] over a collection. `point` says what a passage is there, `filter` which passages a
//!    message may find, `search` how both lists come back in one call.
//! 3. [`Rebuild`]: a new collection beside the one in use, and the switch to it. `schema` says what a collection must look like.
//! 4. `servers`: every call goes through it, with a time-out, to the next server when one fails, and past a breaker when all fail.
//!
//! The trait is synchronous and the client is not: calls block the thread that makes them until the reply is there. They must not be
//! made on threads of an asynchronous runtime that serve connections, but on those for blocking work.

mod api_key;
mod settings;

mod filter;
mod index;
mod point;
mod search;

mod rebuild;
mod schema;

mod breaker;
mod servers;

mod error;

pub use error::{QdrantError, Result};
pub use index::QdrantIndex;
pub use rebuild::Rebuild;
pub use settings::QdrantSettings;
