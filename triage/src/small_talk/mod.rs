//! Messages that want nothing: greetings, thanks, goodbyes. Only a message that is nothing but that counts, phrase by phrase.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use shopdesk_model::script::simplified;
use unicode_normalization::UnicodeNormalization as _;

/// What a message that wants nothing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmallTalk {
    /// Somebody is there.
    Greeting,
    /// Somebody is grateful.
    Thanks,
    /// Somebody leaves.
    Bye,
    /// Somebody has understood.
    Acknowledge,
}

impl SmallTalk {
    /// What a message is, if it is nothing else.
    #[must_use]
    pub fn of(message: &str) -> Option<Self> {
        PHRASES.get(normalized(message).as_str()).copied()
    }
}

static PHRASES: LazyLock<HashMap<String, SmallTalk>> = LazyLock::new(|| {
    let lists = [
        (SmallTalk::Greeting, include_str!("greeting.txt")),
        (SmallTalk::Thanks, include_str!("thanks.txt")),
        (SmallTalk::Bye, include_str!("bye.txt")),
        (SmallTalk::Acknowledge, include_str!("acknowledge.txt")),
    ];
    let phrases =
        lists.into_iter().flat_map(|(kind, list)| list.lines().map(move |phrase| (normalized(phrase), kind)));
    phrases.collect()
});

/// In small letters and one Chinese script, without punctuation and pictures; words apart by one space, Chinese without any.
fn normalized(message: &str) -> String {
    let folded: String = simplified(message)
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !matches!(c, '\'' | '’'))
        .collect();
    let words: Vec<&str> =
        folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let is_chinese = folded.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c));
    words.join(if is_chinese { "" } else { " " })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_nothing_else_is_small_talk() {
        for (message, kind) in [
            ("你好！", SmallTalk::Greeting),
            ("謝謝～ 😊", SmallTalk::Thanks),
            ("Thank you!!", SmallTalk::Thanks),
            ("That's all, thanks!", SmallTalk::Bye),
            ("OK 谢谢", SmallTalk::Thanks),
            ("再见👋", SmallTalk::Bye),
            ("嗯嗯", SmallTalk::Acknowledge),
        ] {
            assert_eq!(SmallTalk::of(message), Some(kind), "{message}");
        }
    }

    #[test]
    fn whoever_wants_something_is_not_put_off_with_a_greeting() {
        for message in
            ["你好，我的快递呢", "有人吗", "thanks for nothing", "谢谢，那运费呢", "", "?", "收到了"]
        {
            assert_eq!(SmallTalk::of(message), None, "{message}");
        }
    }

    #[test]
    fn no_phrase_is_of_two_kinds() {
        let lists = ["greeting", "thanks", "bye", "acknowledge"].map(|name| {
            let path = format!("{}/src/small_talk/{name}.txt", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).unwrap();
            text.lines().map(normalized).collect::<std::collections::HashSet<_>>()
        });
        for (at, list) in lists.iter().enumerate() {
            for other in &lists[at + 1..] {
                assert_eq!(list.intersection(other).count(), 0);
            }
        }
    }
}
