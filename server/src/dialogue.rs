//! What happens to a shopper's message: stored, assessed, and answered or handed over.

use jiff::Timestamp;
use shopdesk_model::intents::Priority;
use shopdesk_triage::{Assessment, Decision, EscalationReason, MessageLanguage, RankedArticle, Signals};

use crate::conversation::{
    Assessed, Choice, Citation, ConversationId, ConversationState, DecisionKind, IntentConfidence, Message,
    Reply,
};
use crate::inference::AssessError;
use crate::problem::Problem;
use crate::script::for_reader;
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

/// Takes a message in. It is on disk before anything else happens, and the reply is before it leaves. What was begun is
/// finished, also when whoever sent the message has gone.
pub(crate) async fn receive(
    app: &AppState,
    conversation: ConversationId,
    new: NewMessage,
) -> Result<Exchange, Problem> {
    let text = new.text.clone();
    let received = app.store.receive(conversation, new).await?;
    let Received { message, reply, state, asked_back } = received.ok_or(Problem::NoConversation)?;
    if message.text != text {
        return Err(Problem::ClientMessageIdReused);
    }
    if reply.is_some() || state != ConversationState::Bot {
        return Ok(Exchange { message, reply, state });
    }
    let app = app.clone();
    let settling = tokio::spawn(async move {
        let (reply, state) = settle(&app, conversation, &message, asked_back).await?;
        Ok(Exchange { message, reply, state })
    });
    settling.await.map_err(|_| Problem::Failed)?
}

/// Settles the messages that were left over when the program was stopped, or when it was too busy, and that are older
/// than `before`.
pub(crate) async fn catch_up(app: &AppState, before: Timestamp) -> Result<(), Problem> {
    for (conversation, message) in app.store.unsettled(before).await? {
        tracing::info!(message.id = %message.id, "settling a message that was left over");
        settle(app, conversation, &message, false).await?;
    }
    Ok(())
}

/// Assesses a message and keeps what becomes of it.
async fn settle(
    app: &AppState,
    conversation: ConversationId,
    message: &Message,
    asked_back: bool,
) -> Result<(Option<Message>, ConversationState), Problem> {
    let outcome = match app.assessor.assess(&message.text, app.now()).await {
        Ok(assessment) => outcome(app, &once(assessment, asked_back)),
        Err(AssessError::Overloaded) => return Err(Problem::Overloaded),
        Err(error @ AssessError::Failed(_)) => {
            tracing::error!(message.id = %message.id, error = %error, "a message could not be assessed, a human gets it");
            failure(app)
        }
    };
    let (reply, state) = app.store.settle(conversation, message, outcome).await?;
    log(message, reply.as_ref());
    Ok((reply, state))
}

/// Nobody is asked back twice in a row: then a human takes over.
fn once(mut assessment: Assessment, asked_back: bool) -> Assessment {
    if let (true, Decision::Clarify { .. }) = (asked_back, &assessment.decision) {
        assessment.decision = Decision::Escalate { reason: EscalationReason::LowConfidence };
    }
    assessment
}

/// The reply and, on an escalation, the ticket that follow from an assessment.
fn outcome(app: &AppState, assessment: &Assessment) -> Outcome {
    let language = assessment.evidence.signals.language.language;
    let sentences = app.replies_for(language);
    let assessed = assessed(assessment);
    match &assessment.decision {
        Decision::Answer { article, .. } => Outcome {
            text: for_reader(&article.hit.article.answer, article.hit.article.language.as_str(), language)
                .into_owned(),
            reply: Reply {
                article: Some(Citation::from(article.hit.article.as_ref())),
                choices: Vec::new(),
                assessment: Some(assessed),
            },
            ticket: None,
        },
        Decision::Clarify { choices } => {
            let tags = [language.tag(), language.base().unwrap_or_default(), &app.default_language];
            let choices = choices.iter().map(|choice| Choice {
                intent: choice.label.id.clone(),
                title: for_reader(choice.label.title_in(&tags), "zh", language).into_owned(),
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
                priority: assessment.urgency.priority,
                raised_by: assessment.urgency.raised_by.clone(),
                reason: *reason,
                suggestions: suggestions(assessment),
            }),
            reply: Reply { article: None, choices: Vec::new(), assessment: Some(assessed) },
        },
    }
}

/// A part of the program failed: the shopper gets a human, not an error.
fn failure(app: &AppState) -> Outcome {
    let reason = EscalationReason::Failure;
    // The language was to be found by what failed.
    let sentence =
        app.replies_for(MessageLanguage::Other).map(|sentences| sentences.on_escalation(reason).to_owned());
    Outcome {
        text: sentence.unwrap_or_default(),
        reply: Reply { article: None, choices: Vec::new(), assessment: None },
        ticket: Some(NewTicket {
            priority: Priority::High,
            raised_by: Vec::new(),
            reason,
            suggestions: Vec::new(),
        }),
    }
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

fn assessed(assessment: &Assessment) -> Assessed {
    let (decision, reason, article) = match &assessment.decision {
        Decision::Answer { article, .. } => (DecisionKind::Answer, None, Some(article)),
        Decision::Clarify { .. } => (DecisionKind::Clarify, None, None),
        Decision::Escalate { reason } => (DecisionKind::Escalate, Some(*reason), None),
    };
    let likeliest = assessment.evidence.intents.iter().take(KEPT);
    let Signals { language, entities, human_request, alarms } = assessment.evidence.signals.clone();
    Assessed {
        decision,
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
