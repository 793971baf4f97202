//! `/console/settings`: people, keys, webhooks, the audit log, sites, hours, deadlines, the promise. Administrators only.
//!
//! What is changed here is kept in the database. Of what stands in `shopdesk.toml`, sites, hours, deadlines and the promise can be changed here
//! and come before the file then, section by section ([`standing`]); the rest is only shown. The program never writes the file.

mod agent;
mod agent_form;
mod agents;
mod audit;
mod audit_export;
mod audit_filter;
mod keys;
mod limits;
mod webhooks;

mod standing;

mod deadlines;
mod hours;
mod hours_form;
mod typed_hours;

mod promise;
mod promise_form;

mod site_form;
mod sites;

mod percent;
mod submitted;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use super::frame::Frame;
use super::texts::Filled;
use crate::state::AppState;

pub(super) fn pages() -> Router<AppState> {
    Router::new()
        .route("/console/settings", get(async || Redirect::to("/console/settings/agents")))
        .route("/console/settings/agents", get(agents::show).post(agents::add))
        .route("/console/settings/agents/{id}", get(agent::show).post(agent::change))
        .route("/console/settings/agents/{id}/invitation", post(agent::invite))
        .route("/console/settings/agents/{id}/active", post(agent::activate))
        .route("/console/settings/keys", get(keys::show).post(keys::make))
        .route("/console/settings/keys/{id}/revoke", post(keys::revoke))
        .route("/console/settings/webhooks", get(webhooks::show))
        .route("/console/settings/webhooks/{id}/retry", post(webhooks::retry))
        .route("/console/settings/audit", get(audit::show))
        .route("/console/settings/audit.csv", get(audit_export::download))
        .route("/console/settings/sites", get(sites::show).post(sites::add))
        .route("/console/settings/sites/change", post(sites::change))
        .route("/console/settings/sites/reset", post(sites::reset))
        .route("/console/settings/hours", get(hours::show).post(hours::keep))
        .route("/console/settings/hours/reset", post(hours::reset))
        .route("/console/settings/deadlines", post(deadlines::keep))
        .route("/console/settings/deadlines/reset", post(deadlines::reset))
        .route("/console/settings/promise", get(promise::show).post(promise::keep))
        .route("/console/settings/promise/reset", post(promise::reset))
        .route("/console/settings/limits", get(limits::show))
}

/// A page of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Agents,
    Keys,
    Webhooks,
    Audit,
    Sites,
    Hours,
    Promise,
    Limits,
}

impl Tab {
    const ALL: [Self; 8] = [
        Self::Agents,
        Self::Keys,
        Self::Webhooks,
        Self::Audit,
        Self::Sites,
        Self::Hours,
        Self::Promise,
        Self::Limits,
    ];

    /// The word in paths and in the keys of texts.
    fn name(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Keys => "keys",
            Self::Webhooks => "webhooks",
            Self::Audit => "audit",
            Self::Sites => "sites",
            Self::Hours => "hours",
            Self::Promise => "promise",
            Self::Limits => "limits",
        }
    }

    fn title(self, frame: &Frame) -> Filled {
        frame.t(&format!("settings.tab.{}", self.name()))
    }

    fn all(self) -> [Self; 8] {
        Self::ALL
    }

    fn same(self, other: &Self) -> bool {
        self == *other
    }
}
