//! Messages that people labelled while the desk was running, beside the examples that the shop wrote.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Example, IntentId, Intents, same_message_key};

/// What became of messages that were labelled later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Learnt {
    /// They are examples now.
    pub added: usize,
    /// The shop has them as examples already.
    pub known: usize,
    /// The shop has them as examples of something else: its files are right until somebody changes them.
    pub contradicting: usize,
    /// The shop has no such intent any more.
    pub of_no_intent: usize,
    /// They are held out to measure on, and nobody can measure on what was learnt from.
    pub held_out: usize,
}

impl Intents {
    /// Takes messages that were labelled later as examples, of the intents that there are, but for those that are held out.
    pub fn learn(&mut self, labelled: Self, is_held_out: impl Fn(&str) -> bool) -> Learnt {
        let mut known: HashMap<String, Option<IntentId>> = HashMap::new();
        for intent in &self.intents {
            let examples = intent.examples.iter();
            known.extend(
                examples.map(|example| (same_message_key(&example.text), Some(intent.label.id.clone()))),
            );
        }
        known.extend(self.out_of_scope.iter().map(|example| (same_message_key(&example.text), None)));
        let mut learnt = Learnt::default();
        let mut place = |example: Example, intent: Option<&IntentId>, to: &mut Vec<Example>| {
            if is_held_out(&example.text) {
                learnt.held_out += 1;
                return;
            }
            match known.get(&same_message_key(&example.text)) {
                None => {
                    known.insert(same_message_key(&example.text), intent.cloned());
                    to.push(example);
                    learnt.added += 1;
                }
                Some(other) if other.as_ref() == intent => learnt.known += 1,
                Some(_) => learnt.contradicting += 1,
            }
        };
        let mut of_no_intent = 0;
        for other in labelled.intents {
            match self.intents.iter_mut().find(|intent| intent.label.id == other.label.id) {
                None => of_no_intent += other.examples.len(),
                Some(intent) => {
                    let id = intent.label.id.clone();
                    other
                        .examples
                        .into_iter()
                        .for_each(|example| place(example, Some(&id), &mut intent.examples));
                }
            }
        }
        labelled.out_of_scope.into_iter().for_each(|example| place(example, None, &mut self.out_of_scope));
        Learnt { of_no_intent, ..learnt }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intents(lines: &str) -> Intents {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labelled.jsonl");
        std::fs::write(&path, lines).unwrap();
        Intents::load(&path).unwrap()
    }

    #[test]
    fn what_was_labelled_later_is_learnt_unless_the_shop_says_otherwise() {
        let mut shop = intents(
            "{\"text\": \"where is my parcel\", \"intent\": \"track\"}\n{\"text\": \"a poem\", \"intent\": null}\n\
             {\"text\": \"money back\", \"intent\": \"refund\"}",
        );
        let labelled = intents(
            "{\"text\": \"parcel?\", \"intent\": \"track\"}\n{\"text\": \"Where is my parcel\", \"intent\": \"track\"}\n\
             {\"text\": \"money back\", \"intent\": \"track\"}\n{\"text\": \"a song\", \"intent\": null}\n\
             {\"text\": \"x\", \"intent\": \"gone\"}\n{\"text\": \"a test\", \"intent\": \"track\"}",
        );
        let learnt = shop.learn(labelled, |text| text == "a test");
        assert_eq!(learnt, Learnt { added: 2, known: 1, contradicting: 1, of_no_intent: 1, held_out: 1 });
        let track = shop.intents.iter().find(|intent| intent.label.id.as_str() == "track").unwrap();
        let texts: Vec<&str> = track.examples.iter().map(|example| example.text.as_str()).collect();
        assert_eq!(texts, ["where is my parcel", "parcel?"]);
        assert_eq!((shop.intents.len(), shop.out_of_scope.len()), (2, 2));
    }

    #[test]
    fn what_was_counted_before_there_was_a_count_of_those_held_out_is_still_read() {
        let before = r#"{"added": 2, "known": 1, "contradicting": 0, "of_no_intent": 0}"#;
        let learnt: Learnt = serde_json::from_str(before).unwrap();
        assert_eq!(learnt, Learnt { added: 2, known: 1, ..Learnt::default() });
    }
}
