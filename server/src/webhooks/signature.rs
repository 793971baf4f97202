//! Signatures by which a receiver knows that a webhook is ours, as Standard Webhooks has them
//! (<https://www.standardwebhooks.com>), so that a receiver can take a ready library.
//!
//! The header `webhook-signature` is `v1,` and the base64 of HMAC-SHA256 over `ID.TIMESTAMP.BODY`. The id and the
//! timestamp in seconds are the headers `webhook-id` and `webhook-timestamp`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use crate::auth::digest::{equal, hmac_sha256};

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1,";

/// How many bytes a secret may have, by the specification.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// How far the clocks of sender and receiver may be apart.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The secret that we share with one receiver.
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

/// The text is no secret for webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no secret for webhooks; write `whsec_` and the base64 of 24 to 64 random bytes")]
pub struct WebhookSecretError;

/// Why a webhook is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The header `webhook-timestamp` is no number of seconds.
    #[error("the timestamp is not a number of seconds")]
    MalformedTimestamp,
    /// It was sent too long ago, or is from the future: somebody may have recorded it.
    #[error("the timestamp is too far from now")]
    OutsideTolerance,
    /// None of the signatures fits.
    #[error("no signature fits")]
    WrongSignature,
}

impl WebhookSecret {
    /// Reads `whsec_` and base64.
    ///
    /// # Errors
    ///
    /// Fails when it is not of that form, too short or too long.
    pub fn parse(text: &str) -> Result<Self, WebhookSecretError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(WebhookSecretError)?;
        let bytes = Zeroizing::new(BASE64_STANDARD.decode(encoded).map_err(|_| WebhookSecretError)?);
        if LENGTHS.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(WebhookSecretError) }
    }

    /// The header `webhook-signature`. While a secret is replaced, send those of both, with a space between them.
    #[must_use]
    pub fn sign(&self, id: &str, sent_at: Timestamp, body: &[u8]) -> String {
        self.signature(id, &sent_at.as_second().to_string(), body)
    }

    /// What a receiver does: checks the three headers against the body as it came.
    ///
    /// # Errors
    ///
    /// Fails when the webhook is not ours, or not of now.
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), SignatureError> {
        let seconds = timestamp.parse().map_err(|_| SignatureError::MalformedTimestamp)?;
        let sent_at = Timestamp::from_second(seconds).map_err(|_| SignatureError::MalformedTimestamp)?;
        if now.duration_since(sent_at).abs() > TOLERANCE {
            return Err(SignatureError::OutsideTolerance);
        }
        let expected = self.signature(id, timestamp, body);
        let fits = signatures.split(' ').any(|given| equal(given.as_bytes(), expected.as_bytes()));
        if fits { Ok(()) } else { Err(SignatureError::WrongSignature) }
    }

    fn signature(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        format!("{VERSION}{}", BASE64_STANDARD.encode(hmac_sha256(&self.0, &parts)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's libraries test with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIMESTAMP: &str = "1614265330";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn verify(
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        after: i64,
    ) -> Result<(), SignatureError> {
        let now = Timestamp::from_second(1_614_265_330 + after).unwrap();
        WebhookSecret::parse(SECRET).unwrap().verify(id, timestamp, signatures, body, now)
    }

    #[test]
    fn the_example_of_the_specification_is_signed_alike() {
        let sent_at = Timestamp::from_second(1_614_265_330).unwrap();
        assert_eq!(WebhookSecret::parse(SECRET).unwrap().sign(ID, sent_at, BODY), SIGNATURE);
        assert_eq!(verify(ID, TIMESTAMP, SIGNATURE, BODY, 0), Ok(()));
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        let several = format!("v1,AAAA v2,BBBB {SIGNATURE}");
        assert_eq!(verify(ID, TIMESTAMP, &several, BODY, 0), Ok(()));
    }

    #[test]
    fn what_was_changed_or_recorded_is_refused() {
        use SignatureError::{MalformedTimestamp, OutsideTolerance, WrongSignature};
        assert_eq!(verify("msg_other", TIMESTAMP, SIGNATURE, BODY, 0), Err(WrongSignature));
        assert_eq!(verify(ID, "1614265331", SIGNATURE, BODY, 0), Err(WrongSignature));
        assert_eq!(verify(ID, TIMESTAMP, SIGNATURE, b"{}", 0), Err(WrongSignature));
        assert_eq!(verify(ID, TIMESTAMP, "", BODY, 0), Err(WrongSignature));
        assert_eq!(verify(ID, TIMESTAMP, &SIGNATURE.replace("v1", "v2"), BODY, 0), Err(WrongSignature));
        assert_eq!(verify(ID, TIMESTAMP, SIGNATURE, BODY, 300), Ok(()));
        assert_eq!(verify(ID, TIMESTAMP, SIGNATURE, BODY, 301), Err(OutsideTolerance));
        assert_eq!(verify(ID, TIMESTAMP, SIGNATURE, BODY, -301), Err(OutsideTolerance));
        assert_eq!(verify(ID, "now", SIGNATURE, BODY, 0), Err(MalformedTimestamp));
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for text in ["", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_MfKQ", "whsec_!!!!"] {
            assert!(WebhookSecret::parse(text).is_err(), "{text}");
        }
        assert!(WebhookSecret::parse(&format!("whsec_{}", "AAAA".repeat(22))).is_err());
    }
}
