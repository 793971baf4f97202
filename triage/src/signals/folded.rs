//! A message as the rules read it: one way of writing for what shoppers write in several.
//!
//! Full-width letters and digits become ASCII, capitals small, traditional characters simplified, and the several
//! dashes and apostrophes one each. One character becomes one character, so that a place in the folded text is a place
//! in the message.

use std::ops::Range;

use shopdesk_model::script::simplified_character;

/// A message and its folded form.
pub(super) struct Folded<'a> {
    original: &'a str,
    text: String,
}

impl<'a> Folded<'a> {
    pub(super) fn new(original: &'a str) -> Self {
        Self { original, text: fold(original) }
    }

    /// What the rules are matched against.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The same with every mark that ends a clause made a line's end, so that a rule that stays on its line stays in its
    /// clause. Marks inside of a number, as in `1,380` or `8:30`, end nothing.
    pub(super) fn clauses(&self) -> String {
        let bytes = self.text.as_bytes();
        let digit = |place: Option<usize>| place.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        let end = |(at, c): (usize, char)| {
            let in_number = matches!(c, ',' | '.' | ':') && digit(at.checked_sub(1)) && digit(Some(at + 1));
            if !in_number && ends_clause(c) { '\n' } else { c }
        };
        self.text.char_indices().map(end).collect()
    }

    /// Where byte ranges of the folded text lie in the message, in the order of their starts.
    pub(super) fn places(&self) -> Places<'_, 'a> {
        Places { folded: self, character: 0, byte: 0, original_byte: 0 }
    }
}

/// Folds a text.
pub(super) fn fold(text: &str) -> String {
    text.chars().map(fold_character).collect()
}

/// Whether a mark ends a clause.
pub(super) fn ends_clause(c: char) -> bool {
    matches!(
        c,
        ',' | '.'
            | '!'
            | '?'
            | ';'
            | ':'
            | '。'
            | '、'
            | '…'
            | '\n'
            | '\r'
            | '"'
            | '“'
            | '”'
            | '「'
            | '」'
            | '('
            | ')'
            | '~'
            | '—'
    )
}

fn fold_character(c: char) -> char {
    match c {
        'a'..='z' | '0'..='9' | ' ' => c,
        'A'..='Z' => c.to_ascii_lowercase(),
        // U+FF01 to U+FF5E are ASCII's printable characters, in order.
        '\u{ff01}'..='\u{ff5e}' => {
            let ascii = char::from_u32(c as u32 - 0xff01 + 0x21).expect("a printable ASCII character");
            ascii.to_ascii_lowercase()
        }
        '\u{3000}' | '\u{a0}' | '\t' => ' ',
        '￥' => '¥',
        '￡' => '£',
        '‐' | '‑' | '‒' | '–' | '−' => '-',
        '’' | '‘' => '\'',
        _ => simplified_character(c),
    }
}

/// Walks through both texts at once, so that all places together cost one pass.
pub(super) struct Places<'f, 'a> {
    folded: &'f Folded<'a>,
    character: usize,
    byte: usize,
    original_byte: usize,
}

impl<'a> Places<'_, 'a> {
    /// The characters of the message that a byte range of the folded text stands for, and their text. Ranges must come
    /// in the order of their starts and not overlap.
    pub(super) fn of(&mut self, range: &Range<usize>) -> (Range<usize>, &'a str) {
        self.advance_to(range.start);
        let (start, original_start) = (self.character, self.original_byte);
        self.advance_to(range.end);
        (start..self.character, &self.folded.original[original_start..self.original_byte])
    }

    fn advance_to(&mut self, byte: usize) {
        let skipped = self.folded.text[self.byte..byte].chars().count();
        let rest = &self.folded.original[self.original_byte..];
        self.original_byte += rest.char_indices().nth(skipped).map_or(rest.len(), |(at, _)| at);
        self.character += skipped;
        self.byte = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_of_writing_become_one() {
        assert_eq!(fold("ＮＬ－ＲＣ４０　轉人工，￥１２９"), "nl-rc40 转人工,¥129");
    }

    #[test]
    fn a_place_in_the_folded_text_is_a_place_in_the_message() {
        let folded = Folded::new("訂單Ｎｏ．１２３，好");
        let start = folded.text().find("123").unwrap();
        assert_eq!(folded.places().of(&(start..start + 3)), (5..8, "１２３"));
    }

    #[test]
    fn a_clause_ends_at_marks_but_not_inside_of_numbers() {
        assert_eq!(Folded::new("退¥1,380没到，怎么办？").clauses(), "退¥1,380没到\n怎么办\n");
    }
}
