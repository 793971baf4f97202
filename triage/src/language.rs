//! Which language, and which Chinese script, a message is written in.

use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use serde::{Deserialize, Serialize};

/// The language of a message, by BCP 47 tag where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MessageLanguage {
    /// Chinese in simplified characters, or in characters that both scripts share.
    #[serde(rename = "zh-Hans")]
    SimplifiedChinese,
    /// Chinese in traditional characters.
    #[serde(rename = "zh-Hant")]
    TraditionalChinese,
    /// English, or another language in Latin script.
    #[serde(rename = "en")]
    English,
    /// Anything else, and messages without words.
    #[serde(rename = "other")]
    Other,
}

impl MessageLanguage {
    /// The tag used in data, JSON and logs.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::SimplifiedChinese => "zh-Hans",
            Self::TraditionalChinese => "zh-Hant",
            Self::English => "en",
            Self::Other => "other",
        }
    }

    /// The tag without its script, if it is a language that we know.
    #[must_use]
    pub fn base(self) -> Option<&'static str> {
        match self {
            Self::SimplifiedChinese | Self::TraditionalChinese => Some("zh"),
            Self::English => Some("en"),
            Self::Other => None,
        }
    }
}

/// Decides by script: three Chinese characters say as much as two Latin words, and kana or other scripts make it another
/// language. Between the Chinese scripts, characters decide that OpenCC would write differently in the other.
#[must_use]
pub fn detect_language(text: &str) -> MessageLanguage {
    let han = text.chars().filter(|&c| is_han(c)).count();
    let other = text.chars().filter(|&c| c.is_alphabetic() && !is_han(c) && !is_latin(c)).count();
    let latin_words = text.split(|c: char| !is_latin(c)).filter(|word| !word.is_empty()).count();
    // Japanese is written with Chinese characters too; kana tell. A few of them are in faces such as (ツ) as well.
    let kana = text.chars().filter(|&c| is_kana(c)).count();
    if other > han.max(latin_words) || kana * 4 > han + latin_words {
        return MessageLanguage::Other;
    }
    match (han, latin_words) {
        (0, 0) => MessageLanguage::Other,
        _ if han * 2 >= latin_words * 3 => chinese_script(text),
        _ => MessageLanguage::English,
    }
}

fn chinese_script(text: &str) -> MessageLanguage {
    let changed = |converter: &OpenCC| {
        let converted = converter.convert(text);
        text.chars().zip(converted.chars()).filter(|(before, after)| before != after).count()
    };
    if changed(&TO_SIMPLIFIED) > changed(&TO_TRADITIONAL) {
        MessageLanguage::TraditionalChinese
    } else {
        MessageLanguage::SimplifiedChinese
    }
}

static TO_SIMPLIFIED: LazyLock<OpenCC> = LazyLock::new(|| built_in(BuiltinConfig::T2s));
static TO_TRADITIONAL: LazyLock<OpenCC> = LazyLock::new(|| built_in(BuiltinConfig::S2t));

fn built_in(config: BuiltinConfig) -> OpenCC {
    OpenCC::from_config(config).expect("the dictionaries are compiled into the program")
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}')
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic()
        || matches!(c, '\'' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_languages_are_told_apart() {
        use MessageLanguage::{English, Other, SimplifiedChinese, TraditionalChinese};
        for (text, language) in [
            ("快递三天没动了", SimplifiedChinese),
            ("快遞三天沒動了", TraditionalChinese),
            ("請問運費險怎麼用", TraditionalChinese),
            ("你好", SimplifiedChinese),
            ("I got the wrong size, who pays the return?", English),
            ("we don't have a receipt", English),
            ("NL-RC40 不加热了", SimplifiedChinese),
            ("我的order什么时候ship", SimplifiedChinese),
            ("please cancel, 谢谢", English),
            ("где мой заказ", Other),
            ("注文はどこですか", Other),
            ("where is my parcel ¯\\_(ツ)_/¯", English),
            ("?!…", Other),
            ("", Other),
        ] {
            assert_eq!(detect_language(text), language, "{text}");
        }
    }
}
