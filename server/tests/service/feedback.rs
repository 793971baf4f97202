//! What shoppers say of what they were told, and how they can be reached.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Reply, TestApp};

#[tokio::test]
async fn an_answer_that_did_not_help_is_regretted_once() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let answer = app.answered(&conversation).await;
    assert_eq!(helpful(&app, &conversation, &answer, false).await.status, StatusCode::NO_CONTENT);
    let shown = app.shown(&conversation).await;
    assert_eq!(shown["messages"][1]["helpful"], false);
    assert_eq!(shown["messages"][2]["text"], "zh: not helpful");
    assert_eq!(shown["messages"][2]["kind"], "notice");
    assert_eq!(shown["state"], "bot");
}

#[tokio::test]
async fn an_answer_that_is_said_twice_not_to_help_is_regretted_once() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let answer = app.answered(&conversation).await;
    helpful(&app, &conversation, &answer, false).await;
    let before = app.shown(&conversation).await;
    assert_eq!(helpful(&app, &conversation, &answer, false).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.shown(&conversation).await, before);
}

#[tokio::test]
async fn after_two_answers_in_a_row_that_did_not_help_a_human_takes_over() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    for _ in 0..2 {
        let answer = app.answered(&conversation).await;
        helpful(&app, &conversation, &answer, false).await;
    }
    let shown = app.shown(&conversation).await;
    assert_eq!(shown["state"], "waiting_for_human");
    let last = shown["messages"].as_array().unwrap().last().unwrap();
    assert!(last["text"].as_str().unwrap().starts_with("zh: failures"), "{last}");
    let tickets = app.tickets().await;
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0].reason.as_str(), "answers_failed");
    assert_eq!(tickets[0].contents.text, "怎么退货");
}

#[tokio::test]
async fn an_answer_that_helped_ends_the_row() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    for helped in [false, true, false] {
        let answer = app.answered(&conversation).await;
        helpful(&app, &conversation, &answer, helped).await;
    }
    assert_eq!(app.shown(&conversation).await["state"], "bot");
}

#[tokio::test]
async fn only_an_answer_can_help() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let exchange = app.say(&conversation, "你好").await;
    let nobody = json!({ "id": "00000000-0000-7000-8000-000000000000" });
    for message in [&exchange["message"], &exchange["reply"], &nobody, &json!({ "id": "x" })] {
        let refused = helpful(&app, &conversation, message, true).await;
        assert_eq!(refused.problem(), (404, "no-message".to_owned()), "{message}");
    }
}

#[tokio::test]
async fn a_conversation_is_rated_once_and_not_before_an_answer() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let path = format!("/v1/conversations/{conversation}/rating");
    let rate = async |body: Value| app.post(&path, body).await;
    assert_eq!(rate(json!({ "score": 5 })).await.problem(), (409, "cannot-rate-yet".to_owned()));
    app.answered(&conversation).await;
    assert_eq!(app.shown(&conversation).await["can_rate"], true);
    for score in [0, 6] {
        assert_eq!(rate(json!({ "score": score })).await.problem(), (422, "invalid-value".to_owned()));
    }
    let rated = rate(json!({ "score": 4, "reasons": ["fast", "solved"], "comment": "不错" })).await;
    assert_eq!(rated.status, StatusCode::CREATED);
    assert_eq!(rate(json!({ "score": 1 })).await.problem(), (409, "already-rated".to_owned()));
    let shown = app.shown(&conversation).await;
    assert_eq!(shown["rating"], json!({ "score": 4, "reasons": ["fast", "solved"], "comment": "不错" }));
    assert_eq!(shown["can_rate"], false);
}

#[tokio::test]
async fn a_contact_is_kept_on_the_ticket_and_thanked_for() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "我要投诉你们客服").await;
    let path = format!("/v1/conversations/{conversation}/contact");
    let contact = json!({ "kind": "phone", "value": "13812345678", "note": "after six" });
    assert_eq!(app.post(&path, contact.clone()).await.status, StatusCode::NO_CONTENT);
    let empty = app.post(&path, json!({ "kind": "email", "value": " " })).await;
    assert_eq!(empty.problem(), (422, "invalid-value".to_owned()));
    assert_eq!(json!(app.tickets().await[0].contact), contact);
    let shown = app.shown(&conversation).await;
    assert_eq!(shown["messages"].as_array().unwrap().last().unwrap()["text"], "zh: contact thanks");
}

async fn helpful(app: &TestApp, conversation: &str, message: &Value, helpful: bool) -> Reply {
    let message = message["id"].as_str().unwrap();
    let path = format!("/v1/conversations/{conversation}/messages/{message}/helpful");
    app.post(&path, json!({ "helpful": helpful })).await
}
