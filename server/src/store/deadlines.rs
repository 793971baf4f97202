//! Which deadlines are near or missed, and which tickets come back: found in the database, so that a restart or a second server changes
//! nothing. Each is claimed by an `UPDATE` that only one of them can make.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row as _;

use super::conversations::lock;
use super::rows::{id, now, optional_timestamp};
use super::settle::{priority_of, urgency};
use super::ticket_rows::log;
use super::writing::NewRow;
use super::{Actor, Lock, Store, StoreError, TicketChange};
use crate::conversation::ConversationId;
use crate::live::Signal;
use crate::message::Reply;
use crate::ticket::{Deadline, Entry, TicketId};

/// A ticket with a deadline ahead of it, or behind.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) ticket: TicketId,
    pub(crate) conversation: ConversationId,
    pub(crate) priority: shopdesk_model::intents::Priority,
    /// When it was opened, the last time.
    pub(crate) since: Timestamp,
    pub(crate) first_response_due: Option<Timestamp>,
    pub(crate) is_answered: bool,
    pub(crate) resolution_due: Option<Timestamp>,
    pub(crate) alerts: i64,
    /// Since when it was to be looked at.
    next_alert_at: i64,
}

/// What was alerted already, as bits of `tickets.alerts`.
pub(crate) const FIRST_NEAR: i64 = 1;
pub(crate) const FIRST_MISSED: i64 = 2;
pub(crate) const RESOLUTION_NEAR: i64 = 4;
pub(crate) const RESOLUTION_MISSED: i64 = 8;
pub(crate) const SHOPPER_TOLD: i64 = 16;

/// Tickets of which time tell how long people usually wait.
const LATELY: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Store {
    /// Tickets that somebody should work on and that may have something to alert of at that time.
    pub(crate) async fn watched(&self, at: Timestamp) -> Result<Vec<Watched>, StoreError> {
        let rows = sqlx::query(
            "SELECT id, conversation, priority, COALESCE(reopened_at, opened_at) AS since, first_response_due, \
             first_response_at, resolution_due, alerts, next_alert_at \
             FROM tickets WHERE next_alert_at <= $1 ORDER BY next_alert_at",
        )
        .bind(at.as_millisecond())
        .fetch_all(&self.readers)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Watched {
                    ticket: id(row, "id")?,
                    conversation: id(row, "conversation")?,
                    priority: priority_of(row.try_get("priority")?),
                    since: super::rows::timestamp(row, "since")?,
                    first_response_due: optional_timestamp(row, "first_response_due")?,
                    is_answered: optional_timestamp(row, "first_response_at")?.is_some(),
                    resolution_due: optional_timestamp(row, "resolution_due")?,
                    alerts: row.try_get("alerts")?,
                    next_alert_at: row.try_get("next_alert_at")?,
                })
            })
            .collect()
    }

    /// Looks at a ticket no more before that time, or not at all, unless its deadlines changed meanwhile.
    pub(crate) async fn watch_again(
        &self,
        watched: &Watched,
        next: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "UPDATE tickets SET next_alert_at = $2 WHERE id = $1 AND next_alert_at = $3 AND priority = $4 \
             AND COALESCE(reopened_at, opened_at) = $5",
        )
        .bind(watched.ticket.to_string())
        .bind(next.map(Timestamp::as_millisecond))
        .bind(watched.next_alert_at)
        .bind(urgency(watched.priority))
        .bind(watched.since.as_millisecond())
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    /// Has every ticket looked at anew: hours and deadlines may be others than when they were looked at.
    pub(crate) async fn watch_all(&self) -> Result<(), StoreError> {
        sqlx::query("UPDATE tickets SET next_alert_at = 0 WHERE state IN ('open', 'assigned')")
            .execute(&self.writer)
            .await?;
        Ok(())
    }

    /// Keeps that an alert was given. False when it was given before: then it is not given again.
    pub(crate) async fn alert(&self, watched: &Watched, alert: i64) -> Result<bool, StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        let done =
            sqlx::query("UPDATE tickets SET alerts = alerts + $2 WHERE id = $1 AND (alerts / $2) % 2 = 0")
                .bind(watched.ticket.to_string())
                .bind(alert)
                .execute(&mut *writing)
                .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        let entry = match alert {
            FIRST_NEAR => Entry::Deadline { deadline: Deadline::FirstResponse, missed: false },
            FIRST_MISSED => Entry::Deadline { deadline: Deadline::FirstResponse, missed: true },
            RESOLUTION_NEAR => Entry::Deadline { deadline: Deadline::Resolution, missed: false },
            _ => Entry::Deadline { deadline: Deadline::Resolution, missed: true },
        };
        log(&mut writing, watched.ticket, None, &entry).await?;
        writing.signals.push(Signal::Ticket { ticket: watched.ticket });
        writing.commit().await?;
        Ok(true)
    }

    /// Tells a shopper that nobody came, once, as long as nobody did.
    pub(crate) async fn tell_shopper(
        &self,
        watched: &Watched,
        text: String,
        reply: Reply,
    ) -> Result<(), StoreError> {
        let mut writing = self.begin(Lock::Rows).await?;
        lock(&mut writing, watched.conversation).await?;
        let done = sqlx::query(
            "UPDATE tickets SET alerts = alerts + $2 WHERE id = $1 AND (alerts / $2) % 2 = 0 \
             AND first_response_at IS NULL AND state IN ('open', 'assigned')",
        )
        .bind(watched.ticket.to_string())
        .bind(SHOPPER_TOLD)
        .execute(&mut *writing)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(());
        }
        writing.append_message(watched.conversation, NewRow::reply(text, &reply)).await?;
        log(&mut writing, watched.ticket, None, &Entry::ShopperTold).await?;
        writing.signals.push(Signal::Ticket { ticket: watched.ticket });
        writing.commit().await
    }

    /// Brings back tickets that were put off until now. One that cannot come back keeps no other from it; the first failure is returned.
    pub(crate) async fn wake_due(&self, at: Timestamp) -> Result<usize, StoreError> {
        let rows = sqlx::query("SELECT id FROM tickets WHERE snoozed_until <= $1")
            .bind(at.as_millisecond())
            .fetch_all(&self.readers)
            .await?;
        let actor = Actor::program();
        let (mut woken, mut done) = (0, Ok(()));
        for row in rows {
            let ticket: TicketId = id(&row, "id")?;
            match self.change_ticket(ticket, &actor, TicketChange::Wake).await {
                Ok(_) => woken += 1,
                // Somebody was faster.
                Err(StoreError::TicketStep(_)) => {}
                Err(error) => {
                    tracing::error!(%error, ticket.id = %ticket, "a ticket that was put off cannot come back, trying again");
                    done = done.and(Err(error));
                }
            }
        }
        done.map(|()| woken)
    }

    /// How long people waited for a first answer lately, in milliseconds: the median over the last `limit` tickets.
    pub(crate) async fn usual_wait(&self, limit: i64) -> Result<Option<i64>, StoreError> {
        let rows = sqlx::query(
            "SELECT first_response_at - COALESCE(reopened_at, opened_at) AS wait FROM tickets WHERE first_response_at IS NOT NULL \
             AND opened_at > $1 ORDER BY opened_at DESC LIMIT $2",
        )
        .bind((now() - LATELY).as_millisecond())
        .bind(limit)
        .fetch_all(&self.readers)
        .await?;
        let mut waits: Vec<i64> =
            rows.iter().map(|row| Ok(row.try_get("wait")?)).collect::<Result<_, StoreError>>()?;
        waits.sort_unstable();
        Ok(waits.get(waits.len() / 2).copied())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use shopdesk_model::intents::Priority;
    use shopdesk_triage::EscalationReason;

    use super::*;
    use crate::message::ReplyKind;
    use crate::store::{NewConversation, NewTicket, Outcome};

    #[tokio::test]
    async fn a_ticket_is_looked_at_again_when_it_has_something_to_alert_of_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("test.db")).await.unwrap();
        let ticket = waiting(&store).await;
        let now = now();
        let (later, soon) = (now + SignedDuration::from_hours(2), now + SignedDuration::from_hours(1));
        let found = async |at| store.watched(at).await.unwrap();
        let watched = found(now).await.remove(0);
        store.watch_again(&watched, Some(later)).await.unwrap();
        assert!(found(soon).await.is_empty());
        assert_eq!(found(later).await.len(), 1);
        // Other deadlines, other alerts.
        let change = TicketChange::Priority(Priority::Urgent, Some(soon), None);
        store.change_ticket(ticket, &Actor::program(), change).await.unwrap().unwrap();
        assert_eq!(found(now).await.len(), 1);
        // What was computed from the deadlines of before does not count any more.
        store.watch_again(&watched, None).await.unwrap();
        assert_eq!(found(now).await.len(), 1);
        let watched = found(now).await.remove(0);
        store.watch_again(&watched, None).await.unwrap();
        assert!(found(later).await.is_empty());
        store.watch_all().await.unwrap();
        assert_eq!(found(now).await.len(), 1);
    }

    async fn waiting(store: &Store) -> TicketId {
        let new = NewConversation {
            site: "main".to_owned(),
            channel: "api".to_owned(),
            language: None,
            customer: None,
            context: BTreeMap::new(),
        };
        let conversation = store.create_conversation(new).await.unwrap().id;
        let ticket = NewTicket {
            priority: Priority::Normal,
            raised_by: Vec::new(),
            reason: EscalationReason::HumanRequested,
            intent: None,
            suggestions: Vec::new(),
            first_response_due: None,
            resolution_due: None,
        };
        let reply = Reply::plain(ReplyKind::Handover, None);
        let outcome = Outcome { text: String::new(), reply, ticket: Some(ticket) };
        store.hand_over(conversation, outcome).await.unwrap().unwrap().1.unwrap()
    }
}
