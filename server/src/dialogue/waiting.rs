//! What whoever waits for a human can expect: the place in the queue, the usual wait, the opening hours.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Serialize;
use shopdesk_triage::{EscalationReason, MessageLanguage, detect_language};

use crate::conversation::{ConversationId, ConversationState};
use crate::message::{Message, Reply, ReplyKind};
use crate::problem::Problem;
use crate::replies::filled;
use crate::state::{AppState, reader};
use crate::store::TicketFilter;
use crate::ticket::{TicketId, TicketState};

/// Over how many tickets the usual wait is measured.
const MEASURED: i64 = 50;
/// Where so many wait, the queue is not looked at again for a moment.
const MANY: i64 = 200;
const A_MOMENT: Duration = Duration::from_secs(2);

/// What whoever waits can expect.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub(crate) struct Waiting {
    /// The place in the queue, 1 for the next.
    pub(crate) position: i64,
    /// Whether people are there now.
    pub(crate) open_now: bool,
    /// When they are back, when they are not there.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    pub(crate) opens_at: Option<Timestamp>,
    /// How long others waited lately, in seconds; nothing when nobody is there.
    #[schema(required)]
    pub(crate) expected_seconds: Option<i64>,
}

/// What the shopper of a conversation can expect, if it waits for a human.
pub(crate) async fn waiting(
    app: &AppState,
    conversation: ConversationId,
) -> Result<Option<Waiting>, Problem> {
    let found = app.store.conversation(conversation).await?;
    if !found.is_some_and(|found| found.state == ConversationState::WaitingForHuman) {
        return Ok(None);
    }
    let Some(ticket) = app.store.ticket_of(conversation).await? else { return Ok(None) };
    let position = app.store.position(&ticket).await? + 1;
    let (open_now, opens) = opening(app);
    let expected_seconds = if open_now { Some(usual_seconds(app).await?) } else { None };
    let opens_at = opens.and_then(|opens| opens.to_zoned(app.settings.time_zone.clone()).ok());
    Ok(Some(Waiting {
        position,
        open_now,
        opens_at: opens_at.map(|opens| opens.timestamp()),
        expected_seconds,
    }))
}

/// Whether people are there now, and when they are next when they are not.
pub(crate) fn opening(app: &AppState) -> (bool, Option<DateTime>) {
    let now = app.now();
    let choices = app.choices();
    let open = choices.hours.is_open(now);
    (open, if open { None } else { choices.hours.next_opening(now) })
}

async fn usual_seconds(app: &AppState) -> Result<i64, Problem> {
    let recent = {
        let queue = queue(app);
        queue.recent(queue.usual_seconds)
    };
    if let Some(seconds) = recent {
        return Ok(seconds);
    }
    let measured = app.store.usual_wait(MEASURED).await?.map(|wait| wait / 1000);
    let seconds = measured.unwrap_or_else(|| i64::from(app.settings.dialogue.usual_wait_minutes.get()) * 60);
    queue(app).usual_seconds = Some((Instant::now(), seconds));
    Ok(seconds)
}

/// What a shopper is told at a hand-over: why, and what to expect.
pub(super) async fn sentence(
    app: &AppState,
    language: MessageLanguage,
    reason: EscalationReason,
) -> Result<String, Problem> {
    let Some(replies) = app.replies_for(language) else { return Ok(String::new()) };
    let ahead = ahead(app).await?;
    with_what_to_expect(app, language, replies.on_escalation(reason), ahead).await
}

/// The queue as it was when it was last looked at.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    ahead: Option<(Instant, i64)>,
    usual_seconds: Option<(Instant, i64)>,
}

impl Queue {
    /// What was seen a moment ago, where many wait: then many ask, and nobody minds how it was a moment ago.
    fn recent(&self, seen: Option<(Instant, i64)>) -> Option<i64> {
        let is_long = self.ahead.is_some_and(|(_, ahead)| ahead >= MANY);
        seen.filter(|(at, _)| is_long && at.elapsed() < A_MOMENT).map(|(_, value)| value)
    }
}

fn queue(app: &AppState) -> MutexGuard<'_, Queue> {
    app.present.queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many wait.
async fn ahead(app: &AppState) -> Result<i64, Problem> {
    let recent = {
        let queue = queue(app);
        queue.recent(queue.ahead)
    };
    if let Some(ahead) = recent {
        return Ok(ahead);
    }
    let open = TicketFilter { states: vec![TicketState::Open], ..TicketFilter::default() };
    let ahead = app.store.count_tickets(&open, i64::MAX).await?;
    queue(app).ahead = Some((Instant::now(), ahead));
    Ok(ahead)
}

/// Tells whoever wrote after the end that people have the conversation again, and what to expect.
pub(super) async fn tell_reopened(
    app: &AppState,
    conversation: ConversationId,
    ticket: TicketId,
    message: &Message,
) -> Result<(), Problem> {
    let found = app.store.conversation(conversation).await?.ok_or(Problem::NoConversation)?;
    let language = reader(app, Some(detect_language(&message.text)), &found);
    let Some(replies) = app.replies_for(language) else { return Ok(()) };
    let Some(ticket) = app.store.ticket(ticket).await? else { return Ok(()) };
    let ahead = app.store.position(&ticket).await?;
    let text = with_what_to_expect(app, language, &replies.reopened, ahead).await?;
    let reply = Reply::plain(ReplyKind::Notice, None);
    app.store.say(conversation, ConversationState::WaitingForHuman, text, reply).await?;
    Ok(())
}

/// A sentence, and after it how long it may take, with so many people ahead.
async fn with_what_to_expect(
    app: &AppState,
    language: MessageLanguage,
    sentence: &str,
    ahead: i64,
) -> Result<String, Problem> {
    let Some(replies) = app.replies_for(language) else { return Ok(sentence.to_owned()) };
    let (open, opens) = opening(app);
    let mut parts = vec![sentence.to_owned()];
    if open {
        if ahead > 0 {
            parts.push(filled(&replies.wait_queue, &[("position", &ahead.to_string())]));
        }
        let minutes = (usual_seconds(app).await? + 59) / 60;
        parts.push(filled(&replies.wait_open, &[("minutes", &minutes.max(1).to_string())]));
    } else if let Some(opens) = opens {
        let hours = app.choices().hours.describe(language.tag());
        let opens = day_and_time(app.now(), opens, language);
        parts.push(filled(&replies.wait_closed, &[("hours", &hours), ("opens", &opens)]));
    }
    let space = if language == MessageLanguage::English { " " } else { "" };
    Ok(parts.join(space))
}

/// A moment as people say it: "明天 9:00", "tomorrow at 9:00".
fn day_and_time(now: DateTime, then: DateTime, language: MessageLanguage) -> String {
    let time = format!("{}:{:02}", then.hour(), then.minute());
    let days = (then.date() - now.date()).get_days();
    let (month, day) = (then.month(), then.day());
    match (language, days) {
        (MessageLanguage::SimplifiedChinese | MessageLanguage::TraditionalChinese, 0) => {
            format!("今天 {time}")
        }
        (MessageLanguage::SimplifiedChinese | MessageLanguage::TraditionalChinese, 1) => {
            format!("明天 {time}")
        }
        (MessageLanguage::SimplifiedChinese | MessageLanguage::TraditionalChinese, _) => {
            format!("{month}月{day}日 {time}")
        }
        (_, 0) => format!("today at {time}"),
        (_, 1) => format!("tomorrow at {time}"),
        _ => format!("on {} {day} at {time}", then.strftime("%B")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_said_as_people_say_them() {
        let now: DateTime = "2026-11-30T23:10".parse().unwrap();
        for (then, language, expected) in [
            ("2026-11-30T23:30", MessageLanguage::English, "today at 23:30"),
            ("2026-12-01T09:00", MessageLanguage::English, "tomorrow at 9:00"),
            ("2026-12-03T09:05", MessageLanguage::English, "on December 3 at 9:05"),
            ("2026-12-01T09:00", MessageLanguage::TraditionalChinese, "明天 9:00"),
            ("2026-12-03T09:00", MessageLanguage::SimplifiedChinese, "12月3日 9:00"),
        ] {
            assert_eq!(day_and_time(now, then.parse().unwrap(), language), expected);
        }
    }
}
