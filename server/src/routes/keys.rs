//! `/v1/keys`: keys of the shop's systems.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, Segments};
use super::caller::Staff;
use crate::agent::Role;
use crate::auth::{ApiKey, Scope, Scopes};
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::StoredKey;

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
