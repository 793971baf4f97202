//! Finds what a message names. Each kind has a module that proposes; where proposals overlap, the more specific wins.

mod amount;
mod beside;
mod date;
mod email;
mod number;
mod phone;
mod product;
mod waybill;

pub(super) use product::Models;

use std::ops::Range;

use super::SignalRules;
use super::entity::{Carrier, Currency, Entity, EntityKind, RuleName};
use super::folded::Folded;

/// Everything that a message names, in the order of the message.
pub(super) fn find(rules: &SignalRules, folded: &Folded<'_>) -> Vec<Entity> {
    let text = folded.text();
    let mut proposals = email::propose(text);
    proposals.extend(product::propose(text, rules.models()));
    proposals.extend(number::orders(text, rules.order_number()));
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        proposals.extend(number::waybills(text));
        proposals.extend(waybill::propose(text));
        proposals.extend(phone::propose(text));
    }
    proposals.extend(amount::propose(text));
    proposals.extend(date::propose(text));
    let mut places = folded.places();
    let entity = |proposal: Proposal| {
        let (characters, text) = places.of(&proposal.range);
        Entity {
            kind: proposal.kind,
            start: characters.start,
            end: characters.end,
            text: text.to_owned(),
            normalised: proposal.normalised,
            carrier: proposal.carrier,
            currency: proposal.currency,
            rule: RuleName::new(proposal.rule),
        }
    };
    without_overlaps(proposals).into_iter().map(entity).collect()
}

/// What a rule believes to have found.
struct Proposal {
    kind: EntityKind,
    /// Bytes of the folded text.
    range: Range<usize>,
    specificity: Specificity,
    normalised: Option<String>,
    carrier: Option<Carrier>,
    currency: Option<Currency>,
    rule: &'static str,
}

impl Proposal {
    fn new(kind: EntityKind, range: Range<usize>, specificity: Specificity, rule: &'static str) -> Self {
        Self { kind, range, specificity, normalised: None, carrier: None, currency: None, rule }
    }

    fn normalised(self, normalised: impl Into<Option<String>>) -> Self {
        Self { normalised: normalised.into(), ..self }
    }
}

/// How much a rule asks of what it finds; the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Specificity {
    /// The form can be nothing else.
    Form,
    /// A word beside it says what it is.
    WordBeside,
    /// The form is one of few, as that of telephone numbers.
    UsualForm,
    /// It could be several things, and this is the likeliest.
    Likeliest,
}

/// The most specific first, then the longest, then the first; each takes its place.
fn without_overlaps(mut proposals: Vec<Proposal>) -> Vec<Proposal> {
    proposals.sort_by_key(|proposal| {
        (proposal.specificity, std::cmp::Reverse(proposal.range.len()), proposal.range.start)
    });
    let mut taken = std::collections::BTreeMap::<usize, Proposal>::new();
    for proposal in proposals {
        let before = taken.range(..proposal.range.end).next_back();
        if before.is_none_or(|(_, before)| before.range.end <= proposal.range.start) {
            taken.insert(proposal.range.start, proposal);
        }
    }
    taken.into_values().collect()
}

/// Capital letters and digits only: how numbers are compared.
fn compact(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}
