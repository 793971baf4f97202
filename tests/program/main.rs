//! The program as a user runs it: the real binary, the real model, the starter shop.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod harness;

mod crashes;
mod evaluation;
mod learning;
mod messages;
mod promise;
mod servers;
mod serving;
mod traces;
