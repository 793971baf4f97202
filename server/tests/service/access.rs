//! Who may do what.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use shopdesk_server::{Role, Scope};

use crate::support::TestApp;

pub(crate) const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// Something that staff may do: how, and the least role for it.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    body: Option<Value>,
    pub(crate) least: Role,
}

/// Every route of the staff. The session's own come last.
pub(crate) fn routes() -> Vec<Route> {
    let get = |path: &str, least| Route { method: Method::GET, path: path.to_owned(), body: None, least };
    let send = |method, path: String, body, least| Route { method, path, body: Some(body), least };
    let (patch, post, delete) = (Method::PATCH, Method::POST, Method::DELETE);
    let ticket = |what: &str| format!("/v1/tickets/{NOBODY}/{what}");
    vec![
        get("/v1/agents", Role::Agent),
        get("/v1/tickets", Role::Agent),
        get(&format!("/v1/tickets/{NOBODY}"), Role::Agent),
        get(&ticket("events"), Role::Agent),
        send(post.clone(), ticket("actions"), json!({ "action": "claim" }), Role::Agent),
        send(post.clone(), ticket("messages"), json!({ "text": "您好" }), Role::Agent),
        send(post.clone(), ticket("typing"), json!({}), Role::Agent),
        send(post.clone(), ticket("read"), json!({ "sequence": 1 }), Role::Agent),
        get("/v1/intents", Role::Agent),
        send(post.clone(), "/v1/classify".to_owned(), json!({ "texts": ["怎么退货"] }), Role::Agent),
        get("/v1/stats", Role::Supervisor),
        get("/v1/corrections", Role::Supervisor),
        send(post.clone(), format!("/v1/corrections/{NOBODY}"), json!({ "approve": true }), Role::Supervisor),
        send(
            post.clone(),
            "/v1/agents".to_owned(),
            json!({ "login": "new", "name": "New", "role": "agent" }),
            Role::Admin,
        ),
        send(patch, format!("/v1/agents/{NOBODY}"), json!({ "name": "Other" }), Role::Admin),
        get("/v1/keys", Role::Admin),
        send(
            post.clone(),
            "/v1/keys".to_owned(),
            json!({ "name": "erp", "scopes": ["tickets"] }),
            Role::Admin,
        ),
        send(delete.clone(), "/v1/keys/abcdefghij".to_owned(), json!({}), Role::Admin),
        get("/v1/audit", Role::Admin),
        get("/v1/deliveries", Role::Admin),
        send(post, format!("/v1/deliveries/{NOBODY}/retry"), json!({}), Role::Admin),
        // The stream of tickets never ends, and whoever logs out is gone.
        get("/v1/tickets/events", Role::Agent),
        get("/v1/session", Role::Agent),
        send(delete, "/v1/session".to_owned(), json!({}), Role::Agent),
    ]
}

/// How many routes at the end of [`routes`] are not for calling in a row.
const OF_A_SESSION: usize = 3;

#[tokio::test]
async fn nothing_of_the_staff_is_open_to_strangers() {
    let app = TestApp::start().await;
    let visitor = app.token(&app.conversation().await);
    for Route { method, path, body, .. } in routes() {
        let stranger = app.with_token("", method.clone(), &path, body.clone()).await;
        assert_eq!(stranger.problem(), (401, "not-logged-in".to_owned()), "{method} {path}");
        let shopper = app.with_token(&visitor, method.clone(), &path, body).await;
        assert_eq!(shopper.problem(), (401, "wrong-key".to_owned()), "{method} {path}");
    }
}

#[tokio::test]
async fn nobody_may_do_what_takes_a_higher_role() {
    let app = TestApp::start().await;
    for role in [Role::Agent, Role::Supervisor] {
        let agent = app.agent(role.as_str(), role).await;
        for Route { method, path, body, .. } in routes().into_iter().filter(|route| route.least > role) {
            let refused = app.as_agent(&agent, method.clone(), &path, body).await;
            assert_eq!(refused.problem(), (403, "not-allowed".to_owned()), "{role:?}: {method} {path}");
        }
    }
}

#[tokio::test]
async fn everybody_may_do_what_takes_their_role_or_a_lower_one() {
    let app = TestApp::start().await;
    for role in Role::ALL {
        let agent = app.agent(role.as_str(), role).await;
        let mut routes = routes();
        routes.truncate(routes.len() - OF_A_SESSION);
        for Route { method, path, body, .. } in routes.into_iter().filter(|route| route.least <= role) {
            let reply = app.as_agent(&agent, method.clone(), &path, body).await;
            let is_refused = matches!(reply.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            assert!(!is_refused && !reply.status.is_server_error(), "{role:?}: {method} {path}");
        }
    }
}

#[tokio::test]
async fn a_change_that_another_page_may_have_forged_is_refused() {
    let app = TestApp::start().await;
    let (admin, other) = (app.agent("boss", Role::Admin).await, app.agent("lin", Role::Admin).await);
    for Route { method, path, body, .. } in routes().into_iter().filter(|route| route.method != Method::GET) {
        for token in [None, Some(other.session.csrf_token())] {
            let mut request = Request::builder()
                .method(method.clone())
                .uri(&path)
                .header(header::HOST, "localhost")
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::COOKIE, format!("shopdesk_session={}", admin.session.expose()));
            if let Some(token) = token {
                request = request.header("x-csrf-token", token);
            }
            let body = Body::from(body.clone().unwrap_or_default().to_string());
            let refused = app.send(request.body(body).unwrap()).await;
            assert_eq!(refused.problem(), (403, "forged".to_owned()), "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_key_does_what_its_scopes_say_until_it_is_revoked() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let body = json!({ "name": "erp", "scopes": ["tickets"] });
    let made = app.as_agent(&admin, Method::POST, "/v1/keys", Some(body)).await;
    assert_eq!(made.status, StatusCode::CREATED);
    let made = made.json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let get = async |path: &str| app.with_token(key, Method::GET, path, None).await;
    assert_eq!(get("/v1/tickets").await.status, StatusCode::OK);
    for path in ["/v1/stats", "/v1/corrections", "/v1/keys", "/v1/audit", "/v1/session"] {
        assert_eq!(get(path).await.problem(), (403, "not-allowed".to_owned()), "{path}");
    }
    let path = format!("/v1/tickets/{NOBODY}/actions");
    let change = app.with_token(key, Method::POST, &path, Some(json!({ "action": "wake" }))).await;
    assert_eq!(change.problem(), (403, "not-allowed".to_owned()));
    let listed = app.as_agent(&admin, Method::GET, "/v1/keys", None).await;
    assert_eq!(listed.json()["keys"][0]["id"], id);
    let secret = key.splitn(3, '_').nth(2).unwrap();
    assert!(!listed.text.contains(secret), "{}", listed.text);
    let revoke = async || app.as_agent(&admin, Method::DELETE, &format!("/v1/keys/{id}"), None).await;
    assert_eq!(revoke().await.status, StatusCode::NO_CONTENT);
    assert_eq!(get("/v1/tickets").await.problem(), (401, "wrong-key".to_owned()));
    assert_eq!(revoke().await.problem(), (404, "no-key".to_owned()));
}

#[tokio::test]
async fn a_key_needs_a_name_and_scopes_that_there_are() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    for (body, code) in [
        (json!({ "name": "erp", "scopes": [] }), "invalid-value"),
        (json!({ "name": " ", "scopes": ["tickets"] }), "invalid-value"),
        (json!({ "name": "erp", "scopes": ["ticket"] }), "invalid-body"),
    ] {
        let refused = app.as_agent(&admin, Method::POST, "/v1/keys", Some(body)).await;
        assert_eq!(refused.problem(), (422, code.to_owned()));
    }
}

#[tokio::test]
async fn a_key_is_nobody_who_could_claim_a_ticket() {
    let app = TestApp::start().await;
    app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    let path = format!("/v1/tickets/{}/actions", app.tickets().await[0].id);
    let key = app.key(&[Scope::TicketsWrite]).await;
    let claimed = app.with_token(&key, Method::POST, &path, Some(json!({ "action": "claim" }))).await;
    assert_eq!(claimed.problem(), (422, "invalid-value".to_owned()));
}
