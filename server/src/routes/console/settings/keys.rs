//! Keys by which the shop's own systems come in.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::Tab;
use crate::agent::Role;
use crate::auth::{Scope, Scopes};
use crate::problem::Problem;
use crate::routes::body::{Body, Segments};
use crate::routes::console::fields::Fields;
use crate::routes::console::frame::{Frame, Section, render};
use crate::routes::console::visit::Visit;
use crate::routes::keys::{self, MadeKey, NewKey};
use crate::routes::people::{LONGEST_NAME, may_be_name};
use crate::state::AppState;
use crate::store::StoredKey;

#[derive(Template)]
#[template(path = "console/settings/keys.html")]
struct Page {
    frame: Frame,
    tab: Tab,
    keys: Keys,
}

#[derive(Template)]
#[template(path = "console/settings/keys_part.html")]
struct Part {
    frame: Frame,
    keys: Keys,
}

/// What is shown: the keys, the form, and a key that was made just now.
struct Keys {
    rows: Vec<StoredKey>,
    name: String,
    scopes: Vec<Choice>,
    longest_name: usize,
    wrong_name: Option<String>,
    wrong_scopes: Option<String>,
    /// Shown this once.
    made: Option<String>,
}

/// A scope to choose, or not.
struct Choice {
    scope: &'static str,
    title: String,
    is_chosen: bool,
}

pub(super) async fn show(State(app): State<AppState>, visit: Visit) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let keys = Keys::of(&app, &frame, String::new(), &[]).await?;
    render(&Page { frame, tab: Tab::Keys, keys })
}

pub(super) async fn make(
    State(app): State<AppState>,
    visit: Visit,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    let values = |name: &str| -> Vec<String> {
        fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.trim().to_owned()).collect()
    };
    let name = values("name").pop().unwrap_or_default();
    let scopes: Vec<Scope> = values("scope").iter().filter_map(|scope| scope.parse().ok()).collect();
    let (has_name, has_scope) = (may_be_name(&name), !scopes.is_empty());
    if !has_name || !has_scope {
        let mut keys = Keys::of(&app, &frame, name, &scopes).await?;
        let wrong_name = frame.t("settings.keys.name_wrong").with("count", LONGEST_NAME);
        keys.wrong_name = (!has_name).then(|| wrong_name.to_string());
        keys.wrong_scopes = (!has_scope).then(|| frame.t("settings.keys.scopes_wrong").to_string());
        let part = render(&Part { frame, keys })?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, part).into_response());
    }
    let new = NewKey { name, scopes: scopes.into_iter().collect::<Scopes>() };
    let (_, Json(MadeKey { key, .. })) = keys::make_key(State(app.clone()), visit.staff, Body(new)).await?;
    let keys = Keys { made: Some(key), ..Keys::of(&app, &frame, String::new(), &[]).await? };
    render(&Part { frame, keys })
}

pub(super) async fn revoke(
    State(app): State<AppState>,
    visit: Visit,
    id: Segments<String>,
) -> Result<Response, Problem> {
    visit.require(Role::Admin)?;
    let frame = visit.frame(Section::Settings);
    keys::revoke_key(State(app.clone()), visit.staff, id).await?;
    let keys = Keys::of(&app, &frame, String::new(), &[]).await?;
    render(&Part { frame, keys })
}

impl Keys {
    async fn of(app: &AppState, frame: &Frame, name: String, chosen: &[Scope]) -> Result<Self, Problem> {
        let choice = |scope: Scope| Choice {
            scope: scope.as_str(),
            title: frame.t(&format!("settings.scope.{scope}")).to_string(),
            is_chosen: chosen.contains(&scope),
        };
        let mut rows = app.store.keys().await?;
        // The latest first, and those that do nothing any more last.
        rows.reverse();
        rows.sort_by_key(|key| key.revoked_at.is_some());
        Ok(Self {
            rows,
            name,
            scopes: Scope::ALL.into_iter().map(choice).collect(),
            longest_name: LONGEST_NAME,
            wrong_name: None,
            wrong_scopes: None,
            made: None,
        })
    }
}
