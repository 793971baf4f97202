//! The whole service in-process: the real model, a tiny shop, a database of its own, no port.

mod console;
mod shop;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use http_body_util::BodyExt as _;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shopdesk_kb::import::Plan;
use shopdesk_server::{
    ApiKey, AppState, Assessor, AuditEntry, AuditFilter, Chosen, LimitConfig, Metrics, Origin, Parts,
    Present, Scope, Scopes, Settings, Store, TicketFilter, VisitorTokens, Workshop, router,
};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tempfile::TempDir;
use tower::ServiceExt as _;

pub(crate) use console::TestAgent;
use shop::TRIAGE;
pub(crate) use shop::{settings, signature};

/// A running service.
pub(crate) struct TestApp {
    router: Router,
    /// For tests that look behind the routes.
    pub(crate) state: AppState,
    /// The visitors' tokens, by conversation.
    tokens: Mutex<HashMap<String, String>>,
    database: TempDir,
}

/// What the file with everything is called.
const DATABASE: &str = "test.db";

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {}", self.text))
    }

    /// In how many seconds to ask again.
    pub(crate) fn retry_after(&self) -> u64 {
        self.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap()
    }

    /// The stable code of a problem.
    pub(crate) fn problem(&self) -> (u16, String) {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        (self.status.as_u16(), kind.rsplit(':').next().unwrap().to_owned())
    }
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::with_queue(256).await
    }

    pub(crate) async fn with_queue(queue: usize) -> Self {
        Self::with(queue, Timestamp::now).await
    }

    /// Whose clock shows that time.
    pub(crate) async fn at(time: Timestamp) -> Self {
        Self::with(256, move || time).await
    }

    async fn with(queue: usize, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self::with_settings(queue, clock, settings()).await
    }

    pub(crate) async fn with_settings(
        queue: usize,
        clock: impl Fn() -> Timestamp + Send + Sync + 'static,
        settings: Settings,
    ) -> Self {
        let database = tempfile::tempdir().unwrap();
        let store = Store::open(&database.path().join(DATABASE)).await.unwrap();
        let articles = TRIAGE.knowledge_base().catalogue().articles();
        let plan = Plan::new(&[], &articles, &[]);
        store.change(0, &plan.changes, Origin::Folder).await.unwrap().unwrap();
        let limits: LimitConfig =
            toml::from_str("per_visitor = 10000\nper_address = 100000\nconversations_per_address = 1000")
                .unwrap();
        let metrics = Metrics::start();
        let state = AppState::new(Parts {
            store,
            assessor: Assessor::start(Arc::clone(&TRIAGE), queue, metrics.clone()).unwrap(),
            chosen: Arc::new(Chosen::by_file(&settings)),
            settings: Arc::new(settings),
            clock: Arc::new(clock),
            tokens: Arc::new(VisitorTokens::from_text("a key for tests")),
            present: Arc::new(Present::new(&limits).unwrap()),
            metrics,
            workshop: None,
        });
        Self { router: router(state.clone()), state, tokens: Mutex::default(), database }
    }

    pub(crate) async fn request(&self, method: Method, path: &str, body: Option<String>) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::HOST, "localhost");
        let conversation =
            path.strip_prefix("/v1/conversations/").and_then(|rest| rest.split(['/', '?']).next());
        let token = conversation.and_then(|id| self.tokens.lock().unwrap().get(id).cloned());
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(body.map_or_else(Body::empty, Body::from)).unwrap();
        self.send(request).await
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            // Pictures are no text, and no test reads them.
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.request(Method::POST, path, Some(body.to_string())).await
    }

    pub(crate) async fn conversation(&self) -> String {
        self.begin(json!({})).await["id"].as_str().unwrap().to_owned()
    }

    /// A conversation as its page sees it.
    pub(crate) async fn shown(&self, conversation: &str) -> Value {
        self.get(&format!("/v1/conversations/{conversation}")).await.json()
    }

    /// Asks what an article answers, and returns the answer.
    pub(crate) async fn answered(&self, conversation: &str) -> Value {
        let exchange = self.say(conversation, "怎么退货").await;
        assert_eq!(exchange["reply"]["kind"], "answer", "{exchange}");
        exchange["reply"].clone()
    }

    /// Whose clock a test puts forward.
    pub(crate) async fn with_clock() -> (Self, Clock) {
        let clock = Clock::default();
        let shown = clock.clone();
        (Self::with_settings(256, move || shown.now(), settings()).await, clock)
    }

    /// With less than usual to ask for in a minute.
    pub(crate) async fn limited(limits: &str) -> Self {
        let limits: LimitConfig = toml::from_str(limits).unwrap();
        let app = Self::start().await;
        let state = AppState::new(Parts {
            present: Arc::new(Present::new(&limits).unwrap()),
            ..Parts::clone(&app.state)
        });
        app.with_state(state)
    }

    /// The same service with other parts.
    pub(crate) fn with_state(self, state: AppState) -> Self {
        Self { router: router(state.clone()), state, ..self }
    }

    /// The service after a restart: what it knew without the database is gone.
    pub(crate) async fn restarted(self) -> Self {
        self.state.store.close().await;
        let store = Store::open(&self.database.path().join(DATABASE)).await.unwrap();
        let present = Arc::new(Present::new(&LimitConfig::default()).unwrap());
        let state =
            AppState::new(Parts { store, present, metrics: Metrics::start(), ..Parts::clone(&self.state) });
        self.with_state(state)
    }

    /// Sends a request and leaves the body of the response unread, as streams need it.
    pub(crate) async fn respond(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// Sends a request with that token or key and no other; with none when it is empty.
    pub(crate) async fn with_token(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::HOST, "localhost");
        if !token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap())
            .await
    }

    /// Begins a conversation and keeps its token for what follows.
    pub(crate) async fn begin(&self, body: Value) -> Value {
        let reply = self.post("/v1/conversations", body).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text);
        let begun = reply.json();
        let text = |key: &str| begun[key].as_str().unwrap().to_owned();
        self.tokens.lock().unwrap().insert(text("id"), text("token"));
        begun
    }

    /// A key with these scopes.
    pub(crate) async fn key(&self, scopes: &[Scope]) -> String {
        let (key, record) = ApiKey::generate();
        let scopes: Scopes = scopes.iter().copied().collect();
        self.state.store.keep_key(&record, "erp", &scopes).await.unwrap();
        key.expose().to_owned()
    }

    /// The visitor's token of a conversation.
    pub(crate) fn token(&self, conversation: &str) -> String {
        self.tokens.lock().unwrap()[conversation].clone()
    }

    /// The same database behind another state, for what the usual one lacks.
    pub(crate) fn over(&self, state: AppState) -> Self {
        // Its own folder stays empty: the database is in that of the first.
        let database = tempfile::tempdir().unwrap();
        Self { router: router(state.clone()), state, tokens: Mutex::default(), database }
    }

    /// Does something to the tables that the store has no method for.
    pub(crate) async fn execute(&self, sql: &str) {
        let file = self.database.path().join(DATABASE);
        let mut connection = AnyConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// With somewhere to train.
    pub(crate) async fn with_workshop(workshop: impl FnOnce(&AppState) -> Arc<dyn Workshop>) -> Self {
        let app = Self::start().await;
        let state = AppState::new(Parts { workshop: Some(workshop(&app.state)), ..Parts::clone(&app.state) });
        Self { router: router(state.clone()), state, ..app }
    }

    /// The latest entries of the audit log, the latest first.
    pub(crate) async fn audit(&self, limit: u32) -> Vec<AuditEntry> {
        let filter = AuditFilter { limit, ..AuditFilter::default() };
        self.state.store.audit(&filter).await.unwrap().entries
    }

    /// The open tickets, as a supervisor sees them.
    pub(crate) async fn tickets(&self) -> Vec<shopdesk_server::Ticket> {
        let filter = TicketFilter { limit: 100, ..TicketFilter::default() };
        self.state.store.tickets(&filter).await.unwrap().tickets
    }

    pub(crate) async fn say(&self, conversation: &str, text: &str) -> Value {
        let reply =
            self.post(&format!("/v1/conversations/{conversation}/messages"), json!({ "text": text })).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        reply.json()
    }
}

/// A clock that goes as the machine's, ahead by as much as a test says.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// Puts it forward by so many seconds.
    pub(crate) fn forward(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.0.load(Ordering::Relaxed))
    }
}
