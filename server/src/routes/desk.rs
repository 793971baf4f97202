//! What a shop's own systems and supervisors ask for: classes of texts, figures, corrections, keys, the audit log, sites.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use shopdesk_model::intents::Label;
use shopdesk_triage::MessageLanguage;
use utoipa::ToSchema;

use super::body::{Body, Parameters, Segments};
use super::caller::{Staff, require_origin};
use crate::agent::Role;
use crate::auth::{ApiKey, Scope, Scopes};
use crate::config::Position;
use crate::dialogue::opening;
use crate::inference::AssessError;
use crate::mask::mask;
use crate::message::Assessed;
use crate::problem::Problem;
use crate::schema;
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
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Classify {
    /// Each of them at most as long as a message.
    #[schema(min_items = 1, max_items = 256)]
    texts: Vec<String>,
}

/// What the pipeline makes of each text, in their order.
#[derive(Serialize, ToSchema)]
pub(super) struct Classified {
    results: Vec<Assessed>,
}

/// Classifies texts, such as the tickets of another system.
///
/// The whole body has at most 8 MiB.
#[utoipa::path(
    post,
    path = "/v1/classify",
    operation_id = "classify",
    tag = "classification",
    request_body = Classify,
    responses(
        (status = 200, description = "What the pipeline makes of each text.", body = Classified),
        (status = 422, description = "`invalid-value`"),
        (status = 429, description = "`overloaded`")
    ),
    security(("session" = ["agent"], "csrf_token" = []), ("key" = ["classify"])),
)]
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
#[derive(Serialize, ToSchema)]
pub(super) struct IntentList {
    #[schema(value_type = Vec<schema::Intent>)]
    intents: Vec<Label>,
}

/// The shop's intents.
#[utoipa::path(
    get,
    path = "/v1/intents",
    operation_id = "list_intents",
    tag = "classification",
    responses((status = 200, description = "All of them.", body = IntentList)),
    security(("session" = ["agent"]), ("key" = ["tickets"])),
)]
pub(super) async fn intents(State(app): State<AppState>, staff: Staff) -> Result<Json<IntentList>, Problem> {
    staff.require(Role::Agent, Scope::Tickets)?;
    Ok(Json(IntentList { intents: app.assessor.triage().bundle().classifier().labels().to_vec() }))
}

/// From which day to which one, both included, by the shop's clock.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Range {
    /// The first day.
    pub(super) from: Option<Date>,
    /// The last day.
    pub(super) until: Option<Date>,
}

/// What the desk did, day by day.
///
/// Without `from` it is thirty days up to `until`, without `until` up to today; at most 400 days.
#[utoipa::path(
    get,
    path = "/v1/stats",
    operation_id = "read_figures",
    tag = "figures",
    params(Range),
    responses((status = 200, description = "The figures.", body = Stats)),
    security(("session" = ["supervisor"]), ("key" = ["stats"])),
)]
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
#[derive(Serialize, ToSchema)]
pub(super) struct Corrections {
    corrections: Vec<Correction>,
}

/// What agents said the program got wrong, the latest 500.
///
/// Reading them is written into the audit log.
#[utoipa::path(
    get,
    path = "/v1/corrections",
    operation_id = "list_corrections",
    tag = "corrections",
    params((
        "state" = inline(Option<schema::CorrectionState>),
        Query,
        description = "Only those in that state."
    )),
    responses((status = 200, description = "The latest first.", body = Corrections)),
    security(("session" = ["supervisor"]), ("key" = ["export"])),
)]
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
#[derive(Serialize, ToSchema)]
pub(super) struct Deliveries {
    deliveries: Vec<Delivery>,
}

/// What webhooks are to get, got, or could not be given, the latest 500.
#[utoipa::path(
    get,
    path = "/v1/deliveries",
    operation_id = "list_deliveries",
    tag = "deliveries",
    params((
        "state" = inline(Option<schema::DeliveryState>),
        Query,
        description = "Only those in that state."
    )),
    responses((status = 200, description = "The latest first.", body = Deliveries)),
    security(("session" = ["admin"]), ("key" = ["admin"])),
)]
pub(super) async fn deliveries(
    State(app): State<AppState>,
    staff: Staff,
    Parameters(wanted): Parameters<InState>,
) -> Result<Json<Deliveries>, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    Ok(Json(Deliveries { deliveries: app.store.deliveries(wanted.state.as_deref(), ROWS).await? }))
}

/// Sends a delivery again that was given up.
#[utoipa::path(
    post,
    path = "/v1/deliveries/{id}/retry",
    operation_id = "retry_delivery",
    tag = "deliveries",
    params(("id" = String, Path, description = "The delivery.")),
    responses(
        (status = 204, description = "It is tried again."),
        (status = 404, description = "`no-delivery`")
    ),
    security(("session" = ["admin"], "csrf_token" = []), ("key" = ["admin"])),
)]
pub(super) async fn retry(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    if !app.store.revive_delivery(&id).await? {
        return Err(Problem::NoDelivery);
    }
    staff.audit(&app, "delivery.retry", &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a correction is right.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Judge {
    approve: bool,
}

/// Approves of a correction, or not.
#[utoipa::path(
    post,
    path = "/v1/corrections/{id}",
    operation_id = "judge_correction",
    tag = "corrections",
    params(("id" = String, Path, format = Uuid, description = "The correction.")),
    request_body = Judge,
    responses(
        (status = 204, description = "Kept."),
        (status = 404, description = "`no-correction`")
    ),
    security(("session" = ["supervisor"], "csrf_token" = []), ("key" = ["admin"])),
)]
pub(super) async fn judge(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
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
#[derive(Serialize, ToSchema)]
pub(super) struct Keys {
    keys: Vec<StoredKey>,
}

/// Keys of the shop's systems, revoked ones too.
#[utoipa::path(
    get,
    path = "/v1/keys",
    operation_id = "list_keys",
    tag = "keys",
    responses((status = 200, description = "The oldest first.", body = Keys)),
    security(("session" = ["admin"]), ("key" = ["admin"])),
)]
pub(super) async fn keys(State(app): State<AppState>, staff: Staff) -> Result<Json<Keys>, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    Ok(Json(Keys { keys: app.store.keys().await? }))
}

/// A key to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewKey {
    #[schema(min_length = 1, max_length = 100)]
    pub(super) name: String,
    #[schema(value_type = Vec<Scope>, min_items = 1)]
    pub(super) scopes: Scopes,
}

/// A key that was made. Nobody can ever see it again.
#[derive(Serialize, ToSchema)]
pub(super) struct MadeKey {
    /// The part of it that may be seen.
    pub(super) id: String,
    /// All of it, with the secret.
    pub(super) key: String,
}

/// Makes a key.
///
/// It is shown this once.
#[utoipa::path(
    post,
    path = "/v1/keys",
    operation_id = "make_key",
    tag = "keys",
    request_body = NewKey,
    responses(
        (status = 201, description = "The key.", body = MadeKey),
        (status = 422, description = "`invalid-value`")
    ),
    security(("session" = ["admin"], "csrf_token" = []), ("key" = ["admin"])),
)]
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

/// Revokes a key.
#[utoipa::path(
    delete,
    path = "/v1/keys/{id}",
    operation_id = "revoke_key",
    tag = "keys",
    params(("id" = String, Path, description = "The part of the key between its underscores.")),
    responses(
        (status = 204, description = "From now on it opens nothing."),
        (status = 404, description = "`no-key`")
    ),
    security(("session" = ["admin"], "csrf_token" = []), ("key" = ["admin"])),
)]
pub(super) async fn revoke_key(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
) -> Result<StatusCode, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    if !app.store.revoke_key(&id).await? {
        return Err(Problem::NoKey);
    }
    staff.audit(&app, "key.revoke", &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Who did what.
#[derive(Serialize, ToSchema)]
pub(super) struct Audit {
    entries: Vec<AuditEntry>,
}

/// Who did what, the latest 500.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "list_audit",
    tag = "audit",
    responses((status = 200, description = "The latest first.", body = Audit)),
    security(("session" = ["admin"]), ("key" = ["admin"])),
)]
pub(super) async fn audit(State(app): State<AppState>, staff: Staff) -> Result<Json<Audit>, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    let filter = AuditFilter { limit: ROWS, ..AuditFilter::default() };
    Ok(Json(Audit { entries: app.store.audit(&filter).await?.entries }))
}
