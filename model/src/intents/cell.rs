//! Cells of a table that no spreadsheet takes for a formula.
//!
//! A shopper may write `=HYPERLINK(…)`, and whoever opens the exported table would run it (CSV injection, CWE-1236). As OWASP advises, an
//! apostrophe goes before such a text; reading takes it away again. What has apostrophes there already gets one more, so that
//! every text comes back as it was.

use std::borrow::Cow;

/// What begins a formula, full-width forms included, which some spreadsheets take for the others.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// The text as it is written into a table.
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text of a cell that may be guarded.
pub(super) fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_formula(text.trim_start_matches('\'')) => text,
        _ => cell,
    }
}

fn is_formula(text: &str) -> bool {
    text.starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_guarded_and_everything_comes_back() {
        for text in
            ["=1+1", "+86 138", "-", "@here", "＝1", "'=1", "''=1", "it's", "'", "'quoted'", "", "退货"]
        {
            let cell = guarded(text);
            assert!(!is_formula(&cell), "{cell}");
            assert_eq!(unguarded(&cell), text);
        }
        assert_eq!(guarded("it's"), "it's");
    }
}
