//! A human takes over: the ticket, and what the shopper is told, with what to expect.

use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_triage::{EscalationReason, MessageLanguage, RuleName, detect_language};

use super::waiting;
use crate::conversation::{ConversationId, ConversationState};
use crate::message::{Assessed, Reply, ReplyKind};
use crate::problem::Problem;
use crate::state::{AppState, reader, reader_of};
use crate::store::{NewTicket, Outcome, Turn};
use crate::ticket::Suggestion;

/// What a ticket is about.
pub(super) struct About {
    pub(super) priority: Priority,
    pub(super) raised_by: Vec<RuleName>,
    pub(super) intent: Option<IntentId>,
    pub(super) suggestions: Vec<Suggestion>,
}

/// The ticket and the sentence for a hand-over.
pub(super) async fn outcome(
    app: &AppState,
    language: MessageLanguage,
    reason: EscalationReason,
    about: About,
    assessed: Option<Assessed>,
) -> Result<Outcome, Problem> {
    let due = app.due(about.priority, app.time());
    Ok(Outcome {
        text: waiting::sentence(app, language, reason).await?,
        reply: Reply::plain(ReplyKind::Handover, assessed),
        ticket: Some(NewTicket {
            priority: about.priority,
            raised_by: about.raised_by,
            reason,
            intent: about.intent,
            suggestions: about.suggestions,
            first_response_due: due.first_response.map(|deadline| deadline.due_at),
            resolution_due: due.resolution.map(|deadline| deadline.due_at),
        }),
    })
}

/// A part of the program failed, or has no room: the shopper gets a human, not an error.
pub(super) async fn without_assessment(
    app: &AppState,
    turn: &Turn,
    reason: EscalationReason,
) -> Result<Outcome, Problem> {
    // Words tell the language without the model.
    let language = detect_language(&super::text_of(turn));
    let priority = if reason == EscalationReason::Busy { Priority::Normal } else { Priority::High };
    let about = About { priority, raised_by: Vec::new(), intent: None, suggestions: Vec::new() };
    outcome(app, reader(app, Some(language), &turn.conversation), reason, about, None).await
}

/// Hands a conversation over because the shopper pressed the button for a human.
pub(crate) async fn hand_over(
    app: &AppState,
    conversation: ConversationId,
) -> Result<ConversationState, Problem> {
    handed_over_because(app, conversation, EscalationReason::HumanRequested).await
}

/// Hands a conversation over for a reason that is not in a message; what its last message was assessed as goes with it.
pub(crate) async fn handed_over_because(
    app: &AppState,
    conversation: ConversationId,
    reason: EscalationReason,
) -> Result<ConversationState, Problem> {
    let (found, language) = reader_of(app, conversation).await?.ok_or(Problem::NoConversation)?;
    if found.state != ConversationState::Bot {
        return Ok(found.state);
    }
    let last = app.store.last_assessed(conversation).await?;
    let about = About {
        priority: Priority::Normal,
        raised_by: Vec::new(),
        intent: last.as_ref().and_then(|assessed| assessed.intents.first()).map(|intent| intent.id.clone()),
        suggestions: Vec::new(),
    };
    let outcome = outcome(app, language, reason, about, last).await?;
    let (state, ticket) = app.store.hand_over(conversation, outcome).await?.ok_or(Problem::NoConversation)?;
    if ticket.is_some() {
        app.metrics.handover(reason);
    }
    Ok(state)
}
