//! Passwords of the staff: kept so that a stolen store does not tell them, and checked so that the time it takes does
//! not tell who has an account.
//!
//! Every call here needs 19 MiB and tens of milliseconds: make it on a thread that may block, and few at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::auth::random::secret_text;

/// Memory in KiB, passes and lanes, as the OWASP Password Storage Cheat Sheet has them for Argon2id.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes and checks passwords with Argon2id (RFC 9106).
pub struct Passwords {
    argon2: Argon2<'static>,
    /// The hash of a password that nobody knows.
    nobody: String,
}

/// A password can be neither hashed nor checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Argon2 refused, or there was no memory.
    #[error("the password cannot be hashed")]
    Hash(#[source] password_hash::Error),
    /// The kept hash is not a PHC string.
    #[error("the stored password hash cannot be read")]
    Stored(#[source] password_hash::phc::Error),
}

impl Passwords {
    /// With today's parameters.
    ///
    /// # Errors
    ///
    /// Fails when there is no memory for a first hash.
    pub fn new() -> Result<Self, PasswordError> {
        let parameters =
            Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within Argon2's bounds");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
        let nobody = hash_with(&argon2, &secret_text())?;
        Ok(Self { argon2, nobody })
    }

    /// The PHC string to keep, under a salt of its own.
    ///
    /// # Errors
    ///
    /// Fails when there is no memory.
    pub fn hash(&self, password: &str) -> Result<String, PasswordError> {
        hash_with(&self.argon2, password)
    }

    /// Whether the password fits what is kept. Without an account, which is `None`, it takes as long and does not.
    ///
    /// # Errors
    ///
    /// Fails when what is kept is no hash, or there is no memory.
    pub fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
        let hash = PasswordHash::new(stored.unwrap_or(&self.nobody)).map_err(PasswordError::Stored)?;
        match self.argon2.verify_password(normalised(password).as_bytes(), &hash) {
            Ok(()) => Ok(stored.is_some()),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(PasswordError::Hash(error)),
        }
    }
}

fn hash_with(argon2: &Argon2<'_>, password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash =
        argon2.hash_password(normalised(password).as_bytes()).map_err(PasswordError::Hash)?;
    Ok(hash.to_string())
}

/// Two keyboards may write one letter in two ways; RFC 8265 has passwords compared in form C.
fn normalised(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_fits_its_hash_in_either_way_of_writing_it() {
        let passwords = Passwords::new().unwrap();
        let stored = passwords.hash("caf\u{e9} au lait 两份").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(passwords.verify("cafe\u{301} au lait 两份", Some(&stored)), Ok(true));
        assert_eq!(passwords.verify("cafe au lait 两份", Some(&stored)), Ok(false));
        assert_ne!(passwords.hash("caf\u{e9} au lait 两份").unwrap(), stored);
    }

    #[test]
    fn nobody_logs_in_without_an_account() {
        assert_eq!(Passwords::new().unwrap().verify("correct horse", None), Ok(false));
    }

    #[test]
    fn a_hash_of_other_parameters_still_fits() {
        let argon2 = Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let stored = hash_with(&argon2, "correct horse").unwrap();
        let passwords = Passwords::new().unwrap();
        assert_eq!(passwords.verify("correct horse", Some(&stored)), Ok(true));
        assert!(matches!(passwords.verify("x", Some("x")), Err(PasswordError::Stored(_))));
    }
}
