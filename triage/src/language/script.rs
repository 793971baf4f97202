//! What each Chinese character says about the script it stands in, from OpenCC's dictionaries.
//!
//! Characters are looked up one by one, so that a text keeps its length and a place in it stays a place. What OpenCC
//! knows beyond single characters, as that 皇后 stays 皇后 in traditional texts, does not matter here.

use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// Which script writes a character so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Both, or it is no Chinese character.
    Shared,
    Simplified,
    Traditional,
}

/// The simplified form of a traditional character; every other character as it is.
pub(crate) fn simplified(c: char) -> char {
    place(c).map_or(c, |place| TABLE[place].0)
}

/// The script that a character belongs to.
pub(crate) fn script(c: char) -> Script {
    place(c).map_or(Script::Shared, |place| TABLE[place].1)
}

/// The block of Unicode that holds all characters in daily use.
const FIRST: char = '\u{4e00}';
const LAST: char = '\u{9fff}';

/// Characters of written Cantonese, which is written in the traditional script; OpenCC takes them for both.
const CANTONESE: &str = "唔咗嘅哋冇佢喺啲嚟搵嗰咁乜嘢喎攞揾";

fn place(c: char) -> Option<usize> {
    (FIRST..=LAST).contains(&c).then(|| c as usize - FIRST as usize)
}

static TABLE: LazyLock<Vec<(char, Script)>> = LazyLock::new(|| {
    // Each on its own line, or OpenCC would take neighbours for a word.
    let all: String = (FIRST..=LAST).flat_map(|c| [c, '\n']).collect();
    let to_simplified = converted(BuiltinConfig::T2s, &all);
    let to_traditional = converted(BuiltinConfig::S2t, &all);
    let forms = to_simplified.into_iter().zip(to_traditional);
    (FIRST..=LAST)
        .zip(forms)
        .map(|(c, (simplified, traditional))| match (c != simplified, c != traditional) {
            _ if CANTONESE.contains(c) => (simplified, Script::Traditional),
            (true, false) => (simplified, Script::Traditional),
            (false, true) => (c, Script::Simplified),
            _ => (simplified, Script::Shared),
        })
        .collect()
});

fn converted(config: BuiltinConfig, lines: &str) -> Vec<char> {
    let converter = OpenCC::from_config(config).expect("the dictionaries are compiled into the program");
    let converted = converter.convert(lines);
    converted.lines().map(|line| line.chars().next().expect("a character becomes a character")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_converted_one_by_one() {
        let text: String = "轉人工，訂單後天到 order 塊".chars().map(simplified).collect();
        assert_eq!(text, "转人工，订单后天到 order 块");
    }

    #[test]
    fn a_character_of_one_script_tells_it() {
        assert_eq!(script('單'), Script::Traditional);
        assert_eq!(script('单'), Script::Simplified);
        assert_eq!(script('人'), Script::Shared);
        assert_eq!(script('a'), Script::Shared);
    }
}
