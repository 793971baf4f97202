//! How much may be asked, how long things take and are kept, as the settings file has it.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Tab;
use crate::agent::Role;
use crate::problem::Problem;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "console/settings/limits.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    groups: Vec<Group>,
}

struct Group {
    title: String,
    rows: Vec<Row>,
}

/// A setting and the key that changes it.
struct Row {
    key: &'static str,
    title: String,
    value: String,
}

pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let group = |name: &str, rows: Vec<(&'static str, String)>| Group {
        title: frame.t(&format!("settings.limits.{name}")).to_string(),
        rows: rows.into_iter().map(|(key, value)| row(&frame, key, value)).collect(),
    };
    let groups = vec![
        group("asked", asked(&app, &frame)),
        group("talk", talk(&app, &frame)),
        group("kept", kept(&app, &frame)),
        group("reached", reached(&app, &frame)),
    ];
    render(&Page { frame, tab: Tab::Limits, groups })
}

fn row(frame: &Frame, key: &'static str, value: String) -> Row {
    let name = key.replace('.', "_");
    Row { key, title: frame.t(&format!("settings.limit.{name}")).to_string(), value }
}

fn asked(app: &AppState, frame: &Frame) -> Vec<(&'static str, String)> {
    let limits = &app.present.limits;
    let a_minute =
        |count: std::num::NonZeroU32| frame.t("settings.limits.a_minute").with("count", count).to_string();
    vec![
        ("limits.per_visitor", a_minute(limits.per_visitor)),
        ("limits.per_address", a_minute(limits.per_address)),
        ("limits.per_site", a_minute(limits.per_site)),
        ("limits.conversations_per_address", a_minute(limits.conversations_per_address)),
        ("limits.streams_per_address", limits.streams_per_address.to_string()),
    ]
}

fn talk(app: &AppState, frame: &Frame) -> Vec<(&'static str, String)> {
    let dialogue = &app.settings.dialogue;
    let minutes = |count: u32| frame.t("frame.minutes").with("count", count).to_string();
    let milliseconds =
        |count: u64| frame.t("settings.limits.seconds").with("count", count as f64 / 1000.0).to_string();
    let characters = app.settings.max_message_characters;
    vec![
        (
            "server.max_message_characters",
            frame.t("settings.limits.characters").with("count", characters).to_string(),
        ),
        ("dialogue.quiet_milliseconds", milliseconds(dialogue.quiet_milliseconds)),
        ("dialogue.longest_turn_milliseconds", milliseconds(dialogue.longest_turn_milliseconds)),
        ("dialogue.failed_answers", dialogue.failed_answers.to_string()),
        ("dialogue.usual_wait_minutes", minutes(dialogue.usual_wait_minutes.get())),
        ("dialogue.nobody_after_minutes", minutes(dialogue.nobody_after_minutes.get())),
    ]
}

fn kept(app: &AppState, frame: &Frame) -> Vec<(&'static str, String)> {
    let for_good = || frame.t("settings.limits.for_good").to_string();
    let days = app.settings.retention_days;
    let days = days.map_or_else(for_good, |days| frame.t("frame.days").with("count", days).to_string());
    let place = if app.store.is_shared() { "PostgreSQL" } else { "SQLite" };
    vec![("database.retention_days", days), ("database.url_file", place.to_owned())]
}

fn reached(app: &AppState, frame: &Frame) -> Vec<(&'static str, String)> {
    let settings = &app.settings;
    let hosts = if settings.hosts.is_empty() {
        frame.t("settings.limits.this_machine").to_string()
    } else {
        settings.hosts.join(" ")
    };
    let believed = if settings.behind_proxy { "settings.yes" } else { "settings.no" };
    let seconds = settings.request_timeout.as_secs();
    vec![
        ("server.hosts", hosts),
        ("server.behind_proxy", frame.t(believed).to_string()),
        (
            "server.request_timeout_seconds",
            frame.t("settings.limits.seconds").with("count", seconds).to_string(),
        ),
    ]
}
