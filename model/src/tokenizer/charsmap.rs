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
    fn a_component_that_is_itself_replaced_is_in_no_sequence() {
        let rules = with_sequences([('\u{301}', String::new())]);
        assert!(!rules.contains_key("e\u{301}"));
    }
}
