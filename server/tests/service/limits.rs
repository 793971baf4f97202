//! How much anybody may ask for.

use axum::http::StatusCode;
use serde_json::json;
use shopdesk_server::Role;

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

#[tokio::test]
async fn what_a_limit_keeps_from_the_console_is_said_in_a_page() {
    let app = TestApp::limited("per_address = 1").await;
    let lin = app.agent("lin", Role::Agent).await;
    assert_eq!(app.page(&lin, "/console/account").await.status, StatusCode::OK);
    let page = app.page(&lin, "/console/account").await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"), "{}", page.text);
    assert!(page.text.contains("That was too fast"), "{}", page.text);
    assert_eq!(page.headers["x-frame-options"], "DENY");
    assert!((1..=60).contains(&page.retry_after()), "{}", page.text);
    let part = app.submit(&lin, "/console/logout", &[]).await;
    assert_eq!(part.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(part.headers["hx-retarget"], "#notice");
}
