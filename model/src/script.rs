//! Chinese is written in two scripts; what a message means does not depend on which.
//!
//! Messages, examples and passages are read in the simplified script, which the language model has seen more of, so that a question in
//! the one finds what was written in the other. Characters are converted one by one, from OpenCC's dictionary: a text keeps its length,
//! and a place in it stays a place. What OpenCC knows beyond single characters, as that 乾隆 stays 乾隆, does not matter here.

use std::borrow::Cow;
use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// Names what [`simplified`] does, in whatever depends on it: to change one is to change the other.
pub(crate) const SETTINGS: &str = "OpenCC t2s by character, not beside kana";

/// The block of Unicode that holds all characters in daily use.
const FIRST: char = '\u{4e00}';
const LAST: char = '\u{9fff}';

static SIMPLIFIED: LazyLock<Vec<char>> = LazyLock::new(|| {
    // Each on its own line, or OpenCC would take neighbours for a word.
    let all: String = (FIRST..=LAST).flat_map(|c| [c, '\n']).collect();
    let converter =
        OpenCC::from_config(BuiltinConfig::T2s).expect("the dictionary is compiled into the program");
    let converted = converter.convert(&all);
    converted.lines().map(|line| line.chars().next().expect("a character becomes a character")).collect()
});

/// The simplified form of a traditional character; every other character as it is.
#[must_use]
pub fn simplified_character(c: char) -> char {
    if (FIRST..=LAST).contains(&c) { SIMPLIFIED[c as usize - FIRST as usize] } else { c }
}

/// A Chinese text in the simplified script; a Japanese one, which has kana, as it is.
#[must_use]
pub fn simplified(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || text.chars().any(|c| matches!(c, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}'))
    {
        return Cow::Borrowed(text);
    }
    let converted: String = text.chars().map(simplified_character).collect();
    if converted == text { Cow::Borrowed(text) } else { Cow::Owned(converted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_converted_one_by_one() {
        assert_eq!(simplified("轉人工，訂單後天到 order 塊"), "转人工，订单后天到 order 块");
        assert_eq!(simplified("乾隆"), "干隆");
        assert_eq!(simplified("約翰・史密斯的訂單"), "约翰・史密斯的订单");
    }

    #[test]
    fn what_is_not_traditional_is_not_copied() {
        for text in ["where is it", "快递三天没动了", "où est mon colis ?", "", "電話は何番ですか"]
        {
            assert!(matches!(simplified(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
