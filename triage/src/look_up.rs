//! Which messages are answered by what the shop's own system says of an order, in place of an article. Pure functions, as
//! [`decide`](crate::decide()), and by the same rules: the intent has to be as sure as for an article, and a human comes first.

use std::ops::ControlFlow;

use shopdesk_model::classifier::Thresholds;
use shopdesk_model::intents::IntentId;

use crate::decide::{at_once, clear_intent, humans_business, is_upset};
use crate::{Evidence, Policy};

/// What a message means, if that is sure enough to be answered and one of the intents that are looked up.
#[must_use]
pub fn looked_up(
    evidence: &Evidence,
    thresholds: &Thresholds,
    policy: &Policy,
    intents: &[IntentId],
) -> Option<IntentId> {
    if at_once(evidence).is_some() || is_upset(evidence, policy) {
        return None;
    }
    match clear_intent(evidence, thresholds, policy) {
        ControlFlow::Continue(intent) => intents.contains(intent).then(|| intent.clone()),
        ControlFlow::Break(_) => None,
    }
}

/// The same when the shopper has said what is meant.
#[must_use]
pub fn looked_up_as_chosen(
    evidence: &Evidence,
    chosen: &IntentId,
    policy: &Policy,
    intents: &[IntentId],
) -> Option<IntentId> {
    let meant = evidence.intents.iter().find(|intent| intent.label.id == *chosen);
    let is_humans = meant.is_some_and(|intent| humans_business(&intent.label, policy).is_some());
    let is_looked_up = at_once(evidence).is_none() && !is_humans && intents.contains(chosen);
    is_looked_up.then(|| chosen.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use shopdesk_model::classifier::Kept;
    use shopdesk_model::intents::{Handling, Label, Priority};
    use shopdesk_model::{Probability, Sentiment, SentimentGuess};

    use super::*;
    use crate::{RankedIntent, SignalRules, SignalSettings, Signals};

    fn probability(value: f64) -> Probability {
        Probability::new(value).unwrap()
    }

    fn id(text: &str) -> IntentId {
        IntentId::new(text).unwrap()
    }

    fn policy() -> Policy {
        Policy {
            answer_probability: probability(0.8),
            clarify_confidence: probability(0.2),
            context_confidence: probability(0.5),
            upset_confidence: Some(probability(0.8)),
            human_intent: None,
            small_talk_intents: Vec::new(),
        }
    }

    /// Answers from 0.6 on.
    fn thresholds() -> Thresholds {
        let promise = Kept {
            max_error: 0.02,
            confidence: 0.95,
            threshold: Some(probability(0.6)),
            messages: 0,
            answered: 0,
            wrong: 0,
            error_bound: 0.0,
            coverage_interval: (0.0, 1.0),
            messages_needed: None,
        };
        Thresholds { promise, intents: BTreeMap::new(), out_of_scope: probability(0.5) }
    }

    fn evidence(message: &str, intent: &str, handling: Handling, confidence: f64) -> Evidence {
        let label = Label { id: id(intent), title: BTreeMap::new(), priority: Priority::Normal, handling };
        Evidence {
            signals: Signals::detect(&SignalRules::new(&SignalSettings::default()).unwrap(), message),
            sentiment: None,
            intents: vec![RankedIntent { label: Arc::new(label), confidence: probability(confidence) }],
            out_of_scope: Probability::ZERO,
            uncalibrated: Probability::ZERO,
            articles: Vec::new(),
        }
    }

    fn wanted(evidence: &Evidence) -> Option<IntentId> {
        looked_up(evidence, &thresholds(), &policy(), &[id("track")])
    }

    #[test]
    fn an_intent_is_looked_up_as_soon_as_an_article_would_answer_it_and_no_sooner() {
        let asked = |confidence| evidence("where is it", "track", Handling::Answer, confidence);
        assert_eq!(wanted(&asked(0.61)), Some(id("track")));
        assert_eq!(wanted(&asked(0.59)), None);
        let mut foreign = asked(0.9);
        foreign.out_of_scope = probability(0.51);
        assert_eq!(wanted(&foreign), None);
        assert_eq!(wanted(&evidence("how do I return it", "returns", Handling::Answer, 0.9)), None);
    }

    #[test]
    fn a_human_comes_before_a_look_up_however_the_intent_was_said() {
        let chosen =
            |evidence: &Evidence| looked_up_as_chosen(evidence, &id("track"), &policy(), &[id("track")]);
        let calm = evidence("where is it", "track", Handling::Answer, 0.3);
        assert_eq!(chosen(&calm), Some(id("track")));
        for (message, handling) in [
            ("我的快递呢，转人工", Handling::Answer),
            ("再不到我就打12315", Handling::Answer),
            ("where is it", Handling::Human),
        ] {
            let evidence = evidence(message, "track", handling, 0.9);
            assert_eq!((wanted(&evidence), chosen(&evidence)), (None, None), "{message}");
        }
        let mut upset = evidence("where is it", "track", Handling::Answer, 0.9);
        upset.sentiment =
            Some(SentimentGuess { level: Sentiment::VeryNegative, confidence: probability(0.9) });
        assert_eq!(wanted(&upset), None);
    }
}
