//! How a conversation begins, and who may take part in it.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Map, Value, json};
use shopdesk_server::Scope;

use crate::support::{TestApp, settings, signature};

#[tokio::test]
async fn a_customer_whom_the_shop_vouches_for_is_known() {
    let app = TestApp::start().await;
    let customer = json!({ "id": "C-1001", "signature": signature("C-1001"), "name": "小王" });
    let begun = app.begin(json!({ "customer": customer, "language": "zh-Hans" })).await;
    assert_eq!(begun["customer"], json!({ "id": "C-1001", "name": "小王" }));
    assert_eq!(begun["state"], "bot");
}

#[tokio::test]
async fn nobody_is_a_customer_by_the_signature_of_another() {
    let app = TestApp::start().await;
    for wrong in [signature("C-1002"), String::new(), "zz".repeat(32)] {
        let body = json!({ "customer": { "id": "C-1001", "signature": wrong } });
        assert_eq!(begin_problem(&app, body).await, (401, "wrong-signature".to_owned()));
    }
}

#[tokio::test]
async fn a_site_without_a_secret_vouches_for_nobody() {
    let mut settings = settings();
    settings.identities = Arc::new(|_: &str| None);
    let app = TestApp::with_settings(256, jiff::Timestamp::now, settings).await;
    let body = json!({ "customer": { "id": "C-1001", "signature": signature("C-1001") } });
    assert_eq!(begin_problem(&app, body).await, (401, "wrong-signature".to_owned()));
}

#[tokio::test]
async fn what_begins_wrong_does_not_begin() {
    let app = TestApp::start().await;
    let keys: Map<String, Value> = (0..17).map(|key| (key.to_string(), json!("a"))).collect();
    for (body, status, code) in [
        (json!({ "site": "nowhere" }), 404, "no-site"),
        (json!({ "context": keys }), 422, "invalid-value"),
        (json!({ "context": { "page": "长".repeat(501) } }), 422, "invalid-value"),
        (json!({ "language": "x".repeat(65) }), 422, "invalid-value"),
        (json!({ "sight": "main" }), 422, "invalid-body"),
        (json!({ "context": { "order": 7 } }), 422, "invalid-body"),
    ] {
        assert_eq!(begin_problem(&app, body.clone()).await, (status, code.to_owned()), "{body}");
    }
}

#[tokio::test]
async fn only_pages_of_the_site_may_begin() {
    let app = TestApp::start().await;
    for (origin, status) in [
        ("https://shop.example.com", StatusCode::CREATED),
        ("http://localhost", StatusCode::CREATED),
        ("https://evil.example.com", StatusCode::FORBIDDEN),
        ("http://shop.example.com", StatusCode::FORBIDDEN),
        ("null", StatusCode::FORBIDDEN),
    ] {
        let request = Request::post("/v1/conversations")
            .header(header::HOST, "localhost")
            .header(header::ORIGIN, origin)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from("{}"))
            .unwrap();
        assert_eq!(app.send(request).await.status, status, "{origin}");
    }
}

#[tokio::test]
async fn only_the_token_of_a_conversation_opens_it() {
    let app = TestApp::start().await;
    let (ours, other) = (app.conversation().await, app.conversation().await);
    let path = format!("/v1/conversations/{ours}");
    let read = async |token: &str| app.with_token(token, Method::GET, &path, None).await;
    assert_eq!(read(&app.token(&ours)).await.status, StatusCode::OK);
    assert_eq!(read("").await.problem(), (401, "no-token".to_owned()));
    assert_eq!(read("v1.a.b").await.problem(), (401, "wrong-token".to_owned()));
    assert_eq!(read(&app.token(&other)).await.problem(), (401, "wrong-token".to_owned()));
}

#[tokio::test]
async fn a_token_expires_and_one_that_was_renewed_in_time_goes_on() {
    let (app, clock) = TestApp::with_clock().await;
    let conversation = app.conversation().await;
    let path = format!("/v1/conversations/{conversation}");
    clock.forward(1800);
    let renewed = app.post(&format!("{path}/token"), json!({})).await.json();
    let renewed = renewed["token"].as_str().unwrap();
    clock.forward(2400);
    let old = app.get(&path).await;
    assert_eq!(old.problem(), (401, "wrong-token".to_owned()));
    let again = app.post(&format!("{path}/token"), json!({})).await;
    assert_eq!(again.problem(), (401, "wrong-token".to_owned()));
    assert_eq!(app.with_token(renewed, Method::GET, &path, None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_key_for_conversations_reads_any_and_another_one_none() {
    let app = TestApp::start().await;
    let path = format!("/v1/conversations/{}", app.conversation().await);
    let key = app.key(&[Scope::Conversations]).await;
    assert_eq!(app.with_token(&key, Method::GET, &path, None).await.status, StatusCode::OK);
    let nobody = "/v1/conversations/00000000-0000-7000-8000-000000000000";
    let missing = app.with_token(&key, Method::GET, nobody, None).await;
    assert_eq!(missing.problem(), (404, "no-conversation".to_owned()));
    let other = app.key(&[Scope::TicketsWrite, Scope::Stats]).await;
    let refused = app.with_token(&other, Method::GET, &path, None).await;
    assert_eq!(refused.problem(), (403, "not-allowed".to_owned()));
}

/// The problem with which a conversation does not begin.
async fn begin_problem(app: &TestApp, body: Value) -> (u16, String) {
    app.post("/v1/conversations", body).await.problem()
}
