//! The service's sections of `shopdesk.toml`.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shopdesk_model::intents::IntentId;

use crate::site;

/// The section `[server]`: how the service runs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// How many messages may wait for the model; more are tried again for a while, and then a human's.
    pub queue: usize,
    /// The longest message, in characters.
    pub max_message_characters: usize,
    /// How long a request may take, in seconds.
    pub request_timeout_seconds: u64,
    /// Names under which a proxy passes requests on, beside those of this machine.
    pub hosts: Vec<String>,
    /// Whether to believe a proxy's `X-Forwarded-For` about where requests come from.
    #[serde(default)]
    pub behind_proxy: bool,
}

/// The section `[dialogue]`: how the program talks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DialogueConfig {
    /// How long the shopper has to be quiet before the program answers all that was written, in milliseconds.
    pub quiet_milliseconds: u64,
    /// How long it waits at most while the shopper goes on writing, in milliseconds.
    pub longest_turn_milliseconds: u64,
    /// After how many answers in a row that did not help a human takes over.
    pub failed_answers: NonZeroU32,
    /// For how many seconds a message waits for the model before a human gets it.
    pub busy_after_seconds: u64,
    /// Within how many minutes people usually answer, as long as there is nothing to measure it by.
    pub usual_wait_minutes: NonZeroU32,
    /// After how many minutes without an agent, while the desk is open, the shopper is told so and asked for a contact.
    pub nobody_after_minutes: NonZeroU32,
}

impl Default for DialogueConfig {
    fn default() -> Self {
        let minutes = |minutes| NonZeroU32::new(minutes).expect("a constant above zero");
        Self {
            quiet_milliseconds: 500,
            longest_turn_milliseconds: 4_000,
            failed_answers: minutes(2),
            busy_after_seconds: 8,
            usual_wait_minutes: minutes(3),
            nobody_after_minutes: minutes(5),
        }
    }
}

impl DialogueConfig {
    pub(crate) fn quiet(&self) -> Duration {
        Duration::from_millis(self.quiet_milliseconds)
    }

    pub(crate) fn longest_turn(&self) -> Duration {
        Duration::from_millis(self.longest_turn_milliseconds)
    }
}

/// The section `[limits]`: how much anybody may ask in a minute, and have open at once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitConfig {
    /// A visitor, by token.
    pub per_visitor: NonZeroU32,
    /// An address.
    pub per_address: NonZeroU32,
    /// New conversations on a site, from everywhere together.
    pub per_site: NonZeroU32,
    /// New conversations from one address.
    pub conversations_per_address: NonZeroU32,
    /// Streams of events that one address has open at once.
    pub streams_per_address: NonZeroU32,
}

impl Default for LimitConfig {
    fn default() -> Self {
        let limit = |number| NonZeroU32::new(number).expect("a constant above zero");
        Self {
            per_visitor: limit(120),
            per_address: limit(600),
            per_site: limit(60_000),
            conversations_per_address: limit(30),
            streams_per_address: limit(100),
        }
    }
}

/// The section `[database]`: where everything is kept, if not in a file in the data folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseConfig {
    /// A file with the URL of a PostgreSQL database; `SHOPDESK_DATABASE_URL` comes in its place.
    pub url_file: Option<PathBuf>,
    /// How many connections a server has at most.
    pub connections: Option<NonZeroU32>,
    /// For how many days conversations are kept after their end; for good when it is missing.
    pub retention_days: Option<NonZeroU32>,
}

/// The section `[lookup]`: the shop's own system that knows what became of an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LookupConfig {
    /// Where, with `https`.
    pub url: String,
    /// The intents that are answered with what it says.
    #[serde(default = "looked_up")]
    pub intents: Vec<IntentId>,
    /// A file with the secret that signs, `whsec_` and base64; `SHOPDESK_LOOKUP_SECRET` comes in its place.
    pub secret_file: Option<PathBuf>,
    /// How long it may take, in milliseconds.
    #[serde(default = "patience")]
    pub timeout_milliseconds: NonZeroU32,
    /// For how many seconds an answer is remembered; 0 for not at all.
    #[serde(default = "memory")]
    pub cache_seconds: u32,
    /// Whether it may be in a private network, without TLS.
    #[serde(default)]
    pub allow_private: bool,
}

impl LookupConfig {
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_milliseconds.get().into())
    }
}

/// Those of the starter shop that ask how an order stands.
fn looked_up() -> Vec<IntentId> {
    ["track_parcel", "urge_dispatch", "parcel_delayed"].into_iter().filter_map(IntentId::new).collect()
}

fn patience() -> NonZeroU32 {
    NonZeroU32::new(2_000).expect("a constant above zero")
}

fn memory() -> u32 {
    60
}

/// A section `[sites.…]`: a storefront. What is chosen in the console has the same form, without the file of the secret.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SiteConfig {
    /// Where its pages come from, such as `https://shop.example.com`.
    #[serde(deserialize_with = "site::read_origins")]
    pub origins: Vec<String>,
    /// What it is called, by language.
    pub name: BTreeMap<String, String>,
    /// What shoppers read first, by language.
    pub greeting: BTreeMap<String, String>,
    /// The colour of the widget, such as `#0b6e4f`.
    #[serde(deserialize_with = "site::read_color")]
    pub color: Option<String>,
    /// On which side the widget is.
    pub position: Position,
    /// A file with the secret under which the shop signs its customers' ids; `SHOPDESK_IDENTITY_SECRET_…` with the
    /// site's name, or else `SHOPDESK_IDENTITY_SECRET`, comes in its place.
    #[serde(skip_serializing)]
    pub identity_secret_file: Option<PathBuf>,
}

/// On which side of a page the widget is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// On the left.
    Left,
    /// On the right.
    #[default]
    Right,
}

/// A section `[webhooks.…]`: where the shop's systems take what happens.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Where, with `https`.
    pub url: String,
    /// Of what it wants to hear: `ticket.opened`, `ticket.closed`, `message.created`, `conversation.rated`; of everything when empty.
    #[serde(default)]
    pub events: Vec<String>,
    /// A file with the secret that signs, `whsec_` and base64; `SHOPDESK_WEBHOOK_SECRET` comes in its place.
    pub secret_file: Option<PathBuf>,
    /// Whether it may be in a private network, without TLS.
    #[serde(default)]
    pub allow_private: bool,
}
