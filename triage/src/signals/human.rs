//! Whether a human is asked for in so many words.

use std::sync::LazyLock;

use super::entity::RuleName;
use super::lexicon;
use super::negation::Negations;
use super::pattern_set::{PatternSet, Traps};

/// The first rule by which a human is asked for. `clauses` is the folded message, a clause a line.
pub(super) fn request(clauses: &str) -> Option<RuleName> {
    let found = PATTERNS.find(clauses);
    let traps = Traps::new(found.iter().filter(|found| found.of.is_none()).map(|found| found.range.clone()));
    let mut asking = found.iter().filter(|found| found.of.is_some());
    let first = asking.find(|found| !traps.catch(&found.range) && !NEGATIONS.hold(clauses, &found.range))?;
    first.of.map(RuleName::new)
}

/// The names of rules; nothing for what looks like asking and is not.
static PATTERNS: LazyLock<PatternSet<Option<&'static str>>> = LazyLock::new(|| {
    let rules = lexicon::ALL.iter().flat_map(|lexicon| lexicon.human);
    let traps = lexicon::ALL.iter().flat_map(|lexicon| lexicon.not_human);
    let rules = rules.map(|rule| (rule.pattern, Some(rule.name)));
    PatternSet::of_constants(rules.chain(traps.map(|&trap| (trap, None))))
});

static NEGATIONS: LazyLock<Negations> = LazyLock::new(|| {
    Negations::new(lexicon::ALL.iter().map(|lexicon| (lexicon.human_negation, lexicon.contrast)))
});
