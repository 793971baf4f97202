//! The course of a conversation, as a page of the shop sees it.

use axum::body::Body;
use axum::http::{Request, header};
use serde_json::{Value, json};
use shopdesk_model::intents::IntentId;
use shopdesk_server::{Choice, ConversationState, Reply, ReplyKind};

use crate::support::{TestApp, settings};

#[tokio::test]
async fn whoever_wants_nothing_gets_a_brief_word_and_no_human() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    for (text, sentence) in [("你好", "zh: greeting"), ("谢谢", "zh: thanks"), ("再见", "zh: bye")] {
        let exchange = app.say(&conversation, text).await;
        assert_eq!(exchange["reply"]["text"], sentence);
        assert_eq!(exchange["reply"]["kind"], "small_talk");
        assert_eq!(exchange["state"], "bot");
    }
    assert!(app.tickets().await.is_empty());
}

#[tokio::test]
async fn a_short_ok_after_a_question_is_an_answer_to_it() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    ask_back(&app, &conversation, &[]).await;
    let exchange = app.say(&conversation, "ok").await;
    assert_ne!(exchange["reply"]["kind"], "small_talk");
    assert!(exchange["reply"]["assessment"].is_object(), "{exchange}");
}

#[tokio::test]
async fn nobody_is_asked_back_twice_in_a_row() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    ask_back(&app, &conversation, &[]).await;
    let exchange = app.say(&conversation, "那个东西").await;
    assert_ne!(exchange["reply"]["kind"], "clarify");
}

#[tokio::test]
async fn what_the_shopper_chose_of_what_was_offered_is_what_is_meant() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    ask_back(&app, &conversation, &["return_request", "complaint"]).await;
    let exchange = choose(&app, &conversation, "complaint").await;
    assert_eq!(exchange["state"], "waiting_for_human");
    assert_eq!(exchange["reply"]["assessment"]["reason"], "intent_needs_human");
}

#[tokio::test]
async fn what_was_not_offered_cannot_be_chosen() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let exchange = choose(&app, &conversation, "complaint").await;
    assert_eq!(exchange["reply"]["kind"], "answer");
}

#[tokio::test]
async fn the_button_for_a_human_calls_one_human() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let path = format!("/v1/conversations/{conversation}");
    for _ in 0..2 {
        let pressed = app.post(&format!("{path}/human"), json!({})).await;
        assert_eq!(pressed.json(), json!({ "state": "waiting_for_human" }));
    }
    let tickets = app.tickets().await;
    let [ticket] = tickets.as_slice() else { panic!("one ticket: {tickets:?}") };
    assert_eq!(ticket.reason.as_str(), "human_requested");
    let shown = app.get(&path).await.json();
    assert_eq!(shown["messages"].as_array().unwrap().len(), 1);
    assert!(shown["messages"][0]["text"].as_str().unwrap().starts_with("zh: as asked"));
    assert_eq!(shown["waiting"]["position"], 1);
}

#[tokio::test]
async fn a_closed_conversation_opens_again_with_a_question_but_not_with_thanks() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    app.answered(&conversation).await;
    close(&app, &conversation).await;
    let thanks = app.say(&conversation, "谢谢").await;
    assert_eq!((&thanks["state"], &thanks["reply"]), (&json!("closed"), &Value::Null));
    let exchange = app.say(&conversation, "怎么退货").await;
    assert_eq!(exchange["state"], "bot");
    assert_eq!(exchange["reply"]["kind"], "answer");
}

#[tokio::test]
async fn a_closed_conversation_with_a_ticket_opens_again_for_the_agents() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "我要投诉你们客服").await;
    close(&app, &conversation).await;
    assert_eq!(app.tickets().await[0].state.as_str(), "closed");
    let exchange = app.say(&conversation, "怎么退货").await;
    assert_eq!((&exchange["state"], &exchange["reply"]), (&json!("waiting_for_human"), &Value::Null));
    let tickets = app.tickets().await;
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0].state.as_str(), "open");
}

#[tokio::test]
async fn files_are_refused_with_a_reason() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let request = Request::post(format!("/v1/conversations/{conversation}/messages"))
        .header(header::HOST, "localhost")
        .header(header::AUTHORIZATION, format!("Bearer {}", app.token(&conversation)))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from("--x--"))
        .unwrap();
    assert_eq!(app.send(request).await.problem(), (415, "no-files".to_owned()));
}

#[tokio::test]
async fn lines_sent_in_a_row_get_one_reply_which_is_that_of_every_line() {
    let mut settings = settings();
    settings.dialogue.quiet_milliseconds = 500;
    settings.dialogue.longest_turn_milliseconds = 5_000;
    let app = TestApp::with_settings(256, jiff::Timestamp::now, settings).await;
    let conversation = app.conversation().await;
    let (first, second, third) = tokio::join!(
        app.say(&conversation, "你好，在吗"),
        app.say(&conversation, "上周买的外套"),
        app.say(&conversation, "怎么退货"),
    );
    assert!(first["reply"].is_object(), "{first}");
    assert_eq!(first["reply"], second["reply"]);
    assert_eq!(second["reply"], third["reply"]);
    assert_eq!(senders(&app.shown(&conversation).await), ["shopper", "shopper", "shopper", "bot"]);
}

#[tokio::test]
async fn whoever_does_not_wait_gets_the_reply_as_an_event() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let path = format!("/v1/conversations/{conversation}");
    let sent = app.post(&format!("{path}/messages?wait=false"), json!({ "text": "怎么退货" })).await.json();
    assert_eq!(sent["message"]["sequence"], 1);
    assert_eq!((&sent["reply"], &sent["state"]), (&Value::Null, &json!("bot")));
    let page = app.get(&format!("{path}/events?after=1&wait=20")).await.json();
    assert_eq!(page["events"][0]["message"]["sender"], "bot");
    assert_eq!(page["events"][0]["sequence"], 2);
}

/// Lets the program ask which of these is meant.
async fn ask_back(app: &TestApp, conversation: &str, intents: &[&str]) {
    let choice =
        |intent: &&str| Choice { intent: IntentId::new(intent).unwrap(), title: (*intent).to_owned() };
    let reply =
        Reply { choices: intents.iter().map(choice).collect(), ..Reply::plain(ReplyKind::Clarify, None) };
    let (id, text) = (conversation.parse().unwrap(), "which?".to_owned());
    app.state.store.say(id, ConversationState::Bot, text, reply).await.unwrap().unwrap();
}

async fn choose(app: &TestApp, conversation: &str, intent: &str) -> Value {
    let body = json!({ "text": "怎么退货", "choice": intent });
    app.post(&format!("/v1/conversations/{conversation}/messages"), body).await.json()
}

async fn close(app: &TestApp, conversation: &str) {
    let closed = app.post(&format!("/v1/conversations/{conversation}/close"), json!({})).await;
    assert_eq!(closed.json(), json!({ "state": "closed" }));
}

fn senders(shown: &Value) -> Vec<&str> {
    let messages = shown["messages"].as_array().unwrap();
    messages.iter().map(|message| message["sender"].as_str().unwrap()).collect()
}
