//! A text that must not get into logs, replies or a memory dump.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fmt, fs, io};

use zeroize::Zeroizing;

/// A secret. It can neither be displayed nor serialised, and is wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Neither the variable nor a file is given.
    #[error("no secret: set the variable `{variable}` or name a file that holds it")]
    Missing {
        /// The environment variable.
        variable: String,
    },
    /// Both are given, and nobody could tell which one is in force.
    #[error("the variable `{variable}` and the file `{}` both hold the secret; keep one", file.display())]
    Both {
        /// The environment variable.
        variable: String,
        /// The file.
        file: PathBuf,
    },
    /// Nothing but white space.
    #[error("{place} is empty; put the secret into it")]
    Empty {
        /// The variable or the file.
        place: String,
    },
    /// Not a text.
    #[error("{place} is not UTF-8; a secret is text")]
    NotText {
        /// The variable or the file.
        place: String,
    },
    /// The file cannot be read.
    #[error("cannot read the secret in `{}`", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl Secret {
    /// A secret that was just made or received.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// Reads the environment variable, or the file, without the newline that editors put at its end.
    ///
    /// # Errors
    ///
    /// Fails unless exactly one of them is there, and holds a text.
    pub fn from_env_or_file(name: &str, file: Option<&Path>) -> Result<Self, SecretError> {
        Self::from_either(name, env::var_os(name), file)
    }

    /// The text, for the one who needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn from_either(name: &str, value: Option<OsString>, file: Option<&Path>) -> Result<Self, SecretError> {
        match (value, file) {
            (None, None) => Err(SecretError::Missing { variable: name.to_owned() }),
            (Some(_), Some(file)) => {
                Err(SecretError::Both { variable: name.to_owned(), file: file.to_owned() })
            }
            (Some(value), None) => Self::from_bytes(&Zeroizing::new(value.into_encoded_bytes()), || {
                format!("the variable `{name}`")
            }),
            (None, Some(file)) => {
                let bytes = fs::read(file)
                    .map_err(|source| SecretError::Unreadable { file: file.to_owned(), source })?;
                Self::from_bytes(&Zeroizing::new(bytes), || format!("the file `{}`", file.display()))
            }
        }
    }

    fn from_bytes(bytes: &[u8], place: impl Fn() -> String) -> Result<Self, SecretError> {
        let text = str::from_utf8(bytes).map_err(|_| SecretError::NotText { place: place() })?;
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if text.trim().is_empty() {
            return Err(SecretError::Empty { place: place() });
        }
        Ok(Self::new(text.to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl From<Zeroizing<String>> for Secret {
    fn from(text: Zeroizing<String>) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_with(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn one_newline_is_trimmed() {
        for (written, read) in
            [("a b", "a b"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a ", " a ")]
        {
            let file = file_with(written.as_bytes());
            let secret = Secret::from_either("KEY", None, Some(file.path())).unwrap();
            assert_eq!(secret.expose(), read);
        }
    }

    #[test]
    fn a_variable_is_read() {
        assert_eq!(Secret::from_env_or_file("CARGO_PKG_RUST_VERSION", None).unwrap().expose(), "1.94");
    }

    #[test]
    fn errors_name_the_place_and_the_way_out() {
        let (empty, binary) = (file_with(b"\n"), file_with(b"\xff"));
        let message = |value: Option<&str>, file| {
            Secret::from_either("KEY", value.map(Into::into), file).unwrap_err().to_string()
        };
        assert_eq!(message(None, None), "no secret: set the variable `KEY` or name a file that holds it");
        assert!(message(Some("a"), Some(Path::new("key.txt"))).ends_with("both hold the secret; keep one"));
        assert_eq!(message(Some(""), None), "the variable `KEY` is empty; put the secret into it");
        assert!(message(None, Some(empty.path())).ends_with("is empty; put the secret into it"));
        assert!(message(None, Some(binary.path())).ends_with("is not UTF-8; a secret is text"));
        assert_eq!(message(None, Some(Path::new("/no/key.txt"))), "cannot read the secret in `/no/key.txt`");
    }

    #[test]
    fn the_debug_form_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "Secret(…)");
    }
}
