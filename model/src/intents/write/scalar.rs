//! A text as one scalar of YAML: plain where that is safe, since people will read and edit it, else in double quotes.

use std::fmt::Write as _;

/// The text as it stands after `key: ` or `- ` in a block.
pub(super) fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether every YAML parser reads the text as just this text.
fn is_plain(text: &str) -> bool {
    let begins_well = |c: char| !"-?:,[]{}#&*!|>'\"%@`=<.~".contains(c);
    text.starts_with(begins_well)
        && text.trim() == text
        && text.contains(char::is_alphabetic)
        && !text.starts_with(|c: char| c.is_ascii_digit() || c == '+')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !text.contains(must_be_escaped)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// What YAML 1.1 or 1.2 reads as something else than a text.
const WORDS: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if must_be_escaped(c) => write!(quoted, "\\U{:08x}", u32::from(c)).expect("a string takes all"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Control characters, line separators, byte order marks and what else YAML does not count as printable.
pub(super) fn must_be_escaped(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intents::tree::parse;

    #[test]
    fn every_text_comes_back_and_most_need_no_quotes() {
        let texts = [
            "我要退货",
            "what's up",
            "a - b",
            "returns: now",
            "a #b",
            "#a",
            "- a",
            "-",
            "0",
            "007",
            "1.5",
            "null",
            "~",
            "Yes",
            "a:",
            "a:b",
            "[x](y)",
            "{a}",
            "\"",
            "'",
            "a\nb",
            "a\tb",
            "a\\b",
            "\u{7f}",
            "\u{85}",
            "\u{2028}",
            "\u{feff}a",
            "😀 退",
            "？",
            "...",
            "%a",
            "@me",
            "`a`",
            "!x",
            "&a",
            "*a",
            "=1+1",
            "12:30",
            "2024-01-01",
            "1_000",
            "0x1f",
            "+1",
            ".5",
            "a  b",
            "退 货：不",
            "",
            "<<",
            "n",
            "a,b",
            "a]",
            "| x",
            "> x",
        ];
        for text in texts {
            let written = scalar(text);
            let key = parse(&format!("{written}: 1\n"));
            assert!(text.is_empty() || key.is_ok(), "{written}");
            let tree = parse(&format!("a: {written}\nb:\n  - {written}\n")).unwrap();
            assert_eq!(tree.get("a").unwrap().text(), Some(text), "{written}");
            let again: std::collections::BTreeMap<String, serde_json::Value> =
                serde_saphyr::from_str(&format!("a: {written}\n")).unwrap();
            assert_eq!(again["a"], text, "{written}");
        }
        for text in ["我要退货", "what's up", "a - b", "a:b", "退 货：不", "where is it?"] {
            assert_eq!(scalar(text), text);
        }
    }
}
