//! The two digests that everything here is signed with or stored as, so that no caller sets one up on its own.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Bytes of a digest.
pub(crate) const DIGEST_LENGTH: usize = 32;

/// HMAC-SHA256 (RFC 2104) of the parts, one after the other.
pub(crate) fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> [u8; DIGEST_LENGTH] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// SHA-256 of the bytes.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; DIGEST_LENGTH] {
    Sha256::digest(bytes).into()
}

/// A digest in hexadecimal digits, as the database has it.
pub(crate) fn hex(digest: &[u8; DIGEST_LENGTH]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether two digests are equal, in a time that does not tell where they differ.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let digest = hmac_sha256(b"Jefe", &[b"what do ya want ", b"for nothing?"]);
        assert_eq!(digest[..8], [0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e]);
    }

    #[test]
    fn texts_of_other_lengths_differ() {
        assert!(equal(b"abc", b"abc"));
        assert!(!equal(b"abc", b"abcd"));
        assert!(!equal(b"abc", b""));
    }
}
