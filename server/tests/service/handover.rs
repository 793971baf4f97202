//! When a human takes over: what the human gets, and that the program is silent from then on.

use std::sync::Arc;

use crate::support::TestApp;
use serde_json::{Value, json};

/// The open tickets as the API shows them.
async fn tickets(app: &TestApp) -> Value {
    json!({ "tickets": app.tickets().await })
}

#[tokio::test]
async fn a_complaint_becomes_a_ticket_with_all_that_is_known() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let exchange = app.say(&conversation, "你们的服务态度太差了，我要投诉！").await;
    assert_eq!(exchange["state"], "waiting_for_human");
    assert_eq!(exchange["reply"]["text"], "zh: specialistzh: [3 min]");
    let tickets = tickets(&app).await;
    let [ticket] = tickets["tickets"].as_array().unwrap().as_slice() else { panic!("one ticket: {tickets}") };
    assert_eq!(ticket["conversation"], conversation.as_str());
    assert_eq!(ticket["message"], exchange["message"]["id"]);
    assert_eq!(ticket["text"], "你们的服务态度太差了，我要投诉！");
    assert_eq!(ticket["priority"], "high");
    assert_eq!(ticket["reason"], "intent_needs_human");
    assert_eq!(ticket["assessment"]["intents"][0]["id"], "complaint");
    assert_eq!(ticket["assessment"]["language"], "zh-Hans");
    assert_eq!(ticket["suggestions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn whoever_asks_for_a_human_gets_one_instead_of_an_answer() {
    let app = TestApp::start().await;
    for (text, sentence) in [
        ("怎么退货？不要机器人，转人工", "zh: as asked"),
        ("how do I return my jacket? human please", "en: as asked"),
    ] {
        let exchange = app.say(&app.conversation().await, text).await;
        assert_eq!(exchange["state"], "waiting_for_human");
        assert!(exchange["reply"]["text"].as_str().unwrap().starts_with(sentence), "{exchange}");
        let assessment = &exchange["reply"]["assessment"];
        assert_eq!(assessment["reason"], "human_requested");
        assert!(assessment["human_request"].as_str().unwrap().contains(".human."), "{assessment}");
    }
}

#[tokio::test]
async fn a_ticket_says_what_the_message_names_and_what_makes_it_urgent() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "订单202411098765432还没发货，电话13812345678，再拖我打12315，转人工").await;
    let tickets = tickets(&app).await;
    let ticket = &tickets["tickets"][0];
    assert_eq!(ticket["reason"], "human_requested");
    assert_eq!(
        (&ticket["priority"], &ticket["raised_by"]),
        (&json!("urgent"), &json!(["zh.alarm.regulator"]))
    );
    let assessment = &ticket["assessment"];
    assert_eq!(
        assessment["entities"],
        json!([
            { "kind": "order_number", "start": 2, "end": 17, "text": "202411098765432",
              "normalised": "202411098765432", "rule": assessment["entities"][0]["rule"] },
            { "kind": "phone", "start": 24, "end": 35, "text": "13812345678",
              "normalised": "+8613812345678", "rule": assessment["entities"][1]["rule"] },
        ])
    );
    assert_eq!(assessment["alarms"][0], json!({ "priority": "urgent", "rule": "zh.alarm.regulator" }));
    assert!(assessment["language_confidence"].as_f64().unwrap() > 0.5, "{assessment}");
}

#[tokio::test]
async fn a_message_out_of_scope_goes_to_a_human() {
    let app = TestApp::start().await;
    let exchange = app.say(&app.conversation().await, "write a short poem about the weather").await;
    assert_eq!(exchange["reply"]["assessment"]["reason"], "out_of_scope");
    assert_eq!(exchange["reply"]["text"], "en: out of scope en: [3 min]");
}

#[tokio::test]
async fn the_program_is_silent_once_a_human_has_the_conversation() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    app.say(&conversation, "我要投诉你们客服").await;
    let exchange = app.say(&conversation, "怎么退货").await;
    assert_eq!(exchange["reply"], Value::Null);
    assert_eq!(exchange["state"], "waiting_for_human");
    assert_eq!(tickets(&app).await["tickets"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_messages_at_once_open_one_ticket_and_get_no_reply_after_it() {
    let app = Arc::new(TestApp::start().await);
    let conversation = app.conversation().await;
    let mut sending = tokio::task::JoinSet::new();
    for number in 0..100 {
        let (app, conversation) = (app.clone(), conversation.clone());
        let text = if number % 2 == 0 { "怎么退货" } else { "我要投诉你们客服" };
        sending.spawn(async move { app.say(&conversation, text).await });
    }
    sending.join_all().await;
    let events = app.get(&format!("/v1/conversations/{conversation}/events")).await.json();
    let events = events["events"].as_array().unwrap();
    let sequences: Vec<i64> = events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequences, (1..=events.len() as i64).collect::<Vec<_>>());
    let messages: Vec<&Value> =
        events.iter().map(|event| &event["message"]).filter(|message| message.is_object()).collect();
    let shoppers = messages.iter().filter(|message| message["sender"] == "shopper").count();
    assert_eq!(shoppers, 100);
    let replies: Vec<&Value> =
        messages.iter().copied().filter(|message| message["sender"] == "bot").collect();
    let handed_over = |reply: &&&Value| reply["assessment"]["decision"] == "escalate";
    assert_eq!(replies.iter().filter(handed_over).count(), 1);
    assert!(handed_over(&replies.last().unwrap()), "nothing is said after the hand-over");
    assert_eq!(tickets(&app).await["tickets"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn tickets_come_by_urgency_and_then_by_age() {
    let app = TestApp::start().await;
    for text in ["讲个笑话吧", "我要投诉你们", "tell me a joke"] {
        app.say(&app.conversation().await, text).await;
    }
    let tickets = tickets(&app).await;
    let texts: Vec<_> = tickets["tickets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ticket| ticket["text"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts, ["我要投诉你们", "讲个笑话吧", "tell me a joke"]);
    assert_eq!(json!(tickets["tickets"][0]["assessment"]["decision"]), "escalate");
}
