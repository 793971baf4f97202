//! Where the shop's own systems take what happens, and what they did not take.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::Tab;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::body::{Parameters, Segments};
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::routes::deliveries;
use crate::state::AppState;
use crate::store::Delivery;

/// How many deliveries are shown.
const ROWS: u32 = 200;
/// The states of a delivery, those first that somebody should look at.
const STATES: [&str; 3] = ["dead", "waiting", "delivered"];

#[derive(Template)]
#[template(path = "console/settings/webhooks.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    endpoints: Vec<Endpoint>,
    deliveries: Deliveries,
}

#[derive(Template)]
#[template(path = "console/settings/deliveries.html")]
struct Part {
    frame: Frame,
    deliveries: Deliveries,
}

struct Endpoint {
    name: String,
    /// The address up to its path, which may hold a secret.
    host: String,
    /// Of everything when empty.
    events: Vec<String>,
}

struct Deliveries {
    states: Vec<StateCount>,
    /// In which state they are shown; in any when empty.
    state: String,
    rows: Vec<Delivery>,
    /// How many are shown, if there may be more.
    cut_at: Option<u32>,
}

struct StateCount {
    state: &'static str,
    count: i64,
    is_chosen: bool,
}

/// Which deliveries are wanted.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    state: String,
}

pub(super) async fn show(
    State(app): State<AppState>,
    visit: Visit,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let deliveries = deliveries(&app, wanted).await?;
    let endpoints = app.settings.webhooks.iter().map(|(name, webhook)| Endpoint {
        name: name.clone(),
        host: host_of(webhook.url.as_str()),
        events: webhook.events.clone(),
    });
    render(&Page { frame, tab: Tab::Webhooks, endpoints: endpoints.collect(), deliveries })
}

pub(super) async fn retry(
    State(app): State<AppState>,
    visit: Visit,
    id: Segments<String>,
    Parameters(wanted): Parameters<Wanted>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    deliveries::retry(State(app.clone()), visit.staff, id).await?;
    render(&Part { frame, deliveries: deliveries(&app, wanted).await? })
}

async fn deliveries(app: &AppState, wanted: Wanted) -> Result<Deliveries, Problem> {
    let counts = app.store.count_deliveries().await?;
    let count = |state: &str| {
        counts.iter().filter(|count| count.state == state).map(|count| count.count).sum::<i64>()
    };
    let wanted = STATES.into_iter().find(|state| *state == wanted.state);
    let states =
        STATES.map(|state| StateCount { state, count: count(state), is_chosen: wanted == Some(state) });
    let rows = app.store.deliveries(wanted, ROWS).await?;
    let cut_at = (rows.len() >= ROWS as usize).then_some(ROWS);
    let state = wanted.unwrap_or_default().to_owned();
    Ok(Deliveries { states: states.into(), state, rows, cut_at })
}

/// The scheme and the host of an address.
fn host_of(address: &str) -> String {
    let Ok(url) = url::Url::parse(address) else { return String::new() };
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn the_path_of_an_address_is_not_shown() {
        assert_eq!(host_of("https://crm.example.com:8443/hooks/s3cr3t?a=b"), "https://crm.example.com:8443");
        assert_eq!(host_of("nonsense"), "");
    }
}
