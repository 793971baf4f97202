//! Keys by which other programs come in: the id finds the record, the secret proves the right to it.

use std::fmt;

use crate::auth::digest::{DIGEST_LENGTH, equal, sha256};
use crate::auth::random::{is_secret_text, secret_bytes, secret_text};
use crate::secret::Secret;

const PREFIX: &str = "sd";
const ID_LENGTH: usize = 10;

/// Thirty-two characters, so that five random bits choose one, without those that look alike.
const ID_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// A key as a program presents it: `sd_ID_SECRET`.
#[derive(Clone, Copy)]
pub struct ApiKey<'a> {
    /// Its public half, for lists and logs.
    pub id: &'a str,
    /// Its secret half.
    pub secret: &'a str,
}

/// What is kept of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Its public half.
    pub id: String,
    /// SHA-256 of its secret half. The secret is 256 random bits that nobody can try out, so a slow hash would only
    /// make every request slow.
    pub hash: [u8; DIGEST_LENGTH],
}

impl<'a> ApiKey<'a> {
    /// A new key, to be shown once, and what to keep of it.
    #[must_use]
    pub fn generate() -> (Secret, KeyRecord) {
        let bytes = secret_bytes::<ID_LENGTH>();
        let id: String = bytes.iter().map(|byte| char::from(ID_ALPHABET[usize::from(byte % 32)])).collect();
        let secret = secret_text();
        let shown = Secret::new(format!("{PREFIX}_{id}_{}", *secret));
        (shown, KeyRecord { id, hash: sha256(secret.as_bytes()) })
    }

    /// The halves of a key, or nothing when the text has not the form of one.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.strip_prefix('_')?.split_once('_')?;
        let is_id = id.len() == ID_LENGTH && id.bytes().all(|byte| ID_ALPHABET.contains(&byte));
        (is_id && is_secret_text(secret)).then_some(Self { id, secret })
    }
}

impl fmt::Debug for ApiKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl KeyRecord {
    /// Whether that is the secret half of this key.
    #[must_use]
    pub fn accepts(&self, secret: &str) -> bool {
        equal(&sha256(secret.as_bytes()), &self.hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_key_is_accepted_by_its_own_record_only() {
        let (shown, record) = ApiKey::generate();
        let (_, other) = ApiKey::generate();
        let key = ApiKey::parse(shown.expose()).unwrap();
        assert_eq!(key.id, record.id);
        assert!(record.accepts(key.secret));
        assert!(!other.accepts(key.secret));
        assert!(!record.accepts(""));
    }

    #[test]
    fn a_secret_may_hold_the_separator() {
        let secret = format!("_{}_", "a".repeat(41));
        let text = format!("sd_abcdefghij_{secret}");
        assert_eq!(ApiKey::parse(&text).unwrap().secret, secret);
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        let secret = "a".repeat(43);
        for text in [
            String::new(),
            "sd_abcdefghij".into(),
            format!("sk_abcdefghij_{secret}"),
            format!("sdabcdefghij_{secret}"),
            format!("sd_abcdefghi_{secret}"),
            format!("sd_abcdefghi0_{secret}"),
            format!("sd_abcdefghij_{secret}a"),
            format!("sd_abcdefghij_{}", "é".repeat(43)),
        ] {
            assert!(ApiKey::parse(&text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_debug_form_leaves_the_secret_out() {
        let key = ApiKey { id: "abcdefghij", secret: "hunter2" };
        assert_eq!(format!("{key:?}"), r#"ApiKey { id: "abcdefghij", .. }"#);
    }
}
