//! What happens to a shopper's message: it is stored, joined with what else the shopper is writing, assessed, and answered or handed over.

mod handover;
mod look_up;
mod outcome;
mod waiting;

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use shopdesk_triage::{Assessment, EscalationReason, SmallTalk};
use tracing::Instrument as _;

pub(crate) use handover::{hand_over, handed_over_because};
pub(crate) use waiting::{Queue, Waiting, opening, waiting};

use crate::conversation::{ConversationId, ConversationState, MessageId};
use crate::inference::AssessError;
use crate::message::{Assessed, Message, ReplyKind, Sender};
use crate::metrics::Doing;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::{NewMessage, Received, Settled, Turn};
use crate::under_way::Begun;

/// How long a turn may wait for the model that has waited for other things for as long as the shop has patience.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);

/// What the shopper gets back.
pub(crate) struct Exchange {
    pub(crate) message: Message,
    /// Nothing when a human has the conversation, or when nobody waited for it.
    pub(crate) reply: Option<Message>,
    pub(crate) state: ConversationState,
}

/// Takes a message in. It is on disk before anything else happens, and the reply is before it leaves. What was begun is
/// finished, also when whoever sent the message has gone.
pub(crate) async fn receive(
    app: &AppState,
    conversation: ConversationId,
    new: NewMessage,
    waits: bool,
) -> Result<Exchange, Problem> {
    let text = new.text.clone();
    let due = |priority| app.due(priority, app.time());
    let received = app.store.receive(conversation, new, due).await?;
    let Received { message, reply, state, reopened, is_new } = received.ok_or(Problem::NoConversation)?;
    if message.text != text {
        return Err(Problem::ClientMessageIdReused);
    }
    if is_new {
        app.metrics.message();
    }
    if let Some(ticket) = reopened
        && let Err(problem) = waiting::tell_reopened(app, conversation, ticket, &message).await
    {
        // The message is kept and the ticket waits: that the shopper is not told so is no reason to refuse it.
        tracing::warn!(conversation.id = %conversation, problem = problem.code(), "a shopper was not told that people have the conversation again");
    }
    if reply.is_some() || state != ConversationState::Bot {
        return Ok(Exchange { message, reply, state });
    }
    let under_way = app.present.answers.begin();
    let settling = tokio::spawn(answer(app.clone(), conversation, message.id, under_way).in_current_span());
    if !waits {
        return Ok(Exchange { message, reply: None, state });
    }
    let (reply, state) = match settling.await.map_err(|_| Problem::Failed)?? {
        Some((reply, state)) => (Some(reply), state),
        None => reply_to(app, conversation, message.id).await?,
    };
    Ok(Exchange { message, reply, state })
}

/// A reply, and who speaks for the shop after it.
type Replied = (Message, ConversationState);

/// Answers a message, also when nobody waits for that any more; the reply, unless another message's task has it. A service that stops waits
/// for it as long as it is `under_way`.
async fn answer(
    app: AppState,
    conversation: ConversationId,
    message: MessageId,
    under_way: Begun,
) -> Result<Option<Replied>, Problem> {
    let answered = answer_turn(&app, conversation, message).await;
    if let Err(problem) = &answered {
        tracing::warn!(conversation.id = %conversation, problem = problem.code(), "a message waits for the next sweep");
        if problem.is_database() {
            app.metrics.database_failed(Doing::Answer);
        }
    }
    drop(under_way);
    answered
}

/// What the pipeline makes of a text that belongs to no conversation. It waits for the model half as long as a request may take, so that
/// whoever asked is told so.
pub(crate) async fn assess_text(app: &AppState, text: &str) -> Result<Assessed, AssessError> {
    let patience = app.settings.request_timeout / 2;
    let assessment = app.assessor.assess(None, text, app.now(), patience).await?;
    Ok(outcome::assessed(&assessment, &assessment.decision))
}

/// Settles the messages that were left over when the program was stopped, and that are older than `before`.
pub(crate) async fn catch_up(app: &AppState, before: Timestamp) -> Result<(), Problem> {
    for conversation in app.store.unsettled(before).await? {
        if app.present.is_stopping() {
            break;
        }
        tracing::info!(conversation.id = %conversation, "answering what was left over");
        // One that cannot be answered must not keep the others waiting.
        if let Err(problem) = answer_left_over(app, conversation).await {
            tracing::warn!(conversation.id = %conversation, problem = problem.code(), "left for the next sweep");
            if problem.is_database() {
                app.metrics.database_failed(Doing::Sweep);
            }
        }
    }
    Ok(())
}

async fn answer_left_over(app: &AppState, conversation: ConversationId) -> Result<(), Problem> {
    match app.store.turn(conversation).await? {
        Some(turn) if !turn.messages.is_empty() => settle(app, &turn, true).await.map(drop),
        _ => Ok(()),
    }
}

/// Waits until the shopper is quiet and answers all that was written since the program's last word. Only the newest message's task does
/// that; the others have nothing left to do.
async fn answer_turn(
    app: &AppState,
    conversation: ConversationId,
    message: MessageId,
) -> Result<Option<Replied>, Problem> {
    quiet(app, conversation).await;
    loop {
        let Some(turn) = app.store.turn(conversation).await? else { return Ok(None) };
        let Some((first, last)) = turn.messages.first().zip(turn.messages.last()) else { return Ok(None) };
        let longest = app.settings.dialogue.longest_turn();
        let waited = app.time().duration_since(first.created_at).unsigned_abs();
        let in_any_case = waited >= longest;
        if last.id != message && !in_any_case {
            return Ok(None);
        }
        match settle(app, &turn, in_any_case).await? {
            // Somebody else may have answered a part of it meanwhile: then the rest is looked at again.
            Settled::Stale => {}
            Settled::Replied { reply, state, .. } if turn.messages.iter().any(|own| own.id == message) => {
                return Ok(Some((*reply, state)));
            }
            _ => return Ok(None),
        }
    }
}

/// Waits for the shopper to stop writing, but not for ever.
async fn quiet(app: &AppState, conversation: ConversationId) {
    let (quiet, longest) = (app.settings.dialogue.quiet(), app.settings.dialogue.longest_turn());
    let begin = Instant::now();
    let mut until = begin + quiet;
    while let Some(rest) = until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero()) {
        tokio::time::sleep(rest).await;
        let typing =
            app.present.typing.lock().unwrap_or_else(PoisonError::into_inner).get(&conversation).copied();
        if let Some(seen) = typing {
            // Signs of typing come every few seconds.
            until = until.max((seen + quiet * 4).min(begin + longest));
        }
    }
    app.present.typing.lock().unwrap_or_else(PoisonError::into_inner).remove(&conversation);
}

/// Assesses a turn and keeps what becomes of it.
#[tracing::instrument(skip_all, fields(conversation.id = %turn.conversation.id))]
async fn settle(app: &AppState, turn: &Turn, in_any_case: bool) -> Result<Settled, Problem> {
    let Some((first, last)) = turn.messages.first().zip(turn.messages.last()) else {
        return Ok(Settled::Superseded);
    };
    let conversation = turn.conversation.id;
    let outcome = match small_talk(turn) {
        Some(small_talk) => outcome::small_talk(app, turn, small_talk),
        None => match assess(app, turn).await {
            Ok(assessment) => outcome::of(app, turn, &assessment).await?,
            Err(AssessError::Overloaded) => {
                tracing::warn!(message.id = %last.id, "too many messages at once, a human gets this one");
                handover::without_assessment(app, turn, EscalationReason::Busy).await?
            }
            Err(error @ AssessError::Failed(_)) => {
                tracing::error!(message.id = %last.id, error = %error, "a message could not be assessed, a human gets it");
                handover::without_assessment(app, turn, EscalationReason::Failure).await?
            }
        },
    };
    let reason = outcome.ticket.as_ref().map(|ticket| ticket.reason);
    let settled = app.store.settle(conversation, (first, last), in_any_case, outcome).await?;
    log(last, &settled);
    measure(app, &settled, reason);
    Ok(settled)
}

/// What a turn is that wants nothing. A short "ok" after a question is an answer to it.
fn small_talk(turn: &Turn) -> Option<SmallTalk> {
    let [message] = turn.messages.as_slice() else { return None };
    if turn.choice.is_some() || asked_back(turn) {
        return None;
    }
    SmallTalk::of(&message.text)
}

/// Whether the last thing that the program said was a question.
fn asked_back(turn: &Turn) -> bool {
    let said = turn.before.iter().rev().find(|message| message.sender != Sender::Shopper);
    said.and_then(|message| message.reply.as_ref()).is_some_and(|reply| reply.kind == ReplyKind::Clarify)
}

/// All that the shopper wrote in this turn, as one message.
fn text_of(turn: &Turn) -> String {
    let lines: Vec<&str> = turn.messages.iter().map(|message| message.text.as_str()).collect();
    lines.join("\n")
}

/// What the shopper wrote before this turn, as far as the program answered it.
fn context_of(turn: &Turn) -> Option<String> {
    let wanted =
        |message: &&Message| message.sender == Sender::Shopper && SmallTalk::of(&message.text).is_none();
    let last = turn.before.iter().rposition(|message| wanted(&message))?;
    // The lines of one thought stand together.
    let first = turn.before[..last]
        .iter()
        .rposition(|message| message.sender != Sender::Shopper)
        .map_or(0, |at| at + 1);
    let lines: Vec<&str> =
        turn.before[first..=last].iter().filter(wanted).map(|message| message.text.as_str()).collect();
    Some(lines.join("，"))
}

/// The assessment of a turn, read with what was said before it where it needs that.
async fn assess(app: &AppState, turn: &Turn) -> Result<Assessment, AssessError> {
    let (text, before) = (text_of(turn), context_of(turn));
    let patience = || {
        let last = turn.messages.last().map_or_else(|| app.time(), |last| last.created_at);
        let waited = app.time().duration_since(last).unsigned_abs();
        Duration::from_secs(app.settings.dialogue.busy_after_seconds)
            .saturating_sub(waited)
            .max(LEAST_PATIENCE)
    };
    let read = |before| app.assessor.assess(before, &text, app.now(), patience());
    let Some(before) = before.as_deref() else { return read(None).await };
    let triage = app.assessor.triage();
    // The title of a choice says little by itself.
    if turn.choice.is_some() || triage.follows_on(&text) {
        return read(Some(before)).await;
    }
    let alone = read(None).await?;
    if triage.needs_context(&text, &alone) { read(Some(before)).await } else { Ok(alone) }
}

/// The reply that a message has, or will have in a moment: another message's task may be at it.
async fn reply_to(
    app: &AppState,
    conversation: ConversationId,
    message: MessageId,
) -> Result<(Option<Message>, ConversationState), Problem> {
    let mut following = app.store.live().follow(conversation);
    let waiting = async {
        loop {
            let (reply, is_owed) = app.store.reply_to(message).await?;
            if !is_owed {
                return Ok::<_, Problem>(reply);
            }
            following.next().await;
        }
    };
    let reply = tokio::time::timeout(app.settings.request_timeout, waiting)
        .await
        .map_err(|_| Problem::TimedOut)??;
    let found = app.store.conversation(conversation).await?.ok_or(Problem::NoConversation)?;
    Ok((reply, found.state))
}

/// Counts what the program said, and whether a human takes over.
fn measure(app: &AppState, settled: &Settled, reason: Option<EscalationReason>) {
    let Settled::Replied { reply, ticket, .. } = settled else { return };
    if let Some(reply) = &reply.reply {
        app.metrics.reply(reply.kind);
    }
    if let Some(reason) = reason.filter(|_| ticket.is_some()) {
        app.metrics.handover(reason);
    }
}

/// What was decided, without a word of the message.
fn log(message: &Message, settled: &Settled) {
    let Settled::Replied { reply, ticket, .. } = settled else { return };
    let assessed = reply.reply.as_ref().and_then(|reply| reply.assessment.as_ref());
    let likeliest = assessed.and_then(|assessed| assessed.intents.first());
    tracing::info!(
        message.id = %message.id,
        decision = ?assessed.map(|assessed| assessed.decision),
        reason = assessed.and_then(|assessed| assessed.reason).map(EscalationReason::as_str),
        intent = likeliest.map(|intent| intent.id.as_str()),
        confidence = likeliest.map(|intent| intent.confidence.get()),
        ticket.id = ticket.map(tracing::field::display),
        "message settled"
    );
}
