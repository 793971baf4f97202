//! From evidence to a decision.

use shopdesk_kb::Hit;
use shopdesk_model::classifier::Thresholds;
use shopdesk_model::intents::{Handling, IntentId, Priority};

use crate::{Evidence, Policy, RankedIntent};

/// How many intents a shopper is asked to choose from.
const CHOICES: usize = 3;

/// What happens to a message.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The shop's own text answers it.
    Answer {
        /// What the message means.
        intent: IntentId,
        /// The article, and how close the message is to it.
        hit: Hit,
    },
    /// The shopper is asked which of these is meant.
    Clarify {
        /// Two or three intents, the likeliest first.
        choices: Vec<RankedIntent>,
    },
    /// A human takes over.
    Escalate {
        /// Why.
        reason: EscalationReason,
        /// How soon a human should look at it.
        priority: Priority,
    },
}

/// Why a human takes over. API, console, logs and evaluation use these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationReason {
    /// The message is none of the shop's intents.
    OutOfScope,
    /// The shop wants a human for this intent.
    IntentNeedsHuman,
    /// No intent is probable enough.
    LowConfidence,
    /// The intent is clear, but no article is close enough to the message.
    NoArticle,
    /// The program could not find an answer because a part of it failed.
    Failure,
}

impl EscalationReason {
    /// The word used in data, JSON and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutOfScope => "out_of_scope",
            Self::IntentNeedsHuman => "intent_needs_human",
            Self::LowConfidence => "low_confidence",
            Self::NoArticle => "no_article",
            Self::Failure => "failure",
        }
    }
}

/// Decides. The same evidence under the same thresholds and policy is the same decision, always.
#[must_use]
pub fn decide(evidence: &Evidence, thresholds: &Thresholds, policy: &Policy) -> Decision {
    let escalate = |reason| Decision::Escalate { reason, priority: priority(evidence, policy) };
    let Some(likeliest) = evidence.intents.first() else {
        return escalate(EscalationReason::LowConfidence);
    };
    if evidence.out_of_scope > thresholds.out_of_scope {
        let humans_business =
            likeliest.label.handling == Handling::Human && likeliest.confidence > evidence.out_of_scope;
        return escalate(if humans_business {
            EscalationReason::IntentNeedsHuman
        } else {
            EscalationReason::OutOfScope
        });
    }
    // No promise is needed to hand over what is more likely than not a human's business.
    if likeliest.label.handling == Handling::Human && likeliest.confidence.get() > 0.5 {
        return escalate(EscalationReason::IntentNeedsHuman);
    }
    let answers = likeliest.label.handling == Handling::Answer
        && thresholds.allow(&likeliest.label.id, likeliest.confidence);
    if !answers {
        // There is nothing to ask about when it is more probably none of the intents than any.
        if evidence.out_of_scope > likeliest.confidence {
            return escalate(EscalationReason::OutOfScope);
        }
        return match choices(evidence, policy) {
            Some(choices) => Decision::Clarify { choices },
            None => escalate(EscalationReason::LowConfidence),
        };
    }
    match best_article(evidence, &likeliest.label.id, policy) {
        Some(hit) => Decision::Answer { intent: likeliest.label.id.clone(), hit: hit.clone() },
        None => escalate(EscalationReason::NoArticle),
    }
}

/// The most urgent of the intents that the message may well have: a ticket that may be about a danger is looked at as
/// if it were. The usual one, when the message is probably none of them.
fn priority(evidence: &Evidence, policy: &Policy) -> Priority {
    let possible = evidence.intents.iter().filter(|intent| intent.confidence >= policy.clarify_confidence);
    let possible = possible.filter(|intent| intent.confidence >= evidence.out_of_scope);
    let likeliest = evidence.intents.first().filter(|intent| intent.confidence >= evidence.out_of_scope);
    possible.chain(likeliest).map(|intent| intent.label.priority).min().unwrap_or(Priority::Normal)
}

/// The intents worth asking about, if there are at least two. When one of them is a human's business, asking would
/// only cost the shopper time.
fn choices(evidence: &Evidence, policy: &Policy) -> Option<Vec<RankedIntent>> {
    let close = evidence.intents.iter().take_while(|intent| intent.confidence >= policy.clarify_confidence);
    let choices: Vec<RankedIntent> = close.take(CHOICES).cloned().collect();
    let all_answerable = choices.iter().all(|choice| choice.label.handling == Handling::Answer);
    (choices.len() >= 2 && all_answerable).then_some(choices)
}

/// The closest article that the shop filed under the intent.
fn best_article<'a>(evidence: &'a Evidence, intent: &IntentId, policy: &Policy) -> Option<&'a Hit> {
    evidence
        .hits
        .iter()
        .find(|hit| hit.article.intents.contains(intent.as_str()))
        .filter(|hit| hit.similarity >= policy.answer_similarity)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Arc;

    use shopdesk_kb::{Article, Part};
    use shopdesk_model::Probability;
    use shopdesk_model::classifier::Kept;
    use shopdesk_model::intents::{Label, Priority};

    use super::*;
    use crate::MessageLanguage;

    fn probability(value: f64) -> Probability {
        Probability::new(value).unwrap()
    }

    fn policy() -> Policy {
        Policy { answer_similarity: 0.8, clarify_confidence: probability(0.2) }
    }

    /// Answers from 0.6 on, `strict` from 0.95 on, and `never` not at all.
    fn thresholds() -> Thresholds {
        let kept = |threshold: Option<f64>| Kept {
            max_error: 0.02,
            confidence: 0.95,
            threshold: threshold.map(probability),
            messages: 0,
            answered: 0,
            wrong: 0,
            error_bound: 0.0,
            coverage_interval: (0.0, 1.0),
            messages_needed: None,
        };
        let own = [("strict", Some(0.95)), ("never", None)];
        let own = own.map(|(id, threshold)| (IntentId::new(id).unwrap(), kept(threshold)));
        Thresholds {
            promise: kept(Some(0.6)),
            intents: own.into_iter().collect(),
            out_of_scope: probability(0.5),
        }
    }

    fn intent(id: &str, handling: Handling, confidence: f64) -> RankedIntent {
        let label = Label {
            id: IntentId::new(id).unwrap(),
            title: BTreeMap::new(),
            priority: Priority::Normal,
            handling,
        };
        RankedIntent { label, confidence: probability(confidence) }
    }

    fn hit(intent: &str, similarity: f32) -> Hit {
        let text = format!(
            "---\nid: a\ntitle: T\nlanguage: en\nintents: [{intent}]\nquestions: []\nanswer: A.\n---\n"
        );
        Hit {
            article: Arc::new(Article::parse(Path::new("a.md"), &text).unwrap()),
            part: Part::Answer,
            similarity,
        }
    }

    fn evidence(intents: Vec<RankedIntent>, hits: Vec<Hit>) -> Evidence {
        Evidence { language: MessageLanguage::English, intents, out_of_scope: Probability::ZERO, hits }
    }

    fn reason(evidence: &Evidence) -> EscalationReason {
        match decide(evidence, &thresholds(), &policy()) {
            Decision::Escalate { reason, .. } => reason,
            other => panic!("expected an escalation, got {other:?}"),
        }
    }

    #[test]
    fn a_clear_intent_with_a_close_article_is_answered() {
        let evidence = evidence(
            vec![intent("returns", Handling::Answer, 0.9)],
            vec![hit("other", 0.95), hit("returns", 0.85)],
        );
        let Decision::Answer { intent, hit } = decide(&evidence, &thresholds(), &policy()) else {
            panic!("expected an answer")
        };
        assert_eq!((intent.as_str(), hit.similarity), ("returns", 0.85));
    }

    #[test]
    fn an_intent_with_a_promise_of_its_own_has_its_own_threshold() {
        for (id, confidence, answered) in
            [("strict", 0.9, false), ("strict", 0.96, true), ("never", 1.0, false)]
        {
            let evidence = evidence(vec![intent(id, Handling::Answer, confidence)], vec![hit(id, 0.9)]);
            let decision = decide(&evidence, &thresholds(), &policy());
            assert_eq!(matches!(decision, Decision::Answer { .. }), answered, "{id} {confidence}");
        }
    }

    #[test]
    fn what_is_more_likely_than_not_a_humans_business_goes_to_one_below_the_threshold() {
        let evidence = evidence(vec![intent("complaint", Handling::Human, 0.55)], vec![]);
        assert_eq!(reason(&evidence), EscalationReason::IntentNeedsHuman);
    }

    #[test]
    fn an_article_of_another_intent_is_no_answer_however_close() {
        let evidence = evidence(vec![intent("returns", Handling::Answer, 0.9)], vec![hit("other", 0.99)]);
        assert_eq!(reason(&evidence), EscalationReason::NoArticle);
    }

    #[test]
    fn an_article_that_is_not_close_is_no_answer() {
        let evidence = evidence(vec![intent("returns", Handling::Answer, 0.9)], vec![hit("returns", 0.79)]);
        assert_eq!(reason(&evidence), EscalationReason::NoArticle);
    }

    #[test]
    fn a_message_out_of_scope_goes_to_a_human_even_when_an_intent_is_likely() {
        let mut evidence =
            evidence(vec![intent("returns", Handling::Answer, 0.9)], vec![hit("returns", 0.9)]);
        evidence.out_of_scope = probability(0.51);
        assert_eq!(reason(&evidence), EscalationReason::OutOfScope);
    }

    #[test]
    fn what_is_more_probably_none_than_any_is_not_asked_about() {
        let intents =
            vec![intent("returns", Handling::Answer, 0.3), intent("exchange", Handling::Answer, 0.25)];
        let mut evidence = evidence(intents, vec![]);
        evidence.out_of_scope = probability(0.45);
        assert_eq!(reason(&evidence), EscalationReason::OutOfScope);
    }

    #[test]
    fn an_intent_that_the_shop_keeps_for_humans_goes_to_one() {
        let evidence = evidence(vec![intent("complaint", Handling::Human, 0.9)], vec![hit("complaint", 0.9)]);
        assert_eq!(reason(&evidence), EscalationReason::IntentNeedsHuman);
    }

    #[test]
    fn what_may_be_a_danger_is_as_urgent_as_one() {
        let urgent = |confidence| {
            let mut intent = intent("hazard", Handling::Human, confidence);
            intent.label.priority = Priority::Urgent;
            intent
        };
        let priority = |evidence: &Evidence| match decide(evidence, &thresholds(), &policy()) {
            Decision::Escalate { reason, priority } => (reason, priority),
            other => panic!("expected an escalation, got {other:?}"),
        };
        let second = evidence(vec![intent("returns", Handling::Answer, 0.5), urgent(0.4)], vec![]);
        assert_eq!(priority(&second), (EscalationReason::LowConfidence, Priority::Urgent));
        let mut beside = evidence(vec![urgent(0.55)], vec![]);
        beside.out_of_scope = probability(0.51);
        assert_eq!(priority(&beside), (EscalationReason::IntentNeedsHuman, Priority::Urgent));
        beside.out_of_scope = probability(0.6);
        assert_eq!(priority(&beside), (EscalationReason::OutOfScope, Priority::Normal));
    }

    #[test]
    fn two_close_intents_are_asked_about() {
        let intents = vec![
            intent("returns", Handling::Answer, 0.45),
            intent("exchange", Handling::Answer, 0.4),
            intent("refund", Handling::Answer, 0.1),
        ];
        let Decision::Clarify { choices } = decide(&evidence(intents, vec![]), &thresholds(), &policy())
        else {
            panic!("expected a question")
        };
        let ids: Vec<_> = choices.iter().map(|choice| choice.label.id.as_str()).collect();
        assert_eq!(ids, ["returns", "exchange"]);
    }

    #[test]
    fn nothing_is_asked_when_one_choice_is_a_humans_business() {
        let intents =
            vec![intent("returns", Handling::Answer, 0.45), intent("complaint", Handling::Human, 0.4)];
        assert_eq!(reason(&evidence(intents, vec![])), EscalationReason::LowConfidence);
    }

    #[test]
    fn a_message_that_could_be_anything_goes_to_a_human() {
        let evidence = evidence(vec![intent("returns", Handling::Answer, 0.15)], vec![hit("returns", 0.99)]);
        assert_eq!(reason(&evidence), EscalationReason::LowConfidence);
    }
}
