//! What every index must do, and what one in Qdrant must do beside.
//!
//! Qdrant itself is not here: `server` answers the same calls in memory, by its own reading of Qdrant's documentation. Where
//! `QDRANT_TEST_URL` names a real server, the same suite runs over that one, too.

mod contract;
mod server;

mod cases {
    mod contract;
    mod differential;
    mod failures;
    mod rebuild;
    mod schema;
}
