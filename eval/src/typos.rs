//! Which messages look mistyped, so that they can be looked at by themselves.
//!
//! A word is taken for a typo of another when no message that the bundle keeps has it, but two or more have the other, and the two
//! are one slip apart: in alphabets one letter more, less, other or swapped (but not an ending such as the s of a plural), in Chinese the
//! same sounds in pinyin. It is a guess: it takes some rare words for typos, and misses typos that give another word.

use std::collections::{HashMap, HashSet};

use jieba_rs::Jieba;
use pinyin::ToPinyin as _;
use shopdesk_model::script::simplified;

/// In how many training messages a word must stand to be what somebody meant.
const COMMON: usize = 2;

/// The shortest word in an alphabet that can be told from others.
const SHORTEST: usize = 4;

/// Characters of one sound that people do not tell apart, and everybody reads over.
const READ_OVER: &str = "的地得他她它在再做作那哪";

/// The words that shoppers use.
pub(crate) struct Vocabulary {
    jieba: Jieba,
    /// Words in alphabets, small letters.
    words: HashSet<String>,
    /// Those that are common, by their length.
    common: HashMap<usize, Vec<Vec<char>>>,
    /// Chinese words.
    chinese: HashSet<String>,
    /// Those that are common, by their sound.
    by_sound: HashMap<Vec<&'static str>, Vec<Vec<char>>>,
}

impl Vocabulary {
    /// Of these texts.
    pub(crate) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let jieba = Jieba::new();
        let (mut words, mut chinese) = (HashMap::<String, usize>::new(), HashMap::<String, usize>::new());
        for text in texts {
            let text = folded(text);
            let of_text: HashSet<String> = alphabetic(&text).map(String::from_iter).collect();
            of_text.into_iter().for_each(|word| *words.entry(word).or_default() += 1);
            let of_text: HashSet<&str> =
                jieba.cut(&text, false).into_iter().map(|token| token.word).collect();
            for word in
                of_text.into_iter().filter(|word| word.chars().count() > 1 && word.chars().all(is_chinese))
            {
                *chinese.entry(word.to_owned()).or_default() += 1;
            }
        }
        let mut common: HashMap<usize, Vec<Vec<char>>> = HashMap::new();
        for (word, _) in words.iter().filter(|&(_, &count)| count >= COMMON) {
            let word: Vec<char> = word.chars().collect();
            if word.len() >= SHORTEST {
                common.entry(word.len()).or_default().push(word);
            }
        }
        let mut by_sound: HashMap<Vec<&'static str>, Vec<Vec<char>>> = HashMap::new();
        for (word, _) in chinese.iter().filter(|&(_, &count)| count >= COMMON) {
            let word: Vec<char> = word.chars().collect();
            if let Some(sound) = sound(&word) {
                by_sound.entry(sound).or_default().push(word);
            }
        }
        Self {
            jieba,
            words: words.into_keys().collect(),
            common,
            chinese: chinese.into_keys().collect(),
            by_sound,
        }
    }

    /// Whether something in a text looks mistyped.
    pub(crate) fn looks_mistyped(&self, text: &str) -> bool {
        let text = folded(text);
        alphabetic(&text).any(|word| self.is_slip(&word)) || self.has_homophone(&text)
    }

    fn is_slip(&self, word: &[char]) -> bool {
        if word.len() < SHORTEST || self.words.contains(&String::from_iter(word)) {
            return false;
        }
        let lengths = word.len() - 1..=word.len() + 1;
        lengths.filter_map(|length| self.common.get(&length)).flatten().any(|known| {
            let (shorter, longer) =
                if word.len() < known.len() { (word, &known[..]) } else { (&known[..], word) };
            let other_ending =
                longer.starts_with(&shorter[..shorter.len() - usize::from(word.len() == known.len())]);
            // Who mistypes begins right, or swaps the first two letters.
            let begins_alike = word[0] == known[0] || (word[0], word[1]) == (known[1], known[0]);
            begins_alike && !other_ending && one_slip_apart(word, known)
        })
    }

    fn has_homophone(&self, text: &str) -> bool {
        let characters: Vec<char> = text.chars().collect();
        // Where a word stands that shoppers use: what overlaps it is no word.
        let mut taken = vec![false; characters.len()];
        for token in self.jieba.cut(text, false) {
            taken[token.start..token.end].fill(self.chinese.contains(token.word));
        }
        (2..=4).any(|length| {
            characters.windows(length).zip(taken.windows(length)).any(|(part, taken)| {
                if taken.contains(&true) || !part.iter().copied().all(is_chinese) {
                    return false;
                }
                let meant = sound(part).and_then(|sound| self.by_sound.get(&sound));
                meant.is_some_and(|meant| {
                    !self.jieba.has_word(&String::from_iter(part))
                        && meant.iter().any(|meant| is_worth_noting(part, meant))
                })
            })
        })
    }
}

/// Small letters, simplified characters.
fn folded(text: &str) -> String {
    simplified(&text.to_lowercase()).into_owned()
}

/// The words in alphabets. Those with an apostrophe are none: people leave it out, which is no typo.
fn alphabetic(text: &str) -> impl Iterator<Item = Vec<char>> {
    let words = text.split(|c: char| !(c.is_alphanumeric() || c == '\'' || c == '’') || is_chinese(c));
    words
        .filter(|word| !word.is_empty() && word.chars().all(char::is_alphabetic))
        .map(|word| word.chars().collect())
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fff}')
}

/// In pinyin, without tones.
fn sound(word: &[char]) -> Option<Vec<&'static str>> {
    word.iter().map(|c| c.to_pinyin().map(pinyin::Pinyin::plain)).collect()
}

fn is_worth_noting(written: &[char], meant: &[char]) -> bool {
    let different = written.iter().zip(meant).filter(|(a, b)| a != b);
    different.into_iter().any(|(a, b)| !(READ_OVER.contains(*a) && READ_OVER.contains(*b)))
}

fn one_slip_apart(a: &[char], b: &[char]) -> bool {
    let same_before = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same_before..], &b[same_before..]);
    match (a, b) {
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([_, a @ ..], b) if a == b => true,
        (a, [_, b @ ..]) if a == b => true,
        ([a1, a2, a @ ..], [b1, b2, b @ ..]) => (a1, a2, a) == (b2, b1, b),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary() -> Vocabulary {
        let texts = [
            "where is my parcel",
            "the parcel is late",
            "return the order",
            "please return it",
            "快递三天没动了",
            "我的快递呢",
            "退货运费谁出",
            "怎么退货",
            "我要退货",
        ];
        Vocabulary::of(texts.into_iter())
    }

    #[test]
    fn slips_of_the_keyboard_are_noticed() {
        let vocabulary = vocabulary();
        for text in [
            "wheres my pacrel",
            "my parcle",
            "my parrcel",
            "retrun please",
            "PARCAL",
            "我的快弟呢",
            "怎么退或",
            "怎麼退或",
        ] {
            assert!(vocabulary.looks_mistyped(text), "{text}");
        }
    }

    #[test]
    fn what_is_only_other_words_is_not() {
        let vocabulary = vocabulary();
        for text in [
            "all my parcels",
            "Where is it?",
            "returned",
            "invoice",
            "isn't it",
            "订单",
            "快递",
            "退貨",
            "",
            "12345678",
            "会员积分",
        ] {
            assert!(!vocabulary.looks_mistyped(text), "{text}");
        }
    }

    #[test]
    fn one_slip_is_a_letter_more_less_other_or_swapped() {
        let apart =
            |a: &str, b: &str| one_slip_apart(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert!(
            apart("order", "oder")
                && apart("oder", "order")
                && apart("order", "ordee")
                && apart("order", "odrer")
        );
        assert!(!apart("order", "rode") && !apart("order", "or") && !apart("order", "redro"));
    }
}
