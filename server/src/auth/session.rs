//! Who is logged in: the browser keeps the id of a session, and the store only its digest, so that a stolen store logs
//! nobody in.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::auth::digest::{DIGEST_LENGTH, equal, hex, hmac_sha256, sha256};
use crate::auth::random::{is_secret_text, secret_text};

/// What the token against forged requests is derived for.
const CSRF_PURPOSE: &[u8] = b"shopdesk csrf token v1";

/// The id of a session, as the cookie has it: 32 random bytes in URL-safe base64.
#[derive(Clone)]
pub struct SessionId(Zeroizing<String>);

/// What the store finds a session by, in hexadecimal digits: the SHA-256 of its id, which is random enough to need no slow hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SessionHash(pub [u8; DIGEST_LENGTH]);

impl SessionId {
    /// The id of a new session.
    #[must_use]
    pub fn generate() -> Self {
        Self(secret_text())
    }

    /// The id in a cookie, or nothing when the text has not the form of one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        is_secret_text(text).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What to find it by in the store.
    #[must_use]
    pub fn hash(&self) -> SessionHash {
        SessionHash(sha256(self.0.as_bytes()))
    }

    /// The token that pages of this session send with every change. It follows from the id, which no other site can
    /// read, and does not give the id away.
    #[must_use]
    pub fn csrf_token(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(hmac_sha256(self.0.as_bytes(), &[CSRF_PURPOSE]))
    }

    /// Whether a request with that token comes from a page of this session.
    #[must_use]
    pub fn accepts_csrf_token(&self, token: &str) -> bool {
        equal(token.as_bytes(), self.csrf_token().as_bytes())
    }
}

impl fmt::Display for SessionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_leads_back_to_its_session() {
        let session = SessionId::generate();
        let again = SessionId::parse(session.expose()).unwrap();
        assert_eq!(again.hash(), session.hash());
        assert_ne!(SessionId::generate().hash(), session.hash());
    }

    #[test]
    fn what_is_not_an_id_is_refused() {
        let session = SessionId::generate();
        for text in ["", "a", &session.expose()[1..], &format!("{}a", session.expose()), &"=".repeat(43)] {
            assert!(SessionId::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_csrf_token_fits_its_own_session_only() {
        let (session, other) = (SessionId::generate(), SessionId::generate());
        let token = session.csrf_token();
        assert!(session.accepts_csrf_token(&token));
        assert!(!other.accepts_csrf_token(&token));
        assert!(!session.accepts_csrf_token("") && !session.accepts_csrf_token(session.expose()));
    }

    #[test]
    fn the_debug_form_shows_nothing() {
        assert_eq!(format!("{:?}", SessionId::generate()), "SessionId(…)");
    }
}
