//! What is done to a ticket from its page: the same steps as in the API, with what forms say turned into what the API takes.

use axum::extract::{Path, State};
use axum::response::Response;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use shopdesk_model::intents::{IntentId, Priority};

use super::super::fields::Fields;
use super::super::visit::Visit;
use super::side::{Mistake, part};
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::tickets::{Action, LONGEST_REASON, find, take_action};
use crate::state::AppState;
use crate::ticket::{TicketId, TicketState};

/// When the morning begins where somebody is there through the night, or nobody says when.
const MORNING: i8 = 9;
/// The reason that means one's own words.
const OWN: &str = "own";

/// A step, as a form says it.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(super) enum Step {
    Claim,
    Release,
    Wake,
    Assign {
        agent: String,
    },
    Note {
        text: String,
    },
    Intent {
        intent: String,
    },
    Priority {
        priority: Priority,
    },
    Snooze {
        until: Until,
        /// Nothing but for a time of one's own.
        #[serde(default)]
        at: String,
    },
    Merge {
        number: String,
    },
    Close {
        reason: String,
        /// Nothing but for a reason of one's own.
        #[serde(default)]
        own: String,
    },
}

/// Until when to put a ticket off.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Until {
    /// For an hour.
    Hour,
    /// Until people are there after today.
    Tomorrow,
    /// Until a time of one's own.
    Own,
}

pub(super) async fn take(
    State(app): State<AppState>,
    visit: Visit,
    Path(id): Path<String>,
    Fields(step): Fields<Step>,
) -> Result<Response, Problem> {
    visit.require(Role::Agent)?;
    let ticket = find(&app, &id).await?;
    match action(&app, step, ticket.id).await? {
        Ok(action) => {
            let ticket = take_action(&app, &visit.staff, &id, action).await?;
            part(&app, &visit, &ticket, None).await
        }
        Err(mistake) => part(&app, &visit, &ticket, Some(mistake)).await,
    }
}

/// The API's action for a step, or what is wrong with what was typed.
async fn action(app: &AppState, step: Step, ticket: TicketId) -> Result<Result<Action, Mistake>, Problem> {
    Ok(Ok(match step {
        Step::Claim => Action::Claim,
        Step::Release => Action::Release,
        Step::Wake => Action::Wake,
        Step::Assign { agent } => Action::Assign { agent: agent.parse().map_err(|_| Problem::NoAgent)? },
        Step::Note { text } => Action::Note { text: text.replace("\r\n", "\n") },
        Step::Intent { intent } => {
            let unknown = || Problem::InvalidValue { detail: "Choose one of the shop's intents.".to_owned() };
            Action::Intent { intent: IntentId::new(&intent).ok_or_else(unknown)? }
        }
        Step::Priority { priority } => Action::Priority { priority },
        Step::Snooze { until, at } => match time(app, &until, &at).filter(|until| *until > app.time()) {
            Some(until) => Action::Snooze { until },
            None => return Ok(Err(Mistake { step: "snooze", key: "ticket.snooze_wrong", typed: at })),
        },
        Step::Merge { number } => match other(app, &number, ticket).await? {
            Some(into) => Action::Merge { into },
            None => return Ok(Err(Mistake { step: "merge", key: "ticket.merge_wrong", typed: number })),
        },
        Step::Close { reason, own } if reason == OWN => {
            let said = own.trim();
            if !(1..=LONGEST_REASON).contains(&said.chars().count()) {
                return Ok(Err(Mistake { step: "close", key: "ticket.close_wrong", typed: own }));
            }
            Action::Close { reason: Some(said.to_owned()) }
        }
        Step::Close { reason, .. } => Action::Close { reason: Some(reason) },
    }))
}

/// The time that a form means, by the shop's clock.
fn time(app: &AppState, until: &Until, at: &str) -> Option<Timestamp> {
    let zone = app.settings.time_zone.clone();
    let by_the_clock = |at: DateTime| Some(at.to_zoned(zone).ok()?.timestamp());
    match until {
        Until::Hour => app.time().checked_add(SignedDuration::from_hours(1)).ok(),
        Until::Tomorrow => by_the_clock(next_morning(app)?),
        Until::Own => by_the_clock(at.parse().ok()?),
    }
}

/// When people are there after today, by the shop's clock.
pub(super) fn next_morning(app: &AppState) -> Option<DateTime> {
    let tomorrow = app.now().date().tomorrow().ok()?;
    let (midnight, morning) = (tomorrow.at(0, 0, 0, 0), tomorrow.at(MORNING, 0, 0, 0));
    let choices = app.choices();
    let hours = &choices.hours;
    // Whoever is there at midnight has not come for the day.
    let opening = hours.next_opening(midnight).filter(|opening| *opening > midnight);
    Some(opening.or_else(|| hours.next_opening(morning)).unwrap_or(morning))
}

/// Another ticket that somebody may still work on, by its number.
async fn other(app: &AppState, number: &str, ticket: TicketId) -> Result<Option<TicketId>, Problem> {
    let number = number.trim().trim_start_matches('#');
    let Ok(number) = number.parse() else { return Ok(None) };
    let found = app.store.ticket_by_number(number).await?;
    let is_over = |state| matches!(state, TicketState::Closed | TicketState::Merged);
    Ok(found.filter(|other| other.id != ticket && !is_over(other.state)).map(|other| other.id))
}
