//! Waybill numbers whose form tells what they are. Those of digits only are in [`number`](super::number).

use std::sync::LazyLock;

use super::super::entity::{Carrier, EntityKind};
use super::super::lexicon::Beside;
use super::super::pattern_set::PatternSet;
use super::{Proposal, Specificity, beside, compact};

pub(super) fn propose(text: &str) -> Vec<Proposal> {
    let found = FORMS.find(text).into_iter();
    let proposals = found.filter_map(|found| {
        let number = compact(&text[found.range.clone()]);
        let (carrier, rule) = (found.of.read)(&number)?;
        let named = || {
            beside::before(text, &found.range, |beside| match beside {
                Beside::Carrier(carrier) => Some(carrier),
                _ => None,
            })
        };
        let proposal = Proposal::new(EntityKind::WaybillNumber, found.range.clone(), Specificity::Form, rule);
        Some(Proposal { carrier: carrier.or_else(named), ..proposal.normalised(number) })
    });
    proposals.collect()
}

/// A form, and what is read from a number of that form; nothing when it is none after all.
struct Form {
    pattern: &'static str,
    read: fn(&str) -> Option<Read>,
}

/// By whom a number is carried, where its form tells, and the rule that says so.
type Read = (Option<Carrier>, &'static str);

const FORM_TABLE: &[Form] = &[
    Form {
        pattern: r"\bsf[ -]?[0-9]{12,15}\b|\bsf ?[0-9]{4}(?: [0-9]{4}){2}(?: ?[0-9]{1,3})?\b",
        read: |_| Some((Some(Carrier::Sf), "waybill.sf")),
    },
    Form {
        pattern: r"\byt[ -]?[0-9]{13}(?:[0-9]{2})?\b",
        read: |_| Some((Some(Carrier::Yto), "waybill.yto")),
    },
    Form { pattern: r"\bjt[ -]?[0-9]{12,15}\b", read: |_| Some((Some(Carrier::Jt), "waybill.jt")) },
    Form { pattern: r"\bzto[ -]?[0-9]{12,15}\b", read: |_| Some((Some(Carrier::Zto), "waybill.zto")) },
    Form { pattern: r"\bsto[ -]?[0-9]{12,15}\b", read: |_| Some((Some(Carrier::Sto), "waybill.sto")) },
    Form { pattern: r"\byd[ -]?[0-9]{13,15}\b", read: |_| Some((Some(Carrier::Yunda), "waybill.yunda")) },
    Form { pattern: r"\bj?jd[a-z0-9]{9,20}\b", read: jd_or_dhl },
    Form {
        pattern: r"\b[a-z]{2} ?[0-9]{9} ?[a-z]{2}\b|\b[a-z]{2} ?[0-9]{3} [0-9]{3} [0-9]{3} ?[a-z]{2}\b",
        read: s10,
    },
    Form { pattern: r"\b1z[0-9a-z]{16}\b|\b1z(?: [0-9a-z]{3}){2} [0-9a-z]{2}(?: [0-9]{4}){2}\b", read: ups },
];

static FORMS: LazyLock<PatternSet<&'static Form>> =
    LazyLock::new(|| PatternSet::of_constants(FORM_TABLE.iter().map(|form| (form.pattern, form))));

/// JD Logistics numbers have up to four letters after JD; DHL's begin with JD01, or JJD, and have no more letters.
fn jd_or_dhl(number: &str) -> Option<Read> {
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let of_digits = number.trim_start_matches(['J', 'D']).bytes().all(|byte| byte.is_ascii_digit());
    if of_digits && (number.starts_with("JJD") || number.starts_with("JD01")) {
        Some((Some(Carrier::Dhl), "waybill.dhl"))
    } else if digits >= 8 && !number.starts_with("JJD") {
        Some((Some(Carrier::Jd), "waybill.jd"))
    } else {
        None
    }
}

/// Numbers of the world's posts (UPU standard S10): two letters, eight digits, a check digit, the country. A number that
/// was mistyped is still a waybill number, so the check only goes into the rule's name.
fn s10(number: &str) -> Option<Read> {
    const WEIGHTS: [u32; 8] = [8, 6, 4, 2, 3, 5, 9, 7];
    // The services that S10 knows: parcels, express, letters, registered, and those that posts agree on.
    let service = number.starts_with(['C', 'E', 'H', 'L', 'R', 'U', 'V', 'Q']);
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let check = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        check => check,
    };
    let carrier = (number.starts_with('E') || number.ends_with("CN")).then_some(Carrier::Ems);
    let rule = if digits[8] == check { "waybill.s10" } else { "waybill.s10_check_digit_wrong" };
    service.then_some((carrier, rule))
}

/// UPS numbers: 1Z, fifteen letters or digits, a check digit. Letters count by their place in the alphabet plus 2, modulo
/// ten; every second one counts twice.
fn ups(number: &str) -> Option<Read> {
    let (body, check) = number.strip_prefix("1Z")?.split_at_checked(15)?;
    let value = |byte: u8| match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        _ => u32::from(byte - b'A' + 2) % 10,
    };
    let sum: u32 =
        body.bytes().enumerate().map(|(place, byte)| value(byte) * if place % 2 == 0 { 1 } else { 2 }).sum();
    let right = check == ((10 - sum % 10) % 10).to_string();
    Some((Some(Carrier::Ups), if right { "waybill.ups" } else { "waybill.ups_check_digit_wrong" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_checked() {
        assert_eq!(ups("1Z999AA10123456784"), Some((Some(Carrier::Ups), "waybill.ups")));
        assert_eq!(ups("1Z999AA10123456783"), Some((Some(Carrier::Ups), "waybill.ups_check_digit_wrong")));
        assert_eq!(s10("RR473124829GB"), Some((None, "waybill.s10")));
        assert_eq!(s10("EA123456785CN"), Some((Some(Carrier::Ems), "waybill.s10")));
        assert_eq!(s10("EA123456789CN"), Some((Some(Carrier::Ems), "waybill.s10_check_digit_wrong")));
    }

    #[test]
    fn jd_and_dhl_are_told_apart() {
        let carrier = |number| jd_or_dhl(number).and_then(|(carrier, _)| carrier);
        assert_eq!(carrier("JD014600006281230701"), Some(Carrier::Dhl));
        assert_eq!(carrier("JDVB12345678901"), Some(Carrier::Jd));
        assert_eq!(carrier("JDBIGSALE12"), None);
    }
}
