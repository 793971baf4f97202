//! What makes a ticket more urgent than its intent.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use shopdesk_model::intents::Priority;

use super::entity::RuleName;
use super::lexicon;
use super::negation::Negations;
use super::pattern_set::{PatternSet, Traps};

/// A reason for more urgency, found in the message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// How urgent it makes a ticket at least.
    pub priority: Priority,
    /// The rule that found it.
    pub rule: RuleName,
}

/// Every alarm, each once, the most urgent first. `clauses` is the folded message, a clause a line.
pub(super) fn find(clauses: &str) -> Vec<Alarm> {
    let found = PATTERNS.find(clauses);
    let traps = Traps::new(found.iter().filter(|found| found.of.is_none()).map(|found| found.range.clone()));
    let mut alarms: Vec<Alarm> = Vec::new();
    for place in &found {
        let &Some((priority, rule)) = place.of else { continue };
        let known = alarms.iter().any(|alarm| alarm.rule.as_str() == rule);
        if !known && !traps.catch(&place.range) && !NEGATIONS.hold(clauses, &place.range) {
            alarms.push(Alarm { priority, rule: RuleName::new(rule) });
        }
    }
    alarms.sort_by_key(|alarm| alarm.priority);
    alarms
}

/// The names of rules and what they raise to; nothing for what looks like an alarm and is none.
static PATTERNS: LazyLock<PatternSet<Option<(Priority, &'static str)>>> = LazyLock::new(|| {
    let rules = lexicon::ALL.iter().flat_map(|lexicon| lexicon.alarms);
    let traps = lexicon::ALL.iter().flat_map(|lexicon| lexicon.not_alarms);
    let rules = rules.map(|(priority, rule)| (rule.pattern, Some((*priority, rule.name))));
    PatternSet::of_constants(rules.chain(traps.map(|&trap| (trap, None))))
});

static NEGATIONS: LazyLock<Negations> = LazyLock::new(|| {
    Negations::new(lexicon::ALL.iter().map(|lexicon| (lexicon.alarm_negation, lexicon.contrast)))
});
