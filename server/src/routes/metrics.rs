//! `/metrics`: what is measured, for Prometheus.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, State};
use axum::http::{HeaderMap, header, request::Parts};
use axum::response::IntoResponse;

use super::caller::Staff;
use crate::agent::Role;
use crate::auth::Scope;
use crate::metrics::scrape;
use crate::problem::Problem;
use crate::state::AppState;

/// What a proxy adds to requests that it passes on.
const FORWARDED: [&str; 4] = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/// Whoever may read what is measured: supervisors, keys for figures, and programs on this machine.
pub(super) struct Reader;

impl FromRequestParts<AppState> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        // Behind a proxy on this machine, everybody seems to be here.
        if !app.settings.behind_proxy && is_from_here(peer, &parts.headers) {
            return Ok(Self);
        }
        Staff::from_request_parts(parts, app).await?.require(Role::Supervisor, Scope::Stats)?;
        Ok(Self)
    }
}

pub(super) async fn metrics(State(app): State<AppState>, _reader: Reader) -> impl IntoResponse {
    let kind = (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    ([kind, (header::CACHE_CONTROL, "no-store")], scrape(&app).await)
}

fn is_from_here(peer: Option<IpAddr>, headers: &HeaderMap) -> bool {
    let is_passed_on = FORWARDED.iter().any(|name| headers.contains_key(*name));
    peer.is_some_and(|peer| peer.to_canonical().is_loopback()) && !is_passed_on
}
