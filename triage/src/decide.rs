//! From evidence to a decision.

use std::ops::ControlFlow;

use shopdesk_model::Sentiment;
use shopdesk_model::classifier::Thresholds;
use shopdesk_model::intents::{Handling, IntentId, Label, Priority};

use crate::{Evidence, Policy, RankedArticle, RankedIntent};

/// How many intents a shopper is asked to choose from.
const CHOICES: usize = 3;

/// What happens to a message.
#[derive(Clone, Debug)]
pub enum Decision {
    /// The shop's own text answers it.
    Answer {
        /// What the message means.
        intent: IntentId,
        /// The article, and how probable it is that it answers the message.
        article: RankedArticle,
    },
    /// The shopper is asked what is meant.
    Clarify {
        /// Two or three intents, the likeliest first; or none, when all that may be meant is small talk: then the question is open.
        choices: Vec<RankedIntent>,
    },
    /// A human takes over.
    Escalate {
        /// Why.
        reason: EscalationReason,
    },
}

/// Why a human takes over. API, console, logs and evaluation use these words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EscalationReason {
    /// The shopper asks for one.
    HumanRequested,
    /// The message is none of the shop's intents.
    OutOfScope,
    /// The shop wants a human for this intent.
    IntentNeedsHuman,
    /// No intent is probable enough.
    LowConfidence,
    /// The intent is clear, but no article probably answers the message.
    NoArticle,
    /// The words make it urgent: a danger, a threat, a complaint to a regulator.
    Urgent,
    /// The shopper is very upset.
    Upset,
    /// Several answers in a row did not help.
    AnswersFailed,
    /// So many people write that the program does not get round to this one.
    Busy,
    /// The program could not find an answer because a part of it failed.
    Failure,
}

impl EscalationReason {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::HumanRequested,
        Self::OutOfScope,
        Self::IntentNeedsHuman,
        Self::LowConfidence,
        Self::NoArticle,
        Self::Urgent,
        Self::Upset,
        Self::AnswersFailed,
        Self::Busy,
        Self::Failure,
    ];

    /// The word used in data, JSON and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HumanRequested => "human_requested",
            Self::OutOfScope => "out_of_scope",
            Self::IntentNeedsHuman => "intent_needs_human",
            Self::LowConfidence => "low_confidence",
            Self::NoArticle => "no_article",
            Self::Urgent => "urgent",
            Self::Upset => "upset",
            Self::AnswersFailed => "answers_failed",
            Self::Busy => "busy",
            Self::Failure => "failure",
        }
    }
}

/// Decides. The same evidence under the same thresholds and policy is the same decision, always.
#[must_use]
pub fn decide(evidence: &Evidence, thresholds: &Thresholds, policy: &Policy) -> Decision {
    let escalate = |reason| Decision::Escalate { reason };
    if let Some(reason) = at_once(evidence) {
        return escalate(reason);
    }
    match by_meaning(evidence, thresholds, policy) {
        // Whoever is very upset is not served by a text.
        Decision::Answer { .. } | Decision::Clarify { .. } if is_upset(evidence, policy) => {
            escalate(EscalationReason::Upset)
        }
        decision => decision,
    }
}

/// Decides by what the message means.
fn by_meaning(evidence: &Evidence, thresholds: &Thresholds, policy: &Policy) -> Decision {
    let intent = match clear_intent(evidence, thresholds, policy) {
        ControlFlow::Continue(intent) => intent,
        ControlFlow::Break(decision) => return decision,
    };
    match best_article(evidence, intent, policy) {
        Some(article) => Decision::Answer { intent: intent.clone(), article: article.clone() },
        None => Decision::Escalate { reason: EscalationReason::NoArticle },
    }
}

/// The intent that is sure enough to be answered by itself, or what happens when there is none.
pub(crate) fn clear_intent<'a>(
    evidence: &'a Evidence,
    thresholds: &Thresholds,
    policy: &Policy,
) -> ControlFlow<Decision, &'a IntentId> {
    let escalate = |reason| ControlFlow::Break(Decision::Escalate { reason });
    let Some(likeliest) = evidence.intents.first() else {
        return escalate(EscalationReason::LowConfidence);
    };
    let humans_business = humans_business(&likeliest.label, policy);
    if evidence.out_of_scope > thresholds.out_of_scope {
        let reason = humans_business.filter(|_| likeliest.confidence > evidence.out_of_scope);
        return escalate(reason.unwrap_or(EscalationReason::OutOfScope));
    }
    // No promise is needed to hand over what is more likely than not a human's business.
    if let Some(reason) = humans_business
        && likeliest.confidence.get() > 0.5
    {
        return escalate(reason);
    }
    let answers = humans_business.is_none() && thresholds.allow(&likeliest.label.id, likeliest.confidence);
    if !answers {
        // There is nothing to ask about when it is more probably none of the intents than any.
        if evidence.out_of_scope > likeliest.confidence {
            return escalate(EscalationReason::OutOfScope);
        }
        return match choices(evidence, policy) {
            Some(choices) => ControlFlow::Break(Decision::Clarify { choices }),
            None => escalate(EscalationReason::LowConfidence),
        };
    }
    ControlFlow::Continue(&likeliest.label.id)
}

/// Why a human takes over whatever the message means, if one does.
pub(crate) fn at_once(evidence: &Evidence) -> Option<EscalationReason> {
    // Whoever asks for a human in so many words gets one.
    if evidence.signals.human_request.is_some() {
        return Some(EscalationReason::HumanRequested);
    }
    let is_urgent = evidence.signals.alarms.iter().any(|alarm| alarm.priority == Priority::Urgent);
    is_urgent.then_some(EscalationReason::Urgent)
}

/// Decides when the shopper has said which of the offered meanings is meant.
#[must_use]
pub fn decide_chosen(evidence: &Evidence, chosen: &IntentId, policy: &Policy) -> Decision {
    if let Some(reason) = at_once(evidence) {
        return Decision::Escalate { reason };
    }
    let meant = evidence.intents.iter().find(|intent| intent.label.id == *chosen);
    if let Some(reason) = meant.and_then(|intent| humans_business(&intent.label, policy)) {
        return Decision::Escalate { reason };
    }
    match best_article(evidence, chosen, policy) {
        Some(article) => Decision::Answer { intent: chosen.clone(), article: article.clone() },
        None => Decision::Escalate { reason: EscalationReason::NoArticle },
    }
}

pub(crate) fn is_upset(evidence: &Evidence, policy: &Policy) -> bool {
    let Some((guess, least)) = evidence.sentiment.zip(policy.upset_confidence) else { return false };
    guess.level == Sentiment::VeryNegative && guess.confidence >= least
}

/// Why an intent is always a human's business, if it is.
pub(crate) fn humans_business(label: &Label, policy: &Policy) -> Option<EscalationReason> {
    match label.handling {
        _ if policy.human_intent.as_ref() == Some(&label.id) => Some(EscalationReason::HumanRequested),
        Handling::Human => Some(EscalationReason::IntentNeedsHuman),
        Handling::Answer => None,
    }
}

/// The intents to ask about, when at least two may be meant. When one of them is a human's business, asking would only cost the shopper
/// time. Nobody chooses "greeting" from a list: where fewer than two others are left, the question is an open one.
fn choices(evidence: &Evidence, policy: &Policy) -> Option<Vec<RankedIntent>> {
    let close = evidence.intents.iter().take_while(|intent| intent.confidence >= policy.clarify_confidence);
    let close: Vec<&RankedIntent> = close.take(CHOICES).collect();
    let all_answerable = close.iter().all(|choice| humans_business(&choice.label, policy).is_none());
    if close.len() < 2 || !all_answerable {
        return None;
    }
    let wants_something = |choice: &&RankedIntent| !policy.small_talk_intents.contains(&choice.label.id);
    let choices: Vec<RankedIntent> = close.into_iter().filter(wants_something).cloned().collect();
    Some(if choices.len() < 2 { Vec::new() } else { choices })
}

/// The most probable article that the shop filed under the intent, if it is probable enough.
fn best_article<'a>(evidence: &'a Evidence, intent: &IntentId, policy: &Policy) -> Option<&'a RankedArticle> {
    let filed =
        evidence.articles.iter().filter(|ranked| ranked.hit.article.intents.contains(intent.as_str()));
    // The first of equals.
    let best = filed.reduce(|best, other| if other.probability > best.probability { other } else { best });
    best.filter(|ranked| ranked.probability >= policy.answer_probability)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Arc;

    use shopdesk_kb::{Article, ArticleKey, Hit, Part, PassageKey};
    use shopdesk_model::classifier::Kept;
    use shopdesk_model::{Probability, SentimentGuess};

    use super::*;
    use crate::{SignalRules, SignalSettings, Signals};

    fn probability(value: f64) -> Probability {
        Probability::new(value).unwrap()
    }

    fn policy() -> Policy {
        Policy {
            answer_probability: probability(0.8),
            clarify_confidence: probability(0.2),
            context_confidence: probability(0.5),
            upset_confidence: Some(probability(0.8)),
            human_intent: IntentId::new("person"),
            small_talk_intents: ["hello", "thanks"].map(|id| IntentId::new(id).unwrap()).into(),
        }
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
        RankedIntent { label: Arc::new(label), confidence: probability(confidence) }
    }

    fn article(intent: &str, value: f64) -> RankedArticle {
        let text = format!(
            "---\nid: a\ntitle: T\nlanguage: en\nintents: [{intent}]\nquestions: []\nanswer: A.\n---\n"
        );
        let article = Arc::new(Article::parse(Path::new("a.md"), &text).unwrap());
        let passage = PassageKey { article: Arc::new(ArticleKey::of(&article)), number: 0 };
        let hit = Hit {
            article,
            part: Part::Answer,
            passage,
            similarity: 0.9,
            support: 0.9,
            text_similarity: 0.9,
            lexical: 0.0,
            question_lexical: 0.0,
            text_lexical: 0.0,
            fused: 0.0,
        };
        RankedArticle { hit, probability: probability(value) }
    }

    fn evidence(intents: Vec<RankedIntent>, articles: Vec<RankedArticle>) -> Evidence {
        Evidence {
            signals: signals("how do I return this"),
            sentiment: None,
            intents,
            out_of_scope: Probability::ZERO,
            uncalibrated: Probability::ZERO,
            articles,
        }
    }

    fn signals(message: &str) -> Signals {
        Signals::detect(&SignalRules::new(&SignalSettings::default()).unwrap(), message)
    }

    fn reason(evidence: &Evidence) -> EscalationReason {
        escalated(evidence).expect("an escalation")
    }

    fn escalated(evidence: &Evidence) -> Option<EscalationReason> {
        match decide(evidence, &thresholds(), &policy()) {
            Decision::Escalate { reason } => Some(reason),
            Decision::Answer { .. } | Decision::Clarify { .. } => None,
        }
    }

    #[test]
    fn a_clear_intent_with_a_close_article_is_answered() {
        let evidence = evidence(
            vec![intent("returns", Handling::Answer, 0.9)],
            vec![article("other", 0.95), article("returns", 0.85)],
        );
        let Decision::Answer { intent, article } = decide(&evidence, &thresholds(), &policy()) else {
            panic!("expected an answer")
        };
        assert_eq!((intent.as_str(), article.probability.get()), ("returns", 0.85));
    }

    #[test]
    fn an_intent_with_a_promise_of_its_own_has_its_own_threshold() {
        for (id, confidence, answered) in
            [("strict", 0.9, false), ("strict", 0.96, true), ("never", 1.0, false)]
        {
            let evidence = evidence(vec![intent(id, Handling::Answer, confidence)], vec![article(id, 0.9)]);
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
    fn a_danger_or_a_threat_goes_to_a_human_also_when_a_meaning_was_chosen() {
        let mut evidence =
            evidence(vec![intent("returns", Handling::Answer, 0.9)], vec![article("returns", 0.9)]);
        evidence.signals = signals("再不退款我就打12315");
        assert_eq!(reason(&evidence), EscalationReason::Urgent);
        let chosen = decide_chosen(&evidence, &IntentId::new("returns").unwrap(), &policy());
        assert!(matches!(chosen, Decision::Escalate { reason: EscalationReason::Urgent }), "{chosen:?}");
    }

    #[test]
    fn whoever_is_surely_very_upset_gets_a_human_instead_of_a_text() {
        for (level, confidence, upset) in [
            (Sentiment::VeryNegative, 0.85, true),
            (Sentiment::VeryNegative, 0.75, false),
            (Sentiment::Negative, 0.95, false),
        ] {
            let mut evidence =
                evidence(vec![intent("returns", Handling::Answer, 0.9)], vec![article("returns", 0.9)]);
            evidence.sentiment = Some(SentimentGuess { level, confidence: probability(confidence) });
            let decision = decide(&evidence, &thresholds(), &policy());
            let escalates = matches!(decision, Decision::Escalate { reason: EscalationReason::Upset });
            assert_eq!(escalates, upset, "{level:?} {confidence}");
        }
    }

    #[test]
    fn the_chosen_meaning_is_answered_however_probable_it_was() {
        let evidence = evidence(
            vec![intent("other", Handling::Answer, 0.5), intent("returns", Handling::Answer, 0.3)],
            vec![article("returns", 0.9)],
        );
        let chosen = decide_chosen(&evidence, &IntentId::new("returns").unwrap(), &policy());
        assert!(matches!(chosen, Decision::Answer { .. }), "{chosen:?}");
    }

    #[test]
    fn an_article_of_another_intent_is_no_answer_however_close() {
        let evidence = evidence(vec![intent("returns", Handling::Answer, 0.9)], vec![article("other", 0.99)]);
        assert_eq!(reason(&evidence), EscalationReason::NoArticle);
    }

    #[test]
    fn an_article_that_is_not_probable_is_no_answer() {
        let evidence =
            evidence(vec![intent("returns", Handling::Answer, 0.9)], vec![article("returns", 0.79)]);
        assert_eq!(reason(&evidence), EscalationReason::NoArticle);
    }

    #[test]
    fn a_message_out_of_scope_goes_to_a_human_even_when_an_intent_is_likely() {
        let mut evidence =
            evidence(vec![intent("returns", Handling::Answer, 0.9)], vec![article("returns", 0.9)]);
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
        let evidence =
            evidence(vec![intent("complaint", Handling::Human, 0.9)], vec![article("complaint", 0.9)]);
        assert_eq!(reason(&evidence), EscalationReason::IntentNeedsHuman);
    }

    #[test]
    fn a_humans_business_beside_the_scope_is_one_while_it_is_likelier_than_not() {
        let mut beside = evidence(vec![intent("hazard", Handling::Human, 0.55)], vec![]);
        beside.out_of_scope = probability(0.51);
        assert_eq!(reason(&beside), EscalationReason::IntentNeedsHuman);
        beside.out_of_scope = probability(0.6);
        assert_eq!(reason(&beside), EscalationReason::OutOfScope);
    }

    #[test]
    fn asked_for_in_so_many_words_a_human_comes_before_any_answer_or_question() {
        let clear = vec![intent("returns", Handling::Answer, 0.99)];
        let unclear =
            vec![intent("returns", Handling::Answer, 0.45), intent("exchange", Handling::Answer, 0.4)];
        for intents in [clear, unclear, vec![intent("complaint", Handling::Human, 0.9)], vec![]] {
            let mut evidence = evidence(intents, vec![article("returns", 0.95)]);
            assert_ne!(escalated(&evidence), Some(EscalationReason::HumanRequested));
            evidence.signals = signals("how do I return this, human please");
            assert_eq!(reason(&evidence), EscalationReason::HumanRequested);
            evidence.out_of_scope = probability(0.99);
            assert_eq!(reason(&evidence), EscalationReason::HumanRequested);
        }
    }

    #[test]
    fn whoever_means_the_intent_of_asking_for_a_human_gets_one_however_it_is_handled() {
        for handling in [Handling::Human, Handling::Answer] {
            let mut asking = evidence(vec![intent("person", handling, 0.55)], vec![article("person", 0.95)]);
            assert_eq!(reason(&asking), EscalationReason::HumanRequested);
            asking.out_of_scope = probability(0.52);
            assert_eq!(reason(&asking), EscalationReason::HumanRequested);
            let doubtful = vec![intent("person", handling, 0.45), intent("returns", Handling::Answer, 0.4)];
            assert_eq!(reason(&evidence(doubtful, vec![])), EscalationReason::LowConfidence);
        }
    }

    #[test]
    fn two_close_intents_are_asked_about() {
        let intents = vec![
            intent("returns", Handling::Answer, 0.45),
            intent("exchange", Handling::Answer, 0.4),
            intent("refund", Handling::Answer, 0.1),
        ];
        assert_eq!(asked(intents), ["returns", "exchange"]);
    }

    /// What is asked about.
    fn asked(intents: Vec<RankedIntent>) -> Vec<String> {
        let Decision::Clarify { choices } = decide(&evidence(intents, vec![]), &thresholds(), &policy())
        else {
            panic!("expected a question")
        };
        choices.iter().map(|choice| choice.label.id.to_string()).collect()
    }

    #[test]
    fn nobody_is_asked_whether_a_greeting_is_meant() {
        let maybe = |ids: &[&str]| {
            let confidences = [0.4, 0.3, 0.25];
            let intents = ids.iter().zip(confidences);
            asked(intents.map(|(id, confidence)| intent(id, Handling::Answer, confidence)).collect())
        };
        assert_eq!(maybe(&["returns", "hello", "exchange"]), ["returns", "exchange"]);
        assert_eq!(maybe(&["hello", "thanks"]), [""; 0], "what is it about?");
        assert_eq!(maybe(&["hello", "returns"]), [""; 0], "one button is no choice");
    }

    #[test]
    fn nothing_is_asked_when_one_choice_is_a_humans_business() {
        let intents =
            vec![intent("returns", Handling::Answer, 0.45), intent("complaint", Handling::Human, 0.4)];
        assert_eq!(reason(&evidence(intents, vec![])), EscalationReason::LowConfidence);
    }

    #[test]
    fn a_message_that_could_be_anything_goes_to_a_human() {
        let evidence =
            evidence(vec![intent("returns", Handling::Answer, 0.15)], vec![article("returns", 0.99)]);
        assert_eq!(reason(&evidence), EscalationReason::LowConfidence);
    }
}
