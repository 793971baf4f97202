//! Where the shop's systems take what happens, checked when the service starts and not when the first delivery fails.

use std::time::Duration;

use url::Url;

use super::payload::KINDS;
use super::{RefusedUrl, WebhookSecret, check_url, client};
use crate::config::WebhookConfig;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where the shop's systems take what happens.
pub struct Webhook {
    pub(crate) url: Url,
    /// Of what it wants to hear, such as `ticket.opened`; of everything when empty.
    pub(crate) events: Vec<String>,
    /// Signs what it gets.
    pub(super) secret: WebhookSecret,
    pub(super) client: reqwest::Client,
}

/// Why nothing can be delivered as the settings have it.
#[derive(Debug, thiserror::Error)]
pub enum WebhookConfigError {
    /// The address is refused.
    #[error("`webhooks.{name}.url` cannot be used: {refused}")]
    Url {
        /// The webhook's name.
        name: String,
        /// Why.
        refused: RefusedUrl,
    },
    /// Nothing of that name happens.
    #[error("`webhooks.{name}.events` names `{event}`, which never happens; give some of {}", known())]
    UnknownEvent {
        /// The webhook's name.
        name: String,
        /// What it wants to hear of.
        event: String,
    },
    /// No connection can be made from here.
    #[error("no client for `webhooks.{name}.url` can be made")]
    Client {
        /// The webhook's name.
        name: String,
        /// Why.
        source: reqwest::Error,
    },
}

impl Webhook {
    /// Delivers there, signed with that secret.
    ///
    /// # Errors
    /// When the address is one that nothing should be sent to, and when it wants to hear of what never happens.
    pub fn new(
        name: &str,
        config: &WebhookConfig,
        secret: WebhookSecret,
    ) -> Result<Self, WebhookConfigError> {
        let name = || name.to_owned();
        if let Some(event) = config.events.iter().find(|event| !KINDS.contains(&event.as_str())) {
            return Err(WebhookConfigError::UnknownEvent { name: name(), event: event.clone() });
        }
        Ok(Self {
            url: check_url(&config.url, config.allow_private)
                .map_err(|refused| WebhookConfigError::Url { name: name(), refused })?,
            events: config.events.clone(),
            secret,
            client: client(PATIENCE, config.allow_private)
                .map_err(|source| WebhookConfigError::Client { name: name(), source })?,
        })
    }
}

fn known() -> String {
    KINDS.map(|kind| format!("`{kind}`")).join(", ")
}
