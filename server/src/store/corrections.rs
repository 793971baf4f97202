//! What agents say the program got wrong: kept beside the ticket that it is corrected on, until a supervisor judges it.

use jiff::Timestamp;
use shopdesk_model::intents::{IntentId, Priority};

use super::deadlines::SHOPPER_TOLD;
use super::rows::now;
use super::settle::urgency;
use super::ticket_rows::{Locked, log};
use super::writing::Writing;
use super::{Actor, Store, StoreError};
use crate::ticket::{CorrectionId, Entry, TicketId};

impl Store {
    /// Keeps that a correction was approved of, or not. Whether it waited for that.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn judge_correction(
        &self,
        correction: CorrectionId,
        approve: bool,
        by: &str,
    ) -> Result<bool, StoreError> {
        let state = if approve { "approved" } else { "rejected" };
        let judge = "UPDATE corrections SET state = $2, judged_at = $3, judged_by = $4 WHERE id = $1 AND state = 'waiting'";
        let done = sqlx::query(judge)
            .bind(correction.to_string())
            .bind(state)
            .bind(now().as_millisecond())
            .bind(by.to_owned())
            .execute(&self.writer)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

pub(super) async fn correct_intent(
    writing: &mut Writing,
    ticket: TicketId,
    found: Locked,
    new: IntentId,
    actor: &Actor,
) -> Result<(), StoreError> {
    // To say what is known already corrects nothing.
    if found.intent.as_ref() == Some(&new) {
        return Ok(());
    }
    sqlx::query("UPDATE tickets SET intent = $2 WHERE id = $1")
        .bind(ticket.to_string())
        .bind(new.to_string())
        .execute(&mut **writing)
        .await?;
    let old = found.intent.as_ref().map(ToString::to_string);
    keep_correction(writing, ticket, &found, "intent", old, new.to_string(), actor).await?;
    log(writing, ticket, Some(&actor.name), &Entry::Intent { old: found.intent, new }).await
}

pub(super) async fn correct_priority(
    writing: &mut Writing,
    ticket: TicketId,
    found: Locked,
    (new, first, resolution): (Priority, Option<Timestamp>, Option<Timestamp>),
    actor: &Actor,
) -> Result<(), StoreError> {
    if found.priority == new {
        return Ok(());
    }
    sqlx::query(
        "UPDATE tickets SET priority = $2, first_response_due = $3, resolution_due = $4, alerts = (alerts / $5) * $5, \
         next_alert_at = CASE WHEN next_alert_at IS NULL THEN NULL ELSE 0 END WHERE id = $1",
    )
    .bind(ticket.to_string())
    .bind(urgency(new))
    .bind(first.map(Timestamp::as_millisecond))
    .bind(resolution.map(Timestamp::as_millisecond))
    // The highest bit, and the only one that has nothing to do with the deadlines: it stays.
    .bind(SHOPPER_TOLD)
    .execute(&mut **writing)
    .await?;
    let old = Some(found.priority.as_str().to_owned());
    keep_correction(writing, ticket, &found, "priority", old, new.as_str().to_owned(), actor).await?;
    log(writing, ticket, Some(&actor.name), &Entry::Priority { old: found.priority, new }).await
}

async fn keep_correction(
    writing: &mut Writing,
    ticket: TicketId,
    found: &Locked,
    field: &str,
    old: Option<String>,
    new: String,
    actor: &Actor,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO corrections (id, ticket, text, language, field, old, new, actor, at, state) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting')",
    )
    .bind(CorrectionId::new().to_string())
    .bind(ticket.to_string())
    .bind(found.contents.text.clone())
    .bind(found.language.clone())
    .bind(field.to_owned())
    .bind(old)
    .bind(new)
    .bind(actor.name.clone())
    .bind(now().as_millisecond())
    .execute(&mut **writing)
    .await?;
    Ok(())
}
