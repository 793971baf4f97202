//! Masks what identifies a person before a text goes anywhere but to the shop's own store: numbers that call, pay or
//! identify, and addresses of e-mail. What a message means does not depend on them.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// The text with personal data replaced by a word in brackets. Order and waybill numbers stay: they are not personal,
/// and matter.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let masked = EMAIL.replace_all(text, "[email]");
    match DIGITS.replace_all(&masked, |captures: &Captures<'_>| mask_run(&captures[0])) {
        Cow::Owned(replaced) if replaced != masked => Cow::Owned(replaced),
        _ => masked,
    }
}

static EMAIL: LazyLock<Regex> =
    LazyLock::new(|| compiled(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"));

/// Groups of digits between single spaces or hyphens, perhaps ended by the `X` of an identity number.
static DIGITS: LazyLock<Regex> = LazyLock::new(|| compiled(r"[0-9]+(?:[ -][0-9]+)*[Xx]?"));

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that the tests compile")
}

/// No number that is personal has more digits: a bank card's.
const MOST_DIGITS: usize = 19;

/// Masks the longest stretches of whole groups that are personal: a number may be written in groups, and another
/// number may stand beside it.
fn mask_run(run: &str) -> String {
    let groups: Vec<&str> = run.split_inclusive([' ', '-']).collect();
    let mut masked = String::with_capacity(run.len());
    let mut first = 0;
    while first < groups.len() {
        // Each group has a digit at least.
        let last = groups.len().min(first + MOST_DIGITS);
        let stretch = (first + 1..=last).rev().find_map(|end| {
            let text = groups[first..end].concat();
            let number = text.trim_end_matches([' ', '-']);
            kind_of(number).map(|kind| (end, kind, text[number.len()..].to_owned()))
        });
        match stretch {
            Some((end, kind, separator)) => {
                masked.push_str(&format!("[{kind}]{separator}"));
                first = end;
            }
            None => {
                masked.push_str(groups[first]);
                first += 1;
            }
        }
    }
    masked
}

fn kind_of(run: &str) -> Option<&'static str> {
    let digits: Vec<u32> = run.chars().filter_map(|c| c.to_digit(10)).collect();
    let ends_with_x = run.ends_with(['x', 'X']);
    if is_identity_number(&digits, ends_with_x) {
        Some("identity number")
    } else if ends_with_x {
        None
    } else if is_mobile_number(&digits) {
        Some("phone")
    } else if is_card_number(&digits) {
        Some("card")
    } else {
        None
    }
}

/// Mainland mobile numbers: eleven digits from 13 to 19, perhaps after the country code.
fn is_mobile_number(digits: &[u32]) -> bool {
    let national = digits.strip_prefix(&[8, 6]).filter(|rest| rest.len() == 11).unwrap_or(digits);
    national.len() == 11 && national[0] == 1 && national[1] >= 3
}

/// Eighteen characters, the last a check digit modulo 11 (GB 11643-1999; ISO 7064, MOD 11-2).
fn is_identity_number(digits: &[u32], ends_with_x: bool) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: [u32; 11] = [1, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let check = match (digits.len(), ends_with_x) {
        (17, true) => 10,
        (18, false) => digits[17],
        _ => return false,
    };
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let plausible_year = digits[6] * 10 + digits[7] == 19 || digits[6] * 10 + digits[7] == 20;
    plausible_year && CHECK[(sum % 11) as usize] == check
}

/// Sixteen to nineteen digits whose Luhn sum is a multiple of ten (ISO/IEC 7812-1), from 3 to 6 as cards are.
fn is_card_number(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, &digit)| match place % 2 {
            0 => digit,
            _ if digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum();
    (16..=19).contains(&digits.len()) && (3..=6).contains(&digits[0]) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_numbers_and_addresses_are_masked() {
        for (text, masked) in [
            ("打我电话13812345678，急", "打我电话[phone]，急"),
            ("+86 138 1234 5678", "+[phone]"),
            ("write to li.lei+shop@example.com.cn please", "write to [email] please"),
            ("身份证11010519491231002X", "身份证[identity number]"),
            ("卡号 4111 1111 1111 1111", "卡号 [card]"),
            ("邮箱是abc@qq.com请发过来", "邮箱是[email]请发过来"),
            ("13812345678 13912345678", "[phone] [phone]"),
            ("电话13812345678 2件", "电话[phone] 2件"),
            ("订单202611112345678901 13812345678-2号", "订单202611112345678901 [phone]-2号"),
        ] {
            assert_eq!(redact(text), masked);
        }
    }

    #[test]
    fn order_numbers_models_and_prices_stay() {
        for text in
            ["订单 202611112345678901 没发", "NL-RC40 ¥199.00", "运单 78123456789012", "2026-11-22 14:00"]
        {
            assert_eq!(redact(text), text);
        }
    }
}
