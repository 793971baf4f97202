//! The rules of a SentencePiece normaliser: which character sequences are replaced, and by what.
//!
//! SentencePiece compiles its `nmt_nfkc` rules ahead of time into a map from character sequences to their
//! normal form, and applies the longest match from left to right (`builder.cc`, `BuildNFKCMap`, and
//! `normalizer.cc`, `NormalizePrefix`, in <https://github.com/google/sentencepiece>). Checkpoints that carry only
//! the part for single characters lose the sequences, such as `e` with a combining acute accent, or half-width
//! katakana with its voicing mark. [`with_sequences`] derives those again from the Unicode data.
//!
//! This is not NFKC: marks are never reordered, and what a rule puts out does not combine with what follows.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization as _;

/// From a character sequence to its replacement, which may be empty.
pub(crate) type Charsmap = BTreeMap<String, String>;

/// No rule of `nmt_nfkc` is nearly as long; in a damaged trie, a path may have no end.
const LONGEST_RULE_BYTES: usize = 64;

/// Adds to rules for single characters those for sequences: the full decomposition of every character that
/// composes again, with each component also in the other forms that the given rules turn into it (a full-width `Ａ`
/// for `A`).
pub(crate) fn with_sequences(single: impl IntoIterator<Item = (char, String)>) -> Charsmap {
    let single: BTreeMap<char, String> = single.into_iter().collect();
    let mut forms_of: BTreeMap<char, Vec<char>> = BTreeMap::new();
    for (&form, replacement) in &single {
        let mut characters = replacement.chars();
        if let (Some(component), None) = (characters.next(), characters.next()) {
            forms_of.entry(component).or_default().push(form);
        }
    }
    let mut rules = Charsmap::new();
    for composed in '\u{1}'..=char::MAX {
        let decomposed: Vec<char> = composed.nfd().collect();
        let composes = decomposed.len() > 1 && decomposed.iter().copied().nfc().eq([composed]);
        if composes {
            for sequence in expand(&decomposed, &single, &forms_of) {
                rules.insert(sequence, composed.to_string());
            }
        }
    }
    rules.extend(single.into_iter().map(|(from, to)| (from.to_string(), to)));
    rules
}

/// Decodes a compiled map, as SentencePiece and `tokenizer.json` carry it: the length of a double-array trie, the trie
/// (darts-clone, 32-bit units), and the replacements, each ended by a NUL byte. `None` when it is damaged.
pub(crate) fn decode(compiled: &[u8]) -> Option<Charsmap> {
    let (length, rest) = compiled.split_first_chunk::<4>()?;
    let (trie, replacements) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let units: Vec<u32> = trie
        .chunks_exact(4)
        .map(|unit| u32::from_le_bytes(unit.try_into().expect("chunks of four")))
        .collect();
    let mut rules = Charsmap::new();
    let mut waiting = vec![(0_usize, Vec::new())];
    while let Some((node, key)) = waiting.pop() {
        let unit = *units.get(node)?;
        let base = node ^ ((unit >> 10) << ((unit & (1 << 9)) >> 6)) as usize;
        let has_leaf = (unit >> 8) & 1 == 1;
        if has_leaf && !key.is_empty() {
            let start = (units.get(base)? & 0x7fff_ffff) as usize;
            let replacement = replacements.get(start..)?.split(|&byte| byte == 0).next()?;
            let texts = (String::from_utf8(key.clone()), String::from_utf8(replacement.to_vec()));
            let (Ok(from), Ok(to)) = texts else { return None };
            rules.insert(from, to);
        }
        if key.len() == LONGEST_RULE_BYTES {
            return None;
        }
        for byte in 1..=u8::MAX {
            let child = base ^ usize::from(byte);
            if units.get(child).is_some_and(|unit| unit & 0x8000_00ff == u32::from(byte)) {
                let mut longer = key.clone();
                longer.push(byte);
                waiting.push((child, longer));
            }
        }
    }
    Some(rules)
}

/// Every way to write `decomposed` with other forms of its components.
fn expand(
    decomposed: &[char],
    single: &BTreeMap<char, String>,
    forms_of: &BTreeMap<char, Vec<char>>,
) -> Vec<String> {
    decomposed.iter().fold(vec![String::new()], |prefixes, component| {
        let itself = (!single.contains_key(component)).then_some(component);
        let forms: Vec<&char> = forms_of.get(component).into_iter().flatten().chain(itself).collect();
        prefixes.iter().flat_map(|prefix| forms.iter().map(move |form| format!("{prefix}{form}"))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_that_compose_have_a_rule() {
        let single = [('ｶ', "カ"), ('ﾞ', "\u{3099}"), ('Ａ', "A")].map(|(from, to)| (from, to.to_owned()));
        let rules = with_sequences(single);
        assert_eq!(rules["e\u{301}"], "é");
        assert_eq!(rules["ｶﾞ"], "ガ");
        assert_eq!(rules["\u{1100}\u{1161}\u{11a8}"], "각");
        assert_eq!(rules["Ａ\u{30a}"], "Å");
        assert_eq!(rules["Ａ"], "A");
    }

    #[test]
    fn a_compiled_map_decodes_to_its_rules() {
        let rules = [("Ａ", "A"), ("ｶ", "カ"), ("ｶﾞ", "ガ"), ("\u{200b}", "")];
        let mut replacements = Vec::new();
        let keys: Vec<(&[u8], u32)> = rules
            .iter()
            .map(|(from, to)| {
                let offset = replacements.len() as u32;
                replacements.extend_from_slice(to.as_bytes());
                replacements.push(0);
                (from.as_bytes(), offset)
            })
            .collect();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        let trie = yada::builder::DoubleArrayBuilder::build(&sorted).unwrap();
        let mut compiled = (trie.len() as u32).to_le_bytes().to_vec();
        compiled.extend(trie);
        compiled.extend(replacements);
        let expected: Charsmap = rules.iter().map(|&(from, to)| (from.to_owned(), to.to_owned())).collect();
        assert_eq!(decode(&compiled), Some(expected));
        assert_eq!(decode(&compiled[..40]), None);
        assert_eq!(decode(&[]), None);
    }

    #[test]
    fn a_component_that_is_itself_replaced_is_in_no_sequence() {
        let rules = with_sequences([('\u{301}', String::new())]);
        assert!(!rules.contains_key("e\u{301}"));
    }
}
