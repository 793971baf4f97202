//! Which language, and which Chinese script, a message is written in.

mod script;
mod words;

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use shopdesk_model::Probability;

use script::Script;

/// The language of a message, by BCP 47 tag where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum MessageLanguage {
    /// Chinese in simplified characters, or in characters that both scripts share.
    #[serde(rename = "zh-Hans")]
    SimplifiedChinese,
    /// Chinese in traditional characters.
    #[serde(rename = "zh-Hant")]
    TraditionalChinese,
    /// English.
    #[serde(rename = "en")]
    English,
    /// Anything else, and messages without words.
    #[serde(rename = "other")]
    Other,
}

impl MessageLanguage {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::SimplifiedChinese, Self::TraditionalChinese, Self::English, Self::Other];

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

    /// The language of a BCP 47 tag, if we know it: Chinese is traditional in Taiwan, Hong Kong and Macao.
    #[must_use]
    pub fn from_tag(tag: &str) -> Option<Self> {
        let tag = tag.to_ascii_lowercase().replace('_', "-");
        let mut parts = tag.split('-');
        match parts.next()? {
            "zh" | "yue" if parts.clone().any(|part| part == "hans") => Some(Self::SimplifiedChinese),
            "zh" | "yue" if parts.any(|part| matches!(part, "hant" | "tw" | "hk" | "mo")) => {
                Some(Self::TraditionalChinese)
            }
            "zh" => Some(Self::SimplifiedChinese),
            "yue" => Some(Self::TraditionalChinese),
            "en" => Some(Self::English),
            _ => None,
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

/// A language, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LanguageGuess {
    /// The likeliest language.
    pub language: MessageLanguage,
    /// The share of the evidence that speaks for it, by Laplace's rule of succession: 0.5 when there is none, never quite
    /// 1. It orders messages by how sure we are; it is not calibrated.
    pub confidence: Probability,
}

/// The likeliest language of [`guess_language`].
#[must_use]
pub fn detect_language(text: &str) -> MessageLanguage {
    guess_language(text).language
}

/// Decides by script: three Chinese characters say as much as two Latin words, and kana or other scripts make it another
/// language. Between the Chinese scripts, characters decide that only one of them has; between the languages of Latin
/// script, their commonest words.
#[must_use]
pub fn guess_language(text: &str) -> LanguageGuess {
    let text = beginning(text);
    let letters = Letters::of(text);
    let Letters { han, kana, other, latin_words, .. } = letters;
    // Japanese is written with Chinese characters too; kana tell. A few of them are in faces such as (ツ) as well.
    if other > han.max(latin_words) || kana * 4 > han + latin_words {
        return guess(MessageLanguage::Other, other, han.min(latin_words));
    }
    match (han, latin_words) {
        (0, 0) => guess(MessageLanguage::Other, 0, 0),
        _ if han * 2 >= latin_words * 3 => letters.chinese(),
        _ => latin(text, han + other),
    }
}

/// How many characters of a message are read to tell its language.
const CHARACTERS_READ: usize = 2000;

fn beginning(text: &str) -> &str {
    text.char_indices().nth(CHARACTERS_READ).map_or(text, |(end, _)| &text[..end])
}

/// How many letters and words of which kind a message has.
#[derive(Default)]
struct Letters {
    han: usize,
    simplified: usize,
    traditional: usize,
    kana: usize,
    /// Letters that are neither Chinese nor Latin, kana among them.
    other: usize,
    latin_words: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Self::default();
        for c in text.chars() {
            if is_han(c) {
                letters.han += 1;
                match script::script(c) {
                    Script::Traditional => letters.traditional += 1,
                    Script::Simplified => letters.simplified += 1,
                    Script::Shared => {}
                }
            } else if !c.is_ascii() && c.is_alphabetic() && !is_latin(c) {
                letters.other += 1;
                letters.kana += usize::from(is_kana(c));
            }
        }
        letters.latin_words = latin_words(text).count();
        letters
    }

    fn chinese(&self) -> LanguageGuess {
        let (language, with, against) = if self.traditional > self.simplified {
            (MessageLanguage::TraditionalChinese, self.traditional, self.simplified)
        } else {
            (MessageLanguage::SimplifiedChinese, self.simplified, self.traditional)
        };
        guess(language, with, against + self.latin_words)
    }
}

/// How many words are looked up to tell the languages of Latin script apart: those at the beginning tell enough.
const WORDS_LOOKED_UP: usize = 200;

fn latin(text: &str, not_latin: usize) -> LanguageGuess {
    let (mut english, mut others) = (0, 0);
    for word in latin_words(text).take(WORDS_LOOKED_UP) {
        let word = word.to_lowercase();
        english += usize::from(WORDS.english.contains(word.as_str()));
        // Marks on letters are rare in English, and each is in another language's commonest words or is none of ours.
        others += usize::from(!word.is_ascii() || WORDS.others.contains(word.as_str()));
    }
    if others > english {
        guess(MessageLanguage::Other, others, english)
    } else {
        guess(MessageLanguage::English, english, others + not_latin)
    }
}

struct Words {
    english: HashSet<&'static str>,
    others: HashSet<&'static str>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| Words {
    english: words::ENGLISH.iter().copied().collect(),
    others: words::OTHERS.iter().copied().flatten().copied().collect(),
});

fn guess(language: MessageLanguage, with: usize, against: usize) -> LanguageGuess {
    #[expect(clippy::cast_precision_loss, reason = "counts of letters are far below 2^52")]
    let share = (with + 1) as f64 / (with + against + 2) as f64;
    LanguageGuess { language, confidence: Probability::new(share).expect("a part of a whole") }
}

/// Words of Latin letters. What has digits in it is a number or a model, of no language.
fn latin_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !is_latin(c) && !c.is_ascii_digit())
        .filter(|word| word.contains(is_latin) && !word.contains(|c: char| c.is_ascii_digit()))
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
    fn tags_of_pages_name_languages() {
        use MessageLanguage::{English, SimplifiedChinese, TraditionalChinese};
        for (tag, language) in [
            ("zh-CN", Some(SimplifiedChinese)),
            ("zh-TW", Some(TraditionalChinese)),
            ("zh_HK", Some(TraditionalChinese)),
            ("zh-Hans-TW", Some(SimplifiedChinese)),
            ("zh-Hant", Some(TraditionalChinese)),
            ("en-GB", Some(English)),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(MessageLanguage::from_tag(tag), language, "{tag}");
        }
    }

    #[test]
    fn scripts_and_languages_are_told_apart() {
        use MessageLanguage::{English, Other, SimplifiedChinese, TraditionalChinese};
        for (text, language) in [
            ("快递三天没动了", SimplifiedChinese),
            ("快遞三天沒動了", TraditionalChinese),
            ("請問運費險怎麼用", TraditionalChinese),
            ("搞掂咗", TraditionalChinese),
            ("你好", SimplifiedChinese),
            ("I got the wrong size, who pays the return?", English),
            ("we don't have a receipt", English),
            ("operator", English),
            ("the café blend smells burnt", English),
            ("NL-RC40 不加热了", SimplifiedChinese),
            ("我的order什么时候ship", SimplifiedChinese),
            ("please cancel, 谢谢", English),
            ("где мой заказ", Other),
            ("注文はどこですか", Other),
            ("où est mon colis, je ne l'ai pas", Other),
            ("Bila barang saya sampai?", Other),
            ("¿dónde está mi pedido?", Other),
            ("SF1234567890123", Other),
            ("where is my parcel ¯\\_(ツ)_/¯", English),
            ("?!…", Other),
            ("", Other),
        ] {
            assert_eq!(detect_language(text), language, "{text}");
        }
    }

    #[test]
    fn more_evidence_makes_surer() {
        let confidence = |text| f64::from(guess_language(text).confidence);
        assert!(confidence("你好") <= 0.5);
        assert!(confidence("快遞三天沒動了") > confidence("快遞"));
        assert!(confidence("the parcel is not here") > confidence("the parcel 还没到"));
    }
}
