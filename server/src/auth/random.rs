//! Bytes that nobody can guess, for ids and keys.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// How many characters [`secret_text`] has.
pub(crate) const SECRET_TEXT_LENGTH: usize = 43;

/// Thirty-two random bytes in URL-safe base64.
pub(crate) fn secret_text() -> Zeroizing<String> {
    Zeroizing::new(BASE64_URL_SAFE_NO_PAD.encode(*secret_bytes::<32>()))
}

/// Random bytes from the operating system.
pub(crate) fn secret_bytes<const N: usize>() -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).expect("the operating system has random bytes");
    bytes
}

/// Whether the text could be one of [`secret_text`].
pub(crate) fn is_secret_text(text: &str) -> bool {
    text.len() == SECRET_TEXT_LENGTH
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_text_is_another_one_and_well_formed() {
        let (first, second) = (secret_text(), secret_text());
        assert_ne!(first, second);
        assert!(is_secret_text(&first) && is_secret_text(&second));
        assert!(!is_secret_text("short") && !is_secret_text(&"+".repeat(SECRET_TEXT_LENGTH)));
    }
}
