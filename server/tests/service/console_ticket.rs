//! The console's page of a ticket: what it shows, and what its forms do.

use axum::http::{Method, Request, StatusCode, header};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use shopdesk_server::{Entry, Role, Ticket, TicketState};

use crate::stream::Frames;
use crate::support::{Reply, TestAgent, TestApp, settings};
use crate::tickets::{complaint, log};

#[tokio::test]
async fn the_page_says_why_a_human_and_how_probable_what_is() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let page = get(&app, &lin, &ticket, "").await.text;
    assert!(page.contains("为什么转人工"));
    assert!(page.contains(r#"<meter min="0" max="1" value="#), "{page}");
    for intent in &ticket.contents.assessment.as_ref().unwrap().intents {
        assert!(page.contains(&format!(r#"value="{}""#, intent.id)), "{}", intent.id);
    }
}

#[tokio::test]
async fn a_view_of_a_ticket_is_audited_and_its_refreshes_are_not() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let views = async || {
        let audit = app.audit(100).await;
        audit.iter().filter(|entry| entry.action == "ticket.view" && entry.actor == "lin").count()
    };
    get(&app, &lin, &ticket, "").await;
    for part in ["/side", "/conversation?after=0", "/side"] {
        assert_eq!(get(&app, &lin, &ticket, part).await.status, StatusCode::OK);
    }
    assert_eq!(views().await, 1);
    let mei = app.agent("mei", Role::Agent).await;
    // Whoever takes a part without the page has seen it all the same.
    get(&app, &mei, &ticket, "/conversation?after=0").await;
    let audit = app.audit(100).await;
    assert!(audit.iter().any(|entry| entry.action == "ticket.view" && entry.actor == "mei"));
}

#[tokio::test]
async fn a_ticket_that_there_is_not_is_a_page_that_says_so() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    for id in ["1", "0199d9a8-0000-7000-8000-000000000000"] {
        let reply = app.as_agent(&lin, Method::GET, &format!("/console/tickets/{id}"), None).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert!(reply.text.contains("没有这张工单"), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_page_gets_only_what_was_said_since() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let last = app.shown(&conversation).await["last_sequence"].as_i64().unwrap();
    app.say(&conversation, "还有人吗").await;
    let rest = get(&app, &lin, &ticket, &format!("/conversation?after={last}")).await.text;
    assert!(rest.contains("还有人吗") && !rest.contains("我要投诉你们客服"), "{rest}");
}

#[tokio::test]
async fn a_ticket_is_closed_for_one_of_the_common_reasons_or_for_another() {
    for (reason, own, kept) in [("refunded", "", "refunded"), ("own", " 顾客自己找到了 ", "顾客自己找到了")]
    {
        let (app, _, ticket) = complaint().await;
        let lin = app.agent("lin", Role::Agent).await;
        let closed =
            step(&app, &lin, &ticket, &[("action", "close"), ("reason", reason), ("own", own)]).await;
        assert_eq!(closed.status, StatusCode::OK, "{}", closed.text);
        assert_eq!(now(&app, &ticket).await.state, TicketState::Closed);
        let log = app.state.store.ticket_log(ticket.id).await.unwrap();
        let last = &log.last().unwrap().entry;
        assert_eq!(*last, Entry::Closed { reason: Some(kept.to_owned()) });
    }
}

#[tokio::test]
async fn an_own_reason_that_is_empty_or_long_is_asked_for_again() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let long = "理".repeat(201);
    for own in ["  ", long.as_str()] {
        let fields = [("action", "close"), ("reason", "own"), ("own", own)];
        let refused = step(&app, &lin, &ticket, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains("请写明原因") && refused.text.contains(own), "{}", refused.text);
    }
    assert_eq!(now(&app, &ticket).await.state, TicketState::Open);
}

#[tokio::test]
async fn a_corrected_intent_waits_for_a_supervisor_and_is_audited() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let corrected = step(&app, &lin, &ticket, &[("action", "intent"), ("intent", "return_request")]).await;
    assert_eq!(corrected.status, StatusCode::OK);
    assert_eq!(now(&app, &ticket).await.intent.unwrap().as_str(), "return_request");
    let waiting = app.state.store.corrections(Some("waiting"), 10).await.unwrap();
    assert_eq!((waiting[0].field.as_str(), waiting[0].new.as_str()), ("intent", "return_request"));
    let audit = app.audit(10).await;
    assert!(audit.iter().any(|entry| entry.action == "ticket.correct" && entry.actor == "lin"));
    let unknown = step(&app, &lin, &ticket, &[("action", "intent"), ("intent", "nothing")]).await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(unknown.headers["hx-retarget"], "#notice");
}

#[tokio::test]
async fn tomorrow_begins_when_people_are_there() {
    let day = Timestamp::now().to_zoned(TimeZone::UTC).date().yesterday().unwrap();
    let evening = day.at(19, 30, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    let mut settings = settings();
    settings.file.hours = toml::from_str("mon-sun = [\"10:30-18:00\"]").unwrap();
    let app = TestApp::with_settings(256, move || evening, settings).await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let ticket = app.tickets().await.remove(0);
    let lin = app.agent("lin", Role::Agent).await;
    let opening = day.tomorrow().unwrap().at(10, 30, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    let said = format!("到 {}", opening.strftime("%Y-%m-%d %H:%M"));
    assert!(get(&app, &lin, &ticket, "").await.text.contains(&said), "{said}");
    step(&app, &lin, &ticket, &[("action", "snooze"), ("until", "tomorrow"), ("at", "")]).await;
    assert_eq!(now(&app, &ticket).await.snoozed_until, Some(opening.timestamp()));
}

#[tokio::test]
async fn where_somebody_is_always_there_tomorrow_begins_at_nine_by_the_shops_clock() {
    let day = Timestamp::now().to_zoned(TimeZone::UTC).date().yesterday().unwrap();
    let evening = day.at(19, 30, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    let app = TestApp::at(evening.timestamp()).await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let ticket = app.tickets().await.remove(0);
    let lin = app.agent("lin", Role::Agent).await;
    let snooze = async |until: &str, at: &str| {
        step(&app, &lin, &ticket, &[("action", "snooze"), ("until", until), ("at", at)]).await
    };
    let late = format!("{day}T19:29");
    let past = snooze("own", &late).await;
    assert_eq!(past.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(past.text.contains(&late) && past.text.contains("请选一个将来的时间"));
    assert_eq!(snooze("own", "soon").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(snooze("tomorrow", "").await.status, StatusCode::OK);
    let morning = day.tomorrow().unwrap().at(9, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap();
    assert_eq!(now(&app, &ticket).await.snoozed_until, Some(morning.timestamp()));
}

#[tokio::test]
async fn a_ticket_is_merged_into_another_one_by_its_number() {
    let (app, _, first) = complaint().await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let second = app.tickets().await.into_iter().find(|ticket| ticket.id != first.id).unwrap();
    let lin = app.agent("lin", Role::Agent).await;
    let merge =
        async |number: &str| step(&app, &lin, &first, &[("action", "merge"), ("number", number)]).await;
    for wrong in ["99", "two", &first.number.to_string()] {
        let refused = merge(wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
        assert!(refused.text.contains(&format!(r#"value="{wrong}""#)), "{}", refused.text);
    }
    assert_eq!(merge(&format!("#{}", second.number)).await.status, StatusCode::OK);
    assert_eq!(now(&app, &first).await.merged_into, Some(second.id));
}

#[tokio::test]
async fn a_ticket_that_is_put_off_can_be_merged_but_not_put_off_again() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let snoozed = step(&app, &lin, &ticket, &[("action", "snooze"), ("until", "hour")]).await;
    let offers = |action: &str| snoozed.text.contains(&format!(r#"name="action" value="{action}""#));
    assert!(offers("merge") && !offers("snooze"), "{}", snoozed.text);
}

#[tokio::test]
async fn a_reply_sent_twice_from_the_page_is_said_once() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let fields = [("text", "您好\r\n我来处理"), ("client_message_id", "k1")];
    for _ in 0..2 {
        let sent = send(&app, &lin, &ticket, &fields).await;
        assert_eq!(sent.status, StatusCode::NO_CONTENT);
        assert_eq!(sent.headers["hx-trigger"], "reply-sent");
    }
    let messages = app.shown(&conversation).await["messages"].clone();
    let said: Vec<&str> = messages
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["sender"] == "agent")
        .map(|message| message["text"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["您好\n我来处理"]);
}

#[tokio::test]
async fn whoever_does_not_have_the_ticket_cannot_reply_and_sees_who_has_it() {
    let (app, _, ticket) = complaint().await;
    let (lin, mei) = (app.agent("lin", Role::Agent).await, app.agent("mei", Role::Agent).await);
    step(&app, &lin, &ticket, &[("action", "claim")]).await;
    let page = get(&app, &mei, &ticket, "").await.text;
    assert!(page.contains("Agent lin 正在处理") && page.contains(r#"data-can-reply="false""#));
    let refused = send(&app, &mei, &ticket, &[("text", "我也在"), ("client_message_id", "k2")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(!log(&app, &ticket).await.contains(&"replied"));
}

#[tokio::test]
async fn a_note_from_the_page_is_not_said_to_the_shopper() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let noted = step(&app, &lin, &ticket, &[("action", "note"), ("text", "这位是老顾客")]).await;
    assert!(noted.text.contains("这位是老顾客") && noted.text.contains(r#"id="notes""#));
    assert!(!app.shown(&conversation).await.to_string().contains("老顾客"));
    assert!(!get(&app, &lin, &ticket, "/conversation?after=0").await.text.contains("老顾客"));
}

#[tokio::test]
async fn those_who_work_on_a_ticket_hear_the_shopper_at_once() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let last = app.shown(&conversation).await["last_sequence"].as_i64().unwrap();
    let request = Request::builder()
        .uri(format!("/v1/tickets/{}/events?after={last}", ticket.id))
        .header(header::HOST, "localhost")
        .header(header::ACCEPT, "text/event-stream")
        .header(header::COOKIE, format!("shopdesk_session={}", lin.session.expose()))
        .body(axum::body::Body::empty())
        .unwrap();
    let mut frames = Frames::of(app.respond(request).await);
    app.post(&format!("/v1/conversations/{conversation}/typing"), json!({})).await;
    assert_eq!(frames.next_of("typing").await.data["by"], "shopper");
    app.say(&conversation, "还有人吗").await;
    assert_eq!(frames.next_of("message").await.data["message"]["text"], "还有人吗");
    step(&app, &lin, &ticket, &[("action", "priority"), ("priority", "low")]).await;
    assert_eq!(frames.next_of("ticket").await.data["ticket"], json!(ticket.id));
}

#[tokio::test]
async fn a_tickets_events_are_not_a_visitors() {
    let (app, conversation, ticket) = complaint().await;
    let path = format!("/v1/tickets/{}/events", ticket.id);
    let visitor = app.with_token(&app.token(&conversation), Method::GET, &path, None).await;
    assert_eq!(visitor.problem(), (401, "wrong-key".to_owned()));
    assert_eq!(app.get(&path).await.problem(), (401, "not-logged-in".to_owned()));
    let lin = app.agent("lin", Role::Agent).await;
    let polled = app.as_agent(&lin, Method::GET, &path, None).await.json();
    assert_eq!(polled["events"][0]["message"]["text"], "我要投诉你们客服");
}

async fn get(app: &TestApp, agent: &TestAgent, ticket: &Ticket, part: &str) -> Reply {
    app.as_agent(agent, Method::GET, &format!("/console/tickets/{}{part}", ticket.id), None).await
}

async fn step(app: &TestApp, agent: &TestAgent, ticket: &Ticket, fields: &[(&str, &str)]) -> Reply {
    app.form(agent, Method::POST, &format!("/console/tickets/{}/steps", ticket.id), fields).await
}

async fn send(app: &TestApp, agent: &TestAgent, ticket: &Ticket, fields: &[(&str, &str)]) -> Reply {
    app.form(agent, Method::POST, &format!("/console/tickets/{}/messages", ticket.id), fields).await
}

/// The ticket as it is now.
async fn now(app: &TestApp, ticket: &Ticket) -> Ticket {
    app.state.store.ticket(ticket.id).await.unwrap().unwrap()
}
