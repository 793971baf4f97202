//! "Where is my parcel": answered with what the shop's own system says of the order. Its number is taken from what the shopper wrote, or
//! from the page, or asked for once. Whatever fails is a hand-over.

use std::sync::LazyLock;

use regex::Regex;
use shopdesk_model::intents::IntentId;
use shopdesk_triage::{
    Assessment, Decision, Entity, EntityKind, EscalationReason, MessageLanguage, looked_up,
    looked_up_as_chosen,
};

use super::{outcome, text_of};
use crate::lookup::{Answer, Lookup, Order, Question};
use crate::message::{AboutOrder, Assessed, DecisionKind, Reply, ReplyKind, Sender};
use crate::problem::Problem;
use crate::replies::filled;
use crate::state::AppState;
use crate::store::{Outcome, Turn};

/// What a page calls its order, beside the messages.
const PAGE_ORDER: &str = "order";
/// The longest number that is asked for, in characters.
const LONGEST_NUMBER: usize = 64;

/// A turn that is answered with how an order stands.
pub(super) struct LookUp<'a> {
    lookup: &'a Lookup,
    turn: &'a Turn,
    assessment: &'a Assessment,
    intent: IntentId,
}

/// Whether a turn is answered with how an order stands.
pub(super) fn wanted<'a>(
    app: &'a AppState,
    turn: &'a Turn,
    assessment: &'a Assessment,
) -> Option<LookUp<'a>> {
    let lookup = app.settings.lookup.as_ref()?;
    let triage = app.assessor.triage();
    let (evidence, policy) = (&assessment.evidence, triage.policy());
    let said = outcome::chosen(turn).or_else(|| asked_about(turn).filter(|_| tells_number(turn, assessment)));
    let intent = match said {
        Some(said) => looked_up_as_chosen(evidence, said, policy, lookup.intents()),
        None => looked_up(evidence, triage.bundle().thresholds(), policy, lookup.intents()),
    }?;
    Some(LookUp { lookup, turn, assessment, intent })
}

impl LookUp<'_> {
    pub(super) async fn outcome(self, app: &AppState, language: MessageLanguage) -> Result<Outcome, Problem> {
        let Some(number) = number(self.turn, self.assessment) else {
            if self.was_said(app, ReplyKind::AskOrderNumber).await? {
                return self.hand_over(app, language, EscalationReason::LowConfidence).await;
            }
            return Ok(self.reply(app, language, ReplyKind::AskOrderNumber, None, None));
        };
        match self.ask(app, language, &number).await {
            Some(Answer::Found(order)) => {
                Ok(self.reply(app, language, ReplyKind::OrderStatus, Some(number), Some(&order)))
            }
            Some(Answer::Unknown) => {
                if self.was_said(app, ReplyKind::OrderUnknown).await? {
                    return self.hand_over(app, language, EscalationReason::AnswersFailed).await;
                }
                Ok(self.reply(app, language, ReplyKind::OrderUnknown, Some(number), None))
            }
            None => self.hand_over(app, language, EscalationReason::Failure).await,
        }
    }

    /// Whether the program said something of that kind in the conversation, however long ago.
    async fn was_said(&self, app: &AppState, kind: ReplyKind) -> Result<bool, Problem> {
        Ok(app.store.has_said(self.turn.conversation.id, kind).await?)
    }

    /// What the shop's system says; nothing when it does not.
    async fn ask(&self, app: &AppState, language: MessageLanguage, number: &str) -> Option<Answer> {
        let Self { lookup, turn, intent, .. } = self;
        let question = Question {
            order_number: number,
            customer: turn.conversation.customer.as_ref().map(Into::into),
            message: &text_of(turn),
            intent,
            language: language.tag(),
            site: &turn.conversation.site,
            conversation: turn.conversation.id,
        };
        let answer = lookup.ask(&question, app.time()).await;
        answer
            .inspect_err(|error| {
                tracing::warn!(conversation.id = %turn.conversation.id, %error, "an order cannot be looked up, a human gets the message");
            })
            .ok()
    }

    fn reply(
        &self,
        app: &AppState,
        language: MessageLanguage,
        kind: ReplyKind,
        number: Option<String>,
        order: Option<&Order>,
    ) -> Outcome {
        let shown = order.and_then(|order| order.number.as_deref()).or(number.as_deref()).unwrap_or_default();
        let status = order.map(|order| order.text_for(language, &app.settings.default_language));
        let text = app.replies_for(language).map(|replies| {
            let sentence = match kind {
                ReplyKind::OrderStatus => &replies.order_status,
                ReplyKind::OrderUnknown => &replies.order_unknown,
                _ => &replies.ask_order_number,
            };
            filled(sentence, &[("order", shown), ("status", status.as_deref().unwrap_or_default())])
        });
        let assessed = outcome::assessed(self.assessment, &self.assessment.decision);
        let assessed = Assessed {
            decision: DecisionKind::LookUp,
            reason: None,
            similarity: None,
            answer_probability: None,
            ..assessed
        };
        let about = AboutOrder {
            intent: self.intent.clone(),
            number,
            status: order.and_then(|order| order.status.clone()),
        };
        let asks_if_helpful = kind == ReplyKind::OrderStatus;
        let reply = Reply { asks_if_helpful, order: Some(about), ..Reply::plain(kind, Some(assessed)) };
        Outcome { text: text.unwrap_or_default(), reply, ticket: None }
    }

    async fn hand_over(
        &self,
        app: &AppState,
        language: MessageLanguage,
        reason: EscalationReason,
    ) -> Result<Outcome, Problem> {
        outcome::escalate(app, self.assessment, language, reason, Some(self.intent.clone())).await
    }
}

/// What the shopper wants to know of an order whose number the program asked for. An "ok" in between changes nothing.
fn asked_about(turn: &Turn) -> Option<&IntentId> {
    let replies = turn.before.iter().rev().filter(|message| message.sender != Sender::Shopper);
    let asked = replies.map(|message| message.reply.as_ref()).find(|reply| {
        reply.is_none_or(|reply| !matches!(reply.kind, ReplyKind::SmallTalk | ReplyKind::Notice))
    });
    let reply = asked??;
    let asks = matches!(reply.kind, ReplyKind::AskOrderNumber | ReplyKind::OrderUnknown);
    reply.order.as_ref().filter(|_| asks).map(|order| &order.intent)
}

/// Whether a turn gives the number that was asked for, and is not about something else.
fn tells_number(turn: &Turn, assessment: &Assessment) -> bool {
    let entities = &assessment.evidence.signals.entities;
    if last_number(entities).is_none() {
        return false;
    }
    let means_little = match &assessment.decision {
        Decision::Clarify { .. } => true,
        Decision::Escalate { reason } => {
            matches!(reason, EscalationReason::LowConfidence | EscalationReason::OutOfScope)
        }
        Decision::Answer { .. } => false,
    };
    means_little || is_only_a_number(&text_of(turn), entities)
}

/// Whether there is nothing beside the numbers that says more than that they are such.
fn is_only_a_number(text: &str, entities: &[Entity]) -> bool {
    static NAMES_IT: LazyLock<Regex> = LazyLock::new(|| {
        let words = "我的|这是|這是|订单|訂單|单号|單號|编号|編號|号码|號碼|单|單|号|號|是|为|為|my|order|number|num|no|its|it|is|the|here|this";
        Regex::new(&format!("^(?:{words})*$")).expect("a constant")
    });
    let is_number = |at: usize| {
        entities
            .iter()
            .any(|entity| entity.kind == EntityKind::OrderNumber && (entity.start..entity.end).contains(&at))
    };
    let rest = text.chars().enumerate().filter(|&(at, letter)| letter.is_alphanumeric() && !is_number(at));
    let rest: String = rest.flat_map(|(_, letter)| letter.to_lowercase()).collect();
    NAMES_IT.is_match(&rest)
}

/// The number of the order: as the shopper wrote it just now, as it was written before, or as the page has it.
fn number(turn: &Turn, assessment: &Assessment) -> Option<String> {
    let assessed = turn.before.iter().rev().filter_map(|message| message.reply.as_ref()?.assessment.as_ref());
    let before = || assessed.filter_map(|assessed| last_number(&assessed.entities)).next();
    let page = || turn.conversation.context.get(PAGE_ORDER).cloned();
    let number = last_number(&assessment.evidence.signals.entities).or_else(before).or_else(page)?;
    let number = number.trim();
    (!number.is_empty() && number.chars().count() <= LONGEST_NUMBER).then(|| number.to_owned())
}

fn last_number(entities: &[Entity]) -> Option<String> {
    let order = entities.iter().rev().find(|entity| entity.kind == EntityKind::OrderNumber)?;
    Some(order.normalised.clone().unwrap_or_else(|| order.text.clone()))
}

#[cfg(test)]
mod tests {
    use shopdesk_triage::{SignalRules, SignalSettings, Signals};

    use super::*;

    #[test]
    fn a_number_alone_is_told_from_a_number_with_a_wish() {
        let rules = SignalRules::new(&SignalSettings::default()).unwrap();
        for (text, expected) in [
            ("202411098765432", true),
            ("订单号是 202411098765432。", true),
            ("我的訂單編號：202411098765432", true),
            ("my order number is 202411098765432", true),
            ("It's 202411098765432!", true),
            ("202411098765432 我要退货", false),
            ("cancel 202411098765432", false),
            ("202411098765432 到哪了", false),
        ] {
            let entities = Signals::detect(&rules, text).entities;
            assert!(last_number(&entities).is_some(), "{text}");
            assert_eq!(is_only_a_number(text, &entities), expected, "{text}");
        }
    }
}
