//! Tickets that are put off, merged, closed, given back and handed on, and what the shopper's conversation makes of it.

use jiff::SignedDuration;
use serde_json::{Value, json};
use shopdesk_server::{Role, Ticket};

use crate::support::TestApp;
use crate::tickets::{act, complaint, last_event, log};

#[tokio::test]
async fn a_ticket_that_was_put_off_comes_back_when_the_shopper_writes() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let past = json!({ "action": "snooze", "until": "2020-01-01T00:00:00Z" });
    assert_eq!(act(&app, &lin, &ticket, past).await.problem(), (422, "invalid-value".to_owned()));
    let snooze = json!({ "action": "snooze", "until": "2999-01-01T00:00:00Z" });
    assert_eq!(act(&app, &lin, &ticket, snooze).await.json()["state"], "snoozed");
    app.say(&conversation, "还在吗").await;
    let now = &app.tickets().await[0];
    assert_eq!((now.state.as_str(), now.snoozed_until), ("open", None));
    assert_eq!(log(&app, &ticket).await, ["opened", "snoozed", "woken"]);
}

#[tokio::test]
async fn a_merged_ticket_goes_on_in_another_one() {
    let (app, conversation, ticket) = complaint().await;
    app.say(&app.conversation().await, "我要投诉你们客服").await;
    let lin = app.agent("lin", Role::Agent).await;
    let other = app.tickets().await.into_iter().find(|other| other.id != ticket.id).unwrap();
    let merge = |into: &Ticket| json!({ "action": "merge", "into": into.id });
    let itself = act(&app, &lin, &ticket, merge(&ticket)).await;
    assert_eq!(itself.problem(), (409, "illegal-step".to_owned()));
    let merged = act(&app, &lin, &ticket, merge(&other)).await.json();
    assert_eq!((&merged["state"], &merged["merged_into"]), (&json!("merged"), &json!(other.id)));
    assert_eq!(log(&app, &other).await, ["opened", "merged_from"]);
    assert_eq!(last_event(&app, &conversation).await["state"], "closed");
    let claimed = act(&app, &lin, &ticket, json!({ "action": "claim" })).await;
    assert_eq!(claimed.problem(), (409, "illegal-step".to_owned()));
    let back = act(&app, &lin, &other, merge(&ticket)).await;
    assert_eq!(back.problem(), (409, "illegal-step".to_owned()));
}

#[tokio::test]
async fn a_closed_ticket_opens_again_when_the_shopper_writes() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    act(&app, &lin, &ticket, json!({ "action": "claim" })).await;
    let closed = act(&app, &lin, &ticket, json!({ "action": "close", "reason": "solved" })).await.json();
    assert_eq!(closed["state"], "closed");
    assert!(closed["closed_at"].is_string());
    assert_eq!(last_event(&app, &conversation).await["state"], "closed");
    let exchange = app.say(&conversation, "怎么退货").await;
    assert_eq!((&exchange["state"], &exchange["reply"]), (&json!("waiting_for_human"), &Value::Null));
    let now = &app.tickets().await[0];
    assert_eq!((now.id, now.state.as_str(), now.closed_at), (ticket.id, "open", None));
    // Whoever had it may be gone for the day.
    assert_eq!(now.assignee, None);
    assert_eq!(log(&app, &ticket).await, ["opened", "assigned", "closed", "reopened"]);
}

#[tokio::test]
async fn whoever_writes_after_the_end_is_told_that_people_have_it_again_and_by_when() {
    let (app, clock) = TestApp::with_clock().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "我要投诉你们客服").await;
    let ticket = app.tickets().await.remove(0);
    let lin = app.agent("lin", Role::Agent).await;
    act(&app, &lin, &ticket, json!({ "action": "close" })).await;
    clock.forward(50 * 60);
    app.say(&conversation, "还是没有解决").await;
    let shown = app.shown(&conversation).await;
    let last = shown["messages"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["text"], &last["kind"]),
        (&json!("zh: reopenedzh: [3 min]"), &json!("notice")),
        "{shown}"
    );
    let now = &app.tickets().await[0];
    // Ten minutes to a first answer and an hour to the end, from the time of writing again.
    assert!(now.first_response_due.unwrap() >= ticket.opened_at + SignedDuration::from_mins(60));
    assert!(now.resolution_due.unwrap() > now.first_response_due.unwrap());
    assert_eq!(now.waits_since(), now.reopened_at.unwrap());
}

#[tokio::test]
async fn a_released_ticket_waits_for_the_next_agent() {
    let (app, conversation, ticket) = complaint().await;
    let (lin, mei) = (app.agent("lin", Role::Agent).await, app.agent("mei", Role::Agent).await);
    act(&app, &lin, &ticket, json!({ "action": "claim" })).await;
    let released = act(&app, &lin, &ticket, json!({ "action": "release" })).await.json();
    assert_eq!((&released["state"], &released["assignee"]), (&json!("open"), &Value::Null));
    assert_eq!(last_event(&app, &conversation).await["state"], "waiting_for_human");
    let claimed = act(&app, &mei, &ticket, json!({ "action": "claim" })).await.json();
    assert_eq!(claimed["assignee"], json!(mei.id));
}

#[tokio::test]
async fn a_page_that_is_loaded_again_learns_who_spoke_for_the_shop() {
    let (app, conversation, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    act(&app, &lin, &ticket, json!({ "action": "claim" })).await;
    act(&app, &lin, &ticket, json!({ "action": "close" })).await;
    let shown = app.shown(&conversation).await;
    let told: Vec<(&Value, &Value)> = shown["notices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|notice| (&notice["state"], &notice["agent"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("waiting_for_human"), &Value::Null),
            (&json!("with_human"), &json!("Agent lin")),
            (&json!("closed"), &json!("Agent lin")),
        ]
    );
    let events = app.get(&format!("/v1/conversations/{conversation}/events")).await.json();
    let states: Vec<&Value> =
        events["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "state").collect();
    assert_eq!(shown["notices"].as_array().unwrap().iter().collect::<Vec<_>>(), states);
}

#[tokio::test]
async fn only_who_still_works_for_the_shop_can_be_given_a_ticket() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let mei = app.agent("mei", Role::Agent).await;
    let mut gone = app.state.store.agent(mei.id.parse().unwrap()).await.unwrap().unwrap();
    gone.is_active = false;
    app.state.store.change_agent(&gone).await.unwrap();
    let refused = act(&app, &lin, &ticket, json!({ "action": "assign", "agent": mei.id })).await;
    assert_eq!(refused.problem(), (404, "no-agent".to_owned()));
    let given = act(&app, &lin, &ticket, json!({ "action": "assign", "agent": lin.id })).await.json();
    assert_eq!(given["assignee"], json!(lin.id));
}
