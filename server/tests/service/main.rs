//! The service over its router, in-process: as a shopper's page, an agent's tool and a careful operator see it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod beginnings;
mod chat;
mod conversations;
mod events;
mod feedback;
mod handover;
mod health;
mod limits;
mod lists;
mod logins;
mod logs;
mod metrics;
mod overload;
mod shutdown;
mod stream;
mod streams;
mod support;
mod ticket_steps;
mod tickets;
mod watch;
mod webhooks;
