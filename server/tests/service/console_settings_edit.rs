//! Settings that the console changes: in force at once, and the file's again when somebody goes back.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use shopdesk_server::Role;

use crate::support::{Reply, TestAgent, TestApp};

const HOURS: &str = "/console/settings/hours";
const DEADLINES: &str = "/console/settings/deadlines";
const SITES: &str = "/console/settings/sites";
const PROMISE: &str = "/console/settings/promise";

#[tokio::test]
async fn hours_hold_as_soon_as_they_are_saved_and_until_somebody_goes_back() {
    let (app, admin) = start().await;
    let day = Timestamp::now().to_zoned(TimeZone::UTC).date().checked_add(2.days()).unwrap();
    let dates = format!("{day} 9：00～12：00");
    let saved = app.submit(&admin, HOURS, &[("since", "0"), ("dates", dates.as_str())]).await;
    assert!(saved.status == 200 && saved.text.contains("Saved."), "{}", saved.text);
    assert!(saved.text.contains(&format!("{day} 9:00-12:00")), "{}", saved.text);
    assert!(saved.text.contains("Changed by boss, "), "{}", saved.text);
    let shown = handed_over(&app).await;
    assert_eq!(shown["waiting"]["open_now"], false);
    assert_eq!(shown["waiting"]["opens_at"], format!("{day}T09:00:00Z"));
    let said = shown["messages"].as_array().unwrap().last().unwrap()["text"].as_str().unwrap();
    assert!(said.contains("仅个别日期"), "{said}");
    let back = app.submit(&admin, &format!("{HOURS}/reset"), &[("since", "1")]).await;
    assert!(back.status == 200 && back.text.contains("is in force again"), "{}", back.text);
    assert_eq!(handed_over(&app).await["waiting"]["open_now"], true);
    let page = app.page(&admin, HOURS).await.text;
    assert!(page.contains("boss went back to the file, ") && page.contains("0:00-24:00"), "{page}");
    assert!(!page.contains("/console/settings/hours/reset"), "{page}");
}

#[tokio::test]
async fn deadlines_are_for_tickets_that_come_from_then_on() {
    let (app, admin) = start().await;
    handed_over(&app).await;
    let saved = save_deadlines(&app, &admin, "0", ["7", "70", "75"]).await;
    assert!(saved.status == 200 && saved.text.contains("Saved."), "{}", saved.text);
    assert!(saved.text.contains("value=\"75\""), "{}", saved.text);
    handed_over(&app).await;
    save_deadlines(&app, &admin, "1", ["1", "1", "100"]).await;
    app.submit(&admin, &format!("{DEADLINES}/reset"), &[("since", "2")]).await;
    handed_over(&app).await;
    let mut tickets = app.tickets().await;
    tickets.sort_by_key(|ticket| ticket.opened_at);
    let minutes: Vec<_> = tickets
        .iter()
        .map(|ticket| {
            // The deadlines are counted from a moment before the ticket is on disk.
            let until =
                |due: Option<Timestamp>| (due.unwrap().duration_since(ticket.opened_at).as_secs() + 30) / 60;
            (until(ticket.first_response_due), until(ticket.resolution_due))
        })
        .collect();
    assert_eq!(minutes, [(10, 60), (7, 70), (10, 60)]);
}

#[tokio::test]
async fn pages_of_an_origin_may_talk_as_long_as_it_is_named() {
    let (app, admin) = start().await;
    let (new, old) = ("https://new.example.com", "https://shop.example.com");
    let named = async |app: &TestApp| [begin(app, new, "main").await, begin(app, old, "main").await];
    let statuses = |replies: [Reply; 2]| replies.map(|reply| reply.status.as_u16());
    assert_eq!(statuses(named(&app).await), [403, 201]);
    let fields = [
        ("site", "main"),
        ("since", "0"),
        ("origins", "https://NEW.example.com/\r\n\r\n"),
        ("position", "left"),
    ];
    let saved = app.submit(&admin, &format!("{SITES}/change"), &fields).await;
    assert!(saved.status == 200 && saved.text.contains(new), "{}", saved.text);
    let [begun, refused] = named(&app).await;
    assert_eq!((begun.status, refused.status), (StatusCode::CREATED, StatusCode::FORBIDDEN));
    assert_eq!(begun.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], new);
    assert!(!refused.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    assert_eq!(app.get("/v1/sites/main").await.json()["position"], "left");
    let back = app.submit(&admin, &format!("{SITES}/reset"), &[("site", "main"), ("since", "1")]).await;
    assert!(back.status == 200 && back.text.contains(old), "{}", back.text);
    assert_eq!(statuses(named(&app).await), [403, 201]);
    assert_eq!(app.get("/v1/sites/main").await.json()["position"], "right");
}

#[tokio::test]
async fn a_site_is_added_changed_and_removed() {
    let (app, admin) = start().await;
    let origin = "https://outlet.example.com";
    assert_eq!(begin(&app, origin, "outlet").await.problem(), (404, "no-site".to_owned()));
    let added = app.submit(&admin, SITES, &[("name", "outlet"), ("origins", origin)]).await;
    assert!(added.status == 200 && added.text.contains("This site was added here"), "{}", added.text);
    assert_eq!(begin(&app, origin, "outlet").await.status, StatusCode::CREATED);
    assert_eq!(app.get("/v1/sites/outlet").await.json()["name"]["en"], "Help");
    let markup = "</textarea>\"><script>alert(1)</script>";
    let fields =
        [("site", "outlet"), ("since", "1"), ("origins", origin), ("name.en", markup), ("color", "#abc")];
    let changed = app.submit(&admin, &format!("{SITES}/change"), &fields).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text);
    let site = app.get("/v1/sites/outlet").await.json();
    assert_eq!((&site["name"]["en"], &site["color"]), (&json!(markup), &json!("#abc")));
    for page in [SITES, "/console/settings/audit"] {
        let page = app.page(&admin, page).await.text;
        assert!(!changed.text.contains("<script>alert") && !page.contains("<script>alert"), "{page}");
    }
    let removed = app.submit(&admin, &format!("{SITES}/reset"), &[("site", "outlet"), ("since", "2")]).await;
    assert!(removed.status == 200 && removed.text.contains("“outlet” is removed"), "{}", removed.text);
    assert_eq!(begin(&app, origin, "outlet").await.problem(), (404, "no-site".to_owned()));
    let again = app.submit(&admin, SITES, &[("name", "outlet"), ("origins", "")]).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
}

#[tokio::test]
async fn the_next_training_promises_what_was_saved_and_the_bundle_in_use_keeps_its_own() {
    let (app, admin) = start().await;
    let differs = "The bundle in use keeps another promise";
    let page = app.page(&admin, PROMISE).await.text;
    assert!(!page.contains(differs) && page.contains("value=\"10\"") && page.contains("10.0 %"), "{page}");
    let fields =
        [("since", "0"), ("max_error", "5"), ("confidence", "90 %"), ("intents.return_request", "2.5")];
    let saved = app.submit(&admin, PROMISE, &fields).await;
    assert!(saved.status == 200 && saved.text.contains("href=\"/console/learning\""), "{}", saved.text);
    let promise = app.state.choices().promise.promise();
    let own: Vec<_> = promise.intents.iter().map(|(intent, share)| (intent.as_str(), *share)).collect();
    assert_eq!((promise.max_error, promise.confidence, own), (0.05, 0.9, vec![("return_request", 0.025)]));
    let page = app.page(&admin, PROMISE).await.text;
    assert!(page.contains(differs) && page.contains("value=\"5\"") && page.contains("10.0 %"), "{page}");
    let back = app.submit(&admin, &format!("{PROMISE}/reset"), &[("since", "1")]).await;
    assert!(back.status == 200 && !back.text.contains(differs), "{}", back.text);
    assert_eq!(app.state.choices().promise.promise().max_error, 0.1);
}

#[tokio::test]
async fn what_cannot_be_is_said_at_its_field_and_changes_nothing() {
    let (app, admin) = start().await;
    let change = format!("{SITES}/change");
    let path = |path: &str| path.to_owned();
    let site = [("site", "main"), ("origins", "https://shop.example.com")];
    for (path, fields, message) in [
        (path(HOURS), vec![("mon", "9-22")], "“9-22” is no interval."),
        (path(HOURS), vec![("sun", "22:00-2:00")], "“22:00-2:00” ends before it starts."),
        (path(HOURS), vec![("tue", "9:00-12:00, 11:00-13:00")], "“11:00-13:00” overlaps"),
        (path(HOURS), vec![("dates", "2026-10-01\nsomeday")], "Line 2: “someday” is no date."),
        (
            path(HOURS),
            vec![("dates", "2026-10-01\n2026-10-1 9:00-10:00")],
            "Line 2: “2026-10-01” is there twice.",
        ),
        (
            path(PROMISE),
            vec![("max_error", "0"), ("confidence", "95")],
            "Give a number above 0 and below 100",
        ),
        (
            path(PROMISE),
            vec![("max_error", "2"), ("confidence", "surely")],
            "Give a number above 0 and below",
        ),
        (
            path(PROMISE),
            vec![("max_error", "2"), ("confidence", "95"), ("intents.complaint", "100")],
            "Give a number above 0 and below 100",
        ),
        (
            change.clone(),
            vec![("site", "main"), ("origins", "shop.example.com/x")],
            "“shop.example.com/x” is no origin.",
        ),
        (change.clone(), [&site[..], &[("color", "red")]].concat(), "“red” is no colour."),
        (path(SITES), vec![("name", "Outlet"), ("origins", "")], "A short name has from 1 to 40 characters"),
        (path(SITES), vec![("name", "main"), ("origins", "")], "There is a site of this name."),
        (path(SITES), vec![("name", "outlet"), ("origins", "ftp://x")], "“ftp://x” is no origin."),
    ] {
        let fields = [&[("since", "0")][..], &fields].concat();
        let refused = app.submit(&admin, &path, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {fields:?}");
        assert!(refused.text.contains(message), "`{message}` in {}", refused.text);
        let (_, typed) = fields[fields.len() - 1];
        for line in typed.lines() {
            assert!(refused.text.contains(line), "`{line}` in {}", refused.text);
        }
    }
    for [first, resolution, warn_at] in [["0", "60", "50"], ["10", "1.5", "50"], ["10", "60", "101"]] {
        let refused = save_deadlines(&app, &admin, "0", [first, resolution, warn_at]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{first} {resolution} {warn_at}");
        assert!(refused.text.contains(&format!("value=\"{resolution}\"")), "{}", refused.text);
    }
    assert_eq!(app.state.store.settings_revision().await.unwrap(), 0);
    assert!(app.audit(10).await.is_empty());
}

#[tokio::test]
async fn the_main_site_stays_and_none_is_changed_that_is_not_there() {
    let (app, admin) = start().await;
    let page = app.page(&admin, SITES).await.text;
    assert!(!page.contains("Remove the site"), "{page}");
    for path in ["change", "reset"] {
        let refused =
            app.submit(&admin, &format!("{SITES}/{path}"), &[("site", "nowhere"), ("since", "0")]).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
        assert!(refused.text.contains("No such site"), "{}", refused.text);
    }
    app.submit(&admin, &format!("{SITES}/reset"), &[("site", "main"), ("since", "0")]).await;
    assert_eq!(app.get("/v1/sites/main").await.status, StatusCode::OK);
}

async fn start() -> (TestApp, TestAgent) {
    let app = TestApp::start().await;
    let admin = app.agent("boss", Role::Admin).await;
    (app, admin)
}

/// A conversation whose shopper asked for a human, as its page sees it.
async fn handed_over(app: &TestApp) -> Value {
    let conversation = app.conversation().await;
    app.post(&format!("/v1/conversations/{conversation}/human"), json!({})).await;
    app.shown(&conversation).await
}

/// Begins a conversation from a page of that origin.
async fn begin(app: &TestApp, origin: &str, site: &str) -> Reply {
    let request = Request::post("/v1/conversations")
        .header(header::HOST, "localhost")
        .header(header::ORIGIN, origin)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(json!({ "site": site }).to_string()))
        .unwrap();
    app.send(request).await
}

/// Saves the same first answer, end and warning for every priority.
async fn save_deadlines(app: &TestApp, admin: &TestAgent, since: &str, values: [&str; 3]) -> Reply {
    let keys = ["first_response_minutes", "resolution_minutes", "warn_at"];
    let names = ["urgent", "high", "normal", "low"].into_iter().flat_map(|priority| {
        keys.into_iter().zip(values).map(move |(key, value)| (format!("{priority}.{key}"), value))
    });
    let names: Vec<(String, &str)> = names.collect();
    let mut fields: Vec<(&str, &str)> = names.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    fields.push(("since", since));
    app.submit(admin, DEADLINES, &fields).await
}
