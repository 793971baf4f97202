//! Tells the shop's own systems what happens, signed as Standard Webhooks has it, until they have taken it.

mod endpoint;
pub use endpoint::{Webhook, WebhookConfigError};

mod deliver;
pub(crate) use deliver::deliver;

mod payload;
pub(crate) use payload::{ConversationRated, MessageCreated, Payload, TicketClosed, TicketOpened};

mod backoff;
mod outbound;
mod public_address;
mod signature;
mod url;

use backoff::{NextTry, next_try};
pub(crate) use outbound::{client, without_url};
use public_address::is_public;
pub use signature::{SignatureError, WebhookSecret, WebhookSecretError};
pub use url::RefusedUrl;
pub(crate) use url::check_url;
