//! From evidence to how soon a human should look at a message.

use shopdesk_model::intents::Priority;

use crate::{Evidence, Policy, RuleName};

/// How soon a human should look at a message, should one get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urgency {
    /// How soon.
    pub priority: Priority,
    /// The rules that made it more urgent than its intents do; empty when the intents alone made it so.
    pub raised_by: Vec<RuleName>,
}

/// As urgent as its intents make it, or as an alarm in its words does. The same evidence under the same policy is the same
/// urgency, always.
#[must_use]
pub fn urgency(evidence: &Evidence, policy: &Policy) -> Urgency {
    let of_intent = priority_of_intents(evidence, policy);
    let raised_by = evidence.signals.raised_by(of_intent).map(|alarm| alarm.rule.clone());
    Urgency { priority: evidence.signals.priority(of_intent), raised_by: raised_by.collect() }
}

/// The most urgent of the intents that the message may well have: a ticket that may be about a danger is looked at as
/// if it were. The usual one, when the message is probably none of them.
fn priority_of_intents(evidence: &Evidence, policy: &Policy) -> Priority {
    let possible = evidence.intents.iter().filter(|intent| intent.confidence >= policy.clarify_confidence);
    let possible = possible.filter(|intent| intent.confidence >= evidence.out_of_scope);
    let likeliest = evidence.intents.first().filter(|intent| intent.confidence >= evidence.out_of_scope);
    possible.chain(likeliest).map(|intent| intent.label.priority).min().unwrap_or(Priority::Normal)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use shopdesk_model::Probability;
    use shopdesk_model::intents::{Handling, IntentId, Label};

    use super::*;
    use crate::{RankedIntent, SignalRules, SignalSettings, Signals};

    fn probability(value: f64) -> Probability {
        Probability::new(value).unwrap()
    }

    fn intent(priority: Priority, confidence: f64) -> RankedIntent {
        let id = IntentId::new(priority.as_str()).unwrap();
        let label = Label { id, title: BTreeMap::new(), priority, handling: Handling::Human };
        RankedIntent { label: Arc::new(label), confidence: probability(confidence) }
    }

    fn urgency_of(message: &str, intents: Vec<RankedIntent>, out_of_scope: f64) -> (Priority, Vec<String>) {
        let signals = Signals::detect(&SignalRules::new(&SignalSettings::default()).unwrap(), message);
        let evidence = Evidence {
            signals,
            sentiment: None,
            intents,
            out_of_scope: probability(out_of_scope),
            uncalibrated: Probability::ZERO,
            articles: vec![],
        };
        let policy = Policy {
            answer_probability: probability(0.8),
            clarify_confidence: probability(0.2),
            context_confidence: probability(0.5),
            upset_confidence: Some(probability(0.8)),
            human_intent: None,
            small_talk_intents: Vec::new(),
        };
        let Urgency { priority, raised_by } = urgency(&evidence, &policy);
        (priority, raised_by.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn what_may_be_a_danger_is_as_urgent_as_one() {
        let of = |intents, out_of_scope| urgency_of("怎么退货", intents, out_of_scope).0;
        let second = vec![intent(Priority::Normal, 0.5), intent(Priority::Urgent, 0.4)];
        assert_eq!(of(second, 0.0), Priority::Urgent);
        assert_eq!(of(vec![intent(Priority::Urgent, 0.55)], 0.51), Priority::Urgent);
        assert_eq!(of(vec![intent(Priority::Urgent, 0.55)], 0.6), Priority::Normal);
        assert_eq!(of(vec![], 0.0), Priority::Normal);
    }

    #[test]
    fn an_alarm_makes_it_more_urgent_and_is_named() {
        let threat = "再不退款我就打12315";
        let regulator = vec!["zh.alarm.regulator".to_owned()];
        let normal = urgency_of(threat, vec![intent(Priority::Normal, 0.9)], 0.0);
        assert_eq!(normal, (Priority::Urgent, regulator.clone()));
        let none_of_them = urgency_of(threat, vec![intent(Priority::Low, 0.1)], 0.9);
        assert_eq!(none_of_them, (Priority::Urgent, regulator));
    }

    #[test]
    fn an_alarm_below_the_intents_priority_raises_nothing() {
        let urgent = urgency_of("我打12315", vec![intent(Priority::Urgent, 0.9)], 0.0);
        assert_eq!(urgent, (Priority::Urgent, vec![]));
    }
}
