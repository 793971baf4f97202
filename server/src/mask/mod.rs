//! What logs for people outside and exports may show of a message: as [`redact`], and without addresses and names of
//! people either. The model reads messages before this: where somebody lives may matter to what they ask.
//!
//! It errs on the side of leaving a text as it is: `3号发货` is a date and `5楼` a floor, and a masked question answers
//! nobody. It is no promise that nothing personal is left.

mod address;
mod name;
mod street;

use std::borrow::Cow;

use regex::Regex;

use shopdesk_triage::redact;

/// The text with numbers, e-mail addresses, addresses and names of people replaced by a word in brackets.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    [name::mask, address::mask, street::mask].into_iter().fold(redact(text), then)
}

/// The next step on what the step before has left.
fn then<'a>(text: Cow<'a, str>, step: impl Fn(&str) -> Cow<'_, str>) -> Cow<'a, str> {
    match step(&text) {
        Cow::Owned(masked) => Cow::Owned(masked),
        Cow::Borrowed(_) => text,
    }
}

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that the tests compile")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_label_is_masked_as_a_whole() {
        for (text, masked) in [
            (
                "收件人：王小明 13812345678 收货地址：浙江省杭州市西湖区文三路123号5栋301室，尽快",
                "收件人：[name] [phone] 收货地址：[address]，尽快",
            ),
            (
                "Recipient: Mary Ann Smith, 12 Baker Street, mary@example.com",
                "Recipient: [name], [address], [email]",
            ),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn an_ordinary_question_is_neither_changed_nor_copied() {
        for text in [
            "3号发货吗",
            "5楼自提吗",
            "订单 202611112345678901 什么时候到",
            "收件人可以改吗",
            "I ordered 2 Vacuum Cleaners on the 3rd",
        ] {
            assert!(matches!(mask(text), Cow::Borrowed(same) if same == text), "{text}");
        }
    }
}
