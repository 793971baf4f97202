//! What the words beside a run of digits say of it.

use std::ops::Range;
use std::sync::LazyLock;

use super::super::lexicon::{self, Beside};
use super::super::pattern_set::PatternSet;

/// How far before a number its word may stand, in characters: as far as in `tracking number of the parcel is`.
const BEFORE: usize = 24;
/// How far after it.
const AFTER: usize = 8;

/// The nearest word before the number, in its clause, that `says` something of it.
pub(super) fn before<T>(text: &str, number: &Range<usize>, says: impl Fn(Beside) -> Option<T>) -> Option<T> {
    let clause = clause_before(text, number.start);
    let found = WORDS.find(clause).into_iter();
    let told = found.filter_map(|found| Some((found.range, says(*found.of)?)));
    // 订单号 and 单号 end at the same place; the longer one says more.
    told.max_by_key(|(range, _)| (range.end, std::cmp::Reverse(range.start))).map(|(_, told)| told)
}

/// The nearest word after the number, in its clause, that `says` something of it.
pub(super) fn after<T>(text: &str, number: &Range<usize>, says: impl Fn(Beside) -> Option<T>) -> Option<T> {
    let clause = clause_after(text, number.end);
    let found = WORDS.find(clause).into_iter();
    let told = found.filter_map(|found| Some((found.range, says(*found.of)?)));
    told.min_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end))).map(|(_, told)| told)
}

fn clause_before(text: &str, end: usize) -> &str {
    let before = &text[..end];
    let mut start = end;
    for (at, c) in before.char_indices().rev().take(BEFORE) {
        // `No. 12` is one clause.
        if ends(c) && !(c == '.' && before[..at].ends_with("no")) {
            break;
        }
        start = at;
    }
    &before[start..]
}

fn clause_after(text: &str, start: usize) -> &str {
    let after = &text[start..];
    let end = after.char_indices().take(AFTER).take_while(|&(_, c)| !ends(c)).last();
    &after[..end.map_or(0, |(at, c)| at + c.len_utf8())]
}

/// A colon leads from a word to its number.
fn ends(c: char) -> bool {
    matches!(c, ',' | '.' | '!' | '?' | ';' | '。' | '、' | '\n')
}

static WORDS: LazyLock<PatternSet<Beside>> = LazyLock::new(|| {
    PatternSet::of_constants(lexicon::ALL.iter().flat_map(|lexicon| lexicon.beside_numbers).copied())
});
