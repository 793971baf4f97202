//! What happens in a conversation, for those who follow it: numbered without gaps, by polling and as a stream.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use shopdesk_server::{Role, serve};
use tokio::net::TcpListener;

use crate::stream::Frames;
use crate::support::TestApp;

#[tokio::test]
async fn polling_goes_on_where_it_stopped() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let exchange = app.say(&conversation, "怎么退货").await;
    let all = poll(&app, &conversation, "after=0").await;
    assert_eq!(all["last_sequence"], 2);
    assert_eq!(all["events"][0]["message"], exchange["message"]);
    let rest = poll(&app, &conversation, "after=1").await;
    assert_eq!(rest["events"].as_array().unwrap().len(), 1);
    assert_eq!(rest["events"][0]["message"], exchange["reply"]);
    let nothing = poll(&app, &conversation, "after=2").await;
    assert_eq!(nothing, json!({ "events": [], "last_sequence": 2 }));
}

#[tokio::test]
async fn polling_may_wait_for_something_to_happen() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let path = format!("/v1/conversations/{conversation}/messages?wait=false");
    let (page, _) = tokio::join!(
        poll(&app, &conversation, "after=0&wait=20"),
        app.post(&path, json!({ "text": "怎么退货" })),
    );
    assert_eq!(page["events"][0]["message"]["text"], "怎么退货");
}

#[tokio::test]
async fn polling_does_not_wait_for_ever() {
    let app = TestApp::start().await;
    let path = format!("/v1/conversations/{}/events?wait=31", app.conversation().await);
    assert_eq!(app.get(&path).await.problem(), (422, "invalid-parameter".to_owned()));
}

#[tokio::test]
async fn everything_that_happens_has_the_next_number() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let exchange = app.say(&conversation, "怎么退货").await;
    let answer = exchange["reply"]["id"].as_str().unwrap();
    for (what, body) in [
        (format!("messages/{answer}/helpful"), json!({ "helpful": true })),
        ("contact".to_owned(), json!({ "kind": "email", "value": "a@example.com" })),
        ("rating".to_owned(), json!({ "score": 5, "reasons": ["solved"] })),
        ("human".to_owned(), json!({})),
    ] {
        let reply = app.post(&format!("/v1/conversations/{conversation}/{what}"), body).await;
        assert!(reply.status.is_success(), "{what}: {}", reply.text);
    }
    let page = poll(&app, &conversation, "after=0").await;
    let events = page["events"].as_array().unwrap();
    let kinds: Vec<&str> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["message", "message", "helpful", "contact", "message", "rating", "message", "state"],
        "{page}"
    );
    assert_eq!(sequences(events), (1..=8).collect::<Vec<_>>());
    assert_eq!((&events[2]["message"], &events[2]["helpful"]), (&json!(answer), &json!(true)));
    assert_eq!((&events[5]["score"], &events[5]["reasons"]), (&json!(5), &json!(["solved"])));
    assert_eq!(
        (&events[7]["state"], &events[7]["reason"], &events[7]["agent"]),
        (&json!("waiting_for_human"), &json!("human_requested"), &Value::Null)
    );
}

#[tokio::test]
async fn a_contact_is_told_of_and_not_told() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let contact = json!({ "kind": "phone", "value": "13812345678" });
    app.post(&format!("/v1/conversations/{conversation}/contact"), contact).await;
    let page = poll(&app, &conversation, "after=0").await;
    assert_eq!(page["events"][0]["kind"], "contact");
    assert!(!page.to_string().contains("13812345678"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_misses_nothing_while_many_write_and_when_it_is_taken_up_again() {
    let app = Arc::new(TestApp::start().await);
    let conversation = app.conversation().await;
    let mut frames = follow(&app, &conversation, None).await;
    let mut sending = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (app, conversation) = (app.clone(), conversation.clone());
        sending.spawn(async move { app.say(&conversation, "怎么退货").await });
    }
    let before = frames.numbered(5).await;
    drop(frames);
    sending.join_all().await;
    let all = poll(&app, &conversation, "after=0").await;
    let all = all["events"].as_array().unwrap();
    let after = follow(&app, &conversation, Some(5)).await.numbered(all.len() - 5).await;
    let data: Vec<&Value> = before.iter().chain(&after).map(|frame| &frame.data).collect();
    assert_eq!(data, all.iter().collect::<Vec<_>>());
    assert!(before.iter().chain(&after).all(|frame| frame.data["sequence"] == json!(frame.id)));
    assert_eq!(sequences(all), (1..=all.len() as i64).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_frame_names_its_kind() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "我要投诉你们客服").await;
    let frames = follow(&app, &conversation, None).await.numbered(3).await;
    let kinds: Vec<&str> = frames.iter().map(|frame| frame.event.as_str()).collect();
    assert_eq!(kinds, ["message", "message", "state"]);
}

#[tokio::test]
async fn a_shopper_sees_an_agent_write_and_read_and_that_has_no_number() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let exchange = app.say(&conversation, "我要投诉你们客服").await;
    let lin = app.agent("lin", Role::Agent).await;
    let ticket = format!("/v1/tickets/{}", app.tickets().await[0].id);
    let mut frames = follow(&app, &conversation, Some(3)).await;
    app.as_agent(&lin, Method::POST, &format!("{ticket}/typing"), Some(json!({}))).await;
    let typing = frames.next_of("typing").await;
    assert_eq!(typing.id, None);
    assert_eq!(typing.data, json!({ "kind": "typing", "by": "agent", "name": "Agent lin" }));
    // What nobody has written yet cannot be read.
    let nothing = Some(json!({ "sequence": 1000 }));
    app.as_agent(&lin, Method::POST, &format!("{ticket}/read"), nothing).await;
    let read = json!({ "sequence": exchange["message"]["sequence"] });
    app.as_agent(&lin, Method::POST, &format!("{ticket}/read"), Some(read)).await;
    let read = frames.next_of("read").await;
    assert_eq!(read.data, json!({ "kind": "read", "by": "agent", "sequence": 1 }));
    assert_eq!(poll(&app, &conversation, "after=3").await["events"], json!([]));
}

#[tokio::test]
async fn whoever_waits_is_told_the_place_in_the_queue() {
    let app = TestApp::start().await;
    for _ in 0..2 {
        app.say(&app.conversation().await, "我要投诉你们客服").await;
    }
    let conversation = app.conversation().await;
    app.post(&format!("/v1/conversations/{conversation}/human"), json!({})).await;
    let waiting = follow(&app, &conversation, None).await.next_of("waiting").await;
    assert_eq!(waiting.id, None);
    let expected =
        json!({ "position": 3, "open_now": true, "opens_at": Value::Null, "expected_seconds": 180 });
    assert_eq!(waiting.data["waiting"], expected);
}

#[tokio::test]
async fn agents_hear_of_tickets_that_are_opened() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    let request = Request::get("/v1/tickets/events")
        .header(header::HOST, "localhost")
        .header(header::COOKIE, format!("shopdesk_session={}", lin.session.expose()))
        .body(Body::empty())
        .unwrap();
    let mut frames = Frames::of(app.respond(request).await);
    let conversation = app.conversation().await;
    app.post(&format!("/v1/conversations/{conversation}/human"), json!({})).await;
    let told = frames.next_of("ticket").await;
    assert_eq!(told.data, json!({ "ticket": app.tickets().await[0].id }));
}

#[tokio::test]
async fn a_service_that_stops_says_goodbye_and_ends_its_streams() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let mut frames = follow(&app, &conversation, None).await;
    // Any free port: nobody connects to it, and the service stops as soon as it has begun.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    serve(listener, app.state.clone(), std::future::ready(())).await.unwrap();
    assert_eq!(frames.next_of("bye").await.id, None);
    assert!(frames.next().await.is_none());
}

#[tokio::test]
async fn a_stream_needs_the_token_of_its_conversation() {
    let app = TestApp::start().await;
    let (ours, other) = (app.conversation().await, app.conversation().await);
    let path = format!("/v1/conversations/{ours}/events");
    let refused = app.with_token(&app.token(&other), Method::GET, &path, None).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
}

async fn poll(app: &TestApp, conversation: &str, query: &str) -> Value {
    app.get(&format!("/v1/conversations/{conversation}/events?{query}")).await.json()
}

async fn follow(app: &TestApp, conversation: &str, last_event_id: Option<i64>) -> Frames {
    let mut request = Request::get(format!("/v1/conversations/{conversation}/events"))
        .header(header::HOST, "localhost")
        .header(header::ACCEPT, "text/event-stream")
        .header(header::AUTHORIZATION, format!("Bearer {}", app.token(conversation)));
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id.to_string());
    }
    Frames::of(app.respond(request.body(Body::empty()).unwrap()).await)
}

fn sequences(events: &[Value]) -> Vec<i64> {
    events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect()
}
