//! How much anybody may ask for.

use axum::http::StatusCode;
use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
async fn a_visitor_who_asks_too_often_waits_and_others_do_not() {
    let app =
        TestApp::limited("per_visitor = 3\nper_address = 100000\nconversations_per_address = 1000").await;
    let (ours, other) = (app.conversation().await, app.conversation().await);
    let ask = async |conversation: &str| app.get(&format!("/v1/conversations/{conversation}")).await;
    for _ in 0..3 {
        assert_eq!(ask(&ours).await.status, StatusCode::OK);
    }
    let refused = ask(&ours).await;
    assert_eq!(refused.problem(), (429, "too-many-requests".to_owned()));
    assert!((1..=20).contains(&refused.retry_after()), "{}", refused.text);
    assert_eq!(ask(&other).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_address_can_neither_begin_nor_ask_without_end() {
    let app = TestApp::limited("per_address = 100000\nconversations_per_address = 2").await;
    for _ in 0..2 {
        app.conversation().await;
    }
    let refused = app.post("/v1/conversations", json!({})).await;
    assert_eq!(refused.problem(), (429, "too-many-requests".to_owned()));
    assert!((1..=30).contains(&refused.retry_after()), "{}", refused.text);
    let app = TestApp::limited("per_address = 2").await;
    for _ in 0..2 {
        assert_eq!(app.get("/v1/sites/main").await.status, StatusCode::OK);
    }
    assert_eq!(app.get("/v1/sites/main").await.problem(), (429, "too-many-requests".to_owned()));
}
