//! What each Chinese character says about the script it stands in, from OpenCC's dictionaries.
//!
//! Characters are looked up one by one. What OpenCC knows beyond single characters, as that 皇后 stays 皇后 in
//! traditional texts, does not matter here.

use std::sync::LazyLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use shopdesk_model::script::simplified_character;

/// Which script writes a character so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Both, or it is no Chinese character.
    Shared,
    Simplified,
    Traditional,
}

/// The script that a character belongs to.
pub(crate) fn script(c: char) -> Script {
    place(c).map_or(Script::Shared, |place| TABLE[place])
}

/// The block of Unicode that holds all characters in daily use.
const FIRST: char = '\u{4e00}';
const LAST: char = '\u{9fff}';

/// Characters of written Cantonese, which is written in the traditional script; OpenCC takes them for both.
const CANTONESE: &str = "唔咗嘅哋冇佢喺啲嚟搵嗰咁乜嘢喎攞揾";

fn place(c: char) -> Option<usize> {
    (FIRST..=LAST).contains(&c).then(|| c as usize - FIRST as usize)
}

static TABLE: LazyLock<Vec<Script>> = LazyLock::new(|| {
    // Each on its own line, or OpenCC would take neighbours for a word.
    let all: String = (FIRST..=LAST).flat_map(|c| [c, '\n']).collect();
    let converter =
        OpenCC::from_config(BuiltinConfig::S2t).expect("the dictionary is compiled into the program");
    let converted = converter.convert(&all);
    let traditional =
        converted.lines().map(|line| line.chars().next().expect("a character becomes a character"));
    (FIRST..=LAST)
        .zip(traditional)
        .map(|(c, traditional)| match (c != simplified_character(c), c != traditional) {
            _ if CANTONESE.contains(c) => Script::Traditional,
            (true, false) => Script::Traditional,
            (false, true) => Script::Simplified,
            _ => Script::Shared,
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_of_one_script_tells_it() {
        assert_eq!(script('單'), Script::Traditional);
        assert_eq!(script('单'), Script::Simplified);
        assert_eq!(script('人'), Script::Shared);
        assert_eq!(script('a'), Script::Shared);
    }
}
