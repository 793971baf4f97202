//! What happens by itself as time goes by, while the service runs.

use axum::body::Body;
use axum::http::{Method, Request, header};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shopdesk_server::{Role, Skills, TicketState, serve};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::stream::Frames;
use crate::support::{TestAgent, TestApp};

#[tokio::test]
async fn a_waiting_ticket_goes_to_whoever_is_there_and_whom_it_suits() {
    let app = TestApp::start().await;
    for (login, language) in [("lin", "en"), ("mei", "zh"), ("absent", "zh")] {
        let agent = app.agent(login, Role::Agent).await;
        takes(&app, &agent, Skills { languages: vec![language.to_owned()], ..Skills::default() }).await;
        if login != "absent" {
            app.as_agent(&agent, Method::GET, "/v1/session", None).await;
        }
    }
    let conversation = app.conversation().await;
    app.say(&conversation, "我要投诉你们客服").await;
    let event = while_running(&app, next_event(&app, &conversation, 3)).await;
    assert_eq!((&event["state"], &event["agent"]), (&json!("with_human"), &json!("Agent mei")));
}

#[tokio::test]
async fn a_waiting_ticket_goes_to_whoever_has_the_fewest() {
    let app = TestApp::start().await;
    let (lin, mei) = (app.agent("lin", Role::Agent).await, app.agent("mei", Role::Agent).await);
    let busy = app.conversation().await;
    app.post(&format!("/v1/conversations/{busy}/human"), json!({})).await;
    let path = format!("/v1/tickets/{}/actions", app.tickets().await[0].id);
    app.as_agent(&lin, Method::POST, &path, Some(json!({ "action": "claim" }))).await;
    app.as_agent(&mei, Method::GET, "/v1/session", None).await;
    let conversation = app.conversation().await;
    app.post(&format!("/v1/conversations/{conversation}/human"), json!({})).await;
    let event = while_running(&app, next_event(&app, &conversation, 2)).await;
    assert_eq!((&event["state"], &event["agent"]), (&json!("with_human"), &json!("Agent mei")));
}

#[tokio::test]
async fn a_ticket_behind_hundreds_that_suit_nobody_is_assigned() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    takes(&app, &lin, Skills { languages: vec!["en".to_owned()], ..Skills::default() }).await;
    app.as_agent(&lin, Method::GET, "/v1/session", None).await;
    let mut conversation = String::new();
    for number in 0..=250 {
        let language = if number == 250 { "en" } else { "zh" };
        let begun = app.begin(json!({ "language": language })).await;
        begun["id"].as_str().unwrap().clone_into(&mut conversation);
        app.post(&format!("/v1/conversations/{conversation}/human"), json!({})).await;
    }
    let event = while_running(&app, next_event(&app, &conversation, 2)).await;
    assert_eq!((&event["state"], &event["agent"]), (&json!("with_human"), &json!("Agent lin")));
}

#[tokio::test]
async fn the_tickets_of_somebody_who_leaves_go_to_whoever_is_there() {
    let app = TestApp::start().await;
    let (lin, mei) = (app.agent("lin", Role::Agent).await, app.agent("mei", Role::Agent).await);
    let conversation = app.conversation().await;
    app.post(&format!("/v1/conversations/{conversation}/human"), json!({})).await;
    let path = format!("/v1/tickets/{}/actions", app.tickets().await[0].id);
    app.as_agent(&lin, Method::POST, &path, Some(json!({ "action": "claim" }))).await;
    app.as_agent(&mei, Method::GET, "/v1/session", None).await;
    let boss = app.agent("boss", Role::Admin).await;
    let leaving = Some(json!({ "is_active": false }));
    let left = app.as_agent(&boss, Method::PATCH, &format!("/v1/agents/{}", lin.id), leaving).await;
    assert_eq!(left.json()["agent"]["is_active"], false);
    // The hand-over, lin, nobody, mei.
    let event = while_running(&app, next_event(&app, &conversation, 4)).await;
    assert_eq!((&event["state"], &event["agent"]), (&json!("with_human"), &json!("Agent mei")));
}

#[tokio::test]
async fn a_shopper_to_whom_nobody_came_is_told_so_once() {
    let (app, clock) = TestApp::with_clock().await;
    let (mut frames, _) = onlooker(&app).await;
    let conversation = app.conversation().await;
    app.post(&format!("/v1/conversations/{conversation}/human"), json!({})).await;
    clock.forward(5 * 60);
    let ticket = app.tickets().await.remove(0).id;
    let logged = async |kind: &str| {
        let log = app.state.store.ticket_log(ticket).await.unwrap();
        log.iter().filter(|entry| entry.entry.kind() == kind).count()
    };
    let event = while_running(&app, async {
        let event = next_event(&app, &conversation, 2).await;
        clock.forward(3600);
        // Both deadlines come near and are missed, so it was looked again.
        while logged("deadline").await < 4 {
            frames.next_of("ticket").await;
        }
        event
    })
    .await;
    assert_eq!(event["message"]["text"], "zh: nobody yet");
    assert_eq!(event["message"]["kind"], "notice");
    assert_eq!(logged("shopper_told").await, 1);
}

#[tokio::test]
async fn a_ticket_that_was_put_off_comes_back_in_time() {
    let (app, clock) = TestApp::with_clock().await;
    let (mut frames, lin) = onlooker(&app).await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let ticket = app.tickets().await.remove(0);
    let until = ticket.opened_at + SignedDuration::from_mins(10);
    let path = format!("/v1/tickets/{}/actions", ticket.id);
    let snooze = json!({ "action": "snooze", "until": until });
    assert_eq!(app.as_agent(&lin, Method::POST, &path, Some(snooze)).await.json()["state"], "snoozed");
    clock.forward(11 * 60);
    while_running(&app, async {
        while app.tickets().await[0].state == TicketState::Snoozed {
            frames.next_of("ticket").await;
        }
    })
    .await;
    let now = &app.tickets().await[0];
    assert_eq!((now.state, now.snoozed_until), (TicketState::Open, None));
}

#[tokio::test]
async fn a_ticket_that_cannot_be_looked_after_holds_up_no_other() {
    let (app, clock) = TestApp::with_clock().await;
    let (mut frames, _) = onlooker(&app).await;
    for _ in 0..2 {
        app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    }
    let tickets = app.tickets().await;
    let (spoilt, sound) = (tickets[0].id, tickets[1].id);
    // The next thing to be written into its log would have a number that is taken.
    app.execute(&format!("UPDATE tickets SET last_log = 0 WHERE id = '{spoilt}'")).await;
    clock.forward(2 * 3600);
    let alerts = async |ticket| {
        let log = app.state.store.ticket_log(ticket).await.unwrap();
        log.iter().filter(|entry| entry.entry.kind() == "deadline").count()
    };
    while_running(&app, async {
        while alerts(sound).await < 4 {
            frames.next_of("ticket").await;
        }
    })
    .await;
    assert_eq!(alerts(spoilt).await, 0);
}

/// Somebody who follows the tickets and takes none.
async fn onlooker(app: &TestApp) -> (Frames, TestAgent) {
    let lin = app.agent("lin", Role::Agent).await;
    takes(app, &lin, Skills { most_tickets: 0, ..Skills::default() }).await;
    let request = Request::get("/v1/tickets/events")
        .header(header::HOST, "localhost")
        .header(header::COOKIE, format!("shopdesk_session={}", lin.session.expose()))
        .body(Body::empty())
        .unwrap();
    (Frames::of(app.respond(request).await), lin)
}

async fn takes(app: &TestApp, agent: &TestAgent, skills: Skills) {
    let mut changed = app.state.store.agent(agent.id.parse().unwrap()).await.unwrap().unwrap();
    changed.skills = skills;
    assert!(app.state.store.change_agent(&changed).await.unwrap());
}

/// The first event after that number, when it comes.
async fn next_event(app: &TestApp, conversation: &str, after: i64) -> Value {
    let path = format!("/v1/conversations/{conversation}/events?after={after}&wait=20");
    app.get(&path).await.json()["events"][0].clone()
}

/// Runs the service for as long as that takes. It listens on any free port, to which nobody connects.
pub(crate) async fn while_running<T>(app: &TestApp, doing: impl Future<Output = T>) -> T {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (done, stop) = oneshot::channel::<()>();
    let running = serve(listener, app.state.clone(), async move { drop(stop.await) });
    let doing = async {
        let result = doing.await;
        drop(done);
        result
    };
    let (served, result) = tokio::join!(running, doing);
    served.unwrap();
    result
}
