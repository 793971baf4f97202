//! One module for each subcommand: its arguments, and what it does with the library crates.

pub(crate) mod bench;
pub(crate) mod classify;
pub(crate) mod data;
pub(crate) mod database;
pub(crate) mod embed;
pub(crate) mod eval;
pub(crate) mod kb;
pub(crate) mod key;
pub(crate) mod model;
pub(crate) mod serve;
pub(crate) mod train;
pub(crate) mod user;

use std::io::BufRead as _;

/// The texts that were given; when none were, the lines of standard input that are not empty.
fn texts_or_lines(texts: Option<&[String]>) -> Box<dyn Iterator<Item = std::io::Result<String>> + '_> {
    if let Some(texts) = texts {
        return Box::new(texts.iter().cloned().map(Ok));
    }
    let lines = std::io::stdin().lock().lines();
    Box::new(lines.filter(|line| line.as_ref().map_or(true, |line| !line.trim().is_empty())))
}
