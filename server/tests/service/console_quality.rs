//! The console's figures: the promise and what was measured of it, answers to review, reports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use axum::http::{Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use shopdesk_server::{
    ConversationId, Due, Message, NewConversation, NewMessage, Outcome, Reply, ReplyKind, Role, Settings,
    Settled, Store,
};

use crate::support::{TestAgent, TestApp, settings};

const REVIEWS: &str = "/console/quality/reviews";

/// Keeps an article's answer to a shopper's message.
pub(crate) async fn answered(store: &Store, text: &str) -> Message {
    let new = NewConversation {
        site: "main".to_owned(),
        channel: "widget".to_owned(),
        language: None,
        customer: None,
        context: BTreeMap::new(),
    };
    let id: ConversationId = store.create_conversation(new).await.unwrap().id;
    let new = NewMessage { text: text.to_owned(), client_message_id: None, choice: None, reopens: true };
    let asked = store.receive(id, new, |_| Due::default()).await.unwrap().unwrap().message;
    let outcome =
        Outcome { text: "an answer".to_owned(), reply: Reply::plain(ReplyKind::Answer, None), ticket: None };
    match store.settle(id, (&asked, &asked), false, outcome).await.unwrap() {
        Settled::Replied { reply, .. } => *reply,
        other => panic!("no reply: {other:?}"),
    }
}

/// The answer that a page asks about.
fn asked_about(page: &str) -> Option<String> {
    let rest = page.split("<form class=\"card\" hx-post=\"/console/quality/reviews/").nth(1)?;
    rest.split('?').next().map(ToOwned::to_owned)
}

async fn reviewed(app: &TestApp, agent: &TestAgent, message: &str, verdict: &str, intent: &str) -> String {
    let fields = [("verdict", verdict), ("intent", intent)];
    let reply = app.submit(agent, &format!("{REVIEWS}/{message}?days=7"), &fields).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.text
}

#[tokio::test]
async fn figures_are_for_supervisors() {
    let app = TestApp::start().await;
    let (agent, supervisor) = (app.agent("an", Role::Agent).await, app.agent("su", Role::Supervisor).await);
    for path in [
        "/console/quality",
        REVIEWS,
        "/console/quality/reports",
        "/console/learning",
        "/console/learning/training",
    ] {
        assert_eq!(app.page(&agent, path).await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(app.page(&supervisor, path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(app.page(&agent, "/console/quality/reports/x").await.status, StatusCode::FORBIDDEN);
    let message = answered(&app.state.store, "?").await.id;
    let steps: [(String, &[(&str, &str)]); 6] = [
        (format!("{REVIEWS}/{message}"), &[("verdict", "right")]),
        (format!("{REVIEWS}/{message}/undo"), &[]),
        ("/console/learning/labels".to_owned(), &[("ticked", "approve")]),
        ("/console/learning/training".to_owned(), &[]),
        ("/console/learning/switch".to_owned(), &[("bundle", "b")]),
        ("/console/learning/roll-back".to_owned(), &[("bundle", "b")]),
    ];
    for (path, fields) in steps {
        assert_eq!(app.submit(&agent, &path, fields).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let (from, until) = (Timestamp::UNIX_EPOCH, Timestamp::now() + SignedDuration::from_hours(1));
    assert_eq!(app.state.store.review_figures(from, until).await.unwrap().reviewed(), 0);
}

#[tokio::test]
async fn the_promise_stands_first_with_what_reviews_say_of_it() {
    let app = TestApp::start().await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let before = app.page(&supervisor, "/console/quality").await.text;
    assert!(
        before.contains("At most 10.0 % of the automatic answers are wrong, with 60.0 % confidence."),
        "{before}"
    );
    assert!(before.contains("Nothing was reviewed on these days"));
    for (text, verdict) in [("a", "right"), ("b", "right"), ("c", "wrong"), ("d", "unclear")] {
        let message = answered(&app.state.store, text).await.id.to_string();
        reviewed(&app, &supervisor, &message, verdict, "").await;
    }
    let after = app.page(&supervisor, "/console/quality?days=7").await.text;
    // SciPy: binomtest(1, 3).proportion_ci(0.95, 'exact') is 0.0084 to 0.9057.
    assert!(after.contains("1 of 3 were wrong; 95 % interval 0.8 % to 90.6 %."), "{after}");
    assert!(after.contains("4 of 4 automatic answers were reviewed; 1 were unclear"), "{after}");
}

#[tokio::test]
async fn every_answer_is_asked_about_once_in_an_order_that_stays() {
    let app = TestApp::start().await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let mut all = BTreeSet::new();
    for text in ["a", "b", "c", "d"] {
        all.insert(answered(&app.state.store, text).await.id.to_string());
    }
    let first = asked_about(&app.page(&supervisor, REVIEWS).await.text).unwrap();
    assert_eq!(asked_about(&app.page(&supervisor, REVIEWS).await.text), Some(first.clone()));
    let (mut seen, mut next) = (BTreeSet::new(), Some(first));
    while let Some(message) = next {
        let page = reviewed(&app, &supervisor, &message, "right", "").await;
        assert!(seen.insert(message), "an answer came twice");
        next = asked_about(&page);
    }
    assert_eq!(seen, all);
    assert!(
        app.page(&supervisor, REVIEWS)
            .await
            .text
            .contains("All automatic answers of these days were reviewed.")
    );
}

#[tokio::test]
async fn an_answer_is_judged_once_and_a_slip_is_taken_back_by_whoever_made_it() {
    let app = TestApp::start().await;
    let (one, other) = (app.agent("one", Role::Supervisor).await, app.agent("two", Role::Supervisor).await);
    let message = answered(&app.state.store, "a").await.id.to_string();
    let figures = async || {
        let until = Timestamp::now() + SignedDuration::from_hours(1);
        let figures = app.state.store.review_figures(Timestamp::UNIX_EPOCH, until).await.unwrap();
        (figures.right, figures.wrong)
    };
    reviewed(&app, &one, &message, "right", "").await;
    reviewed(&app, &other, &message, "wrong", "").await;
    assert_eq!(figures().await, (1, 0));
    app.submit(&other, &format!("{REVIEWS}/{message}/undo"), &[]).await;
    assert_eq!(figures().await, (1, 0));
    app.submit(&one, &format!("{REVIEWS}/{message}/undo"), &[]).await;
    assert_eq!(figures().await, (0, 0));
}

#[tokio::test]
async fn what_shoppers_wrote_is_masked_and_runs_nothing() {
    let app = TestApp::start().await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    answered(&app.state.store, "</textarea><script>alert(1)</script> 电话13812345678").await;
    let page = app.page(&supervisor, REVIEWS).await.text;
    assert!(page.contains("alert(1)") && page.contains("[phone]"), "{page}");
    assert!(!page.contains("<script>alert") && !page.contains("13812345678"), "{page}");
}

#[tokio::test]
async fn an_intent_that_the_shop_does_not_have_is_no_verdict() {
    let app = TestApp::start().await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let message = answered(&app.state.store, "a").await.id;
    let fields = [("verdict", "wrong"), ("intent", "anything")];
    let reply = app.submit(&supervisor, &format!("{REVIEWS}/{message}"), &fields).await;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    reviewed(&app, &supervisor, &message.to_string(), "wrong", "out_of_scope").await;
    let (waiting, _) = app.state.store.waiting_labels(10).await.unwrap();
    assert_eq!(waiting.iter().map(|label| label.new.as_str()).collect::<Vec<_>>(), ["out_of_scope"]);
}

#[tokio::test]
async fn days_that_are_no_range_are_said_at_the_field_and_kept() {
    let app = TestApp::start().await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let page = app.page(&supervisor, "/console/quality?from=2026-11-30&until=2026-11-01").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.text.contains("id=\"range-wrong\"") && page.text.contains("value=\"2026-11-30\""),
        "{}",
        page.text
    );
}

#[tokio::test]
async fn a_report_is_listed_and_opened_under_its_own_policy() {
    let folder = tempfile::tempdir().unwrap();
    let hash = format!("sha256-{}=", "A".repeat(43));
    report(&folder.path().join("2026-11"), &hash);
    std::fs::write(folder.path().join("report.html"), "outside").unwrap();
    let settings = Settings { reports: folder.path().to_path_buf(), ..settings() };
    let app = TestApp::with_settings(256, Timestamp::now, settings).await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let list = app.page(&supervisor, "/console/quality/reports").await.text;
    assert!(list.contains("/console/quality/reports/2026-11") && list.contains("tickets.csv"), "{list}");
    let page = app.page(&supervisor, "/console/quality/reports/2026-11").await;
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.starts_with("sandbox allow-scripts") && policy.contains(&hash), "{policy}");
    assert!(page.text.contains("the report"));
    for away in ["..", "%2e%2e", "..%2f2026-11", "2026-11%2f..%2f2026-11", "%2fetc", "nothing"] {
        let reply = app.page(&supervisor, &format!("/console/quality/reports/{away}")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{away}");
    }
}

fn report(folder: &Path, hash: &str) {
    std::fs::create_dir(folder).unwrap();
    let policy = format!("default-src 'none'; style-src '{hash}'; script-src '{hash}'; base-uri 'none'");
    std::fs::write(folder.join("report.html"), format!("<meta content=\"{policy}\">the report")).unwrap();
    let report = json!({
        "source": { "data": "tickets.csv", "bundle": "0123456789ab", "day": "2026-11-22" },
        "data": { "messages": 9 },
        "metrics": { "accuracy": 0.5 },
        "promise": { "error": 0.0, "verdict": "proved" },
    });
    std::fs::write(folder.join("report.json"), report.to_string()).unwrap();
}

#[tokio::test]
async fn a_request_without_the_token_of_a_page_judges_nothing() {
    let app = TestApp::start().await;
    let supervisor = app.agent("su", Role::Supervisor).await;
    let message = answered(&app.state.store, "a").await.id;
    let cookie = format!("shopdesk_session={}", supervisor.session.expose());
    let headers = [(header::COOKIE.as_str(), cookie)];
    let reply = app.submit_with(&headers, &format!("{REVIEWS}/{message}"), &[("verdict", "right")]).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
    let without = app.request(Method::GET, REVIEWS, None).await;
    assert_eq!(without.status, StatusCode::SEE_OTHER);
}
