//! Mistakes of the kinds people make in Chinese and in Latin script.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use fastrand::Rng;
use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use pinyin::ToPinyin as _;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// One mistake is made for so many characters that it can be made in, and at least one.
const ONE_IN: usize = 12;

/// A kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mistake {
    /// A Chinese character for another that is typed alike in pinyin.
    Homophone,
    /// A letter for one beside it on the keyboard.
    NeighbouringKey,
    /// A character left out.
    Dropped,
    /// A character typed twice.
    Doubled,
    /// Latin letters, digits and marks in full width.
    FullWidth,
    /// Simplified characters for traditional ones, or the other way round.
    OtherScript,
    /// No punctuation.
    NoPunctuation,
    /// Emoji within and after the message.
    Emoji,
}

/// Rows of a keyboard; neighbours within a row.
const KEYBOARD: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

const EMOJI: [&str; 8] = ["😭", "🙏", "😡", "😂", "❤️", "👍", "🤔", "💔"];

impl Mistake {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Homophone,
        Self::NeighbouringKey,
        Self::Dropped,
        Self::Doubled,
        Self::FullWidth,
        Self::OtherScript,
        Self::NoPunctuation,
        Self::Emoji,
    ];

    /// The word used in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Homophone => "homophone",
            Self::NeighbouringKey => "neighbouring_key",
            Self::Dropped => "dropped",
            Self::Doubled => "doubled",
            Self::FullWidth => "full_width",
            Self::OtherScript => "other_script",
            Self::NoPunctuation => "no_punctuation",
            Self::Emoji => "emoji",
        }
    }

    /// The text with the mistake; `None` when it cannot be made there. The same text gets the same mistakes.
    #[must_use]
    pub fn make(self, text: &str, homophones: &Homophones) -> Option<String> {
        let mut rng = self.rng(text);
        let made = match self {
            Self::Homophone => at_some(
                text,
                &mut rng,
                |c| !homophones.of_character(c).is_empty(),
                |c, rng| rng.choice(homophones.of_character(c)).map(ToString::to_string).unwrap_or_default(),
            ),
            Self::NeighbouringKey => at_some(text, &mut rng, |c| c.is_ascii_alphabetic(), neighbour),
            // A message of one or two characters would lose its meaning.
            Self::Dropped if text.chars().count() < 3 => text.to_owned(),
            Self::Dropped => at_some(text, &mut rng, char::is_alphanumeric, |_, _| String::new()),
            Self::Doubled => at_some(text, &mut rng, char::is_alphanumeric, |c, _| format!("{c}{c}")),
            Self::FullWidth => text.chars().map(full_width).collect(),
            Self::OtherScript => other_script(text),
            Self::NoPunctuation => text.chars().filter(|&c| !is_punctuation(c)).collect(),
            Self::Emoji => with_emoji(text, &mut rng),
        };
        (made != text && !made.trim().is_empty()).then_some(made)
    }

    fn rng(self, text: &str) -> Rng {
        let digest = Sha256::new().chain_update(self.as_str()).chain_update(text).finalize();
        Rng::with_seed(u64::from_le_bytes(digest[..8].try_into().expect("a hash is longer")))
    }
}

/// Characters that are typed alike in pinyin, among those that shoppers use.
#[derive(Clone, Debug, Default)]
pub struct Homophones(BTreeMap<char, Vec<char>>);

impl Homophones {
    /// Of the characters that occur in some texts: what people mistype is what they could have meant.
    #[must_use]
    pub fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut by_sound: BTreeMap<&'static str, BTreeSet<char>> = BTreeMap::new();
        for c in texts.flat_map(str::chars) {
            if let Some(sound) = c.to_pinyin() {
                by_sound.entry(sound.plain()).or_default().insert(c);
            }
        }
        let mut homophones = BTreeMap::new();
        for characters in by_sound.values() {
            for &c in characters {
                homophones.insert(c, characters.iter().copied().filter(|&other| other != c).collect());
            }
        }
        Self(homophones)
    }

    fn of_character(&self, c: char) -> &[char] {
        self.0.get(&c).map_or(&[], Vec::as_slice)
    }
}

/// Changes some of the characters that can be changed.
fn at_some(
    text: &str,
    rng: &mut Rng,
    possible: impl Fn(char) -> bool,
    mut change: impl FnMut(char, &mut Rng) -> String,
) -> String {
    let mut places: Vec<usize> =
        text.char_indices().filter(|(_, c)| possible(*c)).map(|(at, _)| at).collect();
    let count = places.len().div_ceil(ONE_IN);
    rng.shuffle(&mut places);
    places.truncate(count);
    let mut changed = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        if places.contains(&at) { changed.push_str(&change(c, rng)) } else { changed.push(c) }
    }
    changed
}

fn neighbour(c: char, rng: &mut Rng) -> String {
    let lower = c.to_ascii_lowercase();
    let row = KEYBOARD.iter().find(|row| row.contains(lower)).expect("every letter is on the keyboard");
    let at = row.find(lower).expect("the row has it");
    let keys = row.as_bytes();
    let beside: Vec<char> = [at.checked_sub(1), Some(at + 1)]
        .into_iter()
        .filter_map(|at| keys.get(at?).map(|&key| char::from(key)))
        .collect();
    let other = *rng.choice(&beside).expect("every key has a neighbour");
    if c.is_ascii_uppercase() { other.to_ascii_uppercase().to_string() } else { other.to_string() }
}

fn full_width(c: char) -> char {
    match c {
        '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c),
        ' ' => '\u{3000}',
        _ => c,
    }
}

fn other_script(text: &str) -> String {
    let traditional = TO_TRADITIONAL.convert(text);
    if traditional == text { TO_SIMPLIFIED.convert(text) } else { traditional }
}

static TO_TRADITIONAL: LazyLock<OpenCC> = LazyLock::new(|| converter(BuiltinConfig::S2t));
static TO_SIMPLIFIED: LazyLock<OpenCC> = LazyLock::new(|| converter(BuiltinConfig::T2s));

fn converter(config: BuiltinConfig) -> OpenCC {
    OpenCC::from_config(config).expect("the dictionaries are compiled into the program")
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{2010}'..='\u{2027}' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}' | '\u{ff01}'..='\u{ff0f}'
            | '\u{ff1a}'..='\u{ff20}' | '～')
}

fn with_emoji(text: &str, rng: &mut Rng) -> String {
    let mut pick = || rng.choice(&EMOJI).copied().unwrap_or_default();
    let (within, after) = (pick(), pick());
    // After a mark where there is one: that is where people put them.
    let at =
        text.char_indices().find(|&(at, c)| at > 0 && is_punctuation(c)).map(|(at, c)| at + c.len_utf8());
    match at.filter(|&at| at < text.len()) {
        Some(at) => format!("{}{within}{}{after}", &text[..at], &text[at..]),
        None => format!("{text}{after}{after}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn homophones() -> Homophones {
        Homophones::of(["在再那哪", "请问运费"].into_iter())
    }

    #[test]
    fn each_kind_makes_its_mistake() {
        let make = |mistake: Mistake, text: &str| mistake.make(text, &homophones());
        assert_eq!(make(Mistake::Homophone, "在").as_deref(), Some("再"));
        assert_eq!(make(Mistake::FullWidth, "order 12!").as_deref(), Some("ｏｒｄｅｒ\u{3000}１２！"));
        assert_eq!(make(Mistake::OtherScript, "请问运费").as_deref(), Some("請問運費"));
        assert_eq!(make(Mistake::OtherScript, "請問運費").as_deref(), Some("请问运费"));
        assert_eq!(make(Mistake::NoPunctuation, "你好，在吗？ok!").as_deref(), Some("你好在吗ok"));
        assert_eq!(make(Mistake::Dropped, "where is it").map(|text| text.len()), Some(10));
        assert_eq!(make(Mistake::Doubled, "退货").map(|text| text.chars().count()), Some(3));
        let typed = make(Mistake::NeighbouringKey, "Q").unwrap();
        assert_eq!(typed, "W");
        let emoji = make(Mistake::Emoji, "快点，急").unwrap();
        assert!(emoji.starts_with("快点，") && emoji.chars().count() > "快点，急".chars().count(), "{emoji}");
    }

    #[test]
    fn what_cannot_be_made_is_not() {
        for (mistake, text) in [
            (Mistake::Homophone, "return"),
            (Mistake::Homophone, "费"),
            (Mistake::NeighbouringKey, "退货"),
            (Mistake::Dropped, "退货"),
            (Mistake::OtherScript, "hello"),
            (Mistake::NoPunctuation, "退货"),
            (Mistake::NoPunctuation, "？？"),
            (Mistake::FullWidth, "退货"),
        ] {
            assert_eq!(mistake.make(text, &homophones()), None, "{mistake:?} {text}");
        }
    }

    #[test]
    fn the_same_text_gets_the_same_mistakes_and_a_long_one_gets_several() {
        let text = "please tell me where my parcel is because I have waited for it since monday";
        let first = Mistake::NeighbouringKey.make(text, &homophones()).unwrap();
        assert_eq!(Mistake::NeighbouringKey.make(text, &homophones()), Some(first.clone()));
        let changed = text.chars().zip(first.chars()).filter(|(a, b)| a != b).count();
        assert_eq!(changed, 6);
    }
}
