//! What the shop's system says, checked.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use shopdesk_triage::MessageLanguage;

use super::LookupError;
use crate::script::for_reader;

/// The longest text for a shopper, in characters.
const LONGEST_TEXT: usize = 2000;
/// The longest number or word of a state, in characters.
const LONGEST_WORD: usize = 64;

/// What is said of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// This is how it stands.
    Found(Order),
    /// There is none of that number that the shopper may know of.
    Unknown,
}

/// How an order stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    /// The number as the shop writes it, where it says so.
    pub(crate) number: Option<String>,
    /// The shop's word for it, such as `shipped`, for its agents and systems.
    pub(crate) status: Option<String>,
    /// What shoppers read, by language tag. There is one at least.
    texts: BTreeMap<String, String>,
}

/// The answer as it comes. Keys that we do not know are the shop's own business.
#[derive(Deserialize)]
struct Raw {
    found: bool,
    order: Option<String>,
    status: Option<String>,
    #[serde(default)]
    text: BTreeMap<String, String>,
}

impl Answer {
    pub(super) fn read(body: &[u8]) -> Result<Self, LookupError> {
        // The parser's own words may quote the answer, which is not for logs.
        let raw: Raw = serde_json::from_slice(body).map_err(|error| {
            LookupError::Unusable(format!("no JSON as expected, in line {}", error.line()))
        })?;
        if !raw.found {
            return Ok(Self::Unknown);
        }
        let Raw { order, status, text, .. } = raw;
        let is_long =
            |word: &Option<String>| word.as_ref().is_some_and(|word| word.chars().count() > LONGEST_WORD);
        if is_long(&order) || is_long(&status) {
            let problem = format!("`order` and `status` have at most {LONGEST_WORD} characters");
            return Err(LookupError::Unusable(problem));
        }
        if text.is_empty() || text.values().any(|text| text.trim().is_empty()) {
            let problem = "`text` needs a text in one language at least, and none that is empty";
            return Err(LookupError::Unusable(problem.to_owned()));
        }
        if text.values().any(|text| text.chars().count() > LONGEST_TEXT) {
            return Err(LookupError::Unusable(format!("a text has at most {LONGEST_TEXT} characters")));
        }
        Ok(Self::Found(Order { number: order, status, texts: text }))
    }
}

impl Order {
    /// What a reader of that language is told: in the language, in its other script, in the shop's own language, or in any.
    pub(crate) fn text_for(&self, reader: MessageLanguage, default: &str) -> Cow<'_, str> {
        let tags = [reader.tag(), reader.base().unwrap_or_default()];
        let own = tags.into_iter().find_map(|tag| self.texts.get_key_value(tag));
        let sister = || self.texts.iter().find(|(tag, _)| base(tag) == tags[1]);
        let found = own.or_else(sister).or_else(|| self.texts.get_key_value(default));
        let (tag, text) = found.or_else(|| self.texts.iter().next()).expect("one text at least");
        for_reader(text, tag, reader)
    }
}

fn base(tag: &str) -> &str {
    tag.split('-').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(texts: &[(&str, &str)]) -> Order {
        let texts = texts.iter().map(|&(tag, text)| (tag.to_owned(), text.to_owned())).collect();
        Order { number: None, status: None, texts }
    }

    #[test]
    fn a_reader_is_told_in_the_own_language_or_the_nearest() {
        use MessageLanguage::{English, SimplifiedChinese, TraditionalChinese};
        let both = order(&[("en", "Shipped"), ("zh", "已发货")]);
        for (reader, expected) in
            [(English, "Shipped"), (SimplifiedChinese, "已发货"), (TraditionalChinese, "已發貨")]
        {
            assert_eq!(both.text_for(reader, "zh"), expected);
        }
        assert_eq!(order(&[("zh-Hant", "已發貨")]).text_for(SimplifiedChinese, "en"), "已发货");
        assert_eq!(order(&[("de", "Versandt"), ("zh", "已发货")]).text_for(English, "zh"), "已发货");
        assert_eq!(order(&[("de", "Versandt")]).text_for(English, "zh"), "Versandt");
    }

    #[test]
    fn what_cannot_be_shown_is_no_answer() {
        let unknown = Answer::read(br#"{"found": false, "why": "another customer's"}"#).unwrap();
        assert_eq!(unknown, Answer::Unknown);
        let long = "x".repeat(2001);
        for body in [
            "",
            "[]",
            "{}",
            r#"{"found": "yes"}"#,
            r#"{"found": true}"#,
            r#"{"found": true, "text": {}}"#,
            r#"{"found": true, "text": "Shipped"}"#,
            r#"{"found": true, "text": {"en": " "}}"#,
            &format!(r#"{{"found": true, "text": {{"en": "{long}"}}}}"#),
            &format!(r#"{{"found": true, "order": "{long}", "text": {{"en": "a"}}}}"#),
        ] {
            assert!(matches!(Answer::read(body.as_bytes()), Err(LookupError::Unusable(_))), "{body}");
        }
    }
}
