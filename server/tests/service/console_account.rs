//! Somebody's own account: the password and the sessions.

use axum::http::StatusCode;
use shopdesk_server::Role;

use crate::console_login::{PASSWORD, log_in, with_password};
use crate::support::{Reply, TestAgent, TestApp};

const NEW: &str = "another-trumpet-18-moss";

#[tokio::test]
async fn a_password_is_changed_by_whoever_knows_the_old_one() {
    let app = TestApp::start().await;
    let lin = with_password(&app, "lin").await;
    let changed = change(&app, &lin, PASSWORD, NEW, NEW).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    assert_eq!(app.page(&lin, "/console/account").await.status, StatusCode::OK);
    assert_eq!(log_in(&app, "lin", PASSWORD, "/console").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(log_in(&app, "lin", NEW, "/console").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_is_wrong_with_a_password_stands_at_its_field() {
    let app = TestApp::start().await;
    let lin = with_password(&app, "lin").await;
    for (old, new, again, field, text) in [
        ("wrong", NEW, NEW, "old-wrong", "That is not your present password."),
        (PASSWORD, "short", "short", "new-wrong", "at least 10 characters"),
        (PASSWORD, "lin-and-a-giraffe", "lin-and-a-giraffe", "new-wrong", "must not contain the login name"),
        (PASSWORD, NEW, PASSWORD, "again-wrong", "The two passwords differ."),
    ] {
        let refused = change(&app, &lin, old, new, again).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        let place = refused.text.find(&format!("id=\"{field}\"")).unwrap();
        assert!(refused.text[place..].contains(text), "{}", refused.text);
    }
    assert_eq!(log_in(&app, "lin", PASSWORD, "/console").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_password_is_guessed_no_faster_than_at_the_door() {
    let app = TestApp::start().await;
    let lin = with_password(&app, "lin").await;
    for _ in 0..5 {
        change(&app, &lin, "wrong", NEW, NEW).await;
    }
    let refused = change(&app, &lin, PASSWORD, NEW, NEW).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn whoever_logs_out_everywhere_is_logged_in_nowhere() {
    let app = TestApp::start().await;
    let lin = with_password(&app, "lin").await;
    let mei = app.agent("mei", Role::Agent).await;
    let elsewhere = log_in(&app, "lin", PASSWORD, "/console").await;
    assert_eq!(elsewhere.status, StatusCode::NO_CONTENT);
    let page = app.page(&lin, "/console/account").await.text;
    assert_eq!(page.matches("<li>Since").count(), 2, "{page}");
    let out = app.submit(&lin, "/console/account/sessions", &[]).await;
    assert_eq!(out.headers["hx-redirect"], "/console/login");
    let sessions = app.state.store.sessions_of(lin.id.parse().unwrap(), jiff::Timestamp::now()).await;
    assert!(sessions.unwrap().is_empty());
    assert_eq!(app.page(&mei, "/console/account").await.status, StatusCode::OK);
}

async fn change(app: &TestApp, agent: &TestAgent, old: &str, new: &str, again: &str) -> Reply {
    let fields = [("old", old), ("new", new), ("again", again)];
    app.submit(agent, "/console/account/password", &fields).await
}
