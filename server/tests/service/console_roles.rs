//! Who may open which page of the console and make which change from it, route by route.
//!
//! Every section has a list of its own. A new route is a line in the list of its section.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use shopdesk_server::Role;

use crate::support::{Reply, TestAgent, TestApp};

const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// A page, or something that is changed from one: how, where, what is filled in, and the least role for it.
#[derive(Clone)]
struct Route {
    method: Method,
    path: String,
    fields: &'static str,
    least: Role,
}

fn route(method: Method, path: &str, fields: &'static str, least: Role) -> Route {
    Route { method, path: path.replace("{id}", NOBODY), fields, least }
}

fn page(path: &str, least: Role) -> Route {
    route(Method::GET, path, "", least)
}

fn change(path: &str, fields: &'static str, least: Role) -> Route {
    route(Method::POST, path, fields, least)
}

/// Every route for which somebody has to be logged in.
fn routes() -> Vec<Route> {
    [inbox(), ticket(), knowledge(), quality(), learning(), settings(), account(), out()].concat()
}

fn inbox() -> Vec<Route> {
    let (agent, supervisor) = (Role::Agent, Role::Supervisor);
    let reply = "title=Hello&text=Hello&language=en";
    vec![
        page("/console/inbox", agent),
        page("/console/inbox/list", agent),
        page("/console/inbox/more", agent),
        change("/console/inbox/views", "name=Mine&query=assignee%3Dme", agent),
        route(Method::DELETE, "/console/inbox/views/{id}", "", agent),
        change("/console/inbox/claim", "ticket=00000000-0000-7000-8000-000000000000", agent),
        change("/console/inbox/assign", "ticket=x&agent=x", agent),
        page("/console/inbox/replies", agent),
        change("/console/inbox/replies", reply, supervisor),
        change("/console/inbox/replies/{id}", reply, supervisor),
        route(Method::DELETE, "/console/inbox/replies/{id}", "", supervisor),
    ]
}

fn ticket() -> Vec<Route> {
    let agent = Role::Agent;
    vec![
        page("/console/tickets/{id}", agent),
        page("/console/tickets/{id}/conversation", agent),
        page("/console/tickets/{id}/side", agent),
        change("/console/tickets/{id}/steps", "action=claim", agent),
        change("/console/tickets/{id}/messages", "text=Hello&client_message_id=a", agent),
    ]
}

fn knowledge() -> Vec<Route> {
    let (agent, supervisor) = (Role::Agent, Role::Supervisor);
    vec![
        page("/console/knowledge", agent),
        page("/console/knowledge/search", agent),
        page("/console/knowledge/unanswered", agent),
        page("/console/knowledge/new", supervisor),
        change("/console/knowledge/new", "", supervisor),
        change("/console/knowledge/preview", "", supervisor),
        page("/console/knowledge/return-how-to/zh", agent),
        page("/console/knowledge/return-how-to/zh/force", agent),
        change("/console/knowledge/return-how-to/zh/withdraw", "based_on=none", supervisor),
        page("/console/knowledge/return-how-to/zh/edit", supervisor),
        change("/console/knowledge/return-how-to/zh/edit", "", supervisor),
        page("/console/knowledge/return-how-to/zh/versions/none", agent),
        change("/console/knowledge/return-how-to/zh/versions/none/restore", "based_on=none", supervisor),
    ]
}

fn quality() -> Vec<Route> {
    let supervisor = Role::Supervisor;
    vec![
        page("/console/quality", supervisor),
        page("/console/quality/reviews", supervisor),
        change("/console/quality/reviews/{id}", "verdict=right", supervisor),
        change("/console/quality/reviews/{id}/undo", "", supervisor),
        page("/console/quality/reports", supervisor),
        page("/console/quality/reports/none", supervisor),
    ]
}

fn learning() -> Vec<Route> {
    let supervisor = Role::Supervisor;
    vec![
        page("/console/learning", supervisor),
        change("/console/learning/labels", "", supervisor),
        page("/console/learning/training", supervisor),
        change("/console/learning/training", "", supervisor),
        change("/console/learning/switch", "bundle=none", supervisor),
        change("/console/learning/switch", "bundle=none&force=true&reason=none", Role::Admin),
        change("/console/learning/roll-back", "bundle=none", supervisor),
    ]
}

fn account() -> Vec<Route> {
    vec![
        page("/console/account", Role::Agent),
        change("/console/account/password", "old=a&new=a&again=a", Role::Agent),
    ]
}

fn settings() -> Vec<Route> {
    let admin = Role::Admin;
    vec![
        page("/console/settings/agents", admin),
        change("/console/settings/agents", "role=agent", admin),
        page("/console/settings/agents/{id}", admin),
        change("/console/settings/agents/{id}", "role=agent", admin),
        change("/console/settings/agents/{id}/invitation", "", admin),
        change("/console/settings/agents/{id}/active", "is_active=false", admin),
        page("/console/settings/keys", admin),
        change("/console/settings/keys", "", admin),
        change("/console/settings/keys/{id}/revoke", "", admin),
        page("/console/settings/webhooks", admin),
        change("/console/settings/webhooks/{id}/retry", "", admin),
        page("/console/settings/audit", admin),
        page("/console/settings/audit.csv", admin),
        page("/console/settings/sites", admin),
        change("/console/settings/sites", "name=outlet&origins=", admin),
        change("/console/settings/sites/change", "site=main&since=0", admin),
        change("/console/settings/sites/reset", "site=main&since=0", admin),
        page("/console/settings/hours", admin),
        change("/console/settings/hours", "since=0&mon=9:00-12:00", admin),
        change("/console/settings/hours/reset", "since=0", admin),
        change("/console/settings/deadlines", "since=0", admin),
        change("/console/settings/deadlines/reset", "since=0", admin),
        page("/console/settings/promise", admin),
        change("/console/settings/promise", "since=0&max_error=2&confidence=95", admin),
        change("/console/settings/promise/reset", "since=0", admin),
        page("/console/settings/limits", admin),
    ]
}

/// After these nobody is logged in.
fn out() -> Vec<Route> {
    vec![change("/console/account/sessions", "", Role::Agent), change("/console/logout", "", Role::Agent)]
}

/// Pages that everybody may open who finds the way to them.
const OPEN: [&str; 3] = ["/console/login", "/console/invitation", "/console/no-such-page"];

#[tokio::test]
async fn whoever_is_not_logged_in_is_led_to_the_login_and_back() {
    let app = TestApp::start().await;
    for Route { method, path, fields, .. } in routes() {
        let reply = ask(&app, &method, &path, fields, &[]).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{method} {path}");
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        assert_eq!(reply.headers[header::LOCATION], format!("/console/login?next={next}"));
        let part = [("hx-request", "true"), ("hx-current-url", "http://localhost/console/account")];
        let reply = ask(&app, &method, &path, fields, &part).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{method} {path}");
        assert_eq!(reply.headers["hx-redirect"], "/console/login?next=%2Fconsole%2Faccount");
    }
}

#[tokio::test]
async fn what_takes_a_higher_role_is_refused() {
    let app = TestApp::start().await;
    for role in [Role::Agent, Role::Supervisor] {
        let agent = app.agent(role.as_str(), role).await;
        for Route { method, path, fields, .. } in routes().into_iter().filter(|route| route.least > role) {
            let reply = as_agent(&app, &agent, &method, &path, fields).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{role:?}: {method} {path}");
            assert!(reply.text.contains("You may not do this"), "{role:?}: {method} {path}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn what_takes_ones_own_role_or_a_lower_one_is_not() {
    let app = TestApp::start().await;
    for role in Role::ALL {
        let agent = app.agent(role.as_str(), role).await;
        let stays = routes().into_iter().filter(|route| !out().iter().any(|out| out.path == route.path));
        for Route { method, path, fields, .. } in stays.filter(|route| route.least <= role) {
            let reply = as_agent(&app, &agent, &method, &path, fields).await;
            let is_refused = matches!(reply.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
            assert!(
                !is_refused && !reply.status.is_server_error(),
                "{role:?}: {method} {path}: {}",
                reply.status
            );
        }
    }
}

#[tokio::test]
async fn a_change_without_the_token_of_the_session_is_refused() {
    let app = TestApp::start().await;
    let (admin, other) = (app.agent("boss", Role::Admin).await, app.agent("lin", Role::Admin).await);
    for Route { method, path, fields, .. } in routes().into_iter().filter(|route| route.method != Method::GET)
    {
        let cookie = cookie(&admin);
        let token = other.session.csrf_token();
        let with_cookie = ("cookie", cookie.as_str());
        for headers in [vec![with_cookie], vec![with_cookie, ("x-csrf-token", token.as_str())]] {
            let reply = ask(&app, &method, &path, fields, &headers).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
            assert!(reply.text.contains("The page is out of date"), "{path}: {}", reply.text);
        }
    }
}

#[tokio::test]
async fn a_key_opens_no_page() {
    let app = TestApp::start().await;
    let key = format!("Bearer {}", app.key(&[shopdesk_server::Scope::Admin]).await);
    for Route { method, path, fields, .. } in routes() {
        let reply = ask(&app, &method, &path, fields, &[("authorization", key.as_str())]).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
}

#[tokio::test]
async fn every_page_lets_nothing_run_but_our_own_and_is_kept_nowhere() {
    let app = TestApp::start().await;
    let (admin, agent) = (app.agent("boss", Role::Admin).await, app.agent("lin", Role::Agent).await);
    let pages = routes().into_iter().filter(|route| route.method == Method::GET).map(|route| route.path);
    for path in pages.chain(OPEN.map(str::to_owned)) {
        for looks in [None, Some(&agent), Some(&admin)] {
            let reply = match looks {
                Some(agent) => as_agent(&app, agent, &Method::GET, &path, "").await,
                None => ask(&app, &Method::GET, &path, "", &[]).await,
            };
            let header = |name: &str| reply.headers.get(name).unwrap_or_else(|| panic!("{name} of {path}"));
            let policy = header("content-security-policy").to_str().unwrap();
            for part in
                ["default-src 'none'", "script-src 'self';", "style-src 'self';", "frame-ancestors 'none'"]
            {
                assert!(policy.contains(part), "{path}: {policy}");
            }
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert_eq!(header("x-frame-options"), "DENY", "{path}");
            assert_eq!(header("cache-control"), "no-store", "{path}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
            let inline = [" style=\"", " onclick=", " onload=", "hx-on", "<style", "javascript:"];
            assert!(!inline.iter().any(|part| reply.text.contains(part)), "{path}");
        }
    }
}

async fn as_agent(app: &TestApp, agent: &TestAgent, method: &Method, path: &str, fields: &str) -> Reply {
    let (cookie, token) = (cookie(agent), agent.session.csrf_token());
    ask(app, method, path, fields, &[("cookie", cookie.as_str()), ("x-csrf-token", token.as_str())]).await
}

fn cookie(agent: &TestAgent) -> String {
    format!("shopdesk_session={}", agent.session.expose())
}

async fn ask(app: &TestApp, method: &Method, path: &str, fields: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "localhost")
        .header(header::ACCEPT_LANGUAGE, "en")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::from(fields.to_owned())).unwrap()).await
}
