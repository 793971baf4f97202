//! How people come into the console: the form, the invitation, and the way out.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use shopdesk_server::{AuditFilter, NewAgent, Role, Skills, invite};

use crate::support::{Reply, TestAgent, TestApp};

pub(crate) const PASSWORD: &str = "giraffe-trumpet-17-moss";

#[tokio::test]
async fn whoever_logs_in_goes_on_where_they_wanted_to() {
    let app = TestApp::start().await;
    with_password(&app, "lin").await;
    let reply = log_in(&app, "lin", PASSWORD, "/console/account?a=b").await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert_eq!(reply.headers["hx-redirect"], "/console/account?a=b");
    let cookie = reply.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("shopdesk_session=") && cookie.contains("HttpOnly; SameSite=Strict"));
    let session = cookie.split(';').next().unwrap();
    let page = get(&app, "/console/account", session).await;
    assert!(page.text.contains("Agent lin"), "{}", page.text);
    let again = get(&app, "/console/login?next=%2Fconsole%2Faccount", session).await;
    assert_eq!(again.headers[header::LOCATION], "/console/account");
    let audit = app.state.store.audit(&AuditFilter { limit: 1, ..AuditFilter::default() }).await.unwrap();
    assert_eq!((audit.entries[0].actor.as_str(), audit.entries[0].action.as_str()), ("lin", "login"));
}

#[tokio::test]
async fn a_wrong_login_says_so_at_the_form_and_keeps_the_name() {
    let app = TestApp::start().await;
    with_password(&app, "lin").await;
    for (login, password) in [("lin", "another-trumpet"), ("nobody", PASSWORD)] {
        let reply = log_in(&app, login, password, "/console").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(reply.text.contains("The login name or the password is wrong."), "{}", reply.text);
        assert!(reply.text.contains(&format!("value=\"{login}\"")), "{}", reply.text);
        assert!(!reply.text.contains(password), "{}", reply.text);
        assert!(!reply.headers.contains_key(header::SET_COOKIE));
    }
    let reply = log_in(&app, "\"><script>alert(1)</script>", "x", "\"><script>").await;
    assert!(!reply.text.contains("<script>"), "{}", reply.text);
}

#[tokio::test]
async fn a_link_from_elsewhere_leads_nowhere_else() {
    let app = TestApp::start().await;
    with_password(&app, "lin").await;
    for next in ["https://example.com/", "//example.com", "/console/\\example.com", "/v1/session"] {
        let reply = log_in(&app, "lin", PASSWORD, next).await;
        assert_eq!(reply.headers["hx-redirect"], "/console", "{next}");
    }
}

#[tokio::test]
async fn a_form_on_another_site_logs_nobody_in() {
    let app = TestApp::start().await;
    with_password(&app, "lin").await;
    let body = format!("login=lin&password={PASSWORD}&next=%2Fconsole%2Faccount");
    for (site, status) in
        [(None, 403), (Some("cross-site"), 403), (Some("same-site"), 403), (Some("same-origin"), 303)]
    {
        let mut request = Request::post("/console/login")
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        let reply = app.send(request.body(Body::from(body.clone())).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status, "{site:?}");
        assert_eq!(reply.headers.contains_key(header::SET_COOKIE), status == 303, "{site:?}");
    }
}

#[tokio::test]
async fn after_five_failures_the_form_says_how_long_to_wait() {
    let app = TestApp::start().await;
    with_password(&app, "lin").await;
    for _ in 0..5 {
        log_in(&app, "lin", "wrong", "/console").await;
    }
    let reply = log_in(&app, "lin", PASSWORD, "/console").await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert!((1..=60).contains(&reply.retry_after()));
    assert!(reply.text.contains("There were too many attempts."), "{}", reply.text);
}

#[tokio::test]
async fn whoever_logs_out_is_led_to_the_login_and_gone() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    let reply = app.submit(&lin, "/console/logout", &[]).await;
    assert_eq!(reply.headers["hx-redirect"], "/console/login");
    assert!(reply.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(app.page(&lin, "/console/account").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn an_invitation_lets_somebody_choose_a_password_once() {
    let app = TestApp::start().await;
    let new =
        NewAgent { login: "lin".into(), name: "Lin".into(), role: Role::Agent, skills: Skills::default() };
    let agent = app.state.store.add_agent(new).await.unwrap().unwrap();
    let link = invite(&app.state.store, agent.id).await.unwrap();
    let (path, secret) = link.split_once('#').unwrap();
    assert!(get(&app, path, "").await.text.contains("id=\"invitation-form\""));
    let choose = async |password: &str, again: &str| {
        let fields = [("invitation", secret), ("password", password), ("again", again)];
        app.submit_with(&[], path, &fields).await
    };
    let differ = choose(PASSWORD, "another-trumpet").await;
    assert!(differ.status == 422 && differ.text.contains("The two passwords differ."), "{}", differ.text);
    let weak = choose("password123456", "password123456").await;
    assert!(weak.status == 422 && weak.text.contains("so common"), "{}", weak.text);
    let chosen = choose(PASSWORD, PASSWORD).await;
    assert!(chosen.status == 200 && chosen.text.contains("You can log in now."), "{}", chosen.text);
    let gone = choose(PASSWORD, PASSWORD).await;
    assert!(gone.status == 404 && gone.text.contains("does not hold any more"), "{}", gone.text);
    assert_eq!(log_in(&app, "lin", PASSWORD, "/console").await.status, StatusCode::NO_CONTENT);
}

/// Somebody who is logged in and has a password.
pub(crate) async fn with_password(app: &TestApp, login: &str) -> TestAgent {
    let agent = app.agent(login, Role::Agent).await;
    let link = invite(&app.state.store, agent.id.parse().unwrap()).await.unwrap();
    let fields =
        [("invitation", link.split_once('#').unwrap().1), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(app.submit_with(&[], "/console/invitation", &fields).await.status, StatusCode::OK);
    // Choosing a password ended the session of before.
    let session = shopdesk_server::SessionId::generate();
    let hash = session.hash().to_string();
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    app.state.store.begin_session(agent.id.parse().unwrap(), &hash, later).await.unwrap();
    TestAgent { id: agent.id, session }
}

pub(crate) async fn log_in(app: &TestApp, login: &str, password: &str, next: &str) -> Reply {
    app.submit_with(&[], "/console/login", &[("login", login), ("password", password), ("next", next)]).await
}

async fn get(app: &TestApp, path: &str, cookie: &str) -> Reply {
    let request = Request::get(path)
        .header(header::HOST, "localhost")
        .header(header::ACCEPT_LANGUAGE, "en")
        .header(header::COOKIE, cookie);
    app.send(request.body(Body::empty()).unwrap()).await
}
