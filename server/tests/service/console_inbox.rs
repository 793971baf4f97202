//! The console's inbox, as agents see it and as those see it who should not.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use serde_json::json;
use shopdesk_server::Role;

use crate::support::{Reply, TestAgent, TestApp, signature};
use crate::tickets::complaint;

#[tokio::test]
async fn whoever_is_not_logged_in_is_asked_to_log_in_and_comes_back() {
    let app = TestApp::start().await;
    for path in ["/console/inbox?state=closed", "/console/inbox/replies", "/console/tickets/1"] {
        let reply = app.get(path).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "{path}");
        let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
        assert_eq!(reply.headers["location"], format!("/console/login?next={next}"));
    }
}

#[tokio::test]
async fn a_line_says_what_a_ticket_is_about() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let page = look(&app, &lin, "").await;
    assert!(page.contains(&format!(r#"href="/console/tickets/{}""#, ticket.id)), "{page}");
    assert!(page.contains("我要投诉你们客服"));
    assert!(page.contains("共 1 张工单"));
}

#[tokio::test]
async fn an_empty_inbox_says_that_nobody_waits() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    assert!(look(&app, &lin, "").await.contains("都处理完了"));
    assert!(look(&app, &lin, "?q=nothing").await.contains("没有符合条件的工单"));
}

#[tokio::test]
async fn what_shoppers_write_is_text_on_every_page() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let evil = r#"<script>alert(1)</script></textarea></p>'">=HYPERLINK("http://x")"#;
    let customer =
        json!({ "id": "C-1", "signature": signature("C-1"), "name": "<img src=x onerror=alert(1)>" });
    let begun =
        app.begin(json!({ "customer": customer, "context": { "<b>order": "</dl><svg onload=x>" } })).await;
    let conversation = begun["id"].as_str().unwrap();
    app.say(conversation, evil).await;
    app.post(&format!("/v1/conversations/{conversation}/human"), json!({})).await;
    let ticket = app.tickets().await.remove(0);
    let note = [("action", "note"), ("text", evil)];
    app.form(&lin, Method::POST, &format!("/console/tickets/{}/steps", ticket.id), &note).await;
    let canned = [("title", evil), ("text", evil), ("language", "zh")];
    let kept = app.form(&lin, Method::POST, "/console/inbox/replies", &canned).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
    for path in [
        "/console/inbox".to_owned(),
        format!(
            "/console/inbox?q={}",
            url::form_urlencoded::byte_serialize(b"<script>alert(1)").collect::<String>()
        ),
        "/console/inbox/list".to_owned(),
        "/console/inbox/replies".to_owned(),
        format!("/console/tickets/{}", ticket.id),
        format!("/console/tickets/{}/side", ticket.id),
        format!("/console/tickets/{}/conversation", ticket.id),
    ] {
        let reply = app.as_agent(&lin, Method::GET, &path, None).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        for tag in ["<script>alert", "<img src=x", "<svg onload", "</textarea></p>", "<b>order"] {
            assert!(!reply.text.contains(tag), "{tag} on {path}");
        }
        assert!(reply.text.contains("&#60;script"), "{path} shows it: {}", reply.text);
    }
}

#[tokio::test]
async fn a_long_list_goes_on_and_is_refreshed_as_far_as_it_is_shown() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    for _ in 0..53 {
        app.post(&format!("/v1/conversations/{}/human", app.conversation().await), json!({})).await;
    }
    let page = look(&app, &lin, "").await;
    assert_eq!(lines(&page), 50);
    let more = page.split(r#"hx-get="/console/inbox/more?"#).nth(1).unwrap().split('"').next().unwrap();
    let rest = app
        .as_agent(&lin, Method::GET, &format!("/console/inbox/more?{}", more.replace("&#38;", "&")), None)
        .await;
    assert_eq!(lines(&rest.text), 3);
    assert!(!rest.text.contains("/console/inbox/more"));
    let all = app.as_agent(&lin, Method::GET, "/console/inbox/list?rows=53", None).await;
    assert_eq!(lines(&all.text), 53);
}

#[tokio::test]
async fn a_changed_filter_goes_into_the_address_without_what_is_empty() {
    let (app, ..) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let path = "/console/inbox?q=&state=closed&priority=&intent=";
    let reply = app.form(&lin, Method::GET, path, &[]).await;
    assert_eq!(reply.headers["hx-push-url"], "/console/inbox?state=closed");
    assert_eq!(lines(&reply.text), 0);
}

#[tokio::test]
async fn all_tickets_of_a_customer_are_theirs_alone_and_stay_so_under_another_filter() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    for id in ["C-1", "C-10"] {
        let begun = app.begin(json!({ "customer": { "id": id, "signature": signature(id) } })).await;
        app.post(&format!("/v1/conversations/{}/human", begun["id"].as_str().unwrap()), json!({})).await;
    }
    let tickets = app.tickets().await;
    let ticket =
        tickets.iter().find(|ticket| ticket.customer.as_ref().is_some_and(|of| of.id == "C-1")).unwrap();
    let path = format!("/console/tickets/{}", ticket.id);
    let page = app.as_agent(&lin, Method::GET, &path, None).await.text;
    let link = page.split(r#"href="/console/inbox?"#).nth(1).unwrap().split('"').next().unwrap();
    let list = look(&app, &lin, &format!("?{}", link.replace("&#38;", "&"))).await;
    assert_eq!(lines(&list), 1, "{list}");
    assert!(list.contains(r#"name="customer" value="C-1""#), "{list}");
    assert!(list.contains(r#"<option value="open,assigned,snoozed,closed,merged" selected>"#), "{list}");
}

#[tokio::test]
async fn nobody_waits_for_a_ticket_that_is_closed() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    assert!(!look(&app, &lin, "").await.contains(">–</time>"));
    let steps = format!("/console/tickets/{}/steps", ticket.id);
    app.form(&lin, Method::POST, &steps, &[("action", "close"), ("reason", "solved")]).await;
    assert!(look(&app, &lin, "?state=closed").await.contains(">–</time>"));
}

#[tokio::test]
async fn a_filter_that_there_is_not_is_refused() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    for query in ["priority=very", "state=lost", "assignee=somebody", "after=x"] {
        let reply = app.as_agent(&lin, Method::GET, &format!("/console/inbox?{query}"), None).await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        assert!(reply.text.contains("地址里的条件不能用"), "{}", reply.text);
    }
}

#[tokio::test]
async fn views_belong_to_the_agent_who_kept_them() {
    let app = TestApp::start().await;
    let (lin, mei) = (app.agent("lin", Role::Agent).await, app.agent("mei", Role::Agent).await);
    let new = [("name", "退款急件"), ("query", "priority=high&q=退款&unknown=1&state=")];
    let kept = app.form(&lin, Method::POST, "/console/inbox/views", &new).await;
    assert_eq!(kept.status, StatusCode::OK);
    let id: shopdesk_server::AgentId = lin.id.parse().unwrap();
    let view = app.state.store.saved_views(id).await.unwrap().remove(0);
    assert_eq!(view.query, "priority=high&q=%E9%80%80%E6%AC%BE");
    assert!(look(&app, &lin, "").await.contains("退款急件"));
    assert!(!look(&app, &mei, "").await.contains("退款急件"));
    let path = format!("/console/inbox/views/{}", view.id);
    assert_eq!(app.form(&mei, Method::DELETE, &path, &[]).await.status, StatusCode::NOT_FOUND);
    assert!(look(&app, &lin, "").await.contains("退款急件"));
    assert_eq!(app.form(&lin, Method::DELETE, &path, &[]).await.status, StatusCode::OK);
    assert!(!look(&app, &lin, "").await.contains("退款急件"));
}

#[tokio::test]
async fn a_view_without_a_name_is_not_kept_and_says_why() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Agent).await;
    let new = [("name", "  "), ("query", "priority=high")];
    let refused = app.form(&lin, Method::POST, "/console/inbox/views", &new).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("名称请写 1 到 40 个字"), "{}", refused.text);
    let id: shopdesk_server::AgentId = lin.id.parse().unwrap();
    assert!(app.state.store.saved_views(id).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_agents_who_claim_at_once_one_is_told_that_the_ticket_has_changed() {
    let (app, _, ticket) = complaint().await;
    let (lin, mei) = (app.agent("lin", Role::Agent).await, app.agent("mei", Role::Agent).await);
    let (app, id) = (Arc::new(app), ticket.id.to_string());
    let claim = async |agent: &TestAgent| {
        app.form(agent, Method::POST, "/console/inbox/claim", &[("ticket", &id)]).await
    };
    let (one, other) = tokio::join!(claim(&lin), claim(&mei));
    let (winner, loser): (&Reply, &Reply) =
        if one.status == StatusCode::NO_CONTENT { (&one, &other) } else { (&other, &one) };
    assert_eq!(winner.status, StatusCode::NO_CONTENT);
    assert_eq!(winner.headers["hx-trigger"], "ticket-changed");
    assert_eq!(loser.status, StatusCode::CONFLICT);
    assert_eq!(loser.headers["hx-retarget"], "#notice");
    assert!(loser.text.contains("工单已经变了"), "{}", loser.text);
}

#[tokio::test]
async fn a_claim_without_the_token_changes_nothing() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let request = axum::http::Request::builder()
        .method(Method::POST)
        .uri("/console/inbox/claim")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("host", "localhost")
        .header("cookie", format!("shopdesk_session={}", lin.session.expose()))
        .body(axum::body::Body::from(format!("ticket={}", ticket.id)))
        .unwrap();
    assert_eq!(app.send(request).await.status, StatusCode::FORBIDDEN);
    assert_eq!(app.tickets().await[0].assignee, None);
}

#[tokio::test]
async fn a_ticket_is_given_to_an_active_colleague() {
    let (app, _, ticket) = complaint().await;
    let (lin, mei) = (app.agent("lin", Role::Agent).await, app.agent("mei", Role::Agent).await);
    let id = ticket.id.to_string();
    let to = async |agent: &str| {
        app.form(&lin, Method::POST, "/console/inbox/assign", &[("ticket", &id), ("agent", agent)])
            .await
            .status
    };
    let gone = app.agent("gone", Role::Agent).await;
    let left = app.state.store.agent(gone.id.parse().unwrap()).await.unwrap().unwrap();
    app.state.store.change_agent(&shopdesk_server::Agent { is_active: false, ..left }).await.unwrap();
    for nobody in ["nobody", &gone.id] {
        assert_eq!(to(nobody).await, StatusCode::NOT_FOUND, "{nobody}");
    }
    assert_eq!(to(&mei.id).await, StatusCode::NO_CONTENT);
    assert_eq!(json!(app.tickets().await[0].assignee), mei.id);
}

#[tokio::test]
async fn new_tickets_are_told_of_without_a_word_of_the_shoppers() {
    let (app, _, ticket) = complaint().await;
    let lin = app.agent("lin", Role::Agent).await;
    let told = async |since: &str| {
        let path = format!("/console/inbox/list?since={since}");
        let part = app.as_agent(&lin, Method::GET, &path, None).await.text;
        part.split(r#"id="arrivals""#).nth(1).unwrap().split("</ul>").next().unwrap().to_owned()
    };
    let first = told("0").await;
    assert!(first.contains(&format!("#{}", ticket.number)), "{first}");
    assert!(!first.contains("投诉你们客服"), "{first}");
    assert!(!told("1").await.contains("<li"));
}

#[tokio::test]
async fn supervisors_write_canned_replies_and_agents_use_them() {
    let (app, _, ticket) = complaint().await;
    let (lin, boss) = (app.agent("lin", Role::Agent).await, app.agent("boss", Role::Supervisor).await);
    let new = [("title", "问好"), ("text", "尊敬的{customer}，我是{agent}。"), ("language", "zh")];
    let refused = app.form(&lin, Method::POST, "/console/inbox/replies", &new).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(app.form(&boss, Method::POST, "/console/inbox/replies", &new).await.status, StatusCode::OK);
    let second = [("title", "再见"), ("text", "再见"), ("language", "zh")];
    let added = app.form(&boss, Method::POST, "/console/inbox/replies", &second).await;
    assert_eq!(added.headers["hx-retarget"], "#reply-", "what is typed elsewhere stays");
    let other = app.state.store.canned_replies().await.unwrap();
    let other = other.iter().find(|reply| reply.title == "再见").unwrap().id;
    let place = format!("#reply-{other}");
    assert_eq!(added.headers["hx-reselect"], format!("#reply-, {place}"));
    let other = format!("/console/inbox/replies/{other}");
    let changed = app.form(&boss, Method::POST, &other, &second).await;
    assert_eq!(changed.headers["hx-retarget"], place);
    assert_eq!(changed.headers["hx-reselect"], place);
    let gone = app.form(&boss, Method::DELETE, &other, &[]).await;
    assert_eq!(gone.headers["hx-reswap"], "delete");
    let id = app.state.store.canned_replies().await.unwrap()[0].id;
    let path = format!("/console/inbox/replies/{id}");
    assert_eq!(app.form(&lin, Method::POST, &path, &new).await.status, StatusCode::FORBIDDEN);
    assert_eq!(app.form(&lin, Method::DELETE, &path, &[]).await.status, StatusCode::FORBIDDEN);
    let page = app.as_agent(&lin, Method::GET, &format!("/console/tickets/{}", ticket.id), None).await.text;
    assert!(page.contains(r#"data-insert="尊敬的顾客，我是Agent lin。""#), "{page}");
    assert_eq!(app.form(&boss, Method::DELETE, &path, &[]).await.status, StatusCode::OK);
    assert!(app.state.store.canned_replies().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_canned_reply_that_is_too_long_is_not_kept_but_not_lost_either() {
    let app = TestApp::start().await;
    let boss = app.agent("boss", Role::Supervisor).await;
    let long = "退".repeat(201);
    let new = [("title", "长"), ("text", long.as_str()), ("language", "zh")];
    let refused = app.form(&boss, Method::POST, "/console/inbox/replies", &new).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains(&long));
    assert!(refused.text.contains("内容请写 1 到 200 个字"));
    assert!(app.state.store.canned_replies().await.unwrap().is_empty());
}

async fn look(app: &TestApp, agent: &TestAgent, query: &str) -> String {
    let reply = app.as_agent(agent, Method::GET, &format!("/console/inbox{query}"), None).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
    reply.text
}

fn lines(page: &str) -> usize {
    page.matches(r#"<tr class="ticket "#).count()
}
