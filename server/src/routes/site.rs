//! `/v1/sites`: what the widget of a site should know.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use jiff::Timestamp;
use serde::Serialize;
use shopdesk_triage::MessageLanguage;
use utoipa::ToSchema;

use super::body::Segments;
use super::caller::require_origin;
use crate::config::Position;
use crate::dialogue::opening;
use crate::problem::Problem;
use crate::state::AppState;

/// What a widget has to know of a site.
#[derive(Serialize, ToSchema)]
pub(super) struct Site {
    /// The name in the settings.
    site: String,
    /// What the shop is called, by language.
    name: BTreeMap<String, String>,
    /// What shoppers read first, by language.
    greeting: BTreeMap<String, String>,
    /// Those that the shop has sentences in.
    languages: Vec<String>,
    /// Of the widget, such as `#0b6e4f`.
    #[schema(required)]
    color: Option<String>,
    position: Position,
    /// Whether people are there now.
    open_now: bool,
    /// When they are back, when they are not there.
    #[schema(required)]
    opens_at: Option<Timestamp>,
    /// The hours of an ordinary week in words, by language.
    hours: BTreeMap<String, String>,
    /// The longest message.
    max_message_characters: usize,
}

/// What a widget has to know of a site.
#[utoipa::path(
    get,
    path = "/v1/sites/{site}",
    operation_id = "read_site",
    tag = "sites",
    params(("site" = String, Path, description = "The name in `[sites.…]` of the settings, such as `main`.")),
    responses(
        (status = 200, description = "The site.", body = Site),
        (status = 403, description = "`origin-not-allowed`"),
        (status = 404, description = "`no-site`")
    )
)]
pub(super) async fn site(
    State(app): State<AppState>,
    Segments(name): Segments<String>,
    headers: HeaderMap,
) -> Result<Json<Site>, Problem> {
    let choices = app.choices();
    let site = choices.sites.get(&name).ok_or(Problem::NoSite)?;
    require_origin(site, &headers)?;
    let (open_now, opens) = opening(&app);
    let opens_at = opens.and_then(|opens| opens.to_zoned(app.settings.time_zone.clone()).ok());
    let languages: Vec<String> = app.settings.replies.languages().map(full_tag).collect();
    let hours = languages.iter().map(|language| (language.clone(), choices.hours.describe(language)));
    Ok(Json(Site {
        name: in_languages(&site.name, &languages),
        greeting: in_languages(&site.greeting, &languages),
        color: site.color.clone(),
        position: site.position,
        open_now,
        opens_at: opens_at.map(|opens| opens.timestamp()),
        hours: hours.collect(),
        max_message_characters: app.settings.max_message_characters,
        languages,
        site: name,
    }))
}

/// The tag with its script, where that goes without saying: `zh-Hans` for `zh`.
fn full_tag(tag: &str) -> String {
    MessageLanguage::from_tag(tag).map_or_else(|| tag.to_owned(), |known| known.tag().to_owned())
}

/// A text for every language: its own, that without its script, or else any.
fn in_languages(texts: &BTreeMap<String, String>, languages: &[String]) -> BTreeMap<String, String> {
    let text = |language: &String| {
        let base = language.split('-').next().unwrap_or_default();
        let found = texts.get(language).or_else(|| texts.get(base)).or_else(|| texts.values().next())?;
        Some((language.clone(), found.clone()))
    };
    languages.iter().filter_map(text).collect()
}
