//! What the program prints.

use std::io::Write as _;

/// A text on standard output.
pub(crate) fn line(text: impl std::fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}

/// What is done now, on standard error. When that is closed, there is nobody to tell.
pub(crate) fn progress(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stderr().lock(), "load: {text}"));
}
