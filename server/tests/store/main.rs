//! What every store must do: one suite over SQLite and, where `SHOPDESK_TEST_DATABASE_URL` names one, over a PostgreSQL server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod material;
mod place;

mod articles;
mod conversations;
mod deliveries;
mod erase;
mod figures;
mod inbox;
mod installation;
mod pages;
mod people;
mod restore;
mod reviews;
mod schema;
mod settings;
mod tickets;
mod turns;
