//! How the shop's people come in, and how they are kept out.

use axum::http::{Method, StatusCode, header};
use serde_json::json;
use shopdesk_server::{Role, SessionId, first_invitation};

use crate::support::{Reply, TestAgent, TestApp};

const PASSWORD: &str = "giraffe-trumpet-17-moss";

#[tokio::test]
async fn whoever_was_invited_chooses_a_password_once_and_logs_in_with_it() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let invitation = invited(&app, &admin, "lin").await;
    let weak = choose(&app, &invitation, "password123456").await;
    assert_eq!(weak.problem(), (422, "invalid-value".to_owned()));
    assert_eq!(choose(&app, &invitation, PASSWORD).await.status, StatusCode::NO_CONTENT);
    let again = choose(&app, &invitation, "another-trumpet-18-moss").await;
    assert_eq!(again.problem(), (404, "no-invitation".to_owned()));
    let wrong = log_in(&app, "lin", "another-trumpet-18-moss").await;
    assert_eq!(wrong.problem(), (401, "wrong-login".to_owned()));
    let right = log_in(&app, "lin", PASSWORD).await;
    assert_eq!(right.status, StatusCode::OK);
    let cookie = right.headers[header::SET_COOKIE].to_str().unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Secure"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{cookie}");
    }
    let lin = session(&right);
    assert_eq!(right.json()["csrf_token"], lin.session.csrf_token());
    let asked = app.as_agent(&lin, Method::GET, "/v1/session", None).await;
    assert_eq!(asked.json()["agent"]["login"], "lin");
}

#[tokio::test]
async fn the_first_administrator_is_invited_as_long_as_nobody_can_log_in() {
    let app = TestApp::start().await;
    let invitation = first_invitation(&app.state).await.unwrap().unwrap();
    let later = first_invitation(&app.state).await.unwrap().unwrap();
    let old = choose(&app, &invitation, PASSWORD).await;
    assert_eq!(old.problem(), (404, "no-invitation".to_owned()));
    assert_eq!(choose(&app, &later, PASSWORD).await.status, StatusCode::NO_CONTENT);
    assert_eq!(first_invitation(&app.state).await.unwrap(), None);
    let admin = session(&log_in(&app, "admin", PASSWORD).await);
    assert_eq!(app.as_agent(&admin, Method::GET, "/v1/audit", None).await.status, StatusCode::OK);
}

#[tokio::test]
async fn after_five_failures_even_the_right_password_has_to_wait() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let invitation = invited(&app, &admin, "lin").await;
    choose(&app, &invitation, PASSWORD).await;
    for login in ["lin", "nobody-at-all"] {
        for _ in 0..5 {
            assert_eq!(log_in(&app, login, "wrong").await.problem(), (401, "wrong-login".to_owned()));
        }
        let refused = log_in(&app, login, PASSWORD).await;
        assert_eq!(refused.problem(), (429, "too-many-requests".to_owned()));
        assert!((1..=60).contains(&refused.retry_after()), "{}", refused.text);
    }
}

#[tokio::test]
async fn whoever_logs_out_is_gone() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    let out = app.as_agent(&lin, Method::DELETE, "/v1/session", None).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    let asked = app.as_agent(&lin, Method::GET, "/v1/session", None).await;
    assert_eq!(asked.problem(), (401, "not-logged-in".to_owned()));
}

#[tokio::test]
async fn whoever_is_deactivated_is_logged_out_and_cannot_log_in() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let invitation = invited(&app, &admin, "lin").await;
    choose(&app, &invitation, PASSWORD).await;
    let lin = session(&log_in(&app, "lin", PASSWORD).await);
    let path = format!("/v1/agents/{}", lin.id);
    let body = json!({ "is_active": false });
    assert_eq!(app.as_agent(&admin, Method::PATCH, &path, Some(body)).await.status, StatusCode::OK);
    let asked = app.as_agent(&lin, Method::GET, "/v1/tickets", None).await;
    assert_eq!(asked.problem(), (401, "not-logged-in".to_owned()));
    assert_eq!(log_in(&app, "lin", PASSWORD).await.problem(), (401, "wrong-login".to_owned()));
}

#[tokio::test]
async fn nobody_takes_their_own_rights_away() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let path = format!("/v1/agents/{}", admin.id);
    for body in [json!({ "is_active": false }), json!({ "role": "supervisor" })] {
        let refused = app.as_agent(&admin, Method::PATCH, &path, Some(body)).await;
        assert_eq!(refused.problem(), (422, "invalid-value".to_owned()));
    }
}

#[tokio::test]
async fn a_login_is_taken_once() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    invited(&app, &admin, "lin").await;
    let body = json!({ "login": "lin", "name": "Another", "role": "agent" });
    let refused = app.as_agent(&admin, Method::POST, "/v1/agents", Some(body)).await;
    assert_eq!(refused.problem(), (409, "login-taken".to_owned()));
}

#[tokio::test]
async fn the_audit_log_says_who_logged_in_and_who_looked_at_what() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let invitation = invited(&app, &admin, "lin").await;
    choose(&app, &invitation, PASSWORD).await;
    log_in(&app, "lin", "wrong").await;
    let lin = session(&log_in(&app, "lin", PASSWORD).await);
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let ticket = app.tickets().await[0].id.to_string();
    app.as_agent(&lin, Method::GET, &format!("/v1/tickets/{ticket}"), None).await;
    let audit = app.as_agent(&admin, Method::GET, "/v1/audit", None).await.json();
    let entries: Vec<(&str, &str)> = audit["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["actor"].as_str().unwrap(), entry["action"].as_str().unwrap()))
        .collect();
    let expected = [
        ("lin", "ticket.view"),
        ("lin", "login"),
        ("lin", "login.refused"),
        ("lin", "password.choose"),
        ("boss", "agent.add"),
    ];
    assert_eq!(entries, expected);
    assert_eq!(audit["entries"][0]["subject"], ticket.as_str());
}

/// Adds an agent and returns the link to choose a password with.
async fn invited(app: &TestApp, admin: &TestAgent, login: &str) -> String {
    let body = json!({ "login": login, "name": format!("Agent {login}"), "role": "agent" });
    let added = app.as_agent(admin, Method::POST, "/v1/agents", Some(body)).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    added.json()["invitation"].as_str().unwrap().to_owned()
}

async fn choose(app: &TestApp, invitation: &str, password: &str) -> Reply {
    app.post("/v1/invitations", json!({ "invitation": invitation, "password": password })).await
}

async fn log_in(app: &TestApp, login: &str, password: &str) -> Reply {
    app.post("/v1/session", json!({ "login": login, "password": password })).await
}

/// Who has just logged in.
fn session(logged_in: &Reply) -> TestAgent {
    assert_eq!(logged_in.status, StatusCode::OK, "{}", logged_in.text);
    let cookie = logged_in.headers[header::SET_COOKIE].to_str().unwrap();
    let id = cookie.split(';').next().unwrap().split_once('=').unwrap().1;
    TestAgent {
        id: logged_in.json()["agent"]["id"].as_str().unwrap().to_owned(),
        session: SessionId::parse(id).unwrap(),
    }
}
