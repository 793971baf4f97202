//! What the service says of itself to those who send it shoppers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{StatusCode, header};
use serde_json::{Value, json};
use shopdesk_kb::{ArticleKey, Candidates, Entry, Error, Filter, Index, Query};
use shopdesk_server::serve;
use shopdesk_triage::{KnowledgeBase, VectorsInMemory};
use tokio::net::TcpListener;

use crate::support::TestApp;

#[tokio::test]
async fn it_lives_and_is_ready() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/livez").await.text, "ok\n");
    let ready = app.get("/readyz").await;
    assert_eq!((ready.status, ready.json()), (StatusCode::OK, parts("ok", "ok", false)));
}

#[tokio::test]
async fn without_its_database_it_lives_and_is_not_ready() {
    let app = TestApp::start().await;
    app.state.store.close().await;
    refused(&app, &parts("failed", "ok", false)).await;
    assert_eq!(app.get("/livez").await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_its_index_it_is_not_ready_and_the_index_is_not_asked_for_every_probe() {
    let app = TestApp::start().await;
    let asked = break_index(&app);
    for _ in 0..5 {
        refused(&app, &parts("ok", "failed", false)).await;
    }
    // Five probes take a moment, so that a second may pass between two of them.
    assert!((1..5).contains(&asked.load(Ordering::Relaxed)), "{asked:?}");
}

#[tokio::test]
async fn a_service_that_stops_is_not_ready_for_more() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/readyz").await.status, StatusCode::OK);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    serve(listener, app.state.clone(), std::future::ready(())).await.unwrap();
    refused(&app, &parts("ok", "ok", true)).await;
}

async fn refused(app: &TestApp, expected: &Value) {
    let refused = app.get("/readyz").await;
    assert_eq!((refused.status, &refused.json()), (StatusCode::SERVICE_UNAVAILABLE, expected));
    assert_eq!(refused.headers[header::RETRY_AFTER], "2");
}

fn parts(database: &str, index: &str, stopping: bool) -> Value {
    let ready = database == "ok" && index == "ok" && !stopping;
    json!({ "ready": ready, "stopping": stopping, "database": database, "index": index, "model": "ok" })
}

/// Puts an index that is away under the pipeline. Returns how often it was asked whether it is there.
fn break_index(app: &TestApp) -> Arc<AtomicUsize> {
    let index = Away::default();
    let asked = Arc::clone(&index.asked);
    let triage = app.state.assessor.triage();
    let centres = triage.knowledge_base().centres_in_use().clone();
    let vectors = Box::new(VectorsInMemory::default());
    let knowledge_base =
        KnowledgeBase::new(Arc::clone(triage.shared_encoder()), Box::new(index), vectors, centres);
    app.state.assessor.replace(Arc::new(triage.with_knowledge_base(Arc::new(knowledge_base))));
    asked
}

/// An index elsewhere that cannot be reached.
#[derive(Default)]
struct Away {
    asked: Arc<AtomicUsize>,
}

fn away<T>() -> shopdesk_kb::Result<T> {
    Err(Error::Index("nobody answers".into()))
}

impl Index for Away {
    fn candidates(&self, _: &Query<'_>, _: &Filter, _: usize) -> shopdesk_kb::Result<Candidates> {
        away()
    }

    fn put(&self, _: Vec<Entry>) -> shopdesk_kb::Result<()> {
        away()
    }

    fn remove(&self, _: &[ArticleKey]) -> shopdesk_kb::Result<()> {
        away()
    }

    fn articles(&self) -> shopdesk_kb::Result<Vec<(ArticleKey, usize)>> {
        away()
    }

    fn ping(&self) -> shopdesk_kb::Result<()> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        away()
    }
}
