//! Days, as the shopper says them. What 昨天 means depends on the day it was said, which this module does not know.

use std::sync::LazyLock;

use super::super::entity::EntityKind;
use super::super::lexicon;
use super::super::pattern_set::{PatternSet, Traps};
use super::{Proposal, Specificity};

pub(super) fn propose(text: &str) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    let mut traps = Vec::new();
    for found in PATTERNS.find(text) {
        match found.of {
            Some(rule) => {
                let full = (*rule == FULL).then(|| iso(&text[found.range.clone()])).flatten();
                let proposal = Proposal::new(EntityKind::Date, found.range, Specificity::UsualForm, rule);
                proposals.push(proposal.normalised(full));
            }
            None => traps.push(found.range),
        }
    }
    let traps = Traps::new(traps);
    proposals.retain(|proposal| !traps.catch(&proposal.range));
    proposals
}

const FULL: &str = "date.full";

/// Days in figures, which languages share. The rest of a group keeps out ranges, as 10-15天, and codes, as 8-2-3301.
const FIGURES: &[(&str, &str)] = &[
    (
        FULL,
        r"\b20[0-9]{2}(?:[-/.](?:0?[1-9]|1[0-2])[-/.]|年(?:0?[1-9]|1[0-2])月)(?:[12][0-9]|3[01]|0?[1-9])(?:[日号]|\b)",
    ),
    ("date.figures", r"\b(?:[12][0-9]|3[01]|0?[1-9])/(?:0?[1-9]|1[0-2])/(?:20)?[0-9]{2}\b"),
    (
        "date.month_day",
        r"(?:^|[^0-9a-z/.-])((?:0?[1-9]|1[0-2])/(?:[12][0-9]|3[01]|0?[1-9]))(?:$|[^0-9a-z/.%-]|[.](?:$|[^0-9]))",
    ),
    (
        "date.day_month",
        r"(?:^|[^0-9a-z/.-])((?:[12][0-9]|3[01]|0?[1-9])/(?:0?[1-9]|1[0-2]))(?:$|[^0-9a-z/.%-]|[.](?:$|[^0-9]))",
    ),
    (
        "date.month_day",
        r"(?:^|[^0-9a-z/.-])((?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01]))(?:$|[^0-9a-z/.%天个件年小分工块元度斤周次人点岁码-])",
    ),
];

/// What is written like a day in figures and is none: `24/7`, and marks out of ten.
const NOT_DAYS: &[&str] = &[r"\b24/7\b", r"\b10/10\b", r"\b[0-9]/10\b(?:$|[^收到月日号下买])", r"\b5/5\b"];

static PATTERNS: LazyLock<PatternSet<Option<&'static str>>> = LazyLock::new(|| {
    let figures = FIGURES.iter().map(|&(rule, pattern)| (pattern, Some(rule)));
    let words =
        lexicon::ALL.iter().flat_map(|lexicon| lexicon.dates).map(|rule| (rule.pattern, Some(rule.name)));
    let not_words = lexicon::ALL.iter().flat_map(|lexicon| lexicon.not_dates).chain(NOT_DAYS);
    PatternSet::of_constants(figures.chain(words).chain(not_words.map(|&trap| (trap, None))))
});

/// `2024-11-03` for a year, a month and a day in this order.
fn iso(written: &str) -> Option<String> {
    let mut numbers = written.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let (year, month, day) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Some(format!("{year}-{month:0>2}-{day:0>2}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(text: &str) -> Vec<&str> {
        propose(text).into_iter().map(|date| &text[date.range]).collect()
    }

    #[test]
    fn days_in_figures_are_found() {
        assert_eq!(dates("on 3/11 please"), ["3/11", "3/11"]);
        assert_eq!(dates("11-08签的"), ["11-08"]);
        assert_eq!(propose("2024年1月3日")[0].normalised.as_deref(), Some("2024-01-03"));
    }

    #[test]
    fn codes_ranges_and_marks_are_no_days() {
        for text in ["8-2-3301", "10-15天", "24/7", "10/10", "170/92a", "四周一圈", "中山路12号", "3号楼"]
        {
            assert_eq!(dates(text), Vec::<&str>::new(), "{text}");
        }
    }
}
