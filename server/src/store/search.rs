//! What a search for tickets looks through.

use shopdesk_model::script::simplified;

/// A text as searches compare it: in small letters, in one Chinese script.
pub(super) fn searchable(text: &str) -> String {
    simplified(text).to_lowercase()
}
