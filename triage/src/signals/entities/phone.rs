//! Telephone numbers.

use std::sync::LazyLock;

use super::super::entity::EntityKind;
use super::super::lexicon::Beside;
use super::super::pattern_set::PatternSet;
use super::{Proposal, Specificity, beside};

pub(super) fn propose(text: &str) -> Vec<Proposal> {
    let found = FORMS.find(text).into_iter();
    let proposals = found.filter_map(|found| {
        let form = found.of;
        let said = beside::before(text, &found.range, |word| (word == Beside::Phone).then_some(())).is_some();
        if form.needs_word && !said {
            return None;
        }
        let written = &text[found.range.clone()];
        let digits: String = written.chars().filter(char::is_ascii_digit).collect();
        if !(7..=15).contains(&digits.len()) {
            return None;
        }
        let specificity = match form {
            Form { rule: INTERNATIONAL, .. } => Specificity::Form,
            // Of several that the word may mean, the longest wins.
            _ if said => Specificity::WordBeside,
            _ => Specificity::UsualForm,
        };
        let proposal = Proposal::new(EntityKind::Phone, found.range.clone(), specificity, form.rule);
        Some(proposal.normalised((form.normalise)(&digits)))
    });
    proposals.collect()
}

struct Form {
    rule: &'static str,
    pattern: &'static str,
    /// Whether only a word beside it makes these digits a telephone number.
    needs_word: bool,
    /// From the digits to E.164 where the form tells the country.
    normalise: fn(&str) -> String,
}

/// A number after a plus sign can be nothing else.
const INTERNATIONAL: &str = "phone.international";

const FORM_TABLE: &[Form] = &[
    Form {
        rule: INTERNATIONAL,
        pattern: r"\+[1-9][0-9]{0,2}(?:[ -]?\(?[0-9]{1,8}\)?){1,5}",
        needs_word: false,
        normalise: |digits| format!("+{digits}"),
    },
    Form {
        rule: "phone.mainland_mobile",
        pattern: r"\b(?:(?:00)?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}\b",
        needs_word: false,
        normalise: |digits| format!("+86{}", &digits[digits.len() - 11..]),
    },
    Form {
        rule: "phone.mainland_landline",
        pattern: r"(?:\b|\()0(?:10|2[0-9]|[3-9][0-9]{2})(?:\) ?|[ -])[0-9]{4}[ -]?[0-9]{3,4}\b",
        needs_word: false,
        normalise: |digits| format!("+86{}", &digits[1..]),
    },
    Form {
        rule: "phone.mainland_landline",
        pattern: r"\b0(?:10|2[0-9]|[3-9][0-9]{2})[0-9]{7,8}\b",
        needs_word: true,
        normalise: |digits| format!("+86{}", &digits[1..]),
    },
    Form {
        rule: "phone.service",
        pattern: r"\b[48]00[ -]?(?:[0-9]{3}[ -]?[0-9]{4}|[0-9]{4}[ -][0-9]{3})\b",
        needs_word: false,
        normalise: str::to_owned,
    },
    Form {
        rule: "phone.taiwan_mobile",
        pattern: r"\b09[0-9]{2}[ -]?[0-9]{3}[ -]?[0-9]{3}\b",
        needs_word: false,
        normalise: |digits| format!("+886{}", &digits[1..]),
    },
    Form {
        rule: "phone.taiwan_landline",
        pattern: r"(?:\b|\()0[2-8](?:\) ?|[ -])[0-9]{3,4}[ -]?[0-9]{4}\b",
        needs_word: false,
        normalise: |digits| format!("+886{}", &digits[1..]),
    },
    Form {
        rule: "phone.hong_kong",
        pattern: r"\b(?:00)?852[ -]?[235-9][0-9]{3}[ -]?[0-9]{4}\b",
        needs_word: false,
        normalise: |digits| format!("+852{}", &digits[digits.len() - 8..]),
    },
    Form {
        rule: "phone.hong_kong",
        pattern: r"\b[235-9][0-9]{3}[ -]?[0-9]{4}\b",
        needs_word: true,
        normalise: |digits| format!("+852{digits}"),
    },
    Form {
        rule: "phone.british_mobile",
        pattern: r"\b07[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}\b",
        needs_word: false,
        normalise: |digits| format!("+44{}", &digits[1..]),
    },
    Form {
        rule: "phone.british_landline",
        pattern: r"(?:\b|\()0(?:1[0-9]{2,3}|2[0-9])\)? [0-9]{3,4} ?[0-9]{3,4}\b",
        needs_word: false,
        normalise: |digits| format!("+44{}", &digits[1..]),
    },
    Form {
        rule: "phone.american",
        pattern: r"(?:\b|\()[2-9][0-9]{2}(?:\) ?|[-. ])[2-9][0-9]{2}[-. ][0-9]{4}\b",
        needs_word: false,
        normalise: |digits| format!("+1{digits}"),
    },
];

static FORMS: LazyLock<PatternSet<&'static Form>> =
    LazyLock::new(|| PatternSet::of_constants(FORM_TABLE.iter().map(|form| (form.pattern, form))));
