//! Tokens by which a shopper without an account is known again as the one who began a conversation.
//!
//! A token is `v1.PAYLOAD.SIGNATURE`: the conversation's id and the second of expiry (a big-endian `i64`), and the
//! HMAC-SHA256 of all before it, each in URL-safe base64 without padding. Nothing has to be stored to check one.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::auth::digest::{DIGEST_LENGTH, equal, hmac_sha256, sha256};

const VERSION: &str = "v1";

/// What the key is derived for: a signature made for anything else is none here.
const PURPOSE: &[u8] = b"shopdesk visitor token v1";

/// Issues and checks the tokens of one installation.
pub struct VisitorTokens {
    key: Zeroizing<[u8; DIGEST_LENGTH]>,
}

/// Why a token lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not of this form.
    #[error("this is not a visitor token")]
    Malformed,
    /// Another key made it, or somebody changed it.
    #[error("the signature of the token is wrong")]
    WrongSignature,
    /// It was good once.
    #[error("the token has expired")]
    Expired,
}

impl VisitorTokens {
    /// Tokens under the installation's key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self { key: Zeroizing::new(hmac_sha256(key, &[PURPOSE])) }
    }

    /// Tokens under a key that is kept as a text, such as one of [`new_key`](super::new_key).
    #[must_use]
    pub fn from_text(key: &str) -> Self {
        Self::new(&sha256(key.as_bytes()))
    }

    /// A token for that conversation. Expiry counts in whole seconds; a fraction is cut off.
    #[must_use]
    pub fn issue(&self, conversation: Uuid, expires_at: Timestamp) -> String {
        let mut payload = [0; 24];
        payload[..16].copy_from_slice(conversation.as_bytes());
        payload[16..].copy_from_slice(&expires_at.as_second().to_be_bytes());
        let signed = format!("{VERSION}.{}", BASE64_URL_SAFE_NO_PAD.encode(payload));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(hmac_sha256(&*self.key, &[signed.as_bytes()]));
        format!("{signed}.{signature}")
    }

    /// The conversation that the token is for.
    ///
    /// # Errors
    ///
    /// Fails when the token was not issued here, or is no longer valid.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Uuid, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let payload = signed.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('.'));
        let payload: [u8; 24] = payload.and_then(decoded).ok_or(TokenError::Malformed)?;
        let signature: [u8; DIGEST_LENGTH] = decoded(signature).ok_or(TokenError::Malformed)?;
        if !equal(&signature, &hmac_sha256(&*self.key, &[signed.as_bytes()])) {
            return Err(TokenError::WrongSignature);
        }
        let (conversation, expiry) = payload.split_at(16);
        let expires_at = i64::from_be_bytes(expiry.try_into().expect("the payload has 8 more bytes"));
        if now.as_second() >= expires_at {
            return Err(TokenError::Expired);
        }
        Ok(Uuid::from_slice(conversation).expect("an id has 16 bytes"))
    }
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Python's `hmac`.
    const TOKEN: &str = "v1.AZqqqgAAcACAAAAAAAAAAQAAAABq5S-A.qzCqpe2ihRCReFd5jcg6zQKhgzSmBMaVkjixRY8E2Ug";
    const BEFORE: &str = "2026-10-30T23:59:59.9Z";
    const EXPIRY: &str = "2026-10-31T00:00:00Z";

    fn verify(key: u8, token: &str, now: &str) -> Result<Uuid, TokenError> {
        VisitorTokens::new(&[key; 32]).verify(token, now.parse().unwrap())
    }

    #[test]
    fn an_issued_token_names_its_conversation_until_it_expires() {
        let conversation: Uuid = "019aaaaa-0000-7000-8000-000000000001".parse().unwrap();
        assert_eq!(VisitorTokens::new(&[7; 32]).issue(conversation, EXPIRY.parse().unwrap()), TOKEN);
        assert_eq!(verify(7, TOKEN, BEFORE), Ok(conversation));
        assert_eq!(verify(7, TOKEN, EXPIRY), Err(TokenError::Expired));
    }

    #[test]
    fn another_key_or_another_payload_is_refused() {
        assert_eq!(verify(8, TOKEN, BEFORE), Err(TokenError::WrongSignature));
        assert_eq!(
            verify(7, &TOKEN.replace("AQAAAABq", "AgAAAABq"), BEFORE),
            Err(TokenError::WrongSignature)
        );
        assert_eq!(verify(7, &TOKEN.replace("q5S-A", "r5S-A"), BEFORE), Err(TokenError::WrongSignature));
    }

    #[test]
    fn a_forged_token_does_not_learn_that_it_has_expired() {
        assert_eq!(verify(8, TOKEN, "2030-01-01T00:00:00Z"), Err(TokenError::WrongSignature));
    }

    #[test]
    fn every_token_has_one_spelling() {
        let (signed, _) = TOKEN.rsplit_once('.').unwrap();
        for token in [
            String::new(),
            "v1".into(),
            signed.into(),
            format!("{TOKEN}="),
            format!("{TOKEN}.x"),
            TOKEN.replacen("v1", "v2", 1),
            TOKEN.replacen("v1.", "v1..", 1),
            TOKEN.replace("E2Ug", "E2Uh"),
            format!(" {TOKEN}"),
        ] {
            assert_eq!(verify(7, &token, BEFORE), Err(TokenError::Malformed), "{token}");
        }
    }
}
