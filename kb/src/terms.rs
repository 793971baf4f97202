//! The words of a text, for lexical search: Chinese cut by dictionary and into pairs of characters, English by its stems, numbers and models
//! whole.
//!
//! A dictionary may cut the same words in two ways (退货运费 as 退 + 货运费); pairs of neighbouring characters are the same however that goes.
//!
//! What a shopper copies must be found as it stands: `NL-VC20`, `20241101-88231` and `12.5` are one term each, beside their
//! parts. Texts come in one script: whoever calls brings Chinese into the simplified one before.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use jieba_rs::Jieba;
use rust_stemmers::{Algorithm, Stemmer};
use xxhash_rust::xxh32::xxh32;

/// Saturation of a term's count and the effect of a passage's length, as in Robertson and Zaragoza (2009).
const K1: f32 = 1.2;
const B: f32 = 0.75;
/// The length, in terms, of a passage that is neither favoured nor disfavoured. A constant, so that the weights of a passage do not
/// depend on which others there are: an index elsewhere need not be told when that changes.
const MEAN_LENGTH: f32 = 32.0;

static JIEBA: LazyLock<Jieba> = LazyLock::new(Jieba::new);
static ENGLISH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

/// Weights by term, the terms hashed to 32 bits and in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    weights: Vec<(u32, f32)>,
}

impl Terms {
    /// Of a passage: how much each of its terms says about it, without how rare the term is elsewhere. Okapi BM25's factor
    /// for a term that is there `n` times: `n (k1 + 1) / (n + k1 (1 - b + b length / mean length))`.
    #[must_use]
    pub fn of_passage(text: &str) -> Self {
        let counts = counts(text);
        let length: f32 = counts.values().sum();
        let norm = K1 * (1.0 - B + B * length / MEAN_LENGTH);
        Self { weights: counts.into_iter().map(|(term, n)| (term, n * (K1 + 1.0) / (n + norm))).collect() }
    }

    /// Of a message: each term once.
    #[must_use]
    pub fn of_query(text: &str) -> Self {
        Self { weights: counts(text).into_keys().map(|term| (term, 1.0)).collect() }
    }

    /// Terms and weights, by term.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (u32, f32)> {
        self.weights.iter().copied()
    }

    /// How many different terms there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.weights.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.weights.is_empty()
    }
}

/// How rare a term is: Okapi BM25's inverse document frequency for a term that `passages_with_it` of `passages` have. Never
/// negative, and the same as Qdrant's.
#[must_use]
pub fn inverse_document_frequency(passages: usize, passages_with_it: usize) -> f32 {
    let (all, with) = (passages as f32, passages_with_it as f32);
    ((all - with + 0.5) / (with + 0.5) + 1.0).ln()
}

/// How often each term is there.
fn counts(text: &str) -> BTreeMap<u32, f32> {
    let mut counts = BTreeMap::new();
    for_each_term(text, |term| *counts.entry(xxh32(term.as_bytes(), 0)).or_insert(0.0) += 1.0);
    counts
}

/// Calls `found` with every term, in lower case.
fn for_each_term(text: &str, mut found: impl FnMut(&str)) {
    let text = text.to_lowercase();
    for run in runs(&text) {
        match run {
            Run::Latin(word) => latin_terms(word, &mut found),
            Run::Other(part) => {
                let words = JIEBA.cut_for_search(part, true);
                let words: Vec<&str> = words.into_iter().map(|token| token.word).filter(is_word).collect();
                let known: HashSet<&str> = words.iter().copied().collect();
                for pair in pairs(part).filter(|pair| !known.contains(pair)) {
                    found(pair);
                }
                words.into_iter().for_each(&mut found);
            }
        }
    }
}

fn is_word(text: &&str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Neighbouring characters that are letters, as Chinese ones are.
fn pairs(text: &str) -> impl Iterator<Item = &str> {
    let letters = text.char_indices().map(|(at, c)| (at, c, c.is_alphanumeric()));
    letters
        .clone()
        .zip(letters.skip(1))
        .filter(|((.., a), (.., b))| *a && *b)
        .map(|((start, ..), (next, last, _))| &text[start..next + last.len_utf8()])
}

/// A stretch of text that is cut in one way.
#[derive(Debug, PartialEq, Eq)]
enum Run<'a> {
    /// Words of letters and digits of alphabets, with the signs that hold them together: `don't`, `nl-vc20`, `9.90`.
    Latin(&'a str),
    /// Everything else between two such words.
    Other(&'a str),
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let latin = is_alphabetic(first);
        let end = rest
            .char_indices()
            .find(|&(at, c)| if latin { !holds(rest, at, c) } else { is_alphabetic(c) })
            .map_or(rest.len(), |(at, _)| at);
        let (run, after) = rest.split_at(end);
        runs.push(if latin { Run::Latin(run) } else { Run::Other(run) });
        rest = after;
    }
    runs
}

/// Whether the character at `at` belongs to the word that the text starts with: a letter, a digit, or a sign between two of these.
fn holds(text: &str, at: usize, c: char) -> bool {
    if is_alphabetic(c) {
        return true;
    }
    let next = text[at + c.len_utf8()..].chars().next();
    matches!(c, '-' | '.' | '_' | '/' | '\'' | '’' | '+' | '#') && next.is_some_and(is_alphabetic)
}

/// A letter of an alphabet or a digit; Chinese characters, kana and hangul are none.
fn is_alphabetic(c: char) -> bool {
    c.is_alphanumeric() && c < '\u{2e80}'
}

/// The word, its stem if it is one, and its parts if it is put together.
fn latin_terms(word: &str, found: &mut impl FnMut(&str)) {
    let word = word.trim_end_matches("'s").trim_end_matches("’s");
    let parts: Vec<&str> = word.split(|c: char| !is_alphabetic(c)).filter(|part| !part.is_empty()).collect();
    if parts.len() == 1 || amount(word).is_some() {
        let whole = parts.first().filter(|_| parts.len() == 1).copied().unwrap_or(word);
        return part_term(whole, found);
    }
    if has_digit(word) {
        // However the hyphens are set.
        found(&parts.concat());
    }
    for part in parts {
        part_term(part, found);
    }
}

fn part_term(part: &str, found: &mut impl FnMut(&str)) {
    if has_digit(part) {
        // `9.90` and `9.9` are one amount.
        found(amount(part).unwrap_or(part));
    } else {
        found(&ENGLISH.stem(part));
    }
}

fn has_digit(part: &str) -> bool {
    part.chars().any(|c| c.is_ascii_digit())
}

/// A decimal number without the zeros at its end.
fn amount(text: &str) -> Option<&str> {
    let (whole, decimals) = text.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(decimals)).then(|| text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(text: &str) -> Vec<String> {
        let mut terms = Vec::new();
        for_each_term(text, |term| terms.push(term.to_owned()));
        terms
    }

    #[test]
    fn chinese_is_cut_into_words_the_words_within_them_and_pairs() {
        assert_eq!(terms("洗衣机响"), ["衣机", "机响", "洗衣", "洗衣机", "响"]);
        let [asked, told] = ["退货运费谁出？", "退货的运费"].map(terms);
        let shared: Vec<_> = asked.iter().filter(|term| told.contains(term)).collect();
        assert_eq!(shared, ["退货", "运费"]);
    }

    #[test]
    fn english_is_cut_into_stems() {
        assert_eq!(terms("Who's PAYING for returned parcels?"), ["who", "pay", "for", "return", "parcel"]);
    }

    #[test]
    fn models_numbers_and_amounts_stay_whole() {
        assert_eq!(terms("NL-VC20没吸力"), ["nlvc20", "nl", "vc20", "没吸", "没", "吸力"]);
        assert_eq!(terms("订单20241101-88231"), ["订单", "2024110188231", "20241101", "88231"]);
        assert_eq!(terms("退了¥9.90，不是9.9元"), ["退了", "退", "了", "9.9", "不是", "9.9", "元"]);
    }

    #[test]
    fn nothing_has_no_terms() {
        for text in ["", " \n", "……！？", "😀"] {
            assert!(Terms::of_query(text).is_empty(), "{text}: {:?}", terms(text));
        }
    }

    #[test]
    fn a_term_counts_more_in_a_short_passage_and_less_each_time() {
        let weight = |text: &str| {
            let wanted = xxh32("运费".as_bytes(), 0);
            Terms::of_passage(text).iter().find(|(term, _)| *term == wanted).unwrap().1
        };
        let long = format!("运费{}", "退货换货维修".repeat(20));
        assert!(weight("运费") > weight(&long));
        assert!(weight("运费运费") < 2.0 * weight("运费"));
    }

    #[test]
    fn a_query_has_each_term_once() {
        assert_eq!(
            Terms::of_query("parcel, Parcels").iter().map(|(_, weight)| weight).collect::<Vec<_>>(),
            [1.0]
        );
    }
}
