//! Sums of money.

use std::sync::LazyLock;

use regex::Regex;

use super::super::entity::{Currency, EntityKind};
use super::super::lexicon;
use super::super::pattern_set::{PatternSet, Traps, constant};
use super::{Proposal, Specificity};

pub(super) fn propose(text: &str) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    let mut traps = Vec::new();
    for found in PATTERNS.find(text) {
        let written = &text[found.range.clone()];
        let amount =
            |rule| Proposal::new(EntityKind::Amount, found.range.clone(), Specificity::UsualForm, rule);
        match found.of {
            Pattern::Trap => traps.push(found.range),
            Pattern::Digits(rule) => {
                proposals.push(Proposal {
                    currency: currency(written),
                    ..amount(rule).normalised(value_of_digits(written))
                });
            }
            Pattern::Words(rule, number) => {
                let value = value_of_digits(written).or_else(|| value_of_words(written, *number));
                proposals.push(Proposal { currency: currency(written), ..amount(rule).normalised(value) });
            }
        }
    }
    let traps = Traps::new(traps);
    proposals.retain(|proposal| !traps.catch(&proposal.range));
    proposals
}

enum Pattern {
    /// A number in digits, with a sign before or a unit after.
    Digits(&'static str),
    /// Something in words of a language, and how it reads its numerals.
    Words(&'static str, fn(&str) -> Option<u64>),
    /// What looks like an amount and is none.
    Trap,
}

/// Signs before a number; `$` alone may be several currencies', and so may be 元.
const SIGNS: &[(&str, Option<Currency>)] = &[
    (r"¥", Some(Currency::Cny)),
    (r"£", Some(Currency::Gbp)),
    (r"€", Some(Currency::Eur)),
    (r"\b(?:hk\$|hkd)", Some(Currency::Hkd)),
    (r"\b(?:nt\$|ntd|twd|nt)", Some(Currency::Twd)),
    (r"\b(?:us\$|usd)", Some(Currency::Usd)),
    (r"\b(?:s\$|sgd)", Some(Currency::Sgd)),
    (r"\b(?:rmb|cny)", Some(Currency::Cny)),
    (r"\b(?:rm|myr)", Some(Currency::Myr)),
    (r"\bgbp", Some(Currency::Gbp)),
    (r"\beur", Some(Currency::Eur)),
    (r"\$", None),
];

const NUMBER: &str = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{1,2})?";

static PATTERNS: LazyLock<PatternSet<Pattern>> = LazyLock::new(|| {
    let units = alternatives(units().map(|(pattern, _)| pattern));
    let signs = alternatives(SIGNS.iter().map(|(pattern, _)| *pattern));
    let mut patterns = vec![
        (format!("{signs} ?{NUMBER}(?:[万千kw]|(?: ?{units}))?"), Pattern::Digits("amount.sign")),
        (format!(r"\b{NUMBER}[多几来]? ?[万千wk]?[多几来]? ?{units}"), Pattern::Digits("amount.unit")),
    ];
    for lexicon in lexicon::ALL {
        let words = lexicon.amounts.iter();
        let number = lexicon.number_in_words;
        patterns.extend(words.map(|rule| (rule.pattern.to_owned(), Pattern::Words(rule.name, number))));
        patterns.extend(lexicon.not_amounts.iter().map(|&trap| (trap.to_owned(), Pattern::Trap)));
    }
    PatternSet::of_constants(patterns)
});

fn units() -> impl Iterator<Item = (&'static str, Option<Currency>)> {
    lexicon::ALL.iter().flat_map(|lexicon| lexicon.money_units).copied()
}

fn alternatives<'p>(patterns: impl Iterator<Item = &'p str>) -> String {
    format!("(?:{})", patterns.collect::<Vec<_>>().join("|"))
}

/// The currency that the first telling sign or unit names.
fn currency(written: &str) -> Option<Currency> {
    CURRENCIES.iter().find(|(regex, _)| regex.is_match(written)).map(|&(_, currency)| currency)
}

static CURRENCIES: LazyLock<Vec<(Regex, Currency)>> = LazyLock::new(|| {
    // A unit follows its number directly, where there is no boundary of words; \b is for what precedes.
    let telling = SIGNS.iter().copied().chain(units());
    telling.filter_map(|(pattern, currency)| Some((constant(pattern), currency?))).collect()
});

/// As a decimal, thousands in full: `1,380` is `1380`, 1.2万 is `12000`. Nothing when it is only about that much.
fn value_of_digits(written: &str) -> Option<String> {
    let start = written.find(|c: char| c.is_ascii_digit())?;
    let rest = &written[start..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(rest.len());
    let number: String = rest[..end].trim_end_matches(['.', ',']).chars().filter(|&c| c != ',').collect();
    if rest[end..].contains(['多', '几', '来']) {
        return None;
    }
    let factor = match rest[end..].trim_start().chars().next() {
        Some('万' | 'w') => 10_000,
        Some('千') => 1000,
        Some('k') if !rest[end..].trim_start().starts_with("ku") => 1000,
        Some('毛') => return None,
        _ => return Some(number),
    };
    let (whole, part) = number.split_once('.').unwrap_or((&number, ""));
    let hundredths: u64 = format!("{whole}{part:0<2}").parse().ok()?;
    Some((hundredths * factor / 100).to_string())
}

/// The value of words before their unit.
fn value_of_words(written: &str, number: fn(&str) -> Option<u64>) -> Option<String> {
    let unit = UNIT_AT_END.find(written)?;
    let value = number(written[..unit.start()].trim_end())?;
    Some(value.to_string())
}

static UNIT_AT_END: LazyLock<Regex> = LazyLock::new(|| {
    let units = alternatives(units().map(|(pattern, _)| pattern));
    constant(&format!("{units}$"))
});

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts(text: &str) -> Vec<(&str, Option<String>, Option<Currency>)> {
        let found = super::super::without_overlaps(propose(text)).into_iter();
        found.map(|amount| (&text[amount.range], amount.normalised, amount.currency)).collect()
    }

    #[test]
    fn amounts_have_values_and_currencies() {
        for (text, amount, value, currency) in [
            ("¥129的", "¥129", Some("129"), Some(Currency::Cny)),
            ("退129块钱", "129块钱", Some("129"), None),
            ("花了一百二十块", "一百二十块", Some("120"), None),
            ("hk$1,300.50 la", "hk$1,300.50", Some("1300.50"), Some(Currency::Hkd)),
            ("12 dollars", "12 dollars", Some("12"), None),
            ("£9.99", "£9.99", Some("9.99"), Some(Currency::Gbp)),
            ("花了1.2万", "1.2万", Some("12000"), None),
            ("1.25万元", "1.25万元", Some("12500"), None),
            ("100多块", "100多块", None, None),
            ("50 kuai", "50 kuai", Some("50"), Some(Currency::Cny)),
            ("twenty five quid", "twenty five quid", Some("25"), Some(Currency::Gbp)),
        ] {
            assert_eq!(amounts(text), [(amount, value.map(str::to_owned), currency)], "{text}");
        }
    }

    #[test]
    fn pieces_and_feasts_are_no_money() {
        for text in ["少了2块电池", "一块去", "1元旦", "五万粉丝", "3万人"] {
            assert_eq!(amounts(text), [], "{text}");
        }
    }
}
