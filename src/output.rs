//! What the program prints.

use std::io::Write as _;

use serde::Serialize;

/// A line on standard output.
pub(crate) fn line(text: impl std::fmt::Display) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}

/// One JSON object on one line of standard output.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string(value)?)?)
}

/// An error on standard error. When that is closed, there is nobody to tell.
pub(crate) fn error(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "error: {text}"));
}

/// A share as people write it.
pub(crate) fn percent(share: f64) -> String {
    // The sum of nothing is minus zero; nobody wants to read that.
    format!("{:.1} %", share * 100.0 + 0.0)
}
