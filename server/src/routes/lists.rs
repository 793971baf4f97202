//! What lists have in common.

use serde::Deserialize;

/// How many rows a list has at most.
pub(super) const ROWS: u32 = 500;

/// In which state rows should be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InState {
    pub(super) state: Option<String>,
}
