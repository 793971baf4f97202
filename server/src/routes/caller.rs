//! Who asks: a visitor with the token of a conversation, an agent with a session, or a system of the shop's with a key.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use axum::extract::{ConnectInfo, FromRequestParts, Path};
use axum::http::{HeaderMap, Method, header, request::Parts};

use crate::agent::{Agent, AgentId, Role};
use crate::auth::{ApiKey, Scope, Scopes, SessionId};
use crate::choices::Site;
use crate::conversation::ConversationId;
use crate::message::Message;
use crate::problem::Problem;
use crate::state::AppState;
use crate::store::Actor;

/// The cookie of a session.
pub(super) const SESSION_COOKIE: &str = "shopdesk_session";
/// How often it is kept that an agent was there.
const SEEN_KEPT: Duration = Duration::from_secs(60);
/// The header that proves that a change comes from our own pages.
pub(super) const CSRF_HEADER: &str = "x-csrf-token";

/// Whoever may take part in the conversation of the path.
pub(super) struct Visitor {
    pub(super) conversation: ConversationId,
    /// Whether it is the shopper with the token, and no system of the shop's.
    pub(super) is_shopper: bool,
}

impl Visitor {
    /// A message as whoever asks may read it.
    pub(super) fn reads(&self, mut message: Message) -> Message {
        if self.is_shopper {
            message.keep_for_shopper();
        }
        message
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let Path(path) = Path::<std::collections::HashMap<String, String>>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::NoConversation)?;
        // What is no id is the id of no conversation.
        let id = path.get("id").and_then(|id| id.parse().ok());
        let bearer = bearer(&parts.headers).ok_or(Problem::NoToken)?;
        if let Some(key) = ApiKey::parse(bearer) {
            let key = accepted(app, &key).await?;
            require(key.scopes.allow(Scope::Conversations))?;
            return Ok(Self { conversation: id.ok_or(Problem::NoConversation)?, is_shopper: false });
        }
        let granted = app.tokens.verify(bearer, app.time()).map_err(|_| Problem::WrongToken)?;
        let granted = ConversationId::from(granted);
        if id != Some(granted) {
            return Err(Problem::WrongToken);
        }
        limit(&app.present.visitors, &granted.to_string())?;
        Ok(Self { conversation: granted, is_shopper: true })
    }
}

/// Whoever works for the shop.
pub(super) enum Staff {
    Agent { agent: Agent, session: SessionId },
    Key { id: String, name: String, scopes: Scopes },
}

impl FromRequestParts<AppState> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        if let Some(bearer) = bearer(&parts.headers) {
            let key = ApiKey::parse(bearer).ok_or(Problem::WrongKey)?;
            let key = accepted(app, &key).await?;
            return Ok(Self::Key { id: key.id, name: key.name, scopes: key.scopes });
        }
        let session = session_of(&parts.headers).ok_or(Problem::NotLoggedIn)?;
        let agent =
            app.store.session(&session_hash(&session), app.time()).await?.ok_or(Problem::NotLoggedIn)?;
        let changes = !matches!(parts.method, Method::GET | Method::HEAD);
        let token = parts.headers.get(CSRF_HEADER).and_then(|token| token.to_str().ok());
        if changes && !token.is_some_and(|token| session.accepts_csrf_token(token)) {
            return Err(Problem::Forged);
        }
        keep_seen(app, agent.id).await;
        let staff = Self::Agent { agent, session };
        staff.is_there(app);
        Ok(staff)
    }
}

impl Staff {
    /// Lets through agents from that role on, and keys with that scope.
    pub(super) fn require(&self, role: Role, scope: Scope) -> Result<(), Problem> {
        require(match self {
            Self::Agent { agent, .. } => agent.role >= role,
            Self::Key { scopes, .. } => scopes.allow(scope),
        })
    }

    /// Whether whoever asked may still ask: sessions end, keys are revoked.
    pub(super) async fn still_holds(&self, app: &AppState) -> bool {
        match self {
            Self::Agent { session, .. } => {
                app.store.session(&session_hash(session), app.time()).await.is_ok_and(|found| found.is_some())
            }
            Self::Key { id, .. } => app.store.key(id).await.is_ok_and(|found| found.is_some()),
        }
    }

    /// Keeps that an agent is there just now.
    pub(super) fn is_there(&self, app: &AppState) {
        if let Some(agent) = self.agent() {
            app.present.agents.lock().unwrap_or_else(PoisonError::into_inner).insert(agent, Instant::now());
        }
    }

    /// What logs call whoever asks.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Agent { agent, .. } => agent.login.clone(),
            Self::Key { name, .. } => format!("key {name}"),
        }
    }

    /// The agent, if it is one.
    pub(super) fn agent(&self) -> Option<AgentId> {
        match self {
            Self::Agent { agent, .. } => Some(agent.id),
            Self::Key { .. } => None,
        }
    }

    /// Whoever asks, as a ticket's log has it.
    pub(super) fn actor(&self) -> Actor {
        let shown = match self {
            Self::Agent { agent, .. } => agent.name.clone(),
            Self::Key { name, .. } => name.clone(),
        };
        Actor { name: self.name(), shown, agent: self.agent() }
    }

    /// Keeps in the audit log what whoever asks did.
    pub(super) async fn audit(
        &self,
        app: &AppState,
        action: &str,
        subject: impl ToString,
    ) -> Result<(), Problem> {
        Ok(app.store.keep_audit(&self.name(), action, Some(subject.to_string()), None).await?)
    }
}

/// Where a request comes from.
pub(super) struct Address(pub(super) IpAddr);

impl FromRequestParts<AppState> for Address {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        // The last address in the list is the one that our own proxy saw; those before it anybody can write.
        let forwarded = parts.headers.get_all("x-forwarded-for").iter().next_back();
        let forwarded = forwarded.and_then(|list| list.to_str().ok());
        let forwarded = forwarded.and_then(|list| list.rsplit(',').next()?.trim().parse().ok());
        let address = forwarded.filter(|_| app.settings.behind_proxy).or(peer);
        Ok(Self(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))))
    }
}

/// Refuses pages that are neither the site's nor this service's own. What is no page says no origin.
pub(super) fn require_origin(site: &Site, headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return Ok(()) };
    let is_own = origin.split_once("://").is_some_and(|(_, name)| Some(name) == text(header::HOST));
    if is_own || site.origins.iter().any(|known| known == origin) {
        Ok(())
    } else {
        Err(Problem::OriginNotAllowed)
    }
}

impl Address {
    /// What limits count by: an IPv6 customer has a whole /64.
    pub(super) fn key(&self) -> String {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}")
            }
        }
    }
}

/// The session of a request's cookie.
pub(super) fn session_of(headers: &HeaderMap) -> Option<SessionId> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut cookies =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    let (_, id) = cookies.find(|(name, _)| *name == SESSION_COOKIE)?;
    SessionId::parse(id)
}

/// What the store finds a session by.
pub(super) fn session_hash(session: &SessionId) -> String {
    session.hash().to_string()
}

/// Lets a request through, or says when to come again.
pub(super) fn limit(limiter: &std::sync::Mutex<crate::auth::RateLimiter>, key: &str) -> Result<(), Problem> {
    let mut limiter = limiter.lock().unwrap_or_else(PoisonError::into_inner);
    limiter.check(key, Instant::now()).map_err(|retry| Problem::TooManyRequests { seconds: retry.seconds })
}

/// Keeps that an agent was there, once a minute at most: nobody needs it to the second, and it is a write.
async fn keep_seen(app: &AppState, agent: AgentId) {
    let now = Instant::now();
    let is_kept = {
        let mut kept = app.present.seen_kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_kept = kept.get(&agent).is_some_and(|at| now.duration_since(*at) < SEEN_KEPT);
        if !is_kept {
            kept.insert(agent, now);
        }
        is_kept
    };
    if !is_kept && let Err(error) = app.store.keep_seen(agent, app.time()).await {
        tracing::warn!(%error, agent.id = %agent, "cannot keep that an agent was there");
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

async fn accepted(app: &AppState, key: &ApiKey<'_>) -> Result<crate::store::StoredKey, Problem> {
    let found = app.store.key(key.id).await?;
    found.filter(|found| found.record.accepts(key.secret)).ok_or(Problem::WrongKey)
}

fn require(allowed: bool) -> Result<(), Problem> {
    if allowed { Ok(()) } else { Err(Problem::NotAllowed) }
}
