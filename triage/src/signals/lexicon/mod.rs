//! What the rules know of a language: one table each. Another language is another file here and a line in [`ALL`].

mod en;
mod zh;

use shopdesk_model::intents::Priority;

use super::entity::{Carrier, Currency};

/// Every language that the rules know. They all read every message: shoppers mix.
pub(super) const ALL: &[&Lexicon] = &[&zh::LEXICON, &en::LEXICON];

/// A language's words for what the rules look for.
///
/// Patterns are matched against [folded](super::folded) text: ASCII for full-width, small letters, simplified characters.
/// Where a pattern has a group, the group is what is found and the rest must stand beside it. Word boundaries are
/// `\b` for ASCII letters and digits only, so that 订单12 has one between 单 and 1.
pub(super) struct Lexicon {
    /// What the words beside a run of digits say of it.
    pub(super) beside_numbers: &'static [(&'static str, Beside)],
    /// Units of money after a number in digits, and the currency if they tell.
    pub(super) money_units: &'static [(&'static str, Option<Currency>)],
    /// Sums of money that are not digits and a unit.
    pub(super) amounts: &'static [Rule],
    /// What looks like a sum of money. No amount is found where one of these is.
    pub(super) not_amounts: &'static [&'static str],
    /// The value of a number in words.
    pub(super) number_in_words: fn(&str) -> Option<u64>,
    /// Days.
    pub(super) dates: &'static [Rule],
    /// What looks like a day.
    pub(super) not_dates: &'static [&'static str],
    /// Asking for a human, clause by clause.
    pub(super) human: &'static [Rule],
    /// What looks like it.
    pub(super) not_human: &'static [&'static str],
    /// What makes a ticket more urgent than its intent, clause by clause.
    pub(super) alarms: &'static [(Priority, Rule)],
    /// What looks like it.
    pub(super) not_alarms: &'static [&'static str],
    /// What makes the opposite of a request for a human when it ends right before it. Matched against what stands before
    /// in the clause.
    pub(super) human_negation: &'static str,
    /// The same for alarms.
    pub(super) alarm_negation: &'static str,
    /// What undoes a negation when it follows: "I don't want to go to court, but".
    pub(super) contrast: &'static str,
}

/// A pattern and its name.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) pattern: &'static str,
}

const fn rule(name: &'static str, pattern: &'static str) -> Rule {
    Rule { name, pattern }
}

/// What a word says of the digits beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beside {
    /// They are an order's number.
    Order,
    /// They are a parcel's number.
    Waybill,
    /// They are a parcel's number, and this is who carries it.
    Carrier(Carrier),
    /// They are a number of something: 单号 is said of orders and parcels.
    SomeNumber,
    /// They are a telephone number.
    Phone,
    /// They are none of what we look for: a card, an identity, a tax number.
    Foreign,
}
