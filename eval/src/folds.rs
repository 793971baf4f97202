//! Who is measured by whom in a cross-validation.

use std::collections::{BTreeMap, HashMap};

use fastrand::Rng;
use shopdesk_model::intents::{OUT_OF_SCOPE, same_message_key};

use crate::{Error, LabelledMessage, Result};

/// The same data are split in the same way.
const SEED: u64 = 20_260_102;

/// The fold of each message, from 0. Stratified: the messages of each class are shared out as evenly as can be, in random order. What is
/// the same message stands in one fold, whatever its labels: nobody is measured on what was learnt from.
///
/// # Errors
/// [`Error::TooFewForFolds`] when there are fewer different messages.
pub fn folds(messages: &[LabelledMessage], folds: usize) -> Result<Vec<usize>> {
    let groups = same_messages(messages);
    // By the class of the first of each group.
    let mut members: BTreeMap<&str, Vec<&[usize]>> = BTreeMap::new();
    for group in &groups {
        let class = messages[group[0]].intent.as_deref().unwrap_or(OUT_OF_SCOPE);
        members.entry(class).or_default().push(group);
    }
    if folds < 2 || groups.len() < folds {
        return Err(Error::TooFewForFolds { messages: groups.len(), folds });
    }
    let mut rng = Rng::with_seed(SEED);
    let mut of = vec![0; messages.len()];
    // Going on where the last class ended keeps the folds of equal size, too.
    let mut next = 0;
    for members in members.values_mut() {
        rng.shuffle(members);
        for group in members.iter() {
            group.iter().for_each(|&message| of[message] = next % folds);
            next += 1;
        }
    }
    Ok(of)
}

/// The places of each message that is another one, in the order in which they first come.
fn same_messages(messages: &[LabelledMessage]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for (place, message) in messages.iter().enumerate() {
        let group = *known.entry(same_message_key(&message.text)).or_insert(groups.len());
        if group == groups.len() {
            groups.push(Vec::new());
        }
        groups[group].push(place);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_shared_out_evenly() {
        let classes = [Some("a"), Some("b"), Some("b"), None];
        let messages: Vec<_> =
            (0..103).map(|i| LabelledMessage::new(format!("message {i}"), classes[i % 4])).collect();
        let folds = folds(&messages, 5).unwrap();
        for class in classes {
            let count = |fold| {
                (0..103).filter(|&i| messages[i].intent.as_deref() == class && folds[i] == fold).count()
            };
            let counts: Vec<usize> = (0..5).map(count).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
        }
        let sizes: Vec<usize> = (0..5).map(|fold| folds.iter().filter(|&&of| of == fold).count()).collect();
        assert_eq!(sizes.iter().sum::<usize>(), 103);
        assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{sizes:?}");
    }

    #[test]
    fn what_is_the_same_message_stands_in_one_fold() {
        let texts = ["Where is it", "where  IS it", "is it here"];
        let messages: Vec<_> = (0..60)
            .map(|i| LabelledMessage::new(format!("{} {}", texts[i % 3], i / 6), [Some("a"), None][i % 2]))
            .collect();
        let folds = folds(&messages, 4).unwrap();
        for (a, first) in messages.iter().enumerate() {
            for (b, second) in messages.iter().enumerate() {
                let is_same = same_message_key(&first.text) == same_message_key(&second.text);
                assert!(!is_same || folds[a] == folds[b], "{first:?} and {second:?}");
            }
        }
        assert!((0..4).all(|fold| folds.contains(&fold)));
    }

    #[test]
    fn fewer_messages_than_folds_say_so() {
        let messages = |texts: &[&str]| -> Vec<LabelledMessage> {
            texts.iter().map(|&text| LabelledMessage::new(text, Some("a"))).collect()
        };
        let found = folds(&messages(&["a", "A"]), 5);
        assert!(matches!(found, Err(Error::TooFewForFolds { messages: 1, folds: 5 })));
        assert!(folds(&messages(&["a", "b"]), 1).is_err());
    }
}
