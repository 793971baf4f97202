//! N-grams: what a message says to the letter, beside what its embedding says it means.
//!
//! Embeddings blur what distinguishes an order from an invoice number, a misspelt word or a dialect's; n-grams
//! keep it, in every script, without a dictionary. A message is two sets of n-grams: of the characters of its words, and of its words,
//! where a Chinese character is a word. In each set, an n-gram is weighted by
//! `(1 + ln tf) · idf` with `idf = ln((1 + N) / (1 + df)) + 1` (scikit-learn's smoothed form), and the set is brought to unit
//! length, so that the product of two messages is a cosine; how alike they are is the mean of both cosines. An n-gram that no
//! training message has counts in that length: the less of a message is known, the less it is like any.

use std::collections::HashMap;
use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;

use super::columns::Columns;
use crate::script::simplified;

/// Names what [`Grams::of`] does, in a bundle: to change one is to change the other.
pub(super) const SETTINGS: &str = "characters 1-4 within words, words 1-2 with each ideograph a word, NFKC, lower case, simplified, digits 0, FNV-1a 32";

/// The longest n-gram of characters, and of words.
const LONGEST: usize = 4;
const LONGEST_OF_WORDS: usize = 2;

/// Weights of n-grams by the hash of each, sorted by hash.
type Counts = Vec<(u32, f32)>;

/// How often each n-gram of a text occurs.
#[derive(Clone, Debug)]
pub(super) struct Grams {
    /// N-grams of characters do not cross white space; each piece stands between two spaces, so that its ends are n-grams of their own.
    characters: Counts,
    words: Counts,
}

impl Grams {
    /// Case, width, compatibility forms (NFKC) and the Chinese script do not matter, nor which digits a number has.
    pub(super) fn of(text: &str) -> Self {
        let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
        let digits = |c: char| if c.is_numeric() { '0' } else { c };
        let folded: String = simplified(&folded).chars().map(digits).collect();
        let mut characters = Counter::default();
        let mut piece = Vec::new();
        for part in folded.split_whitespace() {
            piece.clear();
            piece.push(' ');
            piece.extend(part.chars());
            piece.push(' ');
            for length in 1..=LONGEST {
                piece.windows(length).filter(|gram| *gram != [' ']).for_each(|gram| characters.add(gram));
            }
        }
        let mut words = Counter::default();
        let all = words_of(&folded);
        for length in 1..=LONGEST_OF_WORDS {
            all.windows(length).for_each(|gram| words.add(&gram.join(&' ')));
        }
        Self { characters: characters.sorted(), words: words.sorted() }
    }
}

/// Runs of letters and digits; an ideograph is a word of its own.
fn words_of(text: &str) -> Vec<Vec<char>> {
    let mut words: Vec<Vec<char>> = Vec::new();
    let mut open = false;
    for c in text.chars() {
        let ideograph =
            matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
        match words.last_mut() {
            Some(word) if open && !ideograph && c.is_alphanumeric() => word.push(c),
            _ if c.is_alphanumeric() => words.push(vec![c]),
            _ => {}
        }
        open = c.is_alphanumeric() && !ideograph;
    }
    words
}

#[derive(Default)]
struct Counter(Vec<u32>);

impl Counter {
    fn add(&mut self, gram: &[char]) {
        self.0.push(hash(gram));
    }

    fn sorted(mut self) -> Counts {
        self.0.sort_unstable();
        self.0.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f32)).collect()
    }
}

/// FNV-1a in 32 bits (Fowler, Noll, Vo), then scrambled (the finalizer of `MurmurHash3`): the same number everywhere. Two n-grams
/// in a hundred thousand share one, which costs nothing that can be measured.
fn hash(gram: &[char]) -> u32 {
    let mut hash = 0x811c_9dc5_u32;
    for &c in gram {
        for byte in u32::from(c).to_le_bytes() {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

/// The n-grams of some texts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LexicalIndex {
    pub(super) characters: Postings,
    pub(super) words: Postings,
}

impl LexicalIndex {
    pub(super) fn build(all: &[&Grams]) -> Self {
        let characters: Vec<&Counts> = all.iter().map(|grams| &grams.characters).collect();
        let words: Vec<&Counts> = all.iter().map(|grams| &grams.words).collect();
        Self { characters: Postings::build(&characters), words: Postings::build(&words) }
    }

    /// Adds how alike a text is to each of the texts to `similarities`, which is as long as there are texts.
    pub(super) fn similarities(&self, grams: &Grams, similarities: &mut [f32]) {
        self.characters.add(&grams.characters, 0.5, similarities);
        self.words.add(&grams.words, 0.5, similarities);
    }
}

/// The n-grams of one kind, and which text has which.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Postings {
    /// Hashes of all n-grams, sorted.
    pub(super) grams: Vec<u32>,
    /// Where the postings of each n-gram begin in `texts` and `weights`, and at the end where the last ones end.
    pub(super) starts: Vec<u32>,
    /// Numbers of the texts that have the n-gram, ascending.
    pub(super) texts: Vec<u32>,
    /// The n-gram's weight in each of these texts.
    pub(super) weights: Vec<f32>,
    /// How many texts there are.
    pub(super) count: usize,
    /// Where in `grams` the hashes begin that have the same first bits, and at the end where the last ones end. Hashes are spread evenly, so that
    /// there are one or two of each.
    first_bits: Vec<u32>,
    /// How much each n-gram says.
    inverse_document_frequencies: Vec<f64>,
    /// The weights of those that many texts have, once more.
    frequent: Columns,
}

impl Postings {
    /// From its parts, as a bundle keeps them.
    pub(super) fn new(
        grams: Vec<u32>,
        starts: Vec<u32>,
        texts: Vec<u32>,
        weights: Vec<f32>,
        count: usize,
    ) -> Self {
        let bits = grams.len().max(2).ilog2();
        let begin = |first: u64| grams.partition_point(|&gram| u64::from(gram) < first << (32 - bits)) as u32;
        let first_bits = (0..=1_u64 << bits).map(begin).collect();
        let frequencies = starts.windows(2).map(|ends| ends[1] - ends[0]);
        let inverse_document_frequencies =
            frequencies.map(|frequency| inverse_document_frequency(count, frequency)).collect();
        let frequent = Self::columns(&starts, &texts, &weights, count);
        Self { grams, starts, texts, weights, count, first_bits, inverse_document_frequencies, frequent }
    }

    /// Indexes the texts, given the counts of each.
    fn build(all: &[&Counts]) -> Self {
        let mut frequencies: HashMap<u32, u32> = HashMap::new();
        for (gram, _) in all.iter().copied().flatten() {
            *frequencies.entry(*gram).or_default() += 1;
        }
        let mut grams: Vec<(u32, u32)> = frequencies.into_iter().collect();
        grams.sort_unstable();
        let mut starts = Vec::with_capacity(grams.len() + 1);
        let mut end = 0;
        starts.push(end);
        for (_, frequency) in &grams {
            end += frequency;
            starts.push(end);
        }
        let grams = grams.into_iter().map(|(gram, _)| gram).collect();
        let (texts, weights) = (vec![0; end as usize], vec![0.0; end as usize]);
        let mut index = Self::new(grams, starts, texts, weights, all.len());
        let mut next = index.starts.clone();
        for (number, counts) in all.iter().enumerate() {
            for (place, weight) in index.weigh(counts) {
                let at = next[place] as usize;
                index.texts[at] = number as u32;
                index.weights[at] = weight;
                next[place] += 1;
            }
        }
        Self { frequent: Self::columns(&index.starts, &index.texts, &index.weights, index.count), ..index }
    }

    /// Of the n-grams that many texts have.
    fn columns(starts: &[u32], texts: &[u32], weights: &[f32], count: usize) -> Columns {
        let frequent = starts.windows(2).enumerate().filter_map(|(place, ends)| {
            let postings = ends[0] as usize..ends[1] as usize;
            let is_frequent = Columns::has(postings.len(), count);
            is_frequent.then(|| (place, &texts[postings.clone()], &weights[postings]))
        });
        Columns::new(count, frequent)
    }

    /// Adds `share` of the cosines of a text with all texts to `similarities`.
    fn add(&self, counts: &Counts, share: f32, similarities: &mut [f32]) {
        let mut known = self.weigh(counts);
        known.iter_mut().for_each(|(_, weight)| *weight *= share);
        let frequent =
            known.extract_if(.., |&mut (place, _)| Columns::has(self.postings(place).len(), self.count));
        self.frequent.add(frequent, similarities);
        for (place, weight) in known {
            let postings = self.postings(place);
            for (&text, &other) in self.texts[postings.clone()].iter().zip(&self.weights[postings]) {
                similarities[text as usize] += weight * other;
            }
        }
    }

    /// Where an n-gram's postings are.
    fn postings(&self, place: usize) -> Range<usize> {
        self.starts[place] as usize..self.starts[place + 1] as usize
    }

    /// Places and weights of a text's n-grams that are known. All of them count in its length.
    fn weigh(&self, counts: &Counts) -> Vec<(usize, f32)> {
        let mut known = Vec::with_capacity(counts.len());
        let mut squares = 0.0;
        let of_unknown = inverse_document_frequency(self.count, 0);
        for &(gram, count) in counts {
            let place = self.place(gram);
            let rarity = place.map_or(of_unknown, |place| self.inverse_document_frequencies[place]);
            let weight = if count == 1.0 { rarity } else { (1.0 + f64::from(count).ln()) * rarity };
            squares += weight * weight;
            known.extend(place.map(|place| (place, weight)));
        }
        let scale = if squares > 0.0 { 1.0 / squares.sqrt() } else { 0.0 };
        known.into_iter().map(|(place, weight)| (place, (weight * scale) as f32)).collect()
    }

    fn place(&self, gram: u32) -> Option<usize> {
        let bits = (self.first_bits.len() - 1).ilog2();
        let first = (gram >> (32 - bits)) as usize;
        let from = self.first_bits[first] as usize;
        let same = &self.grams[from..self.first_bits[first + 1] as usize];
        same.iter().position(|&known| known == gram).map(|place| from + place)
    }
}

/// Of an n-gram that so many of `count` texts have.
fn inverse_document_frequency(count: usize, frequency: u32) -> f64 {
    ((1.0 + count as f64) / (1.0 + f64::from(frequency))).ln() + 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(texts: &[&str]) -> LexicalIndex {
        let grams: Vec<Grams> = texts.iter().map(|text| Grams::of(text)).collect();
        LexicalIndex::build(&grams.iter().collect::<Vec<_>>())
    }

    fn similarities(index: &LexicalIndex, text: &str) -> Vec<f32> {
        let mut similarities = vec![0.0; index.words.count];
        index.similarities(&Grams::of(text), &mut similarities);
        similarities
    }

    #[test]
    fn a_text_is_itself_and_nothing_like_one_without_a_common_character() {
        let index = index(&["退货运费谁出", "where is my parcel"]);
        let found = similarities(&index, "退货运费谁出");
        assert!((found[0] - 1.0).abs() < 1e-6 && found[1] == 0.0, "{found:?}");
    }

    #[test]
    fn case_width_script_and_spaces_do_not_matter() {
        let index = index(&["where is my PARCEL", "ＮＬ－ＲＣ４０", "訂單後天到"]);
        assert!((similarities(&index, "订单后天到")[2] - 1.0).abs() < 1e-6);
        assert!((similarities(&index, "  Where IS my\nparcel ")[0] - 1.0).abs() < 1e-6);
        assert!((similarities(&index, "nl-rc40")[1] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_unknown_makes_a_text_less_like_any() {
        let index = index(&["parcel", "refund"]);
        let (alone, beside) =
            (similarities(&index, "parcel")[0], similarities(&index, "parcel 包裹不见了")[0]);
        assert!((alone - 1.0).abs() < 1e-6 && beside < 0.9 && beside > 0.3, "{alone} {beside}");
    }

    #[test]
    fn weights_are_those_of_the_formula() {
        // "a" has the n-grams "a", " a", "a ", " a "; "b" in both texts is as frequent as can be.
        let index = index(&["a b", "b"]);
        let known = index.characters.weigh(&Grams::of("a a b").characters);
        let rare = (1.0 + 2_f64.ln()) * ((3.0_f64 / 2.0).ln() + 1.0);
        let length = (4.0 * (rare * rare + 1.0)).sqrt();
        assert_eq!(known.len(), 8);
        for (_, weight) in known {
            let expected = [rare / length, 1.0 / length];
            assert!(expected.iter().any(|expected| (f64::from(weight) - expected).abs() < 1e-6), "{weight}");
        }
    }

    #[test]
    fn an_ideograph_is_a_word_and_digits_are_alike() {
        let words =
            |text: &str| -> Vec<String> { words_of(text).into_iter().map(String::from_iter).collect() };
        assert_eq!(words("我的iphone 15退货, ok?"), ["我", "的", "iphone", "15", "退", "货", "ok"]);
        let index = index(&["order 123 45"]);
        assert!((similarities(&index, "ORDER 987 65")[0] - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_text_without_characters_is_like_none() {
        assert_eq!(similarities(&index(&["parcel"]), " \n"), [0.0]);
    }
}
