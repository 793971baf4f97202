//! Figures of what the desk did, by day and by intent.

mod count;
mod days;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;

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
    /// On how many turns of each day each intent was the likeliest one.
    #[serde(skip)]
    pub intent_days: BTreeMap<String, BTreeMap<Date, u64>>,
}

/// What the desk did on a day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct DayFigures {
    /// Conversations that were begun.
    pub conversations: u64,
    /// Messages of shoppers.
    pub messages: u64,
    /// Turns that an article, or the state of an order, answered.
    pub answered: u64,
    /// Turns that were asked back about.
    pub clarified: u64,
    /// Tickets that were opened.
    pub tickets: u64,
    /// Of those, the ones that shoppers opened again after their end.
    pub reopened: u64,
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
    /// Tickets that were closed too late.
    pub resolutions_missed: u64,
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
