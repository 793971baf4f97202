//! Many patterns, looked for in one pass.

use std::ops::Range;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

/// Patterns with something known of each. A pass over the text says which of them occur; only those are then looked for
/// one by one. Every pass is linear in the text.
pub(super) struct PatternSet<T> {
    /// Whether any occurs: asking that takes less time than asking which, and mostly none does.
    any: Regex,
    set: RegexSet,
    patterns: Vec<(Regex, T)>,
}

/// How much memory a thread may take to remember how a pass goes on from where it is. With too little, it forgets and computes that anew
/// all the time: with the default of 2 MB, all rules took 290 µs for a message, with this they take 9 µs, and half of it is used.
const CACHE: usize = 32 << 20;

/// A place where a pattern was found.
pub(super) struct Found<'p, T> {
    /// The pattern's group 1, or all of it if it has none. Patterns name what must stand beside outside of the group.
    pub(super) range: Range<usize>,
    pub(super) of: &'p T,
}

/// Places where something looks like what it is not.
pub(super) struct Traps {
    /// Where each begins, in order, and where the last of those up to it ends.
    starts_and_ends: Vec<(usize, usize)>,
}

impl Traps {
    pub(super) fn new(places: impl IntoIterator<Item = Range<usize>>) -> Self {
        let mut traps: Vec<_> = places.into_iter().map(|place| (place.start, place.end)).collect();
        traps.sort_unstable();
        let mut last_end = 0;
        for (_, end) in &mut traps {
            last_end = last_end.max(*end);
            *end = last_end;
        }
        Self { starts_and_ends: traps }
    }

    /// Whether any of them overlaps the place.
    pub(super) fn catch(&self, place: &Range<usize>) -> bool {
        let before_its_end = self.starts_and_ends.partition_point(|&(start, _)| start < place.end);
        before_its_end > 0 && self.starts_and_ends[before_its_end - 1].1 > place.start
    }
}

impl<T> PatternSet<T> {
    /// Compiles patterns that are constants of this crate, as [`constant`] does.
    pub(super) fn of_constants(patterns: impl IntoIterator<Item = (impl AsRef<str>, T)>) -> Self {
        let patterns: Vec<(Regex, T)> =
            patterns.into_iter().map(|(pattern, of)| (constant(pattern.as_ref()), of)).collect();
        let sources: Vec<&str> = patterns.iter().map(|(regex, _)| regex.as_str()).collect();
        let all = sources.iter().map(|source| format!("(?:{source})")).collect::<Vec<_>>().join("|");
        let any = RegexBuilder::new(&all).dfa_size_limit(CACHE).build();
        let set = RegexSetBuilder::new(&sources).dfa_size_limit(CACHE).build();
        Self {
            any: any.expect("each compiles by itself"),
            set: set.expect("each compiles by itself"),
            patterns,
        }
    }

    /// Every place, pattern by pattern.
    pub(super) fn find<'p>(&'p self, text: &str) -> Vec<Found<'p, T>> {
        let mut found = Vec::new();
        if !self.any.is_match(text) {
            return found;
        }
        let occurring = self.set.matches(text);
        for (regex, of) in occurring.iter().map(|pattern| &self.patterns[pattern]) {
            if regex.captures_len() == 1 {
                found.extend(regex.find_iter(text).map(|place| Found { range: place.range(), of }));
            } else {
                let places = regex.captures_iter(text).filter_map(|captures| captures.get(1));
                found.extend(places.map(|place| Found { range: place.range(), of }));
            }
        }
        found
    }
}

/// Compiles a pattern that is a constant of this crate. `^` and `$` are the ends of a line; `\b` and `\w` know ASCII only,
/// so that 订单12 has a boundary before the digits, and because boundaries of Unicode are slow.
pub(super) fn constant(pattern: &str) -> Regex {
    let ascii = pattern.replace(r"\b", ASCII_BOUNDARY).replace(r"\w", "[a-z0-9_]");
    Regex::new(&format!("(?m){ascii}")).unwrap_or_else(|error| panic!("`{pattern}` is a constant: {error}"))
}

/// A boundary of words for ASCII letters and digits only.
pub(super) const ASCII_BOUNDARY: &str = r"(?-u:\b)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_catches_what_overlaps_it() {
        let traps = Traps::new([5..6, 0..10, 20..22]);
        for (place, caught) in [(8..9, true), (9..12, true), (10..20, false), (21..30, true), (22..23, false)]
        {
            assert_eq!(traps.catch(&place), caught, "{place:?}");
        }
    }

    #[test]
    fn a_place_is_the_group_or_the_whole() {
        let set =
            PatternSet::of_constants([("no ([0-9]+)", "number"), ("order", "word"), ("never", "other")]);
        let found: Vec<_> =
            set.find("order no 12").into_iter().map(|found| (found.range, *found.of)).collect();
        assert_eq!(found, [(9..11, "number"), (0..5, "word")]);
    }
}
