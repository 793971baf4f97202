//! Words that turn what follows into its opposite: 不会投诉, "not going to report".

use std::ops::Range;

use regex::Regex;

use super::pattern_set::constant;

/// How far a negation is looked for, in characters: bounded, so that a long message of negations takes linear time.
const REACH: usize = 60;

/// The negations of all languages: shoppers mix, and numbers as 12315 are in none.
pub(super) struct Negations {
    of_languages: Vec<Negation>,
}

struct Negation {
    before: Regex,
    contrast: Regex,
}

impl Negations {
    /// From each language's words: what negates when it ends right before a phrase, and what undoes that when it follows
    /// the phrase.
    pub(super) fn new(of_languages: impl Iterator<Item = (&'static str, &'static str)>) -> Self {
        let negation =
            |(before, contrast)| Negation { before: constant(before), contrast: constant(contrast) };
        Self { of_languages: of_languages.map(negation).collect() }
    }

    /// Whether the phrase there is negated in its clause.
    pub(super) fn hold(&self, clauses: &str, phrase: &Range<usize>) -> bool {
        let before = last_characters(&clauses[..phrase.start]);
        let clause = before.rsplit('\n').next().unwrap_or(before);
        let after = first_characters(&clauses[phrase.end..]);
        let negates =
            |negation: &Negation| negation.before.is_match(clause) && !negation.contrast.is_match(after);
        self.of_languages.iter().any(negates)
    }
}

fn last_characters(text: &str) -> &str {
    let start = text.char_indices().rev().take(REACH).last().map_or(text.len(), |(at, _)| at);
    &text[start..]
}

fn first_characters(text: &str) -> &str {
    text.char_indices().nth(REACH).map_or(text, |(end, _)| &text[..end])
}
