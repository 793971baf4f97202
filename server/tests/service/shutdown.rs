//! A service that stops finishes what it has begun, and says what it could not.

use std::time::{Duration, Instant};

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use shopdesk_server::{DialogueConfig, serve};
use tokio::net::TcpListener;
use tracing::Level;

use crate::logs::Captured;
use crate::support::{TestApp, settings};
use crate::watch::while_running;

#[tokio::test]
async fn answers_that_nobody_waits_for_are_given_before_it_stops() {
    // The program is still listening whether more comes when the service is told to stop.
    let app = listening_for(700).await;
    let conversation = ask(&app).await;
    stop(&app).await;
    assert_eq!(app.shown(&conversation).await["messages"][1]["kind"], "answer");
}

#[tokio::test]
async fn what_does_not_end_in_time_is_told_in_the_log_and_done_at_the_next_start() {
    let log = Captured::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::WARN)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let app = listening_for(3_600_000).await;
    let conversation = ask(&app).await;
    let logging = tracing::subscriber::set_default(subscriber);
    stop(&app).await;
    drop(logging);
    let log = log.text();
    assert!(log.contains("not everything ended in time") && log.contains("answers=1"), "{log}");
    assert_eq!(app.shown(&conversation).await["messages"][1], Value::Null);

    let app = app.restarted().await;
    let path = format!("/v1/conversations/{conversation}/events?after=1&wait=20");
    let page = while_running(&app, async { app.get(&path).await.json() }).await;
    assert_eq!(page["events"][0]["message"]["kind"], "answer", "{page}");
}

#[tokio::test]
async fn whoever_waits_for_something_to_happen_is_told_that_nothing_did() {
    let app = TestApp::start().await;
    let path = format!("/v1/conversations/{}/events?wait=30", app.conversation().await);
    let began = Instant::now();
    let stopping = async {
        // Long enough for the question to wait.
        tokio::time::sleep(Duration::from_millis(200)).await;
        stop(&app).await;
    };
    let (page, ()) = tokio::join!(app.get(&path), stopping);
    assert_eq!((page.status, &page.json()["events"]), (StatusCode::OK, &json!([])));
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_service_ends_with_an_error_when_nobody_looks_after_deadlines_any_more() {
    let app = TestApp::with_settings(8, || panic!("on purpose"), settings()).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let serving = serve(listener, app.state.clone(), std::future::pending());
    let served = tokio::time::timeout(Duration::from_secs(60), serving).await.expect("it ends");
    assert!(served.unwrap_err().to_string().contains("panicked"));
}

/// A service that waits that many milliseconds whether the shopper writes more.
async fn listening_for(quiet_milliseconds: u64) -> TestApp {
    let mut settings = settings();
    settings.dialogue = DialogueConfig { quiet_milliseconds, ..settings.dialogue };
    TestApp::with_settings(8, Timestamp::now, settings).await
}

/// Sends a message and does not wait for the answer.
async fn ask(app: &TestApp) -> String {
    let conversation = app.conversation().await;
    let path = format!("/v1/conversations/{conversation}/messages?wait=false");
    let sent = app.post(&path, json!({ "text": "怎么退货" })).await;
    assert_eq!((sent.status, &sent.json()["reply"]), (StatusCode::OK, &Value::Null));
    conversation
}

/// Starts the service and stops it at once.
async fn stop(app: &TestApp) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    serve(listener, app.state.clone(), std::future::ready(())).await.unwrap();
}
