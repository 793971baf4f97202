//! Who may come in, what they may do, and how often.

pub(crate) mod digest;
pub(crate) mod random;

mod identity;
mod visitor_token;
pub use identity::{IdentityCheck, IdentitySecretTooShort};
pub use visitor_token::{TokenError, VisitorTokens};

mod api_key;
mod scope;
pub use api_key::{ApiKey, KeyRecord};
pub use scope::{Scope, Scopes, UnknownScope};

mod password;
mod password_policy;
mod session;
pub use password::{PasswordError, Passwords};
pub(crate) use password_policy::{LONGEST_PASSWORD, SHORTEST_PASSWORD};
pub use password_policy::{WeakPassword, check_new_password};
pub use session::{SessionHash, SessionId};

mod rate;
mod throttle;
pub use rate::{Rate, RateLimiter, RetryAfter};
pub use throttle::{LoginThrottle, ThrottleSettings, TryLater};

/// A new key for [`VisitorTokens::from_text`].
#[must_use]
pub fn new_key() -> String {
    random::secret_text().to_string()
}
