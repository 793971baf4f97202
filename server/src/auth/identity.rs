//! The shop's word for who its customer is: a signature that only its own server can make.

use crate::auth::digest::{DIGEST_LENGTH, equal, hmac_sha256};
use crate::secret::Secret;

/// The shortest secret, in bytes. A shorter one can be guessed from a single signature.
const SHORTEST_SECRET: usize = 16;

/// Checks signatures under one site's identity secret.
#[derive(Clone, Debug)]
pub struct IdentityCheck {
    secret: Secret,
}

/// The site's identity secret can be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the identity secret has {length} bytes; give it at least {shortest}")]
pub struct IdentitySecretTooShort {
    /// How many bytes it has.
    pub length: usize,
    /// How many it should have.
    pub shortest: usize,
}

impl IdentityCheck {
    /// The check under that secret, which is used as it is written, not decoded.
    ///
    /// # Errors
    ///
    /// Fails when the secret is too short.
    pub fn new(secret: Secret) -> Result<Self, IdentitySecretTooShort> {
        let length = secret.expose().len();
        if length < SHORTEST_SECRET {
            return Err(IdentitySecretTooShort { length, shortest: SHORTEST_SECRET });
        }
        Ok(Self { secret })
    }

    /// Whether the signature is the hexadecimal HMAC-SHA256 of the customer's id in UTF-8.
    #[must_use]
    pub fn accepts(&self, customer: &str, signature: &str) -> bool {
        let expected = hmac_sha256(self.secret.expose().as_bytes(), &[customer.as_bytes()]);
        digest_of_hex(signature).is_some_and(|given| equal(&given, &expected))
    }
}

fn digest_of_hex(text: &str) -> Option<[u8; DIGEST_LENGTH]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|&[high, low]| Some(nibble(high)? << 4 | nibble(low)?)).collect();
    bytes?.try_into().ok()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| value.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `printf %s C-1001 | openssl dgst -sha256 -hmac 'an identity secret for the tests'`.
    const SIGNATURE: &str = "97c5ad758164af32b134b17d22acdfd77924b259fd29ef738b10d2f4fd3d7b5d";

    fn check() -> IdentityCheck {
        IdentityCheck::new(Secret::new("an identity secret for the tests".into())).unwrap()
    }

    #[test]
    fn the_shop_s_signature_is_accepted_in_either_case() {
        assert!(check().accepts("C-1001", SIGNATURE));
        assert!(check().accepts("C-1001", &SIGNATURE.to_uppercase()));
        assert!(check().accepts("客户7", "92adb4192c4eb4996c038c34f68ed0920360aa86759c5c7857286b71b6c6cc14"));
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(!check().accepts("C-1002", SIGNATURE));
        assert!(!check().accepts("C-1001", ""));
        assert!(!check().accepts("C-1001", &SIGNATURE[..62]));
        assert!(!check().accepts("C-1001", &SIGNATURE[..63]));
        assert!(!check().accepts("C-1001", &format!("{SIGNATURE}00")));
        assert!(!check().accepts("C-1001", &SIGNATURE.replace("97c5", "+7c5")));
        assert!(!check().accepts("C-1001", &"é".repeat(32)));
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_refused() {
        let refused = IdentityCheck::new(Secret::new("0123456789abcde".into())).unwrap_err();
        assert_eq!(refused.to_string(), "the identity secret has 15 bytes; give it at least 16");
    }
}
