//! Tells the shop's own systems what happens, signed as Standard Webhooks has it, until they have taken it.

mod deliver;
pub use deliver::Webhook;
pub(crate) use deliver::deliver;

mod payload;
pub(crate) use payload::{ConversationRated, MessageCreated, Payload, TicketClosed, TicketOpened};

mod backoff;
mod public_address;
mod signature;
mod url;

use backoff::{NextTry, next_try};
use public_address::is_public;
pub use signature::{SignatureError, WebhookSecret, WebhookSecretError};
pub use url::RefusedUrl;
use url::check_url;
