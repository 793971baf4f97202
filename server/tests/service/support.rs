//! The whole service in-process: the real model, a tiny shop, a database of its own, no port.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::BodyExt as _;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use sha2::Sha256;
use shopdesk_kb::import::Plan;
use shopdesk_kb::{Articles, EmbeddedIndex};
use shopdesk_model::classifier::{Promise, TrainOptions, TrainingData, train};
use shopdesk_model::intents::Intents;
use shopdesk_model::{EncoderOptions, Probability, TextEncoder};
use shopdesk_server::{
    ApiKey, AppState, Assessor, AuditEntry, AuditFilter, Chosen, DialogueConfig, FileChoices, IdentityCheck,
    LimitConfig, Metrics, NewAgent, Origin, Parts, Present, Replies, Role, Scope, Scopes, Secret, SessionId,
    Settings, SiteConfig, Skills, Store, TicketFilter, VisitorTokens, Workshop, router,
};
use shopdesk_triage::{KnowledgeBase, Policy, SignalRules, SignalSettings, Triage, VectorsInMemory};
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};
use tempfile::TempDir;
use tower::ServiceExt as _;

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

    /// Logs in as an agent of that role and returns its cookie and token for changes.
    pub(crate) async fn agent(&self, login: &str, role: Role) -> TestAgent {
        let new = NewAgent {
            login: login.to_owned(),
            name: format!("Agent {login}"),
            role,
            skills: Skills::default(),
        };
        let agent = self.state.store.add_agent(new).await.unwrap().unwrap();
        let session = SessionId::generate();
        let hash = session.hash().to_string();
        let expires_at = Timestamp::now() + SignedDuration::from_hours(1);
        self.state.store.begin_session(agent.id, &hash, expires_at).await.unwrap();
        TestAgent { id: agent.id.to_string(), session }
    }

    pub(crate) async fn as_agent(
        &self,
        agent: &TestAgent,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::HOST, "localhost")
            .header(header::COOKIE, format!("shopdesk_session={}", agent.session.expose()))
            .header("x-csrf-token", agent.session.csrf_token())
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .unwrap();
        self.send(request).await
    }

    /// Sends a form as htmx does from a page of the console, in English.
    pub(crate) async fn submit(&self, agent: &TestAgent, path: &str, fields: &[(&str, &str)]) -> Reply {
        let headers = [
            (header::COOKIE.as_str(), format!("shopdesk_session={}", agent.session.expose())),
            ("x-csrf-token", agent.session.csrf_token()),
        ];
        self.submit_with(&headers, path, fields).await
    }

    /// The same with these headers and no others that say who it is.
    pub(crate) async fn submit_with(
        &self,
        headers: &[(&str, String)],
        path: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT_LANGUAGE, "en")
            .header("hx-request", "true")
            .header(header::HOST, "localhost");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Fills in a form of the console, as its pages send it.
    pub(crate) async fn form(
        &self,
        agent: &TestAgent,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Reply {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::HOST, "localhost")
            .header("hx-request", "true")
            .header(header::COOKIE, format!("shopdesk_session={}", agent.session.expose()))
            .header("x-csrf-token", agent.session.csrf_token())
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// Asks for a page of the console, in English.
    pub(crate) async fn page(&self, agent: &TestAgent, path: &str) -> Reply {
        let request = Request::builder()
            .uri(path)
            .header(header::ACCEPT_LANGUAGE, "en")
            .header(header::HOST, "localhost")
            .header(header::COOKIE, format!("shopdesk_session={}", agent.session.expose()));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// The same database behind another state, for what the usual one lacks.
    pub(crate) fn over(&self, state: AppState) -> Self {
        // Its own folder stays empty: the database is in that of the first.
        let database = tempfile::tempdir().unwrap();
        Self { router: router(state.clone()), state, tokens: Mutex::default(), database }
    }

    /// Does something to the tables that the store has no method for.
    pub(crate) async fn execute(&self, sql: &str) {
        let file = self.database.path().join("test.db");
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

/// Somebody who is logged in.
pub(crate) struct TestAgent {
    pub(crate) id: String,
    pub(crate) session: SessionId,
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

/// The test shop's word for a customer's id.
pub(crate) fn signature(customer: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(IDENTITY_SECRET.as_bytes()).unwrap();
    mac.update(customer.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Settings under which tests do not wait.
pub(crate) fn settings() -> Settings {
    let toml = |text: &str| toml::from_str::<toml::Table>(text).unwrap();
    let site = SiteConfig {
        origins: vec!["https://shop.example.com".to_owned()],
        name: [("en".to_owned(), "Help".to_owned())].into(),
        greeting: [("en".to_owned(), "Hello".to_owned())].into(),
        ..SiteConfig::default()
    };
    let identity = IdentityCheck::new(Secret::new(IDENTITY_SECRET.to_owned())).unwrap();
    let targets = "{ first_response_minutes = 10, resolution_minutes = 60, warn_at = 0.5 }";
    let deadlines =
        ["urgent", "high", "normal", "low"].map(|priority| format!("{priority} = {targets}")).join("\n");
    Settings {
        replies: replies(),
        default_language: "zh".to_owned(),
        time_zone: TimeZone::UTC,
        file: FileChoices {
            hours: toml("mon-sun = [\"0:00-24:00\"]").try_into().unwrap(),
            deadlines: toml(&deadlines).try_into().unwrap(),
            sites: [("main".to_owned(), site)].into(),
            // What the bundle of these tests is trained for.
            promise: toml("max_error = 0.1\nconfidence = 0.6").try_into().unwrap(),
        },
        identities: Arc::new(move |name: &str| (name == "main").then(|| identity.clone())),
        webhooks: Arc::default(),
        lookup: None,
        dialogue: DialogueConfig {
            quiet_milliseconds: 0,
            longest_turn_milliseconds: 0,
            busy_after_seconds: 30,
            ..DialogueConfig::default()
        },
        max_message_characters: 200,
        request_timeout: Duration::from_secs(60),
        token_lifetime: Duration::from_secs(3600),
        retention_days: None,
        hosts: vec!["help.example.com".to_owned()],
        behind_proxy: false,
        reports: PathBuf::from("no-reports"),
    }
}

/// Under which the test shop signs its customers' ids.
pub(crate) const IDENTITY_SECRET: &str = "a secret of a shop in a test";

/// Trained once for all tests of a file.
static TRIAGE: LazyLock<Arc<Triage>> = LazyLock::new(|| {
    let encoder = Arc::new(TextEncoder::open(&model(), &EncoderOptions::default()).unwrap());
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture");
    let intents = Intents::load(&fixture.join("intents")).unwrap();
    // So few examples cannot support a strict promise.
    let promise = Promise { max_error: 0.1, confidence: 0.6, ..Promise::default() };
    let options = TrainOptions { promise, ..TrainOptions::default() };
    let data = TrainingData::new(&intents, None).unwrap();
    let bundle = train(&encoder, &data, &options, |_, _, _| ()).unwrap();
    let articles = Articles::load(&fixture.join("kb")).unwrap();
    assert!(articles.mistakes.is_empty(), "{:?}", articles.mistakes);
    let index = Box::new(EmbeddedIndex::new(encoder.dimension()));
    let vectors = Box::new(VectorsInMemory::default());
    let centres = KnowledgeBase::centres(&encoder, vectors.as_ref(), &articles.articles, |_, _| ()).unwrap();
    let knowledge_base = Arc::new(KnowledgeBase::new(Arc::clone(&encoder), index, vectors, centres));
    knowledge_base.switch(&articles.articles).unwrap();
    let probability = |value| Probability::new(value).unwrap();
    let policy = Policy {
        answer_probability: probability(0.2),
        clarify_confidence: probability(0.25),
        context_confidence: probability(0.5),
        upset_confidence: None,
        human_intent: None,
    };
    let rules = SignalRules::new(&SignalSettings::default()).unwrap();
    let triage = Triage::new(encoder, bundle, knowledge_base, rules, policy).unwrap();
    triage.learn_answers().unwrap().unwrap();
    Arc::new(triage)
});

fn model() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/multilingual-e5-small");
    assert!(folder.exists(), "`{}` is missing: run `scripts/fetch-model`", folder.display());
    folder
}

fn replies() -> Replies {
    const KEYS: [(&str, &str); 24] = [
        ("clarify", "which?"),
        ("greeting", "greeting"),
        ("thanks", "thanks"),
        ("bye", "bye"),
        ("acknowledge", "acknowledge"),
        ("not_helpful", "not helpful"),
        ("handed_over_as_asked", "as asked"),
        ("handed_over_out_of_scope", "out of scope"),
        ("handed_over_to_specialist", "specialist"),
        ("handed_over_unsure", "unsure"),
        ("handed_over_after_failures", "failures"),
        ("handed_over_upset", "upset"),
        ("handed_over_complaint", "complaint"),
        ("handed_over_failure", "failure"),
        ("handed_over_busy", "busy"),
        ("reopened", "reopened"),
        ("wait_open", "[{minutes} min]"),
        ("wait_queue", "[{position} ahead]"),
        ("wait_closed", "[{hours}, {opens}]"),
        ("nobody_yet", "nobody yet"),
        ("order_status", "[{order}: {status}]"),
        ("order_unknown", "[no {order}]"),
        ("ask_order_number", "which order?"),
        ("contact_thanks", "contact thanks"),
    ];
    let sentences = |language: &str| -> Value {
        KEYS.iter().map(|(key, text)| ((*key).to_owned(), json!(format!("{language}: {text}")))).collect()
    };
    serde_json::from_value(json!({ "zh": sentences("zh"), "en": sentences("en") })).unwrap()
}
