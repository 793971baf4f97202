//! The service over its router, in-process: as a shopper's page, an agent's console and a careful operator see it.

mod chat;
mod handover;
mod logs;
mod support;
