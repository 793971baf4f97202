//! Orders that are looked up in the shop's own system: what it is asked, what the shopper is told, and who takes over when it fails.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::routing::post;
use jiff::Timestamp;
use serde_json::{Value, json};
use shopdesk_server::{Lookup, LookupConfig, LookupConfigError, RefusedUrl, Scope, WebhookSecret};
use tokio::net::TcpListener;

use crate::support::{TestApp, settings, signature};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NUMBER: &str = "202411098765432";

#[tokio::test]
async fn a_question_for_an_order_is_answered_in_the_words_of_the_shops_system() {
    let (app, shop) = desk().await;
    let conversation = begin(&app, json!({ "context": { "order": NUMBER } })).await;
    let exchange = app.say(&conversation, "什么时候发货").await;
    let reply = &exchange["reply"];
    assert_eq!(reply["text"], format!("zh: [{NUMBER}: 已发货，明天到]"), "{exchange}");
    assert_eq!((&reply["kind"], &reply["asks_if_helpful"]), (&json!("order_status"), &json!(true)));
    let order = json!({ "intent": "dispatch_time", "number": NUMBER, "status": null });
    assert_eq!((&reply["order"], &reply["article"]), (&order, &Value::Null));
    assert_eq!(reply["assessment"]["decision"], "look_up");
    let asked = json!({
        "order_number": NUMBER, "customer": null, "message": "什么时候发货", "intent": "dispatch_time",
        "language": "zh-Hans", "site": "main", "conversation": conversation,
    });
    assert_eq!(shop.asked(), [asked]);
    assert_eq!(app.shown(&conversation).await["can_rate"], true);
}

#[tokio::test]
async fn the_shops_word_for_how_an_order_stands_is_for_its_systems_and_not_for_shoppers() {
    let (app, _) = desk().await;
    let conversation = begin(&app, json!({ "context": { "order": NUMBER } })).await;
    let sent = app.say(&conversation, "什么时候发货").await;
    assert_eq!(sent["reply"]["order"]["status"], Value::Null);
    let (path, key) = (format!("/v1/conversations/{conversation}"), app.key(&[Scope::Conversations]).await);
    let token = app.token(&conversation);
    for (token, status) in [(token, Value::Null), (key, json!("shipped"))] {
        let shown = app.with_token(&token, Method::GET, &path, None).await.json();
        assert_eq!(shown["messages"][1]["order"]["status"], status, "{shown}");
        let page = app.with_token(&token, Method::GET, &format!("{path}/events"), None).await.json();
        assert_eq!(page["events"][1]["message"]["order"]["status"], status, "{page}");
    }
}

#[tokio::test]
async fn the_number_in_the_message_comes_before_that_of_the_page() {
    let (app, shop) = desk().await;
    let conversation = begin(&app, json!({ "context": { "order": "1" } })).await;
    let exchange = app.say(&conversation, &format!("订单{NUMBER}什么时候发货")).await;
    assert_eq!(exchange["reply"]["kind"], "order_status", "{exchange}");
    assert_eq!(shop.asked()[0]["order_number"], NUMBER);
}

#[tokio::test]
async fn a_reader_of_another_language_is_told_in_that_language() {
    let (app, shop) = desk().await;
    let conversation = begin(&app, json!({ "language": "en", "context": { "order": NUMBER } })).await;
    let exchange = app.say(&conversation, "when will it be sent").await;
    assert_eq!(exchange["reply"]["text"], format!("en: [{NUMBER}: Shipped, here tomorrow]"), "{exchange}");
    assert_eq!(shop.asked()[0]["language"], "en");
}

#[tokio::test]
async fn the_shops_system_is_told_whom_the_shop_vouches_for() {
    let (app, shop) = desk().await;
    let customer = json!({ "id": "C-1001", "signature": signature("C-1001") });
    let conversation = begin(&app, json!({ "customer": customer, "context": { "order": NUMBER } })).await;
    app.say(&conversation, "什么时候发货").await;
    assert_eq!(shop.asked()[0]["customer"], json!({ "id": "C-1001" }));
}

#[tokio::test]
async fn a_number_that_is_missing_is_asked_for_and_then_looked_up() {
    let (app, shop) = desk().await;
    let conversation = app.conversation().await;
    let exchange = app.say(&conversation, "什么时候发货").await;
    assert_eq!(exchange["reply"]["text"], "zh: which order?", "{exchange}");
    assert_eq!(exchange["reply"]["kind"], "ask_order_number");
    // An "ok" is no answer, and no reason to forget the question.
    assert_eq!(app.say(&conversation, "好的").await["reply"]["kind"], "small_talk");
    let exchange = app.say(&conversation, &format!("订单号是{NUMBER}")).await;
    assert_eq!(exchange["reply"]["text"], format!("zh: [{NUMBER}: 已发货，明天到]"), "{exchange}");
    assert_eq!(shop.asked()[0]["intent"], "dispatch_time");
    // From now on the number is known.
    assert_eq!(app.say(&conversation, "什么时候发货").await["reply"]["kind"], "order_status");
    assert_eq!(app.tickets().await.len(), 0);
}

#[tokio::test]
async fn whoever_asks_for_something_else_instead_is_answered_that() {
    let (app, shop) = desk().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "什么时候发货").await;
    let exchange = app.say(&conversation, "怎么退货").await;
    assert_eq!(exchange["reply"]["article"]["id"], "return-how-to", "{exchange}");
    assert!(shop.asked().is_empty());
}

#[tokio::test]
async fn whoever_has_no_number_is_asked_once_and_then_gets_a_human() {
    let (app, shop) = desk().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "什么时候发货").await;
    let exchange = app.say(&conversation, "什么时候发货").await;
    assert_eq!(exchange["state"], "waiting_for_human", "{exchange}");
    assert_eq!(app.tickets().await[0].reason.as_str(), "low_confidence");
    assert!(shop.asked().is_empty());
}

#[tokio::test]
async fn whoever_comes_back_to_it_without_a_number_is_not_asked_again() {
    let (app, _) = desk().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "什么时候发货").await;
    for _ in 0..4 {
        assert_eq!(app.say(&conversation, "好的").await["reply"]["kind"], "small_talk");
    }
    let exchange = app.say(&conversation, "什么时候发货").await;
    assert_eq!(exchange["state"], "waiting_for_human", "{exchange}");
}

#[tokio::test]
async fn an_order_that_the_shop_does_not_tell_of_is_a_humans_business_the_second_time() {
    let (app, shop) = desk().await;
    shop.answers(StatusCode::OK, r#"{"found": false}"#);
    let conversation = begin(&app, json!({ "context": { "order": "1" } })).await;
    let exchange = app.say(&conversation, "什么时候发货").await;
    assert_eq!((&exchange["reply"]["text"], &exchange["state"]), (&json!("zh: [no 1]"), &json!("bot")));
    assert_eq!(exchange["reply"]["kind"], "order_unknown");
    let exchange = app.say(&conversation, NUMBER).await;
    assert_eq!(exchange["state"], "waiting_for_human", "{exchange}");
    let ticket = &app.tickets().await[0];
    assert_eq!(ticket.reason.as_str(), "answers_failed");
    assert_eq!(ticket.intent.as_ref().unwrap().as_str(), "dispatch_time");
    let numbers: Vec<Value> = shop.asked().iter().map(|asked| asked["order_number"].clone()).collect();
    assert_eq!(numbers, ["1", NUMBER]);
}

#[tokio::test]
async fn a_shop_that_does_not_answer_in_time_is_a_hand_over() {
    let (app, shop) = desk().await;
    shop.takes(Duration::from_secs(30));
    let conversation = begin(&app, json!({ "context": { "order": NUMBER } })).await;
    let exchange = app.say(&conversation, "什么时候发货").await;
    assert_eq!(exchange["state"], "waiting_for_human");
    assert_eq!(exchange["reply"]["text"], "zh: failurezh: [3 min]");
    let tickets = app.tickets().await;
    let [ticket] = tickets.as_slice() else { panic!("one ticket: {tickets:?}") };
    assert_eq!(ticket.reason.as_str(), "failure");
    assert_eq!(ticket.contents.text, "什么时候发货");
    assert_eq!(ticket.contents.suggestions[0].article.id.as_str(), "dispatch-time");
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_a_hand_over() {
    for (status, body) in [
        (StatusCode::INTERNAL_SERVER_ERROR, r#"{"found": true, "text": {"zh": "a"}}"#),
        (StatusCode::OK, "<html>"),
        (StatusCode::OK, r#"{"found": true}"#),
    ] {
        let (app, shop) = desk().await;
        shop.answers(status, body);
        let conversation = begin(&app, json!({ "context": { "order": NUMBER } })).await;
        let exchange = app.say(&conversation, "什么时候发货").await;
        assert_eq!(exchange["state"], "waiting_for_human", "{body}");
        assert_eq!(app.tickets().await[0].reason.as_str(), "failure", "{body}");
    }
}

#[tokio::test]
async fn who_asks_again_is_told_the_same_and_nobody_else_is() {
    let (app, shop) = desk().await;
    for (times, calls) in [(3, 1), (2, 2)] {
        let conversation = begin(&app, json!({ "context": { "order": NUMBER } })).await;
        for _ in 0..times {
            assert_eq!(app.say(&conversation, "什么时候发货").await["reply"]["kind"], "order_status");
        }
        assert_eq!(shop.asked().len(), calls);
    }
}

#[tokio::test]
async fn whoever_asks_for_a_human_gets_one_and_no_look_up() {
    let (app, shop) = desk().await;
    let conversation = begin(&app, json!({ "context": { "order": NUMBER } })).await;
    let exchange = app.say(&conversation, "什么时候发货？转人工").await;
    assert_eq!(exchange["state"], "waiting_for_human");
    assert!(shop.asked().is_empty());
}

#[tokio::test]
async fn a_private_address_is_asked_only_where_the_shop_allows_it() {
    for (url, allow_private, allowed) in [
        ("https://127.0.0.1/order", false, false),
        ("http://shop.example.com/order", false, false),
        ("https://shop.example.com/order", false, true),
        ("http://127.0.0.1:8080/order", true, true),
    ] {
        let refused = lookup(url, allow_private).err();
        assert_eq!(refused.is_none(), allowed, "{url}");
        if let Some(refused) = refused {
            let is_address =
                matches!(refused, LookupConfigError::Url(RefusedUrl::Host(_) | RefusedUrl::Scheme(_)));
            assert!(is_address, "{refused}");
        }
    }
}

/// The shop's system, on this machine.
#[derive(Clone, Default)]
struct Shop {
    asked: Arc<Mutex<Vec<Value>>>,
    answer: Arc<Mutex<Option<(StatusCode, String)>>>,
    takes: Arc<Mutex<Duration>>,
}

impl Shop {
    /// What it was asked, in order.
    fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    fn answers(&self, status: StatusCode, body: &str) {
        *self.answer.lock().unwrap() = Some((status, body.to_owned()));
    }

    fn takes(&self, time: Duration) {
        *self.takes.lock().unwrap() = time;
    }
}

/// Takes nothing but what the desk has signed just now.
async fn order(State(shop): State<Shop>, headers: HeaderMap, body: Bytes) -> (StatusCode, String) {
    let header = |name: &str| headers.get(name).map_or("", |value| value.to_str().unwrap());
    let (id, timestamp, signatures) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    let secret = WebhookSecret::parse(SECRET).unwrap();
    if secret.verify(id, timestamp, signatures, &body, Timestamp::now()).is_err() {
        return (StatusCode::UNAUTHORIZED, String::new());
    }
    shop.asked.lock().unwrap().push(serde_json::from_slice(&body).unwrap());
    let takes = *shop.takes.lock().unwrap();
    tokio::time::sleep(takes).await;
    let found = json!({
        "found": true, "status": "shipped", "text": { "zh": "已发货，明天到", "en": "Shipped, here tomorrow" },
        "carrier": "a key that the desk does not know",
    });
    shop.answer.lock().unwrap().clone().unwrap_or((StatusCode::OK, found.to_string()))
}

/// A desk that asks a shop on this machine.
async fn desk() -> (TestApp, Shop) {
    let shop = Shop::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/order", listener.local_addr().unwrap());
    let router = Router::new().route("/order", post(order)).with_state(shop.clone());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let mut settings = settings();
    settings.lookup = Some(lookup(&url, true).unwrap());
    (TestApp::with_settings(256, Timestamp::now, settings).await, shop)
}

fn lookup(url: &str, allow_private: bool) -> Result<Lookup, LookupConfigError> {
    let config = json!({
        "url": url, "allow_private": allow_private, "intents": ["dispatch_time"], "timeout_milliseconds": 1500,
    });
    let config: LookupConfig = serde_json::from_value(config).unwrap();
    Lookup::new(&config, WebhookSecret::parse(SECRET).unwrap())
}

async fn begin(app: &TestApp, body: Value) -> String {
    app.begin(body).await["id"].as_str().unwrap().to_owned()
}
