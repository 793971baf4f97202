//! What is measured, and who may read it.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::json;
use shopdesk_server::{Role, Scope};

use crate::support::{Reply, TestApp, settings};

#[tokio::test]
async fn a_conversation_shows_in_the_figures() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "怎么退货").await;
    app.say(&conversation, "我要投诉你们客服").await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let figures = figures(&app).await;
    for line in [
        "shopdesk_messages_total 2",
        r#"shopdesk_replies_total{kind="answer"} 1"#,
        r#"shopdesk_replies_total{kind="handover"} 1"#,
        r#"shopdesk_handovers_total{reason="intent_needs_human"} 1"#,
        r#"shopdesk_handovers_total{reason="human_requested"} 1"#,
        r#"shopdesk_http_requests_total{method="POST",path="/v1/conversations",status="201"} 2"#,
        r#"shopdesk_http_request_duration_seconds_count{method="POST",path="/v1/conversations/{id}/messages"} 2"#,
        r#"shopdesk_tickets{state="open"} 2"#,
        r#"shopdesk_tickets{state="assigned"} 0"#,
        r#"shopdesk_tickets_overdue{deadline="first_response"} 0"#,
        "shopdesk_assess_queue_messages 0",
        "shopdesk_answers_under_way 0",
        // This one.
        "shopdesk_http_requests_under_way 1",
        "shopdesk_articles_revision 1",
    ] {
        assert!(figures.lines().any(|found| found == line), "{line} in {figures}");
    }
    let bundle = app.state.assessor.triage().bundle_id().to_string();
    assert!(figures.contains(&format!("shopdesk_bundle_info{{bundle=\"{bundle}\"}} 1")), "{figures}");
    let computed = value(&figures, "shopdesk_assess_pipeline_seconds_count");
    assert!(computed >= 2.0, "{figures}");
    assert_eq!(value(&figures, "shopdesk_assess_queue_seconds_count"), computed);
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_counted_once() {
    let app = TestApp::start().await;
    let path = format!("/v1/conversations/{}", app.conversation().await);
    app.post(&format!("{path}/human"), json!({})).await;
    for _ in 0..2 {
        let message = json!({ "text": "在吗", "client_message_id": "m1" });
        assert_eq!(app.post(&format!("{path}/messages"), message).await.status, StatusCode::OK);
    }
    let figures = figures(&app).await;
    assert!(figures.lines().any(|line| line == "shopdesk_messages_total 1"), "{figures}");
}

#[tokio::test]
async fn addresses_that_are_made_up_are_counted_together() {
    let app = TestApp::start().await;
    for path in ["/wp-login.php", "/.env", "/v1/nothing"] {
        app.get(path).await;
    }
    app.request(Method::from_bytes(b"BREW").unwrap(), "/coffee", None).await;
    let figures = figures(&app).await;
    assert!(figures.contains(r#"{method="GET",path="unmatched",status="404"} 3"#), "{figures}");
    assert!(figures.contains(r#"{method="other",path="unmatched",status="404"} 1"#), "{figures}");
    assert!(!figures.contains("wp-login") && !figures.contains("BREW"), "{figures}");
}

#[tokio::test]
async fn deadlines_that_are_over_are_counted() {
    let (app, clock) = TestApp::with_clock().await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    clock.forward(11 * 60);
    let figures = figures(&app).await;
    assert!(figures.contains(r#"shopdesk_tickets_overdue{deadline="first_response"} 1"#), "{figures}");
    assert!(figures.contains(r#"shopdesk_tickets_overdue{deadline="resolution"} 0"#), "{figures}");
}

#[tokio::test]
async fn open_streams_are_counted_until_they_are_closed() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let request = Request::get(format!("/v1/conversations/{conversation}/events"))
        .header(header::HOST, "localhost")
        .header(header::ACCEPT, "text/event-stream")
        .header(header::AUTHORIZATION, format!("Bearer {}", app.token(&conversation)))
        .body(Body::empty())
        .unwrap();
    let stream = app.respond(request).await;
    let open = async || value(&figures(&app).await, r#"shopdesk_event_streams{of="conversation"}"#);
    assert_eq!(open().await, 1.0);
    drop(stream);
    assert_eq!(open().await, 0.0);
}

#[tokio::test]
async fn figures_come_without_what_the_database_knows_when_it_is_away() {
    let app = TestApp::start().await;
    app.state.store.close().await;
    let figures = from("127.0.0.1:50000", None).ask(&app).await;
    assert_eq!(figures.status, StatusCode::OK);
    assert!(figures.text.contains(r#"shopdesk_tickets{state="open"} NaN"#), "{}", figures.text);
    assert!(
        figures.text.contains(r#"shopdesk_database_errors_total{doing="metrics"} 1"#),
        "{}",
        figures.text
    );
}

#[tokio::test]
async fn programs_on_this_machine_and_keys_for_figures_read_them_and_nobody_else() {
    let app = TestApp::start().await;
    for (asker, expected) in [
        (from("127.0.0.1:50000", None), 200),
        (from("[::1]:50000", None), 200),
        (from("192.0.2.7:50000", None), 401),
        // Somebody elsewhere, through a proxy on this machine.
        (from("127.0.0.1:50000", Some(("x-forwarded-for", "192.0.2.7"))), 401),
        (from("127.0.0.1:50000", Some(("forwarded", "for=192.0.2.7"))), 401),
    ] {
        assert_eq!(asker.ask(&app).await.status, expected, "{asker:?}");
    }
    for (scopes, expected) in [(Scope::Stats, 200), (Scope::Admin, 200), (Scope::Tickets, 403)] {
        let key = app.key(&[scopes]).await;
        assert_eq!(app.with_token(&key, Method::GET, "/metrics", None).await.status, expected, "{scopes}");
    }
    for (login, role, expected) in [("lin", Role::Agent, 403), ("mei", Role::Supervisor, 200)] {
        let agent = app.agent(login, role).await;
        assert_eq!(app.as_agent(&agent, Method::GET, "/metrics", None).await.status, expected, "{login}");
    }
}

#[tokio::test]
async fn behind_a_proxy_everybody_needs_a_key() {
    let mut settings = settings();
    settings.behind_proxy = true;
    let app = TestApp::with_settings(8, jiff::Timestamp::now, settings).await;
    assert_eq!(from("127.0.0.1:50000", None).ask(&app).await.status, StatusCode::UNAUTHORIZED);
    let key = app.key(&[Scope::Stats]).await;
    assert_eq!(app.with_token(&key, Method::GET, "/metrics", None).await.status, StatusCode::OK);
}

/// The figures as a key for them reads them.
async fn figures(app: &TestApp) -> String {
    let key = app.key(&[Scope::Stats]).await;
    let reply = app.with_token(&key, Method::GET, "/metrics", None).await;
    assert_eq!(reply.headers[header::CONTENT_TYPE], "text/plain; version=0.0.4; charset=utf-8");
    reply.text
}

/// The number in the line that begins so.
fn value(figures: &str, name: &str) -> f64 {
    let found = figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("{name} in {figures}")).parse().unwrap()
}

/// Whoever asks without a key.
#[derive(Debug)]
struct Asker {
    peer: SocketAddr,
    header: Option<(&'static str, &'static str)>,
}

fn from(peer: &str, header: Option<(&'static str, &'static str)>) -> Asker {
    Asker { peer: peer.parse().unwrap(), header }
}

impl Asker {
    async fn ask(&self, app: &TestApp) -> Reply {
        let mut request = Request::get("/metrics").header(header::HOST, "localhost");
        if let Some((name, value)) = self.header {
            request = request.header(name, value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(self.peer));
        app.send(request).await
    }
}
