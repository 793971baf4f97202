//! English street addresses: a number, words with capitals and a word for a street.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::compiled;

/// The text with street addresses masked.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    STREET.replace_all(text, "[address]")
}

/// `Drive`, `Place`, `Square` and `Way` are not among the words for a street: shops sell drives, and orders are on
/// their way.
static STREET: LazyLock<Regex> = LazyLock::new(|| {
    compiled(
        r"(?x)
        \b(?:(?:(?i:apt|apartment|unit|suite|flat|room)\.?\ [\#]?[0-9]+[A-Za-z]?,?\ )?
        [0-9]{1,5}[A-Za-z]?(?:-[0-9]{1,5})?,?\ (?:[A-Z][A-Za-z'’.-]*\ |[0-9]{1,3}(?:st|nd|rd|th)\ ){1,4}
        (?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Court|Ct|Terrace|Parkway|Pkwy|Highway|Hwy|Crescent)\b\.?
        (?:,?\ (?:(?i:apt|apartment|unit|suite|ste|flat|room|floor)\.?\ ?[\#]?[0-9A-Z]+\b|[\#][0-9A-Z]+\b))?
        |P\.?O\.?\ Box\ [0-9]+)",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn street_addresses_are_masked() {
        for (text, masked) in [
            ("ship to 221B Baker Street, London", "ship to [address], London"),
            ("1600 Pennsylvania Ave. NW", "[address] NW"),
            ("350 5th Avenue, Suite 3300 please", "[address] please"),
            ("Flat 12A, 8 Queen's Road Central", "[address] Central"),
            ("I live at 45 Martin Luther King Blvd #3", "I live at [address]"),
            ("PO Box 1234", "[address]"),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn products_and_quantities_stay() {
        for text in [
            "2 NL Flash Drive",
            "3 Orders On The Way",
            "the 2 lamps for the street",
            "10 Inch Square",
            "Do you have a shop on Baker Street?",
            "order 12345 Court",
            "2 Stools",
        ] {
            assert!(matches!(mask(text), Cow::Borrowed(_)), "{text} -> {}", mask(text));
        }
    }
}
