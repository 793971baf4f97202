//! What happens by itself as time goes by: deadlines, tickets that come back, tickets for whoever is free, old conversations; and settings that
//! were changed on another server come into force.

use std::num::NonZeroU32;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use shopdesk_model::intents::Priority;

use crate::deadlines::DueTime;
use crate::message::{Reply, ReplyKind};
use crate::metrics::Doing;
use crate::problem::Problem;
use crate::state::{AGENT_THERE, AppState, reader_of};
use crate::store::StoreError;
use crate::store::deadlines::{
    FIRST_MISSED, FIRST_NEAR, RESOLUTION_MISSED, RESOLUTION_NEAR, SHOPPER_TOLD, Watched,
};
use crate::ticket::Deadline;

/// How often old things are removed.
const TIDY: Duration = Duration::from_secs(3600);
/// For how long deliveries are shown after they are done.
const DELIVERIES_KEPT: SignedDuration = SignedDuration::from_hours(24 * 14);
/// How often it is looked.
const LOOK: Duration = Duration::from_secs(2);

/// Looks again and again, until the service stops.
pub(crate) async fn watch(app: AppState) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut known = None;
    while app.present.comes_round(&mut look).await {
        if let Err(error) = app.follow_choices().await {
            tracing::error!(%error, "cannot look for changed settings, trying again");
            app.metrics.database_failed(Doing::Watch);
        }
        let revision = Some(app.choices().revision);
        // Hours and deadlines may be others than when these tickets were looked at, in the file or in the console.
        if known != revision && app.store.watch_all().await.is_ok() {
            known = revision;
        }
        if let Err(problem) = look_once(&app, app.time()).await {
            tracing::error!(problem = problem.code(), "deadlines cannot be looked after, trying again");
            if problem.is_database() {
                app.metrics.database_failed(Doing::Watch);
            }
        }
    }
}

/// Removes what is older than the shop wants to keep, deliveries that are done, and sessions and links that are over, ever again, until the
/// service stops.
pub(crate) async fn tidy(app: AppState) {
    let mut look = tokio::time::interval(TIDY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while app.present.comes_round(&mut look).await {
        if let Err(error) = tidy_once(&app, app.time()).await {
            tracing::error!(%error, "old conversations cannot be removed, trying again");
            app.metrics.database_failed(Doing::Tidy);
        }
    }
}

async fn tidy_once(app: &AppState, at: Timestamp) -> Result<(), StoreError> {
    app.store.forget_deliveries(at - DELIVERIES_KEPT).await?;
    app.store.forget_expired(at).await?;
    let Some(before) = app.settings.retention_days.and_then(|days| kept_since(days, at)) else {
        return Ok(());
    };
    let erased = app.store.erase_before(before).await?;
    if !erased.0.is_empty() {
        tracing::info!(?erased, "old conversations were removed");
        app.store.keep_audit("shopdesk", "retention", None, serde_json::to_string(&erased).ok()).await?;
    }
    Ok(())
}

/// Since when conversations are kept. Nothing when the calendar does not go back as far.
fn kept_since(days: NonZeroU32, at: Timestamp) -> Option<Timestamp> {
    at.checked_sub(SignedDuration::from_hours(24 * i64::from(days.get()))).ok()
}

/// Does what is due at that time. What one server did, another one does not do again. What fails keeps nothing else from being done; the
/// first failure is returned.
pub(crate) async fn look_once(app: &AppState, at: Timestamp) -> Result<(), Problem> {
    let longest = app.settings.dialogue.longest_turn();
    app.present
        .typing
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .retain(|_, seen| seen.elapsed() <= longest);
    let done = [
        app.store.wake_due(at).await.map(drop).map_err(Problem::from),
        alert_all(app, at).await,
        app.store.take_back_abandoned().await.map_err(Problem::from),
        assign_all(app).await,
    ];
    done.into_iter().collect()
}

async fn alert_all(app: &AppState, at: Timestamp) -> Result<(), Problem> {
    let mut done = Ok(());
    for watched in app.store.watched(at).await? {
        if let Err(problem) = alert(app, &watched, at).await {
            tracing::error!(ticket.id = %watched.ticket, ?problem, "the deadlines of a ticket cannot be looked after, trying again");
            done = done.and(Err(problem));
        }
    }
    done
}

async fn assign_all(app: &AppState) -> Result<(), Problem> {
    for (ticket, agent) in app.store.assign_waiting(&present(app)).await? {
        tracing::info!(ticket.id = %ticket, agent.id = %agent, "a ticket was assigned");
    }
    Ok(())
}

/// Agents who were seen lately.
fn present(app: &AppState) -> Vec<crate::agent::AgentId> {
    let mut agents = app.present.agents.lock().unwrap_or_else(PoisonError::into_inner);
    agents.retain(|_, seen| Instant::now().duration_since(*seen) < AGENT_THERE);
    agents.keys().copied().collect()
}

/// Alerts of what a ticket should alert of by now, and looks at it again when there is more.
async fn alert(app: &AppState, watched: &Watched, now: Timestamp) -> Result<(), Problem> {
    let mut ahead = alerts_ahead(app, watched);
    ahead.sort_by_key(|&(_, at)| at);
    let later = ahead.partition_point(|&(_, at)| at <= now);
    for &(alert, _) in &ahead[..later] {
        give_alert(app, watched, alert).await?;
    }
    let next = ahead.get(later).map(|&(_, at)| at);
    Ok(app.store.watch_again(watched, next).await?)
}

/// What a ticket will alert of and did not yet, and when.
fn alerts_ahead(app: &AppState, watched: &Watched) -> Vec<(i64, Timestamp)> {
    let due = app.due(watched.priority, watched.since);
    let warn_at = |deadline: Option<DueTime>| deadline.map(|deadline| deadline.warn_at);
    let mut alerts =
        vec![(RESOLUTION_NEAR, warn_at(due.resolution)), (RESOLUTION_MISSED, watched.resolution_due)];
    if !watched.is_answered {
        alerts.push((FIRST_NEAR, warn_at(due.first_response)));
        alerts.push((FIRST_MISSED, watched.first_response_due));
        alerts.push((SHOPPER_TOLD, patience_ends(app, watched.since)));
    }
    let is_ahead = |(alert, at): (i64, Option<Timestamp>)| {
        at.filter(|_| (watched.alerts / alert) % 2 == 0).map(|at| (alert, at))
    };
    alerts.into_iter().filter_map(is_ahead).collect()
}

/// When the shopper has waited longer than promised, in hours in which people are there.
fn patience_ends(app: &AppState, since: Timestamp) -> Option<Timestamp> {
    let minutes = app.settings.dialogue.nobody_after_minutes.get();
    let patience = SignedDuration::from_mins(i64::from(minutes));
    app.choices().hours.add_open_time(since, patience, &app.settings.time_zone)
}

async fn give_alert(app: &AppState, watched: &Watched, alert: i64) -> Result<(), Problem> {
    if alert == SHOPPER_TOLD {
        return tell_shopper(app, watched).await;
    }
    if app.store.alert(watched, alert).await? && (alert == FIRST_MISSED || alert == RESOLUTION_MISSED) {
        let is_danger = watched.priority == Priority::Urgent;
        tracing::warn!(ticket.id = %watched.ticket, urgent = is_danger, "a deadline was missed");
        let deadline = if alert == FIRST_MISSED { Deadline::FirstResponse } else { Deadline::Resolution };
        app.metrics.deadline_missed(deadline);
    }
    Ok(())
}

/// Nobody came in time: that is said honestly, once, and a contact is asked for.
async fn tell_shopper(app: &AppState, watched: &Watched) -> Result<(), Problem> {
    let Some((_, language)) = reader_of(app, watched.conversation).await? else { return Ok(()) };
    let text = app.replies_for(language).map(|replies| replies.nobody_yet.clone()).unwrap_or_default();
    app.store.tell_shopper(watched, text, Reply::plain(ReplyKind::Notice, None)).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_longer_than_the_calendar_goes_back_is_kept_for_good() {
        let at: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        let since = |days| kept_since(NonZeroU32::new(days).unwrap(), at);
        assert_eq!(since(2), Some("2026-11-20T00:00:00Z".parse().unwrap()));
        assert_eq!((since(10_000_000), since(u32::MAX)), (None, None));
    }
}
