//! The same messages with the mistakes that people make, and what these cost.

mod mistakes;

pub use mistakes::{Homophones, Mistake};

use std::collections::BTreeMap;

use serde::Serialize;

use crate::statistics::{McNemar, Share, mcnemar};
use crate::{LabelledMessage, Observation};

/// What a kind of mistake costs, on the messages that it can be made in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// The kind of mistake.
    pub mistake: Mistake,
    /// The language of the messages; `None` for all of them.
    pub language: Option<String>,
    /// Taken for what they are, as they were written.
    pub accuracy_before: Share,
    /// The same with the mistakes.
    pub accuracy_after: Share,
    /// Allowed to be answered, as they were written.
    pub coverage_before: Share,
    /// The same with the mistakes.
    pub coverage_after: Share,
    /// Of those allowed with the mistakes, the wrong ones.
    pub error_after: Share,
    /// Whether the accuracy differs by more than chance.
    pub mcnemar: McNemar,
}

/// The messages that the mistake can be made in, by their place, with the mistake made.
#[must_use]
pub fn with_mistakes(
    messages: &[LabelledMessage],
    mistake: Mistake,
    homophones: &Homophones,
) -> Vec<(usize, LabelledMessage)> {
    let made = messages.iter().enumerate().filter_map(|(place, message)| {
        let text = mistake.make(&message.text, homophones)?;
        Some((place, LabelledMessage { text, ..message.clone() }))
    });
    made.collect()
}

/// Of pairs of observations of the same message, without and with the mistake: for all, and for each language when there are several.
#[must_use]
pub fn costs(mistake: Mistake, pairs: &[(&Observation, &Observation)]) -> Vec<Cost> {
    let mut languages: BTreeMap<&str, Vec<(&Observation, &Observation)>> = BTreeMap::new();
    for &pair in pairs {
        let language = pair.0.slices.get("language").map_or("", String::as_str);
        languages.entry(language).or_default().push(pair);
    }
    let mut costs = vec![Cost::of(mistake, None, pairs)];
    if languages.len() > 1 {
        let by_language = languages.into_iter();
        costs.extend(
            by_language.map(|(language, pairs)| Cost::of(mistake, Some(language.to_owned()), &pairs)),
        );
    }
    costs
}

impl Cost {
    fn of(mistake: Mistake, language: Option<String>, pairs: &[(&Observation, &Observation)]) -> Self {
        let share = |belongs: &dyn Fn(&(&Observation, &Observation)) -> bool| {
            Share::of(pairs.iter().map(|pair| (pair.0.weight, belongs(pair))))
        };
        let only =
            |first: bool| pairs.iter().filter(|(a, b)| a.right() == first && b.right() != first).count();
        let allowed = pairs.iter().filter(|(_, after)| after.allowed);
        Self {
            mistake,
            language,
            accuracy_before: share(&|(before, _)| before.right()),
            accuracy_after: share(&|(_, after)| after.right()),
            coverage_before: share(&|(before, _)| before.allowed),
            coverage_after: share(&|(_, after)| after.allowed),
            error_after: Share::of(allowed.map(|(_, after)| (after.weight, !after.likeliest_right()))),
            mcnemar: mcnemar(only(true), only(false)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::tests::observed;

    #[test]
    fn a_cost_is_of_the_same_messages_before_and_after() {
        let (right, wrong) = (observed(Some("a"), "a", 0.9, 0.0), observed(Some("a"), "b", 0.9, 0.0));
        let pairs = [(&right, &right), (&right, &wrong), (&right, &wrong), (&wrong, &wrong)];
        let costs = costs(Mistake::Dropped, &pairs);
        let [cost] = costs.as_slice() else { panic!("{costs:?}") };
        assert_eq!((cost.accuracy_before.share, cost.accuracy_after.share), (Some(0.75), Some(0.25)));
        assert_eq!((cost.mcnemar.only_first_right, cost.mcnemar.only_second_right), (2, 0));
    }

    #[test]
    fn messages_that_a_mistake_cannot_be_made_in_are_left_out() {
        let messages = [LabelledMessage::new("退货", None), LabelledMessage::new("return it", None)];
        let homophones = Homophones::of(["退货"].into_iter());
        let made = with_mistakes(&messages, Mistake::NeighbouringKey, &homophones);
        assert_eq!(made.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [1]);
        assert_ne!(made[0].1.text, "return it");
    }
}
