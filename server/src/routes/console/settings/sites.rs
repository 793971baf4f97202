//! The storefronts, where their pages may come from, and the languages, as the settings file has them.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::Tab;
use crate::agent::Role;
use crate::config::Position;
use crate::problem::Problem;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::state::AppState;

#[derive(Template)]
#[template(path = "console/settings/sites.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    sites: Vec<Row>,
    languages: Vec<String>,
    default_language: String,
    zone: String,
}

struct Row {
    name: String,
    /// What shoppers call it, by language.
    titles: Vec<(String, String)>,
    greetings: Vec<(String, String)>,
    origins: Vec<String>,
    color: Option<String>,
    is_left: bool,
    /// Whether the shop vouches for its customers.
    knows_customers: bool,
}

pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let settings = &app.settings;
    let word = |tag: &str| frame.word("language", tag);
    let by_language = |texts: &std::collections::BTreeMap<String, String>| -> Vec<(String, String)> {
        texts.iter().map(|(tag, text)| (word(tag), text.clone())).collect()
    };
    let sites = settings.sites.iter().map(|(name, site)| Row {
        name: name.clone(),
        titles: by_language(&site.name),
        greetings: by_language(&site.greeting),
        origins: site.origins.clone(),
        color: site.color.clone(),
        is_left: site.position == Position::Left,
        knows_customers: site.identity.is_some(),
    });
    let sites = sites.collect();
    let languages = settings.replies.languages().map(|tag| format!("{} ({tag})", word(tag))).collect();
    let default_language = word(&settings.default_language);
    let zone = settings.time_zone.iana_name().unwrap_or("UTC").to_owned();
    render(&Page { frame, tab: Tab::Sites, sites, languages, default_language, zone })
}
