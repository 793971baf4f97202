//! `/v1/session`, `/v1/agents`, `/v1/invitations`: who works for the shop.

use std::net::IpAddr;
use std::sync::PoisonError;
use std::time::Instant;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{Body, Segments};
use super::caller::{Address, SESSION_COOKIE, Staff, session_hash};
use crate::agent::{Agent, AgentId, Role, Skills};
use crate::auth::{Scope, SessionId, WeakPassword, check_new_password};
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::{NewAgent, Store, StoreError};

/// For how long a session holds.
const SESSION: SignedDuration = SignedDuration::from_hours(12);
/// Who is the first administrator.
const FIRST_LOGIN: &str = "admin";
/// For how long an invitation holds.
const INVITATION: SignedDuration = SignedDuration::from_hours(24 * INVITATION_DAYS);
/// The same in days.
pub(super) const INVITATION_DAYS: i64 = 3;
/// The longest name of a person or a key, in characters.
pub(super) const LONGEST_NAME: usize = 100;
/// Where an invitation leads to.
const INVITATION_PATH: &str = "/console/invitation#";

/// Who logs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Login {
    pub(super) login: String,
    pub(super) password: String,
}

/// Who is logged in, and the token that changes must carry in `X-CSRF-Token`.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedIn {
    agent: Agent,
    csrf_token: String,
}

/// Logs in.
///
/// Too many failures make the next attempt wait.
#[utoipa::path(
    post,
    path = "/v1/session",
    operation_id = "log_in",
    tag = "session",
    request_body = Login,
    responses(
        (
            status = 200,
            description = "The session is in the cookie.",
            body = LoggedIn,
            headers(("set-cookie" = String, description = "`shopdesk_session`"))
        ),
        (status = 401, description = "`wrong-login`"),
        (status = 422, description = "`invalid-value`")
    )
)]
pub(super) async fn log_in(
    State(app): State<AppState>,
    Address(address): Address,
    Body(login): Body<Login>,
) -> Result<impl IntoResponse, Problem> {
    let begun = begin_session(&app, address, login).await?;
    let body = LoggedIn { csrf_token: begun.session.csrf_token(), agent: begun.agent };
    Ok(([begun.cookie], Json(body)))
}

/// A session that has just begun.
pub(super) struct Begun {
    agent: Agent,
    session: SessionId,
    /// The header that gives the session to the browser.
    pub(super) cookie: (HeaderName, String),
}

/// Logs somebody in, or says why not. Attempts are slowed down and kept in the audit log.
pub(super) async fn begin_session(app: &AppState, address: IpAddr, login: Login) -> Result<Begun, Problem> {
    attempt(app, &login.login, address)?;
    let found = app.store.agent_by_login(&login.login).await?;
    let stored = found.as_ref().and_then(|found| found.password.clone());
    let is_right = is_password(app, login.password, stored).await?;
    let Some(agent) = found.map(|found| found.agent).filter(|agent| is_right && agent.is_active) else {
        app.store
            .keep_audit(
                &login.login.chars().take(100).collect::<String>(),
                "login.refused",
                None,
                Some(address.to_string()),
            )
            .await?;
        return Err(Problem::WrongLogin);
    };
    succeeded(app, &login.login, address);
    let session = SessionId::generate();
    app.store.begin_session(agent.id, &session_hash(&session), app.time() + SESSION).await?;
    app.store.keep_audit(&agent.login, "login", None, Some(address.to_string())).await?;
    let cookie = cookie(app, &session, SESSION.as_secs());
    Ok(Begun { agent, session, cookie })
}

/// Counts an attempt at somebody's password, and refuses it when there were too many.
pub(super) fn attempt(app: &AppState, login: &str, address: IpAddr) -> Result<(), Problem> {
    let mut throttle = app.present.logins.lock().unwrap_or_else(PoisonError::into_inner);
    let allowed = throttle.attempt(login, address, Instant::now());
    allowed.map_err(|later| Problem::TooManyRequests { seconds: later.wait.as_secs().max(1) })
}

/// The attempt was with the right password.
pub(super) fn succeeded(app: &AppState, login: &str, address: IpAddr) {
    app.present.logins.lock().unwrap_or_else(PoisonError::into_inner).succeeded(login, address);
}

/// Whether that is the password of whoever has that hash. It takes as long where there is none.
pub(super) async fn is_password(
    app: &AppState,
    password: String,
    stored: Option<String>,
) -> Result<bool, Problem> {
    let _permit = app.present.hashing.acquire().await.map_err(|_| Problem::Failed)?;
    let present = app.present.clone();
    let checking =
        tokio::task::spawn_blocking(move || present.passwords.verify(&password, stored.as_deref()));
    checking.await.map_err(|_| Problem::Failed)?.map_err(|error| {
        tracing::error!(%error, "a password cannot be checked");
        Problem::Failed
    })
}

/// What is kept of a password.
pub(super) async fn hashed(app: &AppState, password: String) -> Result<String, Problem> {
    let _permit = app.present.hashing.acquire().await.map_err(|_| Problem::Failed)?;
    let present = app.present.clone();
    let hashing = tokio::task::spawn_blocking(move || present.passwords.hash(&password));
    hashing.await.map_err(|_| Problem::Failed)?.map_err(|_| Problem::Failed)
}

/// The session's cookie. `Secure` wherever the service is reached under a name, which a proxy with TLS stands in front of.
fn cookie(app: &AppState, session: &SessionId, seconds: i64) -> (HeaderName, String) {
    let secure = if app.settings.hosts.is_empty() { "" } else { "; Secure" };
    let id = session.expose();
    (
        header::SET_COOKIE,
        format!("{SESSION_COOKIE}={id}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}"),
    )
}

/// Who is logged in.
///
/// A key has no session.
#[utoipa::path(
    get,
    path = "/v1/session",
    operation_id = "read_session",
    tag = "session",
    responses((status = 200, description = "The person, and the token for changes.", body = LoggedIn)),
    security(("session" = ["agent"]))
)]
pub(super) async fn session(staff: Staff) -> Result<Json<LoggedIn>, Problem> {
    match staff {
        Staff::Agent { agent, session } => Ok(Json(LoggedIn { csrf_token: session.csrf_token(), agent })),
        Staff::Key { .. } => Err(Problem::NotAllowed),
    }
}

/// Ends this session.
#[utoipa::path(
    delete,
    path = "/v1/session",
    operation_id = "log_out",
    tag = "session",
    responses((
        status = 204,
        description = "Nobody is logged in any more.",
        headers(("set-cookie" = String, description = "Takes `shopdesk_session` away."))
    )),
    security(("session" = ["agent"], "csrf_token" = []))
)]
pub(super) async fn log_out(State(app): State<AppState>, staff: Staff) -> Result<impl IntoResponse, Problem> {
    let Staff::Agent { session, .. } = &staff else { return Err(Problem::NotAllowed) };
    app.store.end_session(&session_hash(session)).await?;
    is_gone(&app, &staff);
    Ok(([cookie(&app, session, 0)], StatusCode::NO_CONTENT))
}

/// Ends all sessions of whoever asks, wherever they are, and takes the cookie back.
pub(super) async fn log_out_everywhere(
    app: &AppState,
    staff: &Staff,
) -> Result<(HeaderName, String), Problem> {
    let Staff::Agent { agent, session } = staff else { return Err(Problem::NotAllowed) };
    app.store.end_sessions(agent.id).await?;
    staff.audit(app, "session.end_all", agent.id).await?;
    is_gone(app, staff);
    Ok(cookie(app, session, 0))
}

/// Keeps that an agent is not there any more, and gets no tickets.
fn is_gone(app: &AppState, staff: &Staff) {
    if let Some(agent) = staff.agent() {
        app.present.agents.lock().unwrap_or_else(PoisonError::into_inner).remove(&agent);
    }
}

/// Who works for the shop.
#[derive(Serialize, ToSchema)]
pub(super) struct Agents {
    agents: Vec<Agent>,
}

/// Who works for the shop.
#[utoipa::path(
    get,
    path = "/v1/agents",
    operation_id = "list_agents",
    tag = "people",
    responses((status = 200, description = "By login.", body = Agents)),
    security(("session" = ["agent"]), ("key" = ["tickets"])),
)]
pub(super) async fn list(State(app): State<AppState>, staff: Staff) -> Result<Json<Agents>, Problem> {
    staff.require(Role::Agent, Scope::Tickets)?;
    Ok(Json(Agents { agents: app.store.agents().await? }))
}

/// Somebody to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewAgent)]
pub(super) struct Add {
    /// Without white space.
    #[schema(min_length = 1, max_length = 100)]
    pub(super) login: String,
    /// What shoppers and colleagues read.
    #[schema(min_length = 1, max_length = 100)]
    pub(super) name: String,
    pub(super) role: Role,
    #[serde(default)]
    pub(super) skills: Skills,
}

/// Somebody who was added, and the link to choose a password with, once.
#[derive(Serialize, ToSchema)]
#[schema(as = AgentInvited)]
pub(super) struct Invited {
    pub(super) agent: Agent,
    /// A path with a secret.
    pub(super) invitation: String,
}

/// Adds somebody.
///
/// The invitation is a path with a secret, shown this once, to choose a password with.
#[utoipa::path(
    post,
    path = "/v1/agents",
    operation_id = "add_agent",
    tag = "people",
    request_body = Add,
    responses(
        (status = 201, description = "The person, and the invitation.", body = Invited),
        (status = 409, description = "`login-taken`"),
        (status = 422, description = "`invalid-value`")
    ),
    security(("session" = ["admin"], "csrf_token" = []), ("key" = ["admin"])),
)]
pub(super) async fn add(
    State(app): State<AppState>,
    staff: Staff,
    Body(add): Body<Add>,
) -> Result<(StatusCode, Json<Invited>), Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    if !may_be_login(&add.login) || !may_be_name(&add.name) {
        let detail =
            "Give `login` and `name` from 1 to 100 characters, and `login` no white space.".to_owned();
        return Err(Problem::InvalidValue { detail });
    }
    let new = NewAgent { login: add.login, name: add.name, role: add.role, skills: add.skills };
    let agent = app.store.add_agent(new).await?.ok_or(Problem::LoginTaken)?;
    staff.audit(&app, "agent.add", agent.id).await?;
    let invitation = invite(&app.store, agent.id).await?;
    Ok((StatusCode::CREATED, Json(Invited { agent, invitation })))
}

/// Whether somebody may log in with that.
pub(super) fn may_be_login(login: &str) -> bool {
    may_be_name(login) && !login.contains(char::is_whitespace)
}

/// Whether somebody may be called that.
pub(super) fn may_be_name(name: &str) -> bool {
    (1..=LONGEST_NAME).contains(&name.trim().chars().count())
}

/// Makes a link that lets an agent choose a password, in place of those before, and returns its path.
///
/// # Errors
/// When the database fails.
pub async fn invite(store: &Store, agent: AgentId) -> Result<String, StoreError> {
    let secret = SessionId::generate();
    store.invite(agent, &session_hash(&secret), Timestamp::now() + INVITATION).await?;
    Ok(format!("{INVITATION_PATH}{}", secret.expose()))
}

/// Where the first administrator chooses a password, as long as nobody can log in; nothing otherwise.
///
/// # Errors
/// When the database fails.
pub async fn first_invitation(app: &AppState) -> Result<Option<String>, StoreError> {
    if app.store.has_password().await? {
        return Ok(None);
    }
    let new = NewAgent {
        login: FIRST_LOGIN.to_owned(),
        name: FIRST_LOGIN.to_owned(),
        role: Role::Admin,
        skills: Skills::default(),
    };
    // It may be there from a first start at which nobody followed the link.
    app.store.add_agent(new).await?;
    let found = app.store.agent_by_login(FIRST_LOGIN).await?.filter(|found| found.agent.is_active);
    let Some(found) = found else { return Ok(None) };
    invite(&app.store, found.agent.id).await.map(Some)
}

/// What is to change of somebody. What is missing stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeAgent {
    pub(super) name: Option<String>,
    pub(super) role: Option<Role>,
    pub(super) skills: Option<Skills>,
    pub(super) is_active: Option<bool>,
    /// Whether to make a new invitation, as for a forgotten password.
    #[serde(default)]
    pub(super) invite: bool,
}

/// Somebody who was changed, with a link if one was asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = AgentChanged)]
pub(super) struct Changed {
    pub(super) agent: Agent,
    /// A path with a secret, if one was asked for.
    #[schema(required)]
    pub(super) invitation: Option<String>,
}

/// Changes somebody.
///
/// What is missing stays. `skills` are replaced as a whole.
#[utoipa::path(
    patch,
    path = "/v1/agents/{id}",
    operation_id = "change_agent",
    tag = "people",
    params(("id" = String, Path, format = Uuid, description = "The person.")),
    request_body = ChangeAgent,
    responses(
        (status = 200, description = "The person as it is now.", body = Changed),
        (status = 404, description = "`no-agent`"),
        (status = 409, description = "`last-administrator`"),
        (status = 422, description = "`invalid-value`")
    ),
    security(("session" = ["admin"], "csrf_token" = []), ("key" = ["admin"])),
)]
pub(super) async fn change(
    State(app): State<AppState>,
    staff: Staff,
    Segments(id): Segments<String>,
    Body(change): Body<ChangeAgent>,
) -> Result<Json<Changed>, Problem> {
    Ok(Json(change_agent(&app, &staff, &id, change).await?))
}

/// Changes somebody. There stays an active administrator, and nobody takes their own rights away by accident.
pub(super) async fn change_agent(
    app: &AppState,
    staff: &Staff,
    id: &str,
    change: ChangeAgent,
) -> Result<Changed, Problem> {
    staff.require(Role::Admin, Scope::Admin)?;
    let id = id.parse().map_err(|_| Problem::NoAgent)?;
    let mut agent = app.store.agent(id).await?.ok_or(Problem::NoAgent)?;
    let loses_power = change.is_active == Some(false) || change.role.is_some_and(|role| role < Role::Admin);
    if staff.agent() == Some(agent.id) && loses_power {
        let detail = "You cannot take your own rights away: another administrator can.".to_owned();
        return Err(Problem::InvalidValue { detail });
    }
    if !change.name.as_deref().is_none_or(may_be_name) {
        return Err(Problem::InvalidValue { detail: "Give `name` from 1 to 100 characters.".to_owned() });
    }
    agent.name = change.name.unwrap_or(agent.name);
    agent.role = change.role.unwrap_or(agent.role);
    agent.skills = change.skills.unwrap_or(agent.skills);
    agent.is_active = change.is_active.unwrap_or(agent.is_active);
    app.store.change_agent(&agent).await?;
    staff.audit(app, "agent.change", agent.id).await?;
    let invitation = if change.invite { Some(invite(&app.store, agent.id).await?) } else { None };
    Ok(Changed { agent, invitation })
}

/// A password that somebody chooses with an invitation.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPassword)]
pub(super) struct Choose {
    /// The whole link, or what stands after its `#`.
    pub(super) invitation: String,
    /// At least 10 characters and at most 256 bytes.
    pub(super) password: String,
}

/// Chooses a password with an invitation, which is used up by that.
///
/// All sessions of that person end.
#[utoipa::path(
    post,
    path = "/v1/invitations",
    operation_id = "choose_password",
    tag = "session",
    request_body = Choose,
    responses(
        (status = 204, description = "Log in with it."),
        (status = 404, description = "`no-invitation`"),
        (status = 422, description = "`invalid-value`")
    )
)]
pub(super) async fn choose_password(
    State(app): State<AppState>,
    address: Address,
    Body(choose): Body<Choose>,
) -> Result<StatusCode, Problem> {
    let chosen = take_invitation(&app, &address, choose).await?;
    chosen.map_err(|weak| Problem::InvalidValue { detail: weak.to_string() })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps the password that somebody chose with an invitation, which holds no more then. A weak one is not kept.
pub(super) async fn take_invitation(
    app: &AppState,
    address: &Address,
    choose: Choose,
) -> Result<Result<(), WeakPassword>, Problem> {
    super::caller::limit(&app.present.beginnings, &address.key())?;
    let link =
        choose.invitation.rsplit('#').next().and_then(SessionId::parse).ok_or(Problem::NoInvitation)?;
    let hash = session_hash(&link);
    let agent = app.store.invited(&hash, app.time()).await?.ok_or(Problem::NoInvitation)?;
    if let Err(weak) = check_new_password(&choose.password, &agent.login) {
        return Ok(Err(weak));
    }
    let hashed = hashed(app, choose.password).await?;
    if !app.store.take_invitation(&hash, &hashed, app.time()).await? {
        return Err(Problem::NoInvitation);
    }
    app.store.keep_audit(&agent.login, "password.choose", Some(agent.id.to_string()), None).await?;
    Ok(Ok(()))
}
