//! Messages that are the same to the letter, or but for case, width, spaces and punctuation.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization as _;

use super::{Finding, Message};
use crate::intents::same_message_key;

/// Each text, and each run of words, that stands under two intents, in the order of the files.
pub(super) fn across_intents(messages: &[Message<'_>]) -> Vec<Finding> {
    let same_text = groups(messages, |text| Some(same_message_key(text))).into_iter();
    let same_text = same_text.map(|group| Finding::SameText { messages: located(&group) });
    let same_words = groups(messages, words).into_iter().filter(|group| {
        let texts: BTreeSet<String> =
            group.iter().map(|message| same_message_key(&message.example.text)).collect();
        texts.len() > 1
    });
    let same_words = same_words.map(|group| Finding::SameWords { messages: located(&group) });
    same_text.chain(same_words).collect()
}

/// Test messages that stand among the examples, whatever their intents.
pub(super) fn leaks(tests: &[Message<'_>], examples: &[Message<'_>]) -> Vec<Finding> {
    let known: HashMap<String, &Message<'_>> =
        examples.iter().rev().filter_map(|example| Some((words(&example.example.text)?, example))).collect();
    let leaks = tests.iter().filter_map(|test| Some((test, known.get(&words(&test.example.text)?)?)));
    leaks
        .map(|(test, training)| Finding::Leak {
            similarity: None,
            test: test.located(),
            training: training.located(),
        })
        .collect()
}

/// Letters and digits alone, small and in their usual width; nothing when there are none.
pub(super) fn words(text: &str) -> Option<String> {
    let words: String = text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect();
    (!words.is_empty()).then_some(words)
}

/// Messages of one key that have more than one intent.
fn groups<'a, 'm>(
    messages: &'m [Message<'a>],
    key: impl Fn(&str) -> Option<String>,
) -> Vec<Vec<&'m Message<'a>>> {
    let mut groups: BTreeMap<String, Vec<(usize, &Message<'_>)>> = BTreeMap::new();
    for (number, message) in messages.iter().enumerate() {
        if let Some(key) = key(&message.example.text) {
            groups.entry(key).or_default().push((number, message));
        }
    }
    let mut groups: Vec<_> = groups
        .into_values()
        .filter(|group| group.iter().any(|(_, message)| message.intent != group[0].1.intent))
        .collect();
    groups.sort_by_key(|group| group[0].0);
    groups.into_iter().map(|group| group.into_iter().map(|(_, message)| message).collect()).collect()
}

fn located(group: &[&Message<'_>]) -> Vec<super::Located> {
    group.iter().map(|message| message.located()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intents::Intents;

    /// What is found in JSON lines of texts and intents.
    fn intents(lines: &[(&str, Option<&str>)]) -> Intents {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let lines = lines
            .iter()
            .map(|(text, intent)| serde_json::json!({ "text": text, "intent": intent }).to_string());
        std::fs::write(&path, lines.collect::<Vec<_>>().join("\n")).unwrap();
        Intents::load(&path).unwrap()
    }

    #[test]
    fn the_same_text_under_two_intents_is_found_with_its_lines() {
        let intents = intents(&[
            ("转人工", Some("human")),
            ("refund?", Some("refund")),
            ("转人工", Some("refund")),
            ("转人工！", Some("human")),
            ("REFUND", Some("status")),
            ("ｒｅｆｕｎｄ", None),
            ("？？？", Some("status")),
            ("……", Some("human")),
        ]);
        let found = across_intents(&super::super::messages(&intents));
        let lines = |messages: &[super::super::Located]| {
            messages.iter().map(|located| located.line).collect::<Vec<_>>()
        };
        let [
            Finding::SameText { messages: text },
            Finding::SameWords { messages: human },
            Finding::SameWords { messages: refund },
        ] = found.as_slice()
        else {
            panic!("{found:?}")
        };
        assert_eq!(lines(text), [1, 3]);
        assert_eq!(lines(human), [1, 4, 3]);
        assert_eq!(lines(refund), [2, 5, 6]);
        assert_eq!(refund[2].intent, None);
    }

    #[test]
    fn a_test_message_among_the_examples_leaks_whatever_its_intent() {
        let examples = intents(&[("Where is it?", Some("track")), ("退款呢", Some("refund"))]);
        let tests =
            intents(&[("where is it", Some("delay")), ("退货呢", Some("refund")), ("!", Some("refund"))]);
        let found = leaks(&super::super::messages(&tests), &super::super::messages(&examples));
        let [Finding::Leak { similarity: None, test, training }] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!((test.text.as_str(), training.text.as_str()), ("where is it", "Where is it?"));
    }
}
