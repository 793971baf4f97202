//! Figures, counted in the database as far as it can: of messages and conversations come counts by day, and only of tickets, whose
//! times have a middle, comes each one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::days::Days;
use super::{DayFigures, IntentFigures, Stats};
use crate::store::{Store, StoreError};

impl Store {
    /// What the desk did from one time to another, by days in that time zone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stats(
        &self,
        from: Timestamp,
        until: Timestamp,
        zone: &TimeZone,
    ) -> Result<Stats, StoreError> {
        let days = Days::between(from, until, zone);
        let mut stats = Stats::default();
        let Some(table) = days.table() else { return Ok(stats) };
        let range = (from.as_millisecond(), until.as_millisecond());
        let mut reader = self.snapshot().await?;
        count_conversations(&mut reader, &table, &days, &mut stats).await?;
        count_messages(&mut reader, &table, &days, &mut stats).await?;
        count_tickets(&mut reader, range, &days, &mut stats).await?;
        count_corrections(&mut reader, range, &mut stats.intents).await?;
        stats.total.finish();
        stats.days.values_mut().for_each(DayFigures::finish);
        Ok(stats)
    }
}

impl Stats {
    /// Counts something that happened at that moment.
    fn on(&mut self, days: &Days, at: i64, mut count: impl FnMut(&mut DayFigures)) {
        count(&mut self.total);
        if let Some(date) = days.date(at) {
            count(self.days.entry(date).or_default());
        }
    }
}

async fn count_conversations(
    reader: &mut AnyConnection,
    table: &str,
    days: &Days,
    stats: &mut Stats,
) -> Result<(), StoreError> {
    // A cross join keeps the days first, so that each of them is a range of the index.
    let select = format!(
        "{table} SELECT begins, rating, COUNT(*) AS count FROM days CROSS JOIN conversations \
         WHERE created_at >= begins AND created_at < ends GROUP BY begins, rating"
    );
    for row in sqlx::query(AssertSqlSafe(select)).fetch_all(reader).await? {
        let (rating, count): (Option<i64>, i64) = (row.try_get("rating")?, row.try_get("count")?);
        stats.on(days, row.try_get("begins")?, |day| {
            day.conversations += count as u64;
            day.scores.extend(std::iter::repeat_n(rating, count as usize).flatten());
        });
    }
    Ok(())
}

async fn count_messages(
    reader: &mut AnyConnection,
    table: &str,
    days: &Days,
    stats: &mut Stats,
) -> Result<(), StoreError> {
    let select = format!(
        "{table} SELECT begins, sender, reply_kind, intent, helpful, COUNT(*) AS count FROM days CROSS JOIN events \
         WHERE kind = 'message' AND sender <> 'agent' AND at >= begins AND at < ends \
         GROUP BY begins, sender, reply_kind, intent, helpful"
    );
    for row in sqlx::query(AssertSqlSafe(select)).fetch_all(reader).await? {
        let count: i64 = row.try_get("count")?;
        let of = |is: bool| if is { count as u64 } else { 0 };
        let (begins, sender): (i64, String) = (row.try_get("begins")?, row.try_get("sender")?);
        let kind: Option<String> = row.try_get("reply_kind")?;
        let helpful: Option<i64> = row.try_get("helpful")?;
        let answered = of(matches!(kind.as_deref(), Some("answer" | "order_status")));
        let clarified = of(kind.as_deref() == Some("clarify"));
        stats.on(days, begins, |day| {
            day.messages += of(sender == "shopper");
            day.answered += answered;
            day.clarified += clarified;
            day.helpful += of(helpful == Some(1));
            day.not_helpful += of(helpful == Some(0));
        });
        if let Some(intent) = row.try_get::<Option<String>, _>("intent")? {
            let figures = stats.intents.entry(intent.clone()).or_default();
            figures.answered += answered;
            figures.clarified += clarified;
            if let Some(date) = days.date(begins) {
                *stats.intent_days.entry(intent).or_default().entry(date).or_default() += count as u64;
            }
        }
    }
    Ok(())
}

async fn count_tickets(
    reader: &mut AnyConnection,
    (from, until): (i64, i64),
    days: &Days,
    stats: &mut Stats,
) -> Result<(), StoreError> {
    // A ticket that was opened again counts with its first time.
    let rows = sqlx::query(
        "SELECT opened_at, reopened_at, intent, reason, \
         CASE WHEN reopened_at IS NULL THEN first_response_at ELSE opening_response_at END AS first_response_at, \
         CASE WHEN reopened_at IS NULL THEN first_response_due ELSE opening_response_due END AS first_response_due, \
         CASE WHEN reopened_at IS NULL THEN closed_at ELSE opening_closed_at END AS closed_at, \
         CASE WHEN reopened_at IS NULL THEN resolution_due ELSE opening_resolution_due END AS resolution_due \
         FROM tickets WHERE opened_at >= $1 AND opened_at < $2",
    )
    .bind(from)
    .bind(until)
    .fetch_all(reader)
    .await?;
    for row in &rows {
        let opened: i64 = row.try_get("opened_at")?;
        let number = |column| -> Result<Option<i64>, StoreError> { Ok(row.try_get(column)?) };
        let (first, due, closed) =
            (number("first_response_at")?, number("first_response_due")?, number("closed_at")?);
        let resolution_due = number("resolution_due")?;
        let reopened = number("reopened_at")?.is_some();
        stats.on(days, opened, |day| {
            day.tickets += 1;
            day.reopened += u64::from(reopened);
            day.waits.extend(first.map(|first| first - opened));
            day.resolutions.extend(closed.map(|closed| closed - opened));
            day.first_responses_missed +=
                u64::from(first.is_some_and(|first| due.is_some_and(|due| first > due)));
            day.resolutions_missed +=
                u64::from(closed.is_some_and(|closed| resolution_due.is_some_and(|due| closed > due)));
        });
        *stats.handover_reasons.entry(row.try_get("reason")?).or_default() += 1;
        if let Some(intent) = row.try_get::<Option<String>, _>("intent")? {
            stats.intents.entry(intent).or_default().tickets += 1;
        }
    }
    Ok(())
}

async fn count_corrections(
    reader: &mut AnyConnection,
    (from, until): (i64, i64),
    intents: &mut BTreeMap<String, IntentFigures>,
) -> Result<(), StoreError> {
    let rows = sqlx::query(
        "SELECT old, COUNT(*) AS count FROM corrections \
         WHERE field = 'intent' AND old IS NOT NULL AND at >= $1 AND at < $2 GROUP BY old",
    )
    .bind(from)
    .bind(until)
    .fetch_all(reader)
    .await?;
    for row in &rows {
        let count: i64 = row.try_get("count")?;
        intents.entry(row.try_get("old")?).or_default().corrected += count as u64;
    }
    Ok(())
}
