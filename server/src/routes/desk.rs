//! What a shop's own systems and supervisors ask for: classes of texts, figures, corrections, keys, the audit log, sites.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use shopdesk_model::intents::Label;
use shopdesk_triage::MessageLanguage;

use super::body::{Body, Parameters};
use super::caller::{Staff, require_origin};
use crate::agent::Role;
use crate::auth::{ApiKey, Scope, Scopes};
use crate::config::Position;
use crate::dialogue::opening;
use crate::inference::AssessError;
use crate::mask::mask;
use crate::message::Assessed;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::{AuditEntry, AuditFilter, Delivery, Stats, StoredKey};
use crate::ticket::{Correction, CorrectionId};

/// How many texts are classified at once.
const TEXTS: usize = 256;
/// How many rows lists have at most.
const ROWS: u32 = 500;
/// The longest time that figures are computed over, in days.
const DAYS: i32 = 400;

/// What a widget has to know of a site.
#[derive(Serialize)]
pub(super) struct Site {
    site: String,
    name: BTreeMap<String, String>,
    greeting: BTreeMap<String, String>,
    languages: Vec<String>,
    color: Option<String>,
    position: Position,
    open_now: bool,
    opens_at: Option<Timestamp>,
    hours: BTreeMap<String, String>,
    max_message_characters: usize,
}

pub(super) async fn site(
    State(app): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Site>, Problem> {
    let site = app.settings.sites.get(&name).ok_or(Problem::NoSite)?;
    require_origin(site, &headers)?;
    let (open_now, opens) = opening(&app);
    let opens_at = opens.and_then(|opens| opens.to_zoned(app.settings.time_zone.clone()).ok());
    let languages: Vec<String> = app.settings.replies.languages().map(full_tag).collect();
    let hours = languages.iter().map(|language| (language.clone(), app.settings.hours.describe(language)));
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

/// Texts to classify, such as the tickets of another system.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Classify {
    texts: Vec<String>,
}

/// What the pipeline makes of each text, in their order.
#[derive(Serialize)]
pub(super) struct Classified {
    results: Vec<Assessed>,
}

pub(super) async fn classify(
    State(app): State<AppState>,
    staff: Staff,
    Body(classify): Body<Classify>,
) -> Result<Json<Classified>, Problem> {
    staff.require(Role::Agent, Scope::Classify)?;
    if !(1..=TEXTS).contains(&classify.texts.len()) {
        return Err(Problem::InvalidValue { detail: format!("Give `texts` from 1 to {TEXTS} texts.") });
    }
    let limit = app.settings.max_message_characters;
    if classify.texts.iter().any(|text| text.trim().is_empty() || text.chars().count() > limit) {
        let detail =
            format!("Give each of `texts` from 1 to {limit} characters that are not all white space.");
        return Err(Problem::InvalidValue { detail });
    }
    let mut results = Vec::with_capacity(classify.texts.len());
    // A few at a time, so that a batch leaves room for shoppers.
    for some in classify.texts.chunks(8) {
        let assessing = some.iter().map(|text| crate::dialogue::assess_text(&app, text));
        for assessed in futures_util::future::join_all(assessing).await {
            results.push(assessed.map_err(|error| match error {
                AssessError::Overloaded => Problem::Overloaded,
                AssessError::Failed(_) => Problem::Failed,
            })?);
        }
    }
    Ok(Json(Classified { results }))
}

/// The shop's intents.
#[derive(Serialize)]
pub(super) struct IntentList {
    intents: Vec<Label>,
}

pub(super) async fn intents(State(app): State<AppState>, staff: Staff) -> Result<Json<IntentList>, Problem> {
    staff.require(Role::Agent, Scope::Tickets)?;
    Ok(Json(IntentList { intents: app.assessor.triage().bundle().classifier().labels().to_vec() }))
}

/// From which day to which one, both included, by the shop's clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    pub(super) from: Option<Date>,
    pub(super) until: Option<Date>,
}

pub(super) async fn stats(
    State(app): State<AppState>,
    staff: Staff,
    Parameters(range): Parameters<Range>,
) -> Result<Json<Stats>, Problem> {
    staff.require(Role::Supervisor, Scope::Stats)?;
    let (begin, end) = bounds(&app, &range)?;
    Ok(Json(app.store.stats(begin, end, &app.settings.time_zone).await?))
}

/// When the first day of a range begins, and when its last one ends; the last thirty days when it does not say.
pub(super) fn bounds(app: &AppState, range: &Range) -> Result<(Timestamp, Timestamp), Problem> {
    let wrong = |detail: &str| Problem::InvalidParameter { detail: detail.to_owned() };
    let until = range.until.unwrap_or_else(|| app.now().date());
    let from = range
        .from
        .map_or_else(|| until.checked_sub(29.days()), Ok)
        .map_err(|_| wrong("Give `until` a later day."))?;
    if from > until || (until - from).get_days() > DAYS {
        return Err(wrong(&format!("Give `from` a day before `until`, at most {DAYS} days before it.")));
    }
    let zone = &app.settings.time_zone;
    let begin = |day: Date| day.to_zoned(zone.clone()).map(|midnight| midnight.timestamp());
    let end = until.tomorrow().and_then(begin).map_err(|_| wrong("Give `until` an earlier day."))?;
    let begin = begin(from).map_err(|_| wrong("Give `from` a later day."))?;
    Ok((begin, end))
}

/// In which state rows should be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InState {
    state: Option<String>,
}

/// What agents said the program got wrong.
#[derive(Serialize)]
pub(super) struct Corrections {
    corrections: Vec<Correction>,
}

pub(super) async fn corrections(
    State(app): State<AppState>,
    staff: Staff,
    Parameters(wanted): Parameters<InState>,
) -> Result<Json<Corrections>, Problem> {
    staff.require(Role::Supervisor, Scope::Export)?;
    staff.audit(&app, "corrections.view", "").await?;
    let mut corrections = app.store.corrections(wanted.state.as_deref(), ROWS).await?;
    for correction in &mut corrections {
        // They leave as examples to learn from, for which nobody's data is needed.
        correction.text = mask(&correction.text).into_owned();
    }
    Ok(Json(Corrections { corrections }))
}

/// What webhooks are to get, got, or could not be given.
#[derive(Serialize)]
pub(super) struct Deliveries {
    deliveries: Vec<Delivery>,
}

pub(super) async fn deliveries(
    State(app): State<AppState>,
    staff: Staff,
    Parameters(wanted): Parameters<InState>,
) -> Result<Json<Deliveries>, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    Ok(Json(Deliveries { deliveries: app.store.deliveries(wanted.state.as_deref(), ROWS).await? }))
}

pub(super) async fn retry(
    State(app): State<AppState>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    if !app.store.revive_delivery(&id).await? {
        return Err(Problem::NoDelivery);
    }
    staff.audit(&app, "delivery.retry", &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a correction is right.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Judge {
    approve: bool,
}

pub(super) async fn judge(
    State(app): State<AppState>,
    staff: Staff,
    Path(id): Path<String>,
    Body(judge): Body<Judge>,
) -> Result<StatusCode, Problem> {
    staff.require(Role::Supervisor, Scope::Admin)?;
    let id: CorrectionId = id.parse().map_err(|_| Problem::NoCorrection)?;
    judge_correction(&app, &staff, id, judge.approve).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps that whoever asks approved of a correction, or not.
pub(super) async fn judge_correction(
    app: &AppState,
    staff: &Staff,
    id: CorrectionId,
    approve: bool,
) -> Result<(), Problem> {
    if !app.store.judge_correction(id, approve, &staff.name()).await? {
        return Err(Problem::NoCorrection);
    }
    staff.audit(app, "correction.judge", id).await
}

/// Keys of the shop's systems.
#[derive(Serialize)]
pub(super) struct Keys {
    keys: Vec<StoredKey>,
}

pub(super) async fn keys(State(app): State<AppState>, staff: Staff) -> Result<Json<Keys>, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    Ok(Json(Keys { keys: app.store.keys().await? }))
}

/// A key to make.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    pub(super) name: String,
    pub(super) scopes: Scopes,
}

/// A key that was made. Nobody can ever see it again.
#[derive(Serialize)]
pub(super) struct MadeKey {
    pub(super) id: String,
    pub(super) key: String,
}

pub(super) async fn make_key(
    State(app): State<AppState>,
    staff: Staff,
    Body(new): Body<NewKey>,
) -> Result<(StatusCode, Json<MadeKey>), Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    if new.scopes.is_empty() || !(1..=100).contains(&new.name.trim().chars().count()) {
        let detail = "Give `name` from 1 to 100 characters, and `scopes` at least one scope.".to_owned();
        return Err(Problem::InvalidValue { detail });
    }
    let (key, record) = ApiKey::generate();
    app.store.keep_key(&record, &new.name, &new.scopes).await?;
    staff.audit(&app, "key.make", &record.id).await?;
    Ok((StatusCode::CREATED, Json(MadeKey { id: record.id, key: key.expose().to_owned() })))
}

pub(super) async fn revoke_key(
    State(app): State<AppState>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    if !app.store.revoke_key(&id).await? {
        return Err(Problem::NoKey);
    }
    staff.audit(&app, "key.revoke", &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who did what.
#[derive(Serialize)]
pub(super) struct Audit {
    entries: Vec<AuditEntry>,
}

pub(super) async fn audit(State(app): State<AppState>, staff: Staff) -> Result<Json<Audit>, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    let filter = AuditFilter { limit: ROWS, ..AuditFilter::default() };
    Ok(Json(Audit { entries: app.store.audit(&filter).await?.entries }))
}
