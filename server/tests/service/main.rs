//! The service over its router, in-process: as a shopper's page, an agent's tool and a careful operator see it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod beginnings;
mod chat;
mod console_account;
mod console_audit;
mod console_inbox;
mod console_knowledge;
mod console_learning;
mod console_login;
mod console_quality;
mod console_roles;
mod console_settings;
mod console_ticket;
mod conversations;
mod events;
mod feedback;
mod handover;
mod health;
mod limits;
mod lists;
mod logins;
mod logs;
mod lookup;
mod metrics;
mod openapi;
mod overload;
mod shutdown;
mod stream;
mod streams;
mod support;
mod ticket_steps;
mod tickets;
mod watch;
mod webhooks;
