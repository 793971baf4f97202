//! Figures of what the desk did, by day and by intent.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use sqlx::Row as _;

use super::rows::{from_json, timestamp};
use super::{Store, StoreError};
use crate::message::{Reply, ReplyKind};

/// What the desk did from one day to another.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Stats {
    /// All days together.
    pub total: DayFigures,
    /// Each day by the shop's clock.
    #[schema(value_type = BTreeMap<String, DayFigures>)]
    pub days: BTreeMap<Date, DayFigures>,
    /// Each intent: the likeliest one of each turn.
    pub intents: BTreeMap<String, IntentFigures>,
    /// How many tickets were opened for each reason.
    pub handover_reasons: BTreeMap<String, u64>,
}

/// What the desk did on a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct DayFigures {
    /// Conversations that were begun.
    pub conversations: u64,
    /// Messages of shoppers.
    pub messages: u64,
    /// Turns that an article answered.
    pub answered: u64,
    /// Turns that were asked back about.
    pub clarified: u64,
    /// Tickets that were opened.
    pub tickets: u64,
    /// Of the turns that wanted something, the share that was answered without a human; nothing when there were none.
    #[schema(required)]
    pub automation_rate: Option<f64>,
    /// Answers that were said to help.
    pub helpful: u64,
    /// Answers that were said not to help.
    pub not_helpful: u64,
    /// The median time to a human's first answer, in seconds.
    #[schema(required)]
    pub first_response_seconds: Option<f64>,
    /// The median time until a ticket was closed, in seconds.
    #[schema(required)]
    pub resolution_seconds: Option<f64>,
    /// First answers that came too late.
    pub first_responses_missed: u64,
    /// How many rated.
    pub ratings: u64,
    /// The mean rating, from 1 to 5.
    #[schema(required)]
    pub mean_rating: Option<f64>,
    /// The share of ratings of 4 and 5.
    #[schema(required)]
    pub satisfied: Option<f64>,
    #[serde(skip)]
    waits: Vec<i64>,
    #[serde(skip)]
    resolutions: Vec<i64>,
    #[serde(skip)]
    scores: Vec<i64>,
}

/// What the desk did with an intent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct IntentFigures {
    /// Turns that were answered.
    pub answered: u64,
    /// Turns that were asked back about.
    pub clarified: u64,
    /// Tickets.
    pub tickets: u64,
    /// Tickets on which an agent corrected this intent to another one.
    pub corrected: u64,
}

impl DayFigures {
    fn finish(&mut self) {
        let wanted = self.answered + self.tickets;
        self.automation_rate = (wanted > 0).then(|| self.answered as f64 / wanted as f64);
        self.first_response_seconds = median(&mut self.waits);
        self.resolution_seconds = median(&mut self.resolutions);
        self.ratings = self.scores.len() as u64;
        let count = self.scores.len() as f64;
        self.mean_rating = (count > 0.0).then(|| self.scores.iter().sum::<i64>() as f64 / count);
        let good = self.scores.iter().filter(|&&score| score >= 4).count();
        self.satisfied = (count > 0.0).then(|| good as f64 / count);
    }
}

/// The middle one of times in milliseconds, in seconds.
fn median(times: &mut [i64]) -> Option<f64> {
    times.sort_unstable();
    times.get(times.len() / 2).map(|&time| time as f64 / 1000.0)
}

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
        let mut stats = Stats::default();
        let mut days: BTreeMap<Date, DayFigures> = BTreeMap::new();
        let mut reader = self.snapshot().await?;
        let mut on = |at: Timestamp, count: &mut dyn FnMut(&mut DayFigures)| {
            count(&mut stats.total);
            count(days.entry(at.to_zoned(zone.clone()).date()).or_default());
        };
        let range =
            |query: &'static str| sqlx::query(query).bind(from.as_millisecond()).bind(until.as_millisecond());
        let rows =
            range("SELECT created_at, rating FROM conversations WHERE created_at >= $1 AND created_at < $2")
                .fetch_all(&mut *reader)
                .await?;
        for row in &rows {
            let rating: Option<i64> = row.try_get("rating")?;
            on(timestamp(row, "created_at")?, &mut |day| {
                day.conversations += 1;
                day.scores.extend(rating);
            });
        }
        let rows = range("SELECT at, sender, helpful, contents FROM events WHERE kind = 'message' AND sender <> 'agent' AND at >= $1 AND at < $2")
            .fetch_all(&mut *reader)
            .await?;
        let mut intents: BTreeMap<String, IntentFigures> = BTreeMap::new();
        for row in &rows {
            let at = timestamp(row, "at")?;
            let sender: String = row.try_get("sender")?;
            if sender == "shopper" {
                on(at, &mut |day| day.messages += 1);
                continue;
            }
            let helpful: Option<i64> = row.try_get("helpful")?;
            let reply: Reply = from_json(&row.try_get::<String, _>("contents")?, "events.contents")?;
            on(at, &mut |day| {
                day.answered += u64::from(reply.kind == ReplyKind::Answer);
                day.clarified += u64::from(reply.kind == ReplyKind::Clarify);
                day.helpful += u64::from(helpful == Some(1));
                day.not_helpful += u64::from(helpful == Some(0));
            });
            let intent = reply.assessment.as_ref().and_then(|assessed| assessed.intents.first());
            if let Some(intent) = intent {
                let figures = intents.entry(intent.id.to_string()).or_default();
                figures.answered += u64::from(reply.kind == ReplyKind::Answer);
                figures.clarified += u64::from(reply.kind == ReplyKind::Clarify);
            }
        }
        let rows = range(
            "SELECT opened_at, first_response_at, first_response_due, closed_at, intent, reason FROM tickets WHERE opened_at >= $1 AND opened_at < $2",
        )
        .fetch_all(&mut *reader)
        .await?;
        let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
        for row in &rows {
            let opened = timestamp(row, "opened_at")?;
            let number = |column| -> Result<Option<i64>, StoreError> { Ok(row.try_get(column)?) };
            let (first, due, closed) =
                (number("first_response_at")?, number("first_response_due")?, number("closed_at")?);
            on(opened, &mut |day| {
                day.tickets += 1;
                day.waits.extend(first.map(|first| first - opened.as_millisecond()));
                day.resolutions.extend(closed.map(|closed| closed - opened.as_millisecond()));
                day.first_responses_missed +=
                    u64::from(first.is_some_and(|first| due.is_some_and(|due| first > due)));
            });
            *reasons.entry(row.try_get("reason")?).or_default() += 1;
            if let Some(intent) = row.try_get::<Option<String>, _>("intent")? {
                intents.entry(intent).or_default().tickets += 1;
            }
        }
        let rows = range(
            "SELECT old FROM corrections WHERE field = 'intent' AND old IS NOT NULL AND at >= $1 AND at < $2",
        )
        .fetch_all(&mut *reader)
        .await?;
        for row in &rows {
            intents.entry(row.try_get("old")?).or_default().corrected += 1;
        }
        stats.total.finish();
        days.values_mut().for_each(DayFigures::finish);
        Ok(Stats { days, intents, handover_reasons: reasons, ..stats })
    }
}
