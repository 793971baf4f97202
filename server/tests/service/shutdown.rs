//! A service that stops finishes what it has begun.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::json;
use shopdesk_server::{DialogueConfig, serve};
use tokio::net::TcpListener;

use crate::support::{TestApp, settings};

#[tokio::test]
async fn answers_that_nobody_waits_for_are_given_before_it_stops() {
    let mut settings = settings();
    // The program is still listening whether more comes when the service is told to stop.
    settings.dialogue = DialogueConfig { quiet_milliseconds: 700, ..settings.dialogue };
    let app = TestApp::with_settings(8, Timestamp::now, settings).await;
    let conversation = app.conversation().await;
    let path = format!("/v1/conversations/{conversation}/messages?wait=false");
    let sent = app.post(&path, json!({ "text": "怎么退货" })).await;
    assert_eq!((sent.status, &sent.json()["reply"]), (StatusCode::OK, &json!(null)));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    serve(listener, app.state.clone(), std::future::ready(())).await.unwrap();

    let shown = app.shown(&conversation).await;
    assert_eq!(shown["messages"][1]["kind"], "answer", "{shown}");
}
