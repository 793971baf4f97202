//! The settings: people, keys, webhooks, and what stands in the settings file.

use axum::http::{Method, StatusCode};
use serde_json::json;
use shopdesk_server::{AppState, Parts, Role, Scope, Subscription};

use crate::console_login::{PASSWORD, log_in, with_password};
use crate::support::{Reply, TestAgent, TestApp};

#[tokio::test]
async fn somebody_who_is_added_gets_a_link_that_is_shown_once() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let added = add(&app, &admin, "mei", "小梅").await;
    assert_eq!(added.status, StatusCode::OK);
    let secret = added.text.split("/console/invitation#").nth(1).unwrap().split('"').next().unwrap();
    let fields = [("invitation", secret), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(app.submit_with(&[], "/console/invitation", &fields).await.status, StatusCode::OK);
    assert_eq!(log_in(&app, "mei", PASSWORD, "/console").await.status, StatusCode::NO_CONTENT);
    let listed = app.page(&admin, "/console/settings/agents").await.text;
    assert!(listed.contains("小梅") && !listed.contains("/console/invitation#"), "{listed}");
    let mei = app.state.store.agent_by_login("mei").await.unwrap().unwrap().agent;
    assert_eq!(mei.role, Role::Supervisor);
    assert_eq!(mei.skills.intents, ["complaint", "return_request"]);
    assert_eq!((mei.skills.languages, mei.skills.most_tickets), (vec!["zh".to_owned()], 3));
}

#[tokio::test]
async fn what_is_wrong_about_somebody_stands_at_its_field_and_nothing_is_lost() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    for (login, name, text) in [
        ("boss", "小梅", "Somebody has this login name."),
        ("two words", "小梅", "and no spaces"),
        ("mei", " ", "A name has from 1 to 100 characters."),
    ] {
        let refused = add(&app, &admin, login, name).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(text), "{}", refused.text);
        assert!(refused.text.contains(&format!("value=\"{login}\"")), "{}", refused.text);
        assert!(refused.text.contains("value=\"complaint\" checked"), "{}", refused.text);
    }
    assert_eq!(app.state.store.agents().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_name_with_markup_is_text() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let name = "</textarea>\"><img src=x onerror=alert(1)>";
    let added = add(&app, &admin, "mei", name).await;
    assert_eq!(added.status, StatusCode::OK);
    let mei = app.state.store.agent_by_login("mei").await.unwrap().unwrap().agent;
    assert_eq!(mei.name, name);
    for path in ["agents".to_owned(), format!("agents/{}", mei.id), "audit".to_owned()] {
        let page = app.page(&admin, &format!("/console/settings/{path}")).await;
        assert!(!page.text.contains("<img") && !added.text.contains("<img"), "{path}");
    }
}

#[tokio::test]
async fn somebody_is_changed_as_filled_in() {
    let app = TestApp::start().await;
    let (admin, lin) = (app.agent("boss", Role::Admin).await, app.agent("lin", Role::Agent).await);
    let path = format!("/console/settings/agents/{}", lin.id);
    let fields = [("name", "小林"), ("role", "supervisor"), ("most_tickets", "0"), ("intent", "complaint")];
    let saved = app.submit(&admin, &path, &fields).await;
    assert!(saved.status == 200 && saved.text.contains("Saved."), "{}", saved.text);
    let found = app.state.store.agent(lin.id.parse().unwrap()).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.role, found.skills.most_tickets), ("小林", Role::Supervisor, 0));
    assert_eq!(found.skills.intents, ["complaint"]);
    let wrong = [("name", "小林"), ("role", "agent"), ("most_tickets", "many")];
    let refused = app.submit(&admin, &path, &wrong).await;
    assert!(refused.status == 422 && refused.text.contains("value=\"many\""), "{}", refused.text);
    assert_eq!(app.state.store.agent(lin.id.parse().unwrap()).await.unwrap().unwrap(), found);
}

#[tokio::test]
async fn a_new_invitation_replaces_the_one_before() {
    let app = TestApp::start().await;
    let (admin, lin) = (app.agent("boss", Role::Admin).await, app.agent("lin", Role::Agent).await);
    let path = format!("/console/settings/agents/{}/invitation", lin.id);
    let secret = |reply: &Reply| {
        let rest = reply.text.split("/console/invitation#").nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let first = secret(&app.submit(&admin, &path, &[]).await);
    let second = secret(&app.submit(&admin, &path, &[]).await);
    for (secret, status) in [(first, 404), (second, 200)] {
        let fields = [("invitation", secret.as_str()), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(app.submit_with(&[], "/console/invitation", &fields).await.status.as_u16(), status);
    }
}

#[tokio::test]
async fn whoever_is_deactivated_is_out_until_activated_again() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let lin = with_password(&app, "lin").await;
    let path = format!("/console/settings/agents/{}/active", lin.id);
    let off = app.submit(&admin, &path, &[("is_active", "false")]).await;
    assert!(off.status == 200 && off.text.contains("Not active"), "{}", off.text);
    assert_eq!(app.page(&lin, "/console/account").await.status, StatusCode::SEE_OTHER);
    assert_eq!(log_in(&app, "lin", PASSWORD, "/console").await.status, StatusCode::UNAUTHORIZED);
    app.submit(&admin, &path, &[("is_active", "true")]).await;
    assert_eq!(log_in(&app, "lin", PASSWORD, "/console").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn nobody_deactivates_themselves() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    app.agent("other", Role::Admin).await;
    let path = format!("/console/settings/agents/{}", admin.id);
    let off = app.submit(&admin, &format!("{path}/active"), &[("is_active", "false")]).await;
    assert_eq!(off.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(off.headers["hx-retarget"], "#notice");
    let page = app.page(&admin, &path).await.text;
    assert!(!page.contains("is_active") && page.contains("This is your own account"), "{page}");
}

#[tokio::test]
async fn an_administrator_stays_whoever_asks() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let key = app.key(&[Scope::Admin]).await;
    let path = format!("/v1/agents/{}", admin.id);
    for body in [json!({ "is_active": false }), json!({ "role": "supervisor" })] {
        let refused = app.with_token(&key, Method::PATCH, &path, Some(body.clone())).await;
        assert_eq!(refused.problem(), (409, "last-administrator".to_owned()), "{body}");
    }
    app.agent("other", Role::Admin).await;
    let body = json!({ "role": "supervisor" });
    let changed = app.with_token(&key, Method::PATCH, &path, Some(body)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
}

#[tokio::test]
async fn a_key_is_shown_once_and_works_until_it_is_revoked() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let path = "/console/settings/keys";
    let made = app.submit(&admin, path, &[("name", "ERP"), ("scope", "tickets"), ("scope", "stats")]).await;
    let key = made.text.split("value=\"sd_").nth(1).unwrap().split('"').next().unwrap();
    let key = format!("sd_{key}");
    let listed = app.page(&admin, path).await.text;
    assert!(listed.contains("ERP") && !listed.contains(&key), "{listed}");
    let ask = async |path: &str| app.with_token(&key, Method::GET, path, None).await.status;
    assert_eq!((ask("/v1/tickets").await.as_u16(), ask("/v1/stats").await.as_u16()), (200, 200));
    assert_eq!(ask("/v1/keys").await, StatusCode::FORBIDDEN);
    let id = key.split('_').nth(1).unwrap();
    let revoked = app.submit(&admin, &format!("{path}/{id}/revoke"), &[]).await;
    assert!(revoked.status == 200 && revoked.text.contains("Revoked"), "{}", revoked.text);
    assert_eq!(ask("/v1/tickets").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_key_without_name_or_scope_is_not_made() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    for (fields, text, kept) in [
        (
            vec![("name", " "), ("scope", "stats")],
            "A name has from 1 to 100 characters.",
            "value=\"stats\" checked",
        ),
        (vec![("name", "ERP"), ("scope", "all")], "Choose at least one.", "value=\"ERP\""),
    ] {
        let refused = app.submit(&admin, "/console/settings/keys", &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text.contains(text) && refused.text.contains(kept), "{}", refused.text);
    }
    assert!(app.state.store.keys().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_delivery_that_was_given_up_is_shown_and_tried_again() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let subscriptions = vec![Subscription { endpoint: "crm".to_owned(), events: Vec::new() }];
    let store = app.state.store.clone().with_subscriptions(subscriptions);
    let state = AppState::new(Parts { store, ..Parts::clone(&app.state) });
    let subscribed = app.over(state);
    subscribed.say(&subscribed.conversation().await, "怎么退货").await;
    app.execute("UPDATE deliveries SET state = 'dead', attempts = 9, last_error = 'it answered <b>503'")
        .await;
    let path = "/console/settings/webhooks";
    let shown = app.page(&admin, &format!("{path}?state=dead")).await.text;
    assert!(
        shown.contains("it answered &#60;b&#62;503") || shown.contains("it answered &lt;b&gt;503"),
        "{shown}"
    );
    let dead = app.state.store.deliveries(Some("dead"), 10).await.unwrap();
    let retried = app.submit(&admin, &format!("{path}/{}/retry?state=dead", dead[0].id), &[]).await;
    assert_eq!(retried.status, StatusCode::OK);
    assert!(!retried.text.contains(&dead[0].id), "{}", retried.text);
    let waiting = app.state.store.deliveries(Some("waiting"), 10).await.unwrap();
    assert_eq!(waiting[0].id, dead[0].id);
    let again = app.submit(&admin, &format!("{path}/{}/retry", dead[0].id), &[]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

/// What is said of what only the settings file says, and of what can be saved over it.
const RESTART: &str = "a restart takes it over";
const OVER_FILE: &str = "What is saved here comes before it.";

#[tokio::test]
async fn what_stands_in_the_settings_file_is_shown_with_its_keys() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let bundle = app.state.assessor.triage().bundle_id().to_string();
    for (tab, shown) in [
        ("sites", vec!["https://shop.example.com", "origins", "shop.default_language", RESTART]),
        ("hours", vec!["Monday", "0:00-24:00", "first_response_minutes", "value=\"50\"", OVER_FILE]),
        ("promise", vec![bundle.as_str(), "max_error", "policy.answer_probability", OVER_FILE, RESTART]),
        (
            "limits",
            vec!["limits.per_visitor", "10000 a minute", "database.retention_days", "for good", RESTART],
        ),
    ] {
        let page = app.page(&admin, &format!("/console/settings/{tab}")).await.text;
        for text in shown {
            assert!(page.contains(text), "`{text}` on {tab}: {page}");
        }
    }
}

#[tokio::test]
async fn who_is_there_is_seen() {
    let app = TestApp::start().await;
    let (admin, lin) = (app.agent("boss", Role::Admin).await, app.agent("lin", Role::Agent).await);
    let listed = app.page(&admin, "/console/settings/agents").await.text;
    assert!(listed.contains("Never logged in"), "{listed}");
    app.page(&lin, "/console/account").await;
    let listed = app.page(&admin, "/console/settings/agents").await.text;
    assert!(!listed.contains("Never logged in") && listed.contains("There now"), "{listed}");
    assert!(app.state.store.last_seen().await.unwrap().contains_key(&lin.id.parse().unwrap()));
}

#[tokio::test]
async fn every_limit_of_the_settings_file_is_shown() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let page = app.page(&admin, "/console/settings/limits").await.text;
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shop/shopdesk.toml");
    let settings: toml::Table = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for limit in settings["limits"].as_table().unwrap().keys() {
        assert!(page.contains(&format!("<code>limits.{limit}</code>")), "{limit}");
    }
}

async fn add(app: &TestApp, admin: &TestAgent, login: &str, name: &str) -> Reply {
    let fields = [
        ("login", login),
        ("name", name),
        ("role", "supervisor"),
        ("most_tickets", "3"),
        ("language", "zh"),
        ("intent", "return_request"),
        ("intent", "complaint"),
    ];
    app.submit(admin, "/console/settings/agents", &fields).await
}
