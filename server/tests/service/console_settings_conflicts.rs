//! Settings that several people change, on several servers: nobody takes back what another one chose without knowing, and everybody hears of it.

use std::sync::Arc;

use axum::http::StatusCode;
use shopdesk_server::{AppState, Chosen, Parts, Role};

use crate::support::TestApp;

const HOURS: &str = "/console/settings/hours";
const SITES: &str = "/console/settings/sites";

#[tokio::test]
async fn whoever_was_slower_is_told_and_keeps_what_they_typed() {
    let app = TestApp::start().await;
    let (boss, mei) = (app.agent("boss", Role::Admin).await, app.agent("mei", Role::Admin).await);
    let first = app.submit(&boss, HOURS, &[("since", "0"), ("mon", "9:00-12:00")]).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    let slower = app.submit(&mei, HOURS, &[("since", "0"), ("mon", "10:00-18:00")]).await;
    assert_eq!(slower.status, StatusCode::CONFLICT);
    assert!(slower.text.contains("Not saved: boss changed this meanwhile"), "{}", slower.text);
    assert!(slower.text.contains("value=\"10:00-18:00\""), "{}", slower.text);
    assert!(app.page(&mei, HOURS).await.text.contains("value=\"9:00-12:00\""));
    // The form that was shown names the change that it would replace.
    assert!(slower.text.contains("name=\"since\" value=\"1\""), "{}", slower.text);
    let knowing = app.submit(&mei, HOURS, &[("since", "1"), ("mon", "10:00-18:00")]).await;
    assert!(knowing.status == 200 && knowing.text.contains("Saved."), "{}", knowing.text);
    let late = app.submit(&boss, &format!("{HOURS}/reset"), &[("since", "1")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    assert!(
        late.text.contains("Not done: mei changed this") && late.text.contains("10:00-18:00"),
        "{}",
        late.text
    );
    let unsaid = app.submit(&boss, HOURS, &[("mon", "")]).await;
    assert_eq!(unsaid.status, StatusCode::CONFLICT, "a form that does not say what it was made from");
}

#[tokio::test]
async fn sections_do_not_disturb_each_other() {
    let app = TestApp::start().await;
    let boss = app.agent("boss", Role::Admin).await;
    for (path, fields) in [
        (HOURS, vec![("mon", "9:00-12:00")]),
        ("/console/settings/promise", vec![("max_error", "3"), ("confidence", "80")]),
        ("/console/settings/sites/change", vec![("site", "main")]),
    ] {
        let fields = [&[("since", "0")][..], &fields].concat();
        let saved = app.submit(&boss, path, &fields).await;
        assert_eq!(saved.status, StatusCode::OK, "{path}: {}", saved.text);
    }
    assert_eq!(app.state.store.settings_revision().await.unwrap(), 3);
}

#[tokio::test]
async fn another_server_has_a_change_after_its_next_look() {
    let app = TestApp::start().await;
    let boss = app.agent("boss", Role::Admin).await;
    let chosen = Arc::new(Chosen::by_file(&app.state.settings));
    let other = app.over(AppState::new(Parts { chosen, ..Parts::clone(&app.state) }));
    let open_now = async |app: &TestApp| app.get("/v1/sites/main").await.json()["open_now"].clone();
    app.submit(&boss, HOURS, &[("since", "0")]).await;
    app.submit(&boss, SITES, &[("name", "outlet"), ("origins", "")]).await;
    assert_eq!((open_now(&app).await, open_now(&other).await), (false.into(), true.into()));
    assert_eq!(other.get("/v1/sites/outlet").await.status, StatusCode::NOT_FOUND);
    other.state.follow_choices().await.unwrap();
    assert_eq!(open_now(&other).await, false);
    assert_eq!(other.get("/v1/sites/outlet").await.status, StatusCode::OK);
    other.submit(&boss, &format!("{HOURS}/reset"), &[("since", "1")]).await;
    assert_eq!((open_now(&app).await, open_now(&other).await), (false.into(), true.into()));
    app.state.follow_choices().await.unwrap();
    assert_eq!(open_now(&app).await, true);
}

#[tokio::test]
async fn a_restart_keeps_what_was_chosen() {
    let app = TestApp::start().await;
    let boss = app.agent("boss", Role::Admin).await;
    app.submit(&boss, HOURS, &[("since", "0")]).await;
    let chosen = Arc::new(Chosen::by_file(&app.state.settings));
    let state = AppState::new(Parts { chosen, ..Parts::clone(&app.state) });
    let app = app.with_state(state).restarted().await;
    app.state.follow_choices().await.unwrap();
    assert_eq!(app.get("/v1/sites/main").await.json()["open_now"], false);
}

#[tokio::test]
async fn what_is_changed_is_in_the_audit_log_with_who_and_what() {
    let app = TestApp::start().await;
    let boss = app.agent("boss", Role::Admin).await;
    app.submit(&boss, HOURS, &[("since", "0"), ("mon", "9:00-12:00")]).await;
    app.submit(&boss, &format!("{HOURS}/reset"), &[("since", "1")]).await;
    app.submit(&boss, SITES, &[("name", "outlet"), ("origins", "")]).await;
    let entries = app.audit(10).await;
    let done: Vec<_> =
        entries.iter().map(|entry| (entry.action.as_str(), entry.subject.as_deref())).collect();
    let expected = [
        ("settings.change", Some("sites.outlet")),
        ("settings.reset", Some("hours")),
        ("settings.change", Some("hours")),
    ];
    assert_eq!(done, expected);
    assert!(entries.iter().all(|entry| entry.actor == "boss"));
    assert!(entries[2].detail.as_ref().unwrap().contains("\"mon\":[\"9:00-12:00\"]"), "{entries:?}");
    let page = app.page(&boss, "/console/settings/audit").await.text;
    for text in [
        "Changed settings",
        "Went back to the settings file",
        "href=\"/console/settings/hours\"",
        "sites.outlet",
    ] {
        assert!(page.contains(text), "`{text}` in {page}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_leaves_the_file_in_force_and_is_said() {
    let app = TestApp::start().await;
    let boss = app.agent("boss", Role::Admin).await;
    app.execute("INSERT INTO settings (section, value, revision, updated_by, updated_at) VALUES ('hours', '{\"mon\": [\"whenever\"]}', 1, 'mei', 0)").await;
    app.execute("INSERT INTO settings (section, value, revision, updated_by, updated_at) VALUES ('weather', '{}', 2, 'mei', 0)").await;
    app.state.follow_choices().await.unwrap();
    assert_eq!(app.get("/v1/sites/main").await.json()["open_now"], true);
    let page = app.page(&boss, HOURS).await.text;
    assert!(page.contains("This version cannot read what was saved here before"), "{page}");
    let back = app.submit(&boss, &format!("{HOURS}/reset"), &[("since", "1")]).await;
    assert!(back.status == 200 && !back.text.contains("This version cannot read"), "{}", back.text);
}
