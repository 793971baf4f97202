//! The section `[server]` of `shopdesk.toml`.

use std::net::SocketAddr;

use serde::Deserialize;

/// How the service runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How many messages may wait for the model; beyond that they are refused with 429.
    pub queue: usize,
    /// The longest message, in characters.
    pub max_message_characters: usize,
    /// How long a request may take, in seconds.
    pub request_timeout_seconds: u64,
    /// Names under which a proxy passes requests on, beside those of this machine.
    pub hosts: Vec<String>,
}
