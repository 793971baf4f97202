//! The audit log in the console: found, read page by page, taken out.

use axum::http::{StatusCode, header};
use shopdesk_server::{AuditFilter, Role};

use crate::support::TestApp;

#[tokio::test]
async fn the_log_is_found_by_person_and_action() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    for (actor, action) in [("lin", "login"), ("mei", "ticket.view")] {
        app.state.store.keep_audit(actor, action, None, Some(format!("by {actor}"))).await.unwrap();
    }
    let shows = async |query: &str| {
        let page = app.page(&admin, &format!("/console/settings/audit{query}")).await.text;
        (page.contains("by lin"), page.contains("by mei"))
    };
    assert_eq!(shows("").await, (true, true));
    assert_eq!(shows("?actor=lin&action=&from=&until=").await, (true, false));
    assert_eq!(shows("?action=ticket.view").await, (false, true));
    assert_eq!(shows("?until=2020-01-01").await, (false, false));
    assert_eq!(shows("?from=nonsense&after=nonsense").await, (true, true));
}

#[tokio::test]
async fn more_entries_than_a_page_holds_are_read_on() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    for number in 0..120 {
        app.state.store.keep_audit("lin", "login", None, Some(format!("[{number}]"))).await.unwrap();
    }
    let page = app.page(&admin, "/console/settings/audit?actor=lin").await.text;
    assert!(page.contains("[119]") && page.contains("[20]") && !page.contains("[19]"));
    let more = page.split("hx-get=\"").nth(1).unwrap().split('"').next().unwrap();
    let more = more.replace("&#38;", "&").replace("&amp;", "&");
    let rest = app.page(&admin, &more).await.text;
    assert!(rest.contains("[19]") && rest.contains("[0]") && !rest.contains("[20]"));
    assert!(!rest.contains("hx-get="));
}

#[tokio::test]
async fn the_log_is_taken_out_as_a_table_in_which_nothing_is_a_formula() {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    let formula = "=HYPERLINK(\"http://x\",\"y\")";
    app.state.store.keep_audit(formula, "login.refused", None, Some("@SUM(A1)".to_owned())).await.unwrap();
    app.state.store.keep_audit("mei", "ticket.view", None, None).await.unwrap();
    let table = app.page(&admin, "/console/settings/audit.csv?action=login.refused").await;
    assert_eq!(table.status, StatusCode::OK);
    assert_eq!(table.headers[header::CONTENT_TYPE], "text/csv; charset=utf-8");
    assert!(table.headers[header::CONTENT_DISPOSITION].to_str().unwrap().contains("attachment"));
    let lines: Vec<&str> = table.text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 2, "{}", table.text);
    assert!(lines[1].contains("\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""), "{}", lines[1]);
    assert!(lines[1].ends_with("\"'@SUM(A1)\""), "{}", lines[1]);
    let taken = AuditFilter { actor: Some("boss".to_owned()), limit: 10, ..AuditFilter::default() };
    let taken = app.state.store.audit(&taken).await.unwrap().entries;
    assert_eq!(taken[0].action, "audit.export");
    assert_eq!(taken[0].detail.as_deref(), Some("action=login.refused"));
}
