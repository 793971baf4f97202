//! The reply and, on an escalation, the ticket that follow from an assessment.

use shopdesk_model::intents::IntentId;
use shopdesk_triage::{
    Assessment, Decision, EscalationReason, MessageLanguage, RankedArticle, Signals, SmallTalk, decide_chosen,
};

use super::{asked_back, handover, look_up};
use crate::message::{Assessed, Choice, Citation, DecisionKind, IntentConfidence, Reply, ReplyKind, Sender};
use crate::problem::Problem;
use crate::replies::LanguageReplies;
use crate::script::for_reader;
use crate::state::{AppState, reader};
use crate::store::{Outcome, Turn};
use crate::ticket::Suggestion;

/// How many likely intents and close articles are kept with a decision.
const KEPT: usize = 3;

/// A brief word to whoever wants nothing.
pub(super) fn small_talk(app: &AppState, turn: &Turn, small_talk: SmallTalk) -> Outcome {
    let message = turn.messages.last().map(|message| shopdesk_triage::detect_language(&message.text));
    let language = reader(app, message, &turn.conversation);
    let sentence = app.replies_for(language).map(|replies| replies.on_small_talk(small_talk).to_owned());
    Outcome {
        text: sentence.unwrap_or_default(),
        reply: Reply::plain(ReplyKind::SmallTalk, None),
        ticket: None,
    }
}

/// What follows from an assessment, in this conversation.
pub(super) async fn of(app: &AppState, turn: &Turn, assessment: &Assessment) -> Result<Outcome, Problem> {
    let language = reader(app, Some(assessment.evidence.signals.language.language), &turn.conversation);
    if let Some(look_up) = look_up::wanted(app, turn, assessment) {
        return look_up.outcome(app, language).await;
    }
    let decision = in_conversation(app, turn, assessment);
    let assessed = assessed(assessment, &decision);
    match decision {
        Decision::Answer { article, .. } => Ok(answer(&article, language, assessed)),
        Decision::Clarify { choices } => {
            let tags = [language.tag(), language.base().unwrap_or_default(), &app.settings.default_language];
            let choices = choices.iter().map(|choice| Choice {
                intent: choice.label.id.clone(),
                title: for_reader(choice.label.title_in(&tags), "zh", language).into_owned(),
            });
            let asks = |replies: &LanguageReplies| {
                if choices.len() == 0 { replies.clarify_openly.clone() } else { replies.clarify.clone() }
            };
            let text = app.replies_for(language).map(asks);
            let mut reply = Reply::plain(ReplyKind::Clarify, None);
            reply.choices = choices.collect();
            reply.assessment = Some(assessed);
            Ok(Outcome { text: text.unwrap_or_default(), reply, ticket: None })
        }
        Decision::Escalate { reason } => {
            let likeliest = assessment.evidence.intents.first().map(|intent| intent.label.id.clone());
            escalate(app, assessment, language, reason, likeliest).await
        }
    }
}

/// A human takes over, with all that is known.
pub(super) async fn escalate(
    app: &AppState,
    assessment: &Assessment,
    language: MessageLanguage,
    reason: EscalationReason,
    intent: Option<IntentId>,
) -> Result<Outcome, Problem> {
    let about = handover::About {
        priority: assessment.urgency.priority,
        raised_by: assessment.urgency.raised_by.clone(),
        intent,
        suggestions: suggestions(assessment),
    };
    let assessed = assessed(assessment, &Decision::Escalate { reason });
    handover::outcome(app, language, reason, about, Some(assessed)).await
}

/// The shop's own words.
fn answer(article: &RankedArticle, language: MessageLanguage, assessed: Assessed) -> Outcome {
    let found = article.hit.article.as_ref();
    Outcome {
        text: for_reader(&found.answer, found.language.as_str(), language).into_owned(),
        reply: Reply {
            kind: ReplyKind::Answer,
            article: Some(Citation::from(found)),
            choices: Vec::new(),
            asks_if_helpful: true,
            order: None,
            assessment: Some(assessed),
        },
        ticket: None,
    }
}

/// What the course of the conversation makes of a decision: what the shopper chose is what is meant, and nobody is asked back twice in a
/// row.
fn in_conversation(app: &AppState, turn: &Turn, assessment: &Assessment) -> Decision {
    if let Some(chosen) = chosen(turn) {
        return decide_chosen(&assessment.evidence, chosen, app.assessor.triage().policy());
    }
    match &assessment.decision {
        Decision::Clarify { .. } if asked_back(turn) => {
            Decision::Escalate { reason: EscalationReason::LowConfidence }
        }
        decision => decision.clone(),
    }
}

/// What the shopper chose of what the program offered just before.
pub(super) fn chosen(turn: &Turn) -> Option<&IntentId> {
    let offered = turn.before.iter().rev().find(|message| message.sender == Sender::Bot);
    let choices = &offered?.reply.as_ref()?.choices;
    turn.choice.as_ref().filter(|chosen| choices.iter().any(|choice| choice.intent == **chosen))
}

fn suggestions(assessment: &Assessment) -> Vec<Suggestion> {
    let best = assessment.evidence.articles.iter().take(KEPT);
    best.map(|RankedArticle { hit, probability }| Suggestion {
        article: Citation::from(hit.article.as_ref()),
        answer: hit.article.answer.clone(),
        similarity: hit.similarity,
        probability: Some(*probability),
    })
    .collect()
}

pub(super) fn assessed(assessment: &Assessment, decision: &Decision) -> Assessed {
    let (kind, reason, article) = match decision {
        Decision::Answer { article, .. } => (DecisionKind::Answer, None, Some(article)),
        Decision::Clarify { .. } => (DecisionKind::Clarify, None, None),
        Decision::Escalate { reason } => (DecisionKind::Escalate, Some(*reason), None),
    };
    let likeliest = assessment.evidence.intents.iter().take(KEPT);
    let Signals { language, entities, human_request, alarms } = assessment.evidence.signals.clone();
    Assessed {
        decision: kind,
        reason,
        language: language.language,
        language_confidence: Some(language.confidence),
        sentiment: assessment.evidence.sentiment,
        intents: likeliest
            .map(|intent| IntentConfidence { id: intent.label.id.clone(), confidence: intent.confidence })
            .collect(),
        out_of_scope: assessment.evidence.out_of_scope,
        entities,
        human_request,
        alarms,
        similarity: article.map(|article| article.hit.similarity),
        answer_probability: article.map(|article| article.probability),
        bundle: assessment.bundle.clone(),
        truncated: assessment.truncated,
    }
}
