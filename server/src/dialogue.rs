//! What happens to a shopper's message: stored, assessed, and answered or handed over.

use shopdesk_model::intents::Priority;
use shopdesk_triage::{Assessment, Decision, EscalationReason, MessageLanguage, detect_language};

use crate::conversation::{
    Assessed, Choice, Citation, ConversationId, ConversationState, DecisionKind, IntentConfidence, Message,
    Reply,
};
use crate::inference::AssessError;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::{NewMessage, NewTicket, Outcome, Received};
use crate::ticket::Suggestion;

/// How many likely intents and close articles are kept with a decision.
const KEPT: usize = 3;

/// What the shopper gets back.
pub(crate) struct Exchange {
    pub(crate) message: Message,
    /// Nothing when a human has the conversation.
    pub(crate) reply: Option<Message>,
    pub(crate) state: ConversationState,
}

/// Takes a message in. It is on disk before anything else happens, and the reply is before it leaves.
pub(crate) async fn receive(
    app: &AppState,
    conversation: ConversationId,
    new: NewMessage,
) -> Result<Exchange, Problem> {
    let received = app.store.receive(conversation, new).await?;
    let Received { message, reply, state } = received.ok_or(Problem::NoConversation)?;
    if reply.is_some() || state != ConversationState::Bot {
        return Ok(Exchange { message, reply, state });
    }
    let outcome = match app.assessor.assess(&message.text, app.today()).await {
        Ok(assessment) => outcome(app, &assessment),
        Err(AssessError::Overloaded) => return Err(Problem::Overloaded),
        Err(error @ AssessError::Failed(_)) => {
            tracing::error!(message.id = %message.id, error = %error, "a message could not be assessed, a human gets it");
            failure(app, &message.text)
        }
    };
    let (reply, state) = app.store.settle(conversation, &message, outcome).await?;
    log(&message, reply.as_ref());
    Ok(Exchange { message, reply, state })
}

/// The reply and, on an escalation, the ticket that follow from an assessment.
fn outcome(app: &AppState, assessment: &Assessment) -> Outcome {
    let language = assessment.evidence.language;
    let sentences = app.replies_for(language);
    let assessed = assessed(assessment);
    match &assessment.decision {
        Decision::Answer { hit, .. } => Outcome {
            text: hit.article.answer.clone(),
            reply: Reply {
                article: Some(Citation::from(hit.article.as_ref())),
                choices: Vec::new(),
                assessment: Some(assessed),
            },
            ticket: None,
        },
        Decision::Clarify { choices } => {
            let tag = language.base().unwrap_or(&app.default_language);
            let choices = choices.iter().map(|choice| Choice {
                intent: choice.label.id.clone(),
                title: choice.label.title_in(tag).to_owned(),
            });
            Outcome {
                text: sentences.map(|sentences| sentences.clarify.clone()).unwrap_or_default(),
                reply: Reply { article: None, choices: choices.collect(), assessment: Some(assessed) },
                ticket: None,
            }
        }
        Decision::Escalate { reason } => Outcome {
            text: sentences.map(|sentences| sentences.on_escalation(*reason).to_owned()).unwrap_or_default(),
            ticket: Some(NewTicket {
                priority: priority(assessment, *reason),
                reason: *reason,
                suggestions: suggestions(assessment),
            }),
            reply: Reply { article: None, choices: Vec::new(), assessment: Some(assessed) },
        },
    }
}

/// A part of the program failed: the shopper gets a human, not an error.
fn failure(app: &AppState, text: &str) -> Outcome {
    let reason = EscalationReason::Failure;
    let language: MessageLanguage = detect_language(text);
    let sentence = app.replies_for(language).map(|sentences| sentences.on_escalation(reason).to_owned());
    Outcome {
        text: sentence.unwrap_or_default(),
        reply: Reply { article: None, choices: Vec::new(), assessment: None },
        ticket: Some(NewTicket { priority: Priority::High, reason, suggestions: Vec::new() }),
    }
}

/// The likeliest intent's priority; the usual one when the message is none of the shop's intents.
fn priority(assessment: &Assessment, reason: EscalationReason) -> Priority {
    match (reason, assessment.evidence.intents.first()) {
        (EscalationReason::OutOfScope, _) | (_, None) => Priority::Normal,
        (_, Some(likeliest)) => likeliest.label.priority,
    }
}

fn suggestions(assessment: &Assessment) -> Vec<Suggestion> {
    let closest = assessment.evidence.hits.iter().take(KEPT);
    closest
        .map(|hit| Suggestion {
            article: Citation::from(hit.article.as_ref()),
            answer: hit.article.answer.clone(),
            similarity: hit.similarity,
        })
        .collect()
}

fn assessed(assessment: &Assessment) -> Assessed {
    let (decision, reason, similarity) = match &assessment.decision {
        Decision::Answer { hit, .. } => (DecisionKind::Answer, None, Some(hit.similarity)),
        Decision::Clarify { .. } => (DecisionKind::Clarify, None, None),
        Decision::Escalate { reason } => (DecisionKind::Escalate, Some(*reason), None),
    };
    let likeliest = assessment.evidence.intents.iter().take(KEPT);
    Assessed {
        decision,
        reason,
        language: assessment.evidence.language,
        intents: likeliest
            .map(|intent| IntentConfidence { id: intent.label.id.clone(), confidence: intent.confidence })
            .collect(),
        out_of_scope: assessment.evidence.out_of_scope,
        similarity,
        bundle: assessment.bundle.clone(),
        truncated: assessment.truncated,
    }
}

/// What was decided, without a word of the message.
fn log(message: &Message, reply: Option<&Message>) {
    let assessed = reply.and_then(|reply| reply.reply.as_ref()).and_then(|reply| reply.assessment.as_ref());
    if let Some(assessed) = assessed {
        let likeliest = assessed.intents.first();
        tracing::info!(
            message.id = %message.id,
            decision = ?assessed.decision,
            reason = assessed.reason.map(EscalationReason::as_str),
            intent = likeliest.map(|intent| intent.id.as_str()),
            confidence = likeliest.map(|intent| intent.confidence.get()),
            "message settled"
        );
    }
}
