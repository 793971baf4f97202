//! What agents do with tickets, and what the shopper learns of it.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shopdesk_server::{Role, Ticket};

use crate::support::{Reply, TestAgent, TestApp, settings, signature};

#[tokio::test]
async fn a_shopper_learns_who_took_the_ticket() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let claimed = act(&app, &lin, &ticket, json!({ "action": "claim" })).await.json();
    assert_eq!((&claimed["state"], &claimed["assignee"]), (&json!("assigned"), &json!(lin.id)));
    let event = last_event(&app, &conversation).await;
    assert_eq!((&event["kind"], &event["state"]), (&json!("state"), &json!("with_human")));
    assert_eq!(event["agent"], "Agent lin");
}

#[tokio::test]
async fn a_ticket_that_somebody_has_cannot_be_claimed() {
    let (app, conversation, ticket) = complaint().await;
    let (lin, mei) = (app.agent("lin", Role::Agent).await, app.agent("mei", Role::Agent).await);
    act(&app, &lin, &ticket, json!({ "action": "claim" })).await;
    let before = (app.tickets().await, events(&app, &conversation).await, log(&app, &ticket).await);
    let refused = act(&app, &mei, &ticket, json!({ "action": "claim" })).await;
    assert_eq!(refused.problem(), (409, "illegal-step".to_owned()));
    let after = (app.tickets().await, events(&app, &conversation).await, log(&app, &ticket).await);
    assert_eq!(before, after);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_agents_who_claim_at_once_one_gets_the_ticket() {
    let (app, conversation, ticket) = complaint().await;
    let (app, ticket) = (Arc::new(app), Arc::new(ticket));
    let mut claiming = tokio::task::JoinSet::new();
    for number in 0..50 {
        let agent = app.agent(&format!("agent-{number}"), Role::Agent).await;
        let (app, ticket) = (app.clone(), ticket.clone());
        claiming.spawn(async move { act(&app, &agent, &ticket, json!({ "action": "claim" })).await.status });
    }
    let statuses = claiming.join_all().await;
    assert_eq!(statuses.iter().filter(|&&status| status == StatusCode::OK).count(), 1);
    assert_eq!(statuses.iter().filter(|&&status| status == StatusCode::CONFLICT).count(), 49);
    let events = events(&app, &conversation).await;
    assert_eq!(events.iter().filter(|event| event["state"] == "with_human").count(), 1);
}

#[tokio::test]
async fn a_reply_reaches_the_shopper_under_the_agents_name() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let message = reply(&app, &lin, &ticket, json!({ "text": "您好，我来处理" })).await;
    assert_eq!(message.status, StatusCode::CREATED);
    let message = message.json();
    assert_eq!(message["sender_name"], "Agent lin");
    let event = last_event(&app, &conversation).await;
    assert_eq!((&event["kind"], &event["message"]), (&json!("message"), &message));
    let now = &app.tickets().await[0];
    assert_eq!(json!(now.first_response_at), message["created_at"]);
    // Whoever answers has the ticket.
    assert_eq!(json!(now.assignee), lin.id);
}

#[tokio::test]
async fn two_agents_do_not_answer_one_shopper() {
    let (app, conversation, ticket) = complaint().await;
    let (lin, mei) = (app.agent("lin", Role::Agent).await, app.agent("mei", Role::Agent).await);
    reply(&app, &lin, &ticket, json!({ "text": "您好" })).await;
    let before = events(&app, &conversation).await;
    let refused = reply(&app, &mei, &ticket, json!({ "text": "我也在" })).await;
    assert_eq!(refused.problem(), (409, "illegal-step".to_owned()));
    assert_eq!(events(&app, &conversation).await, before);
}

#[tokio::test]
async fn a_reply_sent_twice_is_said_once() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let body = json!({ "text": "您好", "client_message_id": "r1" });
    let first = reply(&app, &lin, &ticket, body.clone()).await.json();
    let second = reply(&app, &lin, &ticket, body).await.json();
    assert_eq!(first, second);
    let events = events(&app, &conversation).await;
    assert_eq!(events.iter().filter(|event| event["message"]["sender"] == "agent").count(), 1);
}

#[tokio::test]
async fn another_reply_under_the_same_id_is_refused_not_swallowed() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let under = |text: &str| json!({ "text": text, "client_message_id": "r1" });
    reply(&app, &lin, &ticket, under("您好")).await;
    let before = events(&app, &conversation).await;
    let refused = reply(&app, &lin, &ticket, under("再见")).await;
    assert_eq!(refused.problem(), (409, "client-message-id-reused".to_owned()));
    assert_eq!(events(&app, &conversation).await, before);
}

#[tokio::test]
async fn a_note_is_for_colleagues_only() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let before = events(&app, &conversation).await;
    act(&app, &lin, &ticket, json!({ "action": "note", "text": "请留意这位顾客" })).await;
    assert_eq!(events(&app, &conversation).await, before);
    let shown = show(&app, &lin, &ticket).await;
    let note = shown["log"].as_array().unwrap().last().unwrap();
    assert_eq!((&note["kind"], &note["text"]), (&json!("note"), &json!("请留意这位顾客")));
    assert_eq!(note["actor"], "lin");
}

#[tokio::test]
async fn a_corrected_intent_is_kept_with_who_and_when_until_it_is_judged() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let boss = app.agent("boss", Role::Supervisor).await;
    let unknown = json!({ "action": "intent", "intent": "nothing_like_it" });
    assert_eq!(act(&app, &lin, &ticket, unknown).await.problem(), (422, "invalid-value".to_owned()));
    let corrected = act(&app, &lin, &ticket, json!({ "action": "intent", "intent": "return_request" })).await;
    assert_eq!(corrected.json()["intent"], "return_request");
    let waiting = app.as_agent(&boss, Method::GET, "/v1/corrections?state=waiting", None).await.json();
    let [correction] = waiting["corrections"].as_array().unwrap().as_slice() else {
        panic!("one: {waiting}")
    };
    assert_eq!(correction["field"], "intent");
    assert_eq!((&correction["old"], &correction["new"]), (&json!("complaint"), &json!("return_request")));
    assert_eq!(correction["actor"], "lin");
    assert_eq!(correction["text"], json!(ticket.contents.text));
    assert!(correction["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap() >= ticket.opened_at);
    let path = format!("/v1/corrections/{}", correction["id"].as_str().unwrap());
    let judge = async || app.as_agent(&boss, Method::POST, &path, Some(json!({ "approve": true }))).await;
    assert_eq!(judge().await.status, StatusCode::NO_CONTENT);
    assert_eq!(judge().await.problem(), (404, "no-correction".to_owned()));
}

#[tokio::test]
async fn another_priority_has_other_deadlines() {
    let mut settings = settings();
    let targets = |minutes: u32| {
        format!(
            "{{ first_response_minutes = {minutes}, resolution_minutes = {}, warn_at = 0.5 }}",
            minutes * 10
        )
    };
    let deadlines: Vec<String> = [("urgent", 5), ("high", 30), ("normal", 60), ("low", 240)]
        .iter()
        .map(|(priority, minutes)| format!("{priority} = {}", targets(*minutes)))
        .collect();
    settings.file.deadlines = toml::from_str(&deadlines.join("\n")).unwrap();
    let app = TestApp::with_settings(256, jiff::Timestamp::now, settings).await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let lin = app.agent("lin", Role::Agent).await;
    for (priority, minutes) in [("urgent", 5), ("low", 240)] {
        let body = json!({ "action": "priority", "priority": priority });
        act(&app, &lin, &app.tickets().await[0], body).await;
        let ticket = &app.tickets().await[0];
        let until = |due: Option<jiff::Timestamp>| due.unwrap().duration_since(ticket.opened_at);
        assert_eq!(ticket.priority.as_str(), priority);
        assert_eq!(until(ticket.first_response_due), SignedDuration::from_mins(minutes), "{priority}");
        assert_eq!(until(ticket.resolution_due), SignedDuration::from_mins(minutes * 10), "{priority}");
    }
}

#[tokio::test]
async fn a_ticket_shows_what_the_customer_asked_before() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    let customer = |id: &str| json!({ "customer": { "id": id, "signature": signature(id) } });
    for id in ["C-1001", "C-1001", "C-2002"] {
        let begun = app.begin(customer(id)).await;
        app.post(&format!("/v1/conversations/{}/human", begun["id"].as_str().unwrap()), json!({})).await;
    }
    let tickets = app.tickets().await;
    let shown = show(&app, &lin, &tickets[1]).await;
    let earlier = shown["earlier"].as_array().unwrap();
    assert_eq!(earlier.len(), 1);
    assert_eq!(earlier[0]["id"], json!(tickets[0].id));
    assert_eq!(shown["shopper"]["customer"]["id"], "C-1001");
}

#[tokio::test]
async fn of_many_earlier_tickets_the_latest_are_shown() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    for _ in 0..22 {
        let begun =
            app.begin(json!({ "customer": { "id": "C-1001", "signature": signature("C-1001") } })).await;
        app.post(&format!("/v1/conversations/{}/human", begun["id"].as_str().unwrap()), json!({})).await;
    }
    let shown = show(&app, &lin, &app.tickets().await[0]).await;
    let earlier = shown["earlier"].as_array().unwrap();
    let numbers: Vec<i64> = earlier.iter().map(|ticket| ticket["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (3..=22).rev().collect::<Vec<i64>>());
}

/// A complaint, its conversation and its ticket.
pub(crate) async fn complaint() -> (TestApp, String, Ticket) {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "我要投诉你们客服").await;
    let ticket = app.tickets().await.remove(0);
    (app, conversation, ticket)
}

pub(crate) async fn act(app: &TestApp, agent: &TestAgent, ticket: &Ticket, action: Value) -> Reply {
    let path = format!("/v1/tickets/{}/actions", ticket.id);
    app.as_agent(agent, Method::POST, &path, Some(action)).await
}

async fn reply(app: &TestApp, agent: &TestAgent, ticket: &Ticket, body: Value) -> Reply {
    app.as_agent(agent, Method::POST, &format!("/v1/tickets/{}/messages", ticket.id), Some(body)).await
}

async fn show(app: &TestApp, agent: &TestAgent, ticket: &Ticket) -> Value {
    app.as_agent(agent, Method::GET, &format!("/v1/tickets/{}", ticket.id), None).await.json()
}

/// What happened to a ticket, by kind.
pub(crate) async fn log(app: &TestApp, ticket: &Ticket) -> Vec<&'static str> {
    let log = app.state.store.ticket_log(ticket.id).await.unwrap();
    log.iter().map(|entry| entry.entry.kind()).collect()
}

/// What the shopper's page has heard of.
async fn events(app: &TestApp, conversation: &str) -> Vec<Value> {
    let page = app.get(&format!("/v1/conversations/{conversation}/events")).await.json();
    page["events"].as_array().unwrap().clone()
}

pub(crate) async fn last_event(app: &TestApp, conversation: &str) -> Value {
    events(app, conversation).await.pop().unwrap()
}
