//! Delivers what is kept for the shop's systems, again and again until it is taken or given up.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::{NextTry, Webhook, next_try, without_url};
use crate::metrics::{Attempt, Doing};
use crate::state::AppState;
use crate::store::{Delivery, StoreError};

/// For how long a server has a delivery to itself: longer than an attempt takes.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How often it is looked for something to deliver.
const LOOK: Duration = Duration::from_secs(1);

/// Delivers to the webhook of that name until the service stops, and does not stop between an attempt and keeping how it ended. Each has a
/// loop of its own, so that one that does not answer holds up no other.
pub(crate) async fn deliver(app: AppState, name: String) {
    let webhooks = Arc::clone(&app.settings.webhooks);
    let Some(webhook) = webhooks.get(&name) else { return };
    app.metrics.webhook(&name);
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while app.present.comes_round(&mut look).await {
        while !app.present.is_stopping() {
            match deliver_one(&app, &name, webhook).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(%error, "cannot look for something to deliver");
                    app.metrics.database_failed(Doing::Webhooks);
                    break;
                }
            }
        }
    }
}

/// Tries one delivery that is due. Whether there was one.
async fn deliver_one(app: &AppState, name: &str, webhook: &Webhook) -> Result<bool, StoreError> {
    let now = app.time();
    let Some(delivery) = app.store.take_delivery(name, now, now + LEASE).await? else { return Ok(false) };
    match attempt(app, webhook, &delivery).await {
        Ok(()) => {
            app.metrics.delivery(name, Attempt::Delivered);
            app.store.end_attempt(&delivery.id, None).await?;
        }
        Err(problem) => {
            let attempts = usize::try_from(delivery.attempts).unwrap_or(usize::MAX);
            let next = match next_try(attempts, chance()) {
                NextTry::After(wait) => SignedDuration::try_from(wait).ok().map(|wait| app.time() + wait),
                NextTry::DeadLetter => None,
            };
            tracing::warn!(delivery.id, webhook = delivery.endpoint, attempts, %problem, given_up = next.is_none(), "a delivery failed");
            app.metrics.delivery(name, if next.is_some() { Attempt::Failed } else { Attempt::GivenUp });
            app.store.end_attempt(&delivery.id, Some((&problem, next))).await?;
        }
    }
    Ok(true)
}

#[tracing::instrument(
    name = "deliver",
    skip_all,
    fields(webhook = delivery.endpoint, delivery.id = delivery.id, delivery.kind = delivery.kind, attempt = delivery.attempts)
)]
async fn attempt(app: &AppState, webhook: &Webhook, delivery: &Delivery) -> Result<(), String> {
    let now = app.time();
    let signature = webhook.secret.sign(&delivery.id, now, delivery.body.as_bytes());
    let response = webhook
        .client
        .post(webhook.url.clone())
        .header("content-type", "application/json")
        .header("webhook-id", &delivery.id)
        .header("webhook-timestamp", now.as_second())
        .header("webhook-signature", signature)
        .body(delivery.body.clone())
        .send()
        .await
        .map_err(without_url)?;
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(format!("it answered {status}")) }
}

/// A random number from 0 to 1.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the operating system has random bytes");
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}
