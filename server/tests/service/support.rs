//! The whole service in-process: the real model, a tiny shop, a database of its own, no port.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use shopdesk_kb::import::Plan;
use shopdesk_kb::{Articles, EmbeddedIndex};
use shopdesk_model::classifier::{Promise, TrainOptions, TrainingData, train};
use shopdesk_model::intents::Intents;
use shopdesk_model::{EncoderOptions, Probability, TextEncoder};
use shopdesk_server::{AppState, ArticleStore as _, Assessor, Origin, Replies, SqliteStore, Store, router};
use shopdesk_triage::{KnowledgeBase, Policy, SignalRules, SignalSettings, Triage, VectorsInMemory};
use tempfile::TempDir;
use tower::ServiceExt as _;

/// A running service.
pub(crate) struct TestApp {
    router: Router,
    _database: TempDir,
}

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
        let database = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&database.path().join("test.db")).await.unwrap());
        let articles = TRIAGE.knowledge_base().catalogue().articles();
        let plan = Plan::new(&[], &articles, &[]);
        store.change(0, &plan.changes, Origin::Folder).await.unwrap().unwrap();
        let state = AppState {
            store: Arc::clone(&store) as Arc<dyn Store>,
            articles: store,
            assessor: Assessor::start(Arc::clone(&TRIAGE), queue).unwrap(),
            replies: Arc::new(replies()),
            default_language: "zh".to_owned(),
            time_zone: TimeZone::UTC,
            clock: Arc::new(clock),
            max_message_characters: 200,
            request_timeout: Duration::from_secs(60),
            hosts: vec!["help.example.com".to_owned()],
        };
        Self { router: router(state), _database: database }
    }

    pub(crate) async fn request(&self, method: Method, path: &str, body: Option<String>) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::HOST, "localhost")
            .body(body.map_or_else(Body::empty, Body::from))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.request(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.request(Method::POST, path, Some(body.to_string())).await
    }

    pub(crate) async fn conversation(&self) -> String {
        let reply = self.post("/v1/conversations", json!({})).await;
        assert_eq!(reply.status, StatusCode::CREATED);
        reply.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn say(&self, conversation: &str, text: &str) -> Value {
        let reply =
            self.post(&format!("/v1/conversations/{conversation}/messages"), json!({ "text": text })).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        reply.json()
    }
}

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
    let sentences = |language: &str| {
        json!({
            "clarify": format!("{language}: which?"),
            "handed_over": format!("{language}: handed over"),
            "handed_over_as_asked": format!("{language}: as asked"),
            "handed_over_to_specialist": format!("{language}: specialist"),
            "handed_over_out_of_scope": format!("{language}: out of scope"),
        })
    };
    serde_json::from_value(json!({ "zh": sentences("zh"), "en": sentences("en") })).unwrap()
}
