//! Lists of tickets, as agents ask for them.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use shopdesk_server::Role;
use url::form_urlencoded::byte_serialize;

use crate::support::{TestAgent, TestApp};
use crate::tickets::act;

#[tokio::test]
async fn tickets_are_listed_by_state_language_and_intent() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    for text in ["我要投诉你们", "tell me a joke", "我要投訴你們客服"] {
        app.say(&app.conversation().await, text).await;
    }
    let tickets = app.tickets().await;
    assert_eq!(tickets.len(), 3);
    assert_eq!(act(&app, &lin, &tickets[0], json!({ "action": "claim" })).await.status, StatusCode::OK);
    let reason = tickets[0].reason;
    let for_that = tickets.iter().filter(|ticket| ticket.reason == reason).count();
    assert_eq!(list(&app, &lin, &format!("reason={}", reason.as_str())).await.len(), for_that);
    for (query, count) in [
        ("", 3),
        ("state=open", 2),
        ("state=assigned", 1),
        ("state=open,assigned", 3),
        ("state=closed", 0),
        ("language=zh", 2),
        ("language=zh-Hant", 1),
        ("language=en", 1),
        ("assignee=me", 1),
        ("assignee=nobody", 2),
        ("intent=complaint&language=zh", 2),
        ("intent=return_request&language=zh", 0),
        ("priority=high&language=zh", 2),
    ] {
        assert_eq!(list(&app, &lin, query).await.len(), count, "{query}");
    }
}

#[tokio::test]
async fn tickets_are_found_by_words_in_either_script_and_by_number() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    let conversation = app.conversation().await;
    app.say(&conversation, "我要投訴你們客服").await;
    app.say(&conversation, "Order NL-VC20 還沒發貨").await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let found = app.tickets().await.into_iter().find(|ticket| ticket.contents.text.contains("投訴")).unwrap();
    for words in ["投诉", "投訴", "发货 投诉", "nl-vc20", &format!("#{}", found.number)] {
        let tickets = list(&app, &lin, &about(words)).await;
        assert_eq!(tickets.len(), 1, "{words}");
        assert_eq!(tickets[0]["id"], json!(found.id), "{words}");
    }
    for words in ["退款", "投诉 退款", "%", "_"] {
        assert!(list(&app, &lin, &about(words)).await.is_empty(), "{words}");
    }
}

#[tokio::test]
async fn pages_show_every_ticket_once() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    for _ in 0..5 {
        app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    }
    let mut seen = Vec::new();
    let mut after = String::new();
    for size in [2, 2, 1] {
        let path = format!("/v1/tickets?limit=2{after}");
        let page = app.as_agent(&lin, Method::GET, &path, None).await.json();
        let tickets = page["tickets"].as_array().unwrap();
        assert_eq!(tickets.len(), size);
        seen.extend(tickets.iter().map(|ticket| ticket["number"].as_i64().unwrap()));
        after = page["next"].as_str().map(|next| format!("&after={next}")).unwrap_or_default();
    }
    assert_eq!(after, "");
    assert_eq!(seen.iter().copied().collect::<BTreeSet<_>>(), (1..=5).collect());
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn a_list_that_cannot_be_says_why() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    let (words, long) = (about(&"a ".repeat(17)), about(&"a".repeat(201)));
    let queries =
        ["after=nonsense", "after=1.2", "limit=0", "limit=201", "state=lost", "assignee=x", "sort=a"];
    for query in queries.into_iter().chain([words.as_str(), long.as_str()]) {
        let refused = app.as_agent(&lin, Method::GET, &format!("/v1/tickets?{query}"), None).await;
        assert_eq!(refused.problem(), (422, "invalid-parameter".to_owned()), "{query}");
    }
    assert!(list(&app, &lin, &about(&"a ".repeat(16))).await.is_empty());
    let missing = app.as_agent(&lin, Method::GET, "/v1/tickets/x", None).await;
    assert_eq!(missing.problem(), (404, "no-ticket".to_owned()));
}

async fn list(app: &TestApp, agent: &TestAgent, query: &str) -> Vec<Value> {
    let page = app.as_agent(agent, Method::GET, &format!("/v1/tickets?{query}"), None).await.json();
    page["tickets"].as_array().unwrap_or_else(|| panic!("{query}: {page}")).clone()
}

/// The query for tickets with these words.
fn about(words: &str) -> String {
    format!("q={}", byte_serialize(words.as_bytes()).collect::<String>())
}
