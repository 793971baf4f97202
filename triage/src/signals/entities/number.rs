//! The shop's order numbers, and the waybill numbers that are digits only. They look alike; the words beside tell.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::entity::{Carrier, EntityKind};
use super::super::lexicon::Beside;
use super::super::pattern_set::constant;
use super::{Proposal, Specificity, beside, compact};

/// Order numbers as the shop writes them, unless they are another's.
pub(super) fn orders(text: &str, order_number: &Regex) -> Vec<Proposal> {
    order_number.find_iter(text).filter_map(|found| order(text, found.range())).collect()
}

/// Waybill numbers of digits only.
pub(super) fn waybills(text: &str) -> Vec<Proposal> {
    DIGITS.find_iter(text).filter_map(|found| waybill(text, found.range())).collect()
}

/// Ten to fifteen digits, or twelve in fours.
static DIGITS: LazyLock<Regex> =
    LazyLock::new(|| constant(r"\b(?:[0-9]{10,15}|[0-9]{4}[ -][0-9]{4}[ -][0-9]{4})\b"));

fn order(text: &str, range: Range<usize>) -> Option<Proposal> {
    let number = compact(&text[range.clone()]);
    let (specificity, rule) = if number.contains(|c: char| c.is_ascii_alphabetic()) {
        (Specificity::Form, "order_number.form")
    } else {
        match read(text, &range, &number) {
            Reading::Order => (Specificity::WordBeside, "order_number.word_beside"),
            Reading::Unsaid => (Specificity::Likeliest, "order_number.digits"),
            Reading::Waybill(..) | Reading::Foreign => return None,
        }
    };
    let written = text[range.clone()].to_ascii_uppercase();
    Some(Proposal::new(EntityKind::OrderNumber, range, specificity, rule).normalised(written))
}

fn waybill(text: &str, range: Range<usize>) -> Option<Proposal> {
    let number = compact(&text[range.clone()]);
    let Reading::Waybill(carrier) = read(text, &range, &number) else { return None };
    let rule = if carrier.is_some() { "waybill.carrier_beside_or_form" } else { "waybill.word_beside" };
    let proposal = Proposal::new(EntityKind::WaybillNumber, range, Specificity::WordBeside, rule);
    Some(Proposal { carrier, ..proposal.normalised(number) })
}

/// What a number of digits is, by what stands beside it.
enum Reading {
    Order,
    Waybill(Option<Carrier>),
    Foreign,
    Unsaid,
}

fn read(text: &str, range: &Range<usize>, number: &str) -> Reading {
    let of_numbers = |word| (word != Beside::Phone).then_some(word);
    let telling = |word| of_numbers(word).filter(|&word| word != Beside::SomeNumber);
    match beside::before(text, range, of_numbers) {
        Some(Beside::Order) => Reading::Order,
        Some(Beside::Waybill) => Reading::Waybill(carrier_of_form(number)),
        Some(Beside::Carrier(carrier)) => Reading::Waybill(Some(carrier)),
        Some(Beside::Foreign) => Reading::Foreign,
        // 黑貓單號: what stands before 單號 says which.
        Some(Beside::SomeNumber) => match beside::before(text, range, telling) {
            Some(Beside::Order) => Reading::Order,
            Some(Beside::Carrier(carrier)) => Reading::Waybill(Some(carrier)),
            Some(Beside::Waybill) => Reading::Waybill(carrier_of_form(number)),
            _ => carrier_of_form(number).map_or(Reading::Unsaid, |carrier| Reading::Waybill(Some(carrier))),
        },
        Some(Beside::Phone) | None => {
            // What follows says less: 订单 12… 顺丰 SF… is no number of 顺丰's.
            // So it must agree with the form.
            let carrier = carrier_of_form(number).filter(|&carrier| {
                let agrees = |word| match word {
                    Beside::Carrier(named) => Some(named == carrier),
                    Beside::Waybill | Beside::SomeNumber => Some(true),
                    _ => None,
                };
                beside::after(text, range, agrees).unwrap_or(false)
            });
            carrier.map_or(Reading::Unsaid, |carrier| Reading::Waybill(Some(carrier)))
        }
    }
}

/// Whose numbers of digits look so.
fn carrier_of_form(number: &str) -> Option<Carrier> {
    let begins = |beginnings: &[&str]| beginnings.iter().any(|&beginning| number.starts_with(beginning));
    match number.len() {
        12..=15 if begins(&["77"]) => Some(Carrier::Sto),
        12..=15 if begins(&["7"]) => Some(Carrier::Zto),
        13 if begins(&["31", "43", "46"]) => Some(Carrier::Yunda),
        13 if begins(&["10", "11", "12", "97", "98", "99"]) => Some(Carrier::Ems),
        _ => None,
    }
}
