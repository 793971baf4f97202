//! How many streams of events may be open at once.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use shopdesk_server::Role;

use crate::support::{TestAgent, TestApp};

#[tokio::test]
async fn an_address_has_so_many_streams_and_gets_room_when_one_is_closed() {
    let app = TestApp::limited("streams_per_address = 2").await;
    let lin = app.agent("lin", Role::Agent).await;
    let (one, other) = (app.conversation().await, app.conversation().await);
    let first = of_conversation(&app, &one).await;
    // Streams of all kinds count together.
    let second = of_tickets(&app, &lin).await;
    assert_eq!((first.status(), second.status()), (StatusCode::OK, StatusCode::OK));
    for refused in [of_conversation(&app, &other).await, of_tickets(&app, &lin).await] {
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()[header::RETRY_AFTER], "15");
    }
    let refused = app.send(request(&app, &other)).await;
    assert_eq!(refused.problem(), (429, "too-many-streams".to_owned()));
    assert_eq!(refused.json()["detail"], "Close one first: this address may have 2 open at once.");
    // Whoever is refused a stream can still poll.
    let polled = app.get(&format!("/v1/conversations/{other}/events")).await;
    assert_eq!(polled.status, StatusCode::OK);
    drop(first);
    assert_eq!(of_conversation(&app, &other).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_conversation_has_so_many_streams_and_others_have_their_own() {
    let app = TestApp::start().await;
    let (one, other) = (app.conversation().await, app.conversation().await);
    let mut open = Vec::new();
    for _ in 0..20 {
        open.push(of_conversation(&app, &one).await);
    }
    assert!(open.iter().all(|stream| stream.status() == StatusCode::OK));
    let refused = app.send(request(&app, &one)).await;
    assert_eq!(refused.problem(), (429, "too-many-streams".to_owned()));
    assert_eq!(of_conversation(&app, &other).await.status(), StatusCode::OK);
}

async fn of_conversation(app: &TestApp, conversation: &str) -> Response {
    app.respond(request(app, conversation)).await
}

async fn of_tickets(app: &TestApp, agent: &TestAgent) -> Response {
    let request = Request::get("/v1/tickets/events")
        .header(header::HOST, "localhost")
        .header(header::COOKIE, format!("shopdesk_session={}", agent.session.expose()));
    app.respond(request.body(Body::empty()).unwrap()).await
}

fn request(app: &TestApp, conversation: &str) -> Request<Body> {
    Request::get(format!("/v1/conversations/{conversation}/events"))
        .header(header::HOST, "localhost")
        .header(header::ACCEPT, "text/event-stream")
        .header(header::AUTHORIZATION, format!("Bearer {}", app.token(conversation)))
        .body(Body::empty())
        .unwrap()
}
