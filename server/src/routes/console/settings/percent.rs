//! Shares as people type and read them: in percent.

use unicode_normalization::UnicodeNormalization as _;

/// The longest number that is read; more digits would not come back from the database as they were.
const DIGITS: usize = 10;

/// A share such as `0.025` as `2.5`.
pub(super) fn shown(share: f64) -> String {
    let text = format!("{:.6}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The share of a number in percent, such as `2.5`, `2,5 %` or `２.５％`: exactly the one that `0.025` in the settings file is.
pub(super) fn read(typed: &str) -> Option<f64> {
    // Some telephones have a comma alone among the digits.
    let text = typed.nfkc().collect::<String>().replace(',', ".");
    let number = text.trim().trim_end_matches('%').trim_end();
    let is_number = number.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.');
    if !is_number || number.len() > DIGITS {
        return None;
    }
    format!("{number}e-2").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_what_the_file_would_say_and_is_shown_as_typed() {
        for (typed, share, text) in [
            ("2", 0.02, "2"),
            ("0.3", 0.003, "0.3"),
            (" 99.5 % ", 0.995, "99.5"),
            ("２．５％", 0.025, "2.5"),
            ("60", 0.6, "60"),
            ("100", 1.0, "100"),
            ("0", 0.0, "0"),
            ("5.", 0.05, "5"),
            ("2,5", 0.025, "2.5"),
        ] {
            assert_eq!(read(typed), Some(share), "{typed}");
            assert_eq!(shown(share), text);
        }
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        for typed in ["", "%", ".", "two", "-2", "1e3", "1.2,3", "inf", "1.2.3", "0.12345678901"] {
            assert_eq!(read(typed), None, "{typed}");
        }
    }
}
