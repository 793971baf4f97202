//! The chat as a shopper's page uses it.

use crate::support::TestApp;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

#[tokio::test]
async fn a_question_is_answered_in_the_shops_own_words() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let exchange = app.say(&conversation, "这个不想要了，要退货怎么弄").await;
    insta::assert_json_snapshot!(exchange, {
        ".**.id" => insta::dynamic_redaction(|value, path| {
            // Ids of intents and articles are part of what is said; those of messages are not.
            if path.to_string().contains("intents") || path.to_string().contains("article") { value } else { "[id]".into() }
        }),
        ".**.created_at" => "[time]",
        ".**.language_confidence" => "[probability]",
        ".**.confidence" => "[probability]",
        ".**.out_of_scope" => "[probability]",
        ".**.similarity" => "[cosine]",
        ".**.answer_probability" => "[probability]",
        ".**.bundle" => "[bundle]",
    });
}

#[tokio::test]
async fn an_english_question_gets_the_english_article() {
    let app = TestApp::start().await;
    let exchange = app.say(&app.conversation().await, "I would like to return my jacket, how?").await;
    assert_eq!(exchange["reply"]["article"]["language"], "en");
    assert_eq!(
        exchange["reply"]["text"],
        "You can return within 7 days. Apply in \"My orders\", then send it back."
    );
}

#[tokio::test]
async fn a_traditional_question_gets_the_answer_in_its_script() {
    let app = TestApp::start().await;
    let exchange = app.say(&app.conversation().await, "請問要怎麼退貨").await;
    assert_eq!(exchange["reply"]["article"]["language"], "zh");
    assert_eq!(exchange["reply"]["text"], "簽收次日起 7 天內可以退。請在“我的訂單”裡申請，審核通過後寄回。");
}

#[tokio::test]
async fn an_article_is_not_served_from_the_second_on_in_which_it_ends() {
    for (time, article) in
        [("2098-12-31T23:59:59Z", json!("dispatch-time")), ("2099-01-01T00:00:00Z", Value::Null)]
    {
        let app = TestApp::at(time.parse().unwrap()).await;
        let exchange = app.say(&app.conversation().await, "when will it ship").await;
        assert_eq!(exchange["reply"]["article"]["id"], article, "{time}: {exchange}");
    }
}

#[tokio::test]
async fn everything_said_can_be_read_again() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let first = app.say(&conversation, "什么时候发货呀").await;
    let second = app.say(&conversation, "怎么退货").await;
    let shown = app.get(&format!("/v1/conversations/{conversation}")).await.json();
    let said = [&first["message"], &first["reply"], &second["message"], &second["reply"]];
    assert_eq!(shown["messages"], json!(said));
    assert_eq!(sequences(&shown), [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_quoted_version_of_an_article_stays_readable() {
    let app = TestApp::start().await;
    let exchange = app.say(&app.conversation().await, "怎么退货").await;
    let article = &exchange["reply"]["article"];
    let part = |key: &str| article[key].as_str().unwrap().to_owned();
    let path = format!("/v1/articles/{}/{}/{}", part("id"), part("language"), part("version"));
    let version = app.get(&path).await.json();
    assert_eq!(version["answer"], exchange["reply"]["text"]);
    assert_eq!(app.get("/v1/articles/a/zh/0").await.problem(), (404, "no-article-version".to_owned()));
}

#[tokio::test]
async fn a_message_sent_twice_is_answered_once() {
    let app = TestApp::start().await;
    let conversation = app.conversation().await;
    let path = format!("/v1/conversations/{conversation}/messages");
    let body = json!({ "text": "怎么退货", "client_message_id": "m1" });
    let first = app.post(&path, body.clone()).await.json();
    let second = app.post(&path, body).await.json();
    assert_eq!(first, second);
    let shown = app.get(&format!("/v1/conversations/{conversation}")).await.json();
    assert_eq!(sequences(&shown), [1, 2]);
}

#[tokio::test]
async fn another_message_under_the_same_id_is_refused_not_swallowed() {
    let app = TestApp::start().await;
    let path = format!("/v1/conversations/{}/messages", app.conversation().await);
    app.post(&path, json!({ "text": "怎么退货", "client_message_id": "m1" })).await;
    let other = app.post(&path, json!({ "text": "什么时候发货", "client_message_id": "m1" })).await;
    assert_eq!(other.problem(), (409, "client-message-id-reused".to_owned()));
}

#[tokio::test]
async fn the_longest_message_in_emoji_is_taken_however_it_is_escaped() {
    let app = TestApp::start().await;
    let path = format!("/v1/conversations/{}/messages", app.conversation().await);
    let body = format!("{{\"text\": \"{}\"}}", "\\ud83d\\ude00".repeat(200));
    let reply = app.request(Method::POST, &path, Some(body)).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
}

#[tokio::test]
async fn what_is_refused_says_why_and_what_to_do() {
    let app = TestApp::start().await;
    let path = format!("/v1/conversations/{}/messages", app.conversation().await);
    let problem = async |body: Value| app.post(&path, body).await.problem();
    assert_eq!(problem(json!({ "text": " \n" })).await, (422, "empty-message".to_owned()));
    assert_eq!(problem(json!({ "text": "长".repeat(201) })).await, (422, "message-too-long".to_owned()));
    assert_eq!(problem(json!({ "txt": "a" })).await, (422, "invalid-body".to_owned()));
    let empty_id = json!({ "text": "a", "client_message_id": "" });
    assert_eq!(problem(empty_id).await, (422, "invalid-client-message-id".to_owned()));
    let broken = app.request(Method::POST, &path, Some("{".to_owned())).await;
    assert_eq!(broken.problem(), (400, "invalid-body".to_owned()));
    let huge = app.request(Method::POST, &path, Some(" ".repeat(1 << 20))).await;
    assert_eq!(huge.problem(), (413, "invalid-body".to_owned()));
    let nobody = "/v1/conversations/00000000-0000-7000-8000-000000000000/messages";
    assert_eq!(app.post(nobody, json!({ "text": "a" })).await.problem(), (401, "no-token".to_owned()));
    assert_eq!(app.get("/nothing").await.problem(), (404, "no-route".to_owned()));
    let deleted = app.request(Method::DELETE, "/v1/conversations", None).await;
    assert_eq!(deleted.problem(), (405, "method-not-allowed".to_owned()));
}

#[tokio::test]
async fn many_messages_at_once_wait_for_room_and_all_get_the_same_reply() {
    let app = std::sync::Arc::new(TestApp::with_queue(1).await);
    let conversation = app.conversation().await;
    let path = format!("/v1/conversations/{conversation}/messages");
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (app, path) = (app.clone(), path.clone());
        let body = json!({ "text": "怎么退货", "client_message_id": number.to_string() });
        waiting.spawn(async move { app.post(&path, body).await });
    }
    for reply in waiting.join_all().await {
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text);
        assert!(reply.json()["reply"].is_object(), "{}", reply.text);
    }
    let shown = app.get(&format!("/v1/conversations/{conversation}")).await.json();
    assert_eq!(sequences(&shown), (1..=sequences(&shown).len() as i64).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_pages_are_served_under_a_strict_policy_and_the_widget_to_any_page() {
    let app = TestApp::start().await;
    for path in ["/", "/demo/en.html", "/console/invitation"] {
        let page = app.get(path).await;
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    let widget = app.get("/widget.js").await;
    assert!(widget.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/javascript"));
    assert_eq!(widget.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
}

fn sequences(conversation: &Value) -> Vec<i64> {
    let messages = conversation["messages"].as_array().unwrap();
    messages.iter().map(|message| message["sequence"].as_i64().unwrap()).collect()
}
