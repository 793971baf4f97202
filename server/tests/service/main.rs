//! The service over its router, in-process: as a shopper's page, an agent's console and a careful operator see it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chat;
mod handover;
mod logs;
mod support;
