//! What is looked up when somebody reads the figures: how much there is just now.

use std::time::Duration;

use tokio::time::timeout;

use super::catalogue::{
    ANSWERS_UNDER_WAY, ARTICLES, BUILD, DELIVERIES_WAITING, HTTP_UNDER_WAY, OVERDUE, QUEUE, REVISION,
    STARTED, STREAMS, TICKETS,
};
use super::{Doing, word};
use crate::state::AppState;
use crate::store::Figures;
use crate::ticket::{Deadline, TicketState};

/// How long the database may take. Without it, all other figures are given.
const PATIENCE: Duration = Duration::from_secs(2);

/// States in which something is still to be done.
const WORKED_ON: [TicketState; 3] = [TicketState::Open, TicketState::Assigned, TicketState::Snoozed];

/// All figures of the service, as Prometheus reads them.
pub(crate) async fn scrape(app: &AppState) -> String {
    in_memory(app);
    match timeout(PATIENCE, app.store.figures(app.time())).await {
        Ok(Ok(figures)) => stored(app, Some(&figures)),
        failed => {
            if let Ok(Err(error)) = failed {
                tracing::warn!(%error, "the figures lack what the database knows");
            }
            app.metrics.database_failed(Doing::Metrics);
            stored(app, None);
        }
    }
    app.metrics.render()
}

fn in_memory(app: &AppState) {
    let metrics = &app.metrics;
    let triage = app.assessor.triage();
    let (conversations, tickets) = app.present.streams.count();
    metrics.gauge(&STARTED, []).set(metrics.started_at.as_millisecond() as f64 / 1000.0);
    metrics.gauge(&BUILD, [("version", env!("CARGO_PKG_VERSION").into())]).set(1.0);
    metrics.use_bundle(triage.bundle_id().as_str());
    metrics.gauge(&ARTICLES, []).set(triage.knowledge_base().catalogue().len() as f64);
    metrics.gauge(&QUEUE, []).set(app.assessor.waiting() as f64);
    metrics.gauge(&ANSWERS_UNDER_WAY, []).set(app.present.answers.count() as f64);
    metrics.gauge(&HTTP_UNDER_WAY, []).set(app.present.requests.count() as f64);
    metrics.gauge(&STREAMS, [("of", "conversation".into())]).set(conversations as f64);
    metrics.gauge(&STREAMS, [("of", "tickets".into())]).set(tickets as f64);
}

/// What the database knows. Old figures would be believed, so there is no number when it does not answer.
fn stored(app: &AppState, figures: Option<&Figures>) {
    let metrics = &app.metrics;
    let number = |count: &dyn Fn(&Figures) -> i64| figures.map_or(f64::NAN, |figures| count(figures) as f64);
    metrics.gauge(&REVISION, []).set(number(&|figures| figures.articles_revision));
    for state in WORKED_ON {
        let state = state.as_str();
        let tickets = number(&|figures| figures.tickets.get(state).copied().unwrap_or(0));
        metrics.gauge(&TICKETS, [("state", state.into())]).set(tickets);
    }
    let overdue = |deadline, count: &dyn Fn(&Figures) -> i64| {
        metrics.gauge(&OVERDUE, [("deadline", word(deadline).into())]).set(number(count));
    };
    overdue(Deadline::FirstResponse, &|figures| figures.first_responses_overdue);
    overdue(Deadline::Resolution, &|figures| figures.resolutions_overdue);
    for webhook in app.settings.webhooks.keys() {
        let waiting = number(&|figures| figures.deliveries_waiting.get(webhook).copied().unwrap_or(0));
        metrics.gauge(&DELIVERIES_WAITING, [("webhook", webhook.clone().into())]).set(waiting);
    }
}
