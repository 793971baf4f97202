//! The console's knowledge base: who may do what, what becomes of an edit, and what a text can do there.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use shopdesk_kb::import::Plan;
use shopdesk_kb::{ArticleId, Articles, Language};
use shopdesk_server::{
    ConversationId, Due, NewConversation, NewMessage, NewTicket, Origin, Outcome, Reply as BotReply,
    ReplyKind, Role, TicketId,
};
use shopdesk_triage::EscalationReason;

use crate::support::{Reply, TestAgent, TestApp};

const ARTICLE: &str = "/console/knowledge/return-how-to/zh";
const SCRIPT: &str = "<script>alert(1)</script>";

#[tokio::test]
async fn agents_read_everything_and_change_nothing() {
    let app = TestApp::start().await;
    let anna = app.agent("anna", Role::Agent).await;
    let version = version(&app).await;
    for path in [
        "/console/knowledge",
        "/console/knowledge/search?q=%E6%80%8E%E4%B9%88%E9%80%80%E8%B4%A7",
        "/console/knowledge/unanswered",
        ARTICLE,
        &format!("{ARTICLE}/force"),
        &format!("{ARTICLE}/versions/{version}"),
    ] {
        let page = get(&app, &anna, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        assert!(!page.text.contains("/edit") && !page.text.contains("/withdraw"), "{path}");
    }
    for path in ["/console/knowledge/new", &format!("{ARTICLE}/edit")] {
        assert_eq!(get(&app, &anna, path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let based_on = [("based_on", version.as_str())];
    for path in [
        "/console/knowledge/new",
        "/console/knowledge/preview",
        &format!("{ARTICLE}/edit"),
        &format!("{ARTICLE}/withdraw"),
        &format!("{ARTICLE}/versions/{version}/restore"),
    ] {
        assert_eq!(post(&app, &anna, path, &based_on).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(self::version(&app).await, version);
}

#[tokio::test]
async fn what_is_not_there_is_a_page_that_says_so() {
    let app = TestApp::start().await;
    let anna = app.agent("anna", Role::Agent).await;
    for path in
        ["/console/knowledge/no-such/zh", "/console/knowledge/return-how-to/fr", "/console/knowledge/%3C/zh"]
    {
        assert_eq!(get(&app, &anna, path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        get(&app, &anna, &format!("{ARTICLE}/versions/000000000000")).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_list_finds_by_words_in_either_script_by_language_intent_and_state() {
    let app = TestApp::start().await;
    let anna = app.agent("anna", Role::Agent).await;
    for (query, has_returns, has_dispatch) in [
        ("", true, true),
        ("q=%E9%80%80%E8%B2%A8", true, false),
        ("q=RETURN", true, false),
        ("q=%3Cscript%3E", false, false),
        ("language=en&intent=dispatch_time", false, true),
        ("language=fr", false, false),
        ("state=withdrawn", false, false),
        ("state=in_force", true, true),
    ] {
        let page = get(&app, &anna, &format!("/console/knowledge?{query}")).await.text;
        assert_eq!(page.contains("/console/knowledge/return-how-to/"), has_returns, "{query}");
        assert_eq!(page.contains("/console/knowledge/dispatch-time/"), has_dispatch, "{query}");
    }
}

#[tokio::test]
async fn what_is_saved_is_a_version_and_the_old_one_stays_readable() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let old = version(&app).await;
    let saved = save(&app, &lin, &old, "十五天内可以退。").await;
    assert_eq!(saved.headers["hx-redirect"], format!("{ARTICLE}?done=saved"), "{}", saved.text);
    let new = version(&app).await;
    assert_ne!(new, old);
    let page = get(&app, &lin, ARTICLE).await.text;
    assert!(page.contains("十五天内可以退。") && page.contains(&format!("{ARTICLE}/force")), "{page}");
    assert!(get(&app, &lin, &format!("{ARTICLE}/versions/{old}")).await.text.contains("7 天内可以退"));
    let last = history(&app).await.remove(0);
    assert_eq!((last.origin, last.actor.as_deref()), (Some(Origin::Console), Some("lin")));
    let audit = app.audit(1).await.remove(0);
    let entry = (audit.actor.as_str(), audit.action.as_str(), audit.subject.as_deref());
    assert_eq!(entry, ("lin", "article.save", Some("return-how-to/zh")));
}

#[tokio::test]
async fn what_nobody_changed_makes_no_version() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let edit = get(&app, &lin, &format!("{ARTICLE}/edit")).await.text;
    let answer = "签收次日起 7 天内可以退。请在“我的订单”里申请，审核通过后寄回。";
    assert!(edit.contains(answer), "{edit}");
    let saved = save(&app, &lin, &version(&app).await, answer).await;
    assert_eq!(saved.headers["hx-redirect"], format!("{ARTICLE}?done=unchanged"));
    assert_eq!(history(&app).await.len(), 1);
}

#[tokio::test]
async fn when_two_change_an_article_both_texts_are_shown_and_nothing_is_lost() {
    let app = TestApp::start().await;
    let (lin, wu) = (app.agent("lin", Role::Supervisor).await, app.agent("wu", Role::Admin).await);
    let old = version(&app).await;
    save(&app, &lin, &old, "十五天内可以退。").await;
    let theirs = version(&app).await;
    let refused = save(&app, &wu, &old, "三十天内可以退。").await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(version(&app).await, theirs);
    for text in ["十五天内可以退。", "三十天内可以退。", "lin", &format!("value=\"{theirs}\"")]
    {
        assert!(refused.text.contains(text), "{text} in {}", refused.text);
    }
    save(&app, &wu, &theirs, "三十天内可以退。").await;
    assert_eq!(history(&app).await.len(), 3);
    assert_eq!(history(&app).await[0].actor.as_deref(), Some("wu"));
}

#[tokio::test]
async fn a_change_to_another_article_is_no_conflict() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let old = version(&app).await;
    let other = ArticleId::new("dispatch-time").unwrap();
    let kept = app.state.store.kept_articles(Some(&other)).await.unwrap().remove(0);
    let withdrawn = [("based_on", kept.article.version.as_str())];
    let path = format!("/console/knowledge/dispatch-time/{}/withdraw", kept.article.language);
    assert_eq!(post(&app, &lin, &path, &withdrawn).await.status, StatusCode::NO_CONTENT);
    assert_eq!(save(&app, &lin, &old, "十五天内可以退。").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn an_old_version_is_restored_as_the_latest_one() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let old = version(&app).await;
    save(&app, &lin, &old, "十五天内可以退。").await;
    let path = format!("{ARTICLE}/versions/{old}/restore");
    let overtaken = post(&app, &lin, &path, &[("based_on", &old)]).await;
    assert_eq!(
        (overtaken.status, &overtaken.headers["hx-retarget"]),
        (StatusCode::CONFLICT, &"#notice".parse().unwrap())
    );
    let current = version(&app).await;
    let restored = post(&app, &lin, &path, &[("based_on", &current)]).await;
    assert_eq!(restored.headers["hx-redirect"], format!("{ARTICLE}?done=restored"));
    assert_eq!(version(&app).await, old);
    let history = history(&app).await;
    assert_eq!(history.len(), 3);
    assert_eq!(history[0].replaced.as_ref().map(ToString::to_string), Some(current));
}

#[tokio::test]
async fn versions_are_compared_word_by_word() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let old = version(&app).await;
    save(&app, &lin, &old, &format!("签收次日起 15 天内可以退。{SCRIPT}")).await;
    let new = version(&app).await;
    let page = get(&app, &lin, &format!("{ARTICLE}/versions/{new}?compare={old}")).await.text;
    assert!(page.contains("<del>7</del>") && page.contains("<ins>15</ins>"), "{page}");
    assert!(!page.contains(SCRIPT), "{page}");
}

#[tokio::test]
async fn what_is_withdrawn_stays_readable_and_can_be_brought_back() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let old = version(&app).await;
    let path = format!("{ARTICLE}/withdraw");
    assert_eq!(post(&app, &lin, &path, &[("based_on", "000000000000")]).await.status, StatusCode::CONFLICT);
    let withdrawn = post(&app, &lin, &path, &[("based_on", &old)]).await;
    assert_eq!(withdrawn.headers["hx-redirect"], format!("{ARTICLE}?done=withdrawn"));
    assert_eq!(version(&app).await, "");
    assert!(get(&app, &lin, ARTICLE).await.text.contains("7 天内可以退"));
    assert!(get(&app, &lin, "/console/knowledge?state=withdrawn").await.text.contains(ARTICLE));
    let edit = get(&app, &lin, &format!("{ARTICLE}/edit")).await.text;
    assert!(edit.contains("name=\"based_on\" value=\"\""), "{edit}");
    assert_eq!(save(&app, &lin, "", "十五天内可以退。").await.status, StatusCode::NO_CONTENT);
    assert_ne!(version(&app).await, "");
}

#[tokio::test]
async fn mistakes_are_at_their_fields_and_what_was_typed_stays() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let typed = [
        ("id", "two words"),
        ("language", "zh"),
        ("title", ""),
        ("answer", "typed by hand </textarea>"),
        ("intent", "no_such_intent"),
        ("valid_from", "soon"),
        ("link_title", "x"),
        ("link_url", "javascript:alert(1)"),
    ];
    let refused = post(&app, &lin, "/console/knowledge/new", &typed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.text.matches("class=\"wrong\"").count(), 5, "{}", refused.text);
    assert!(refused.text.contains("typed by hand &#60;/textarea&#62;"), "{}", refused.text);
    assert_eq!(app.state.store.revision().await.unwrap(), 1);
}

#[tokio::test]
async fn an_id_that_is_taken_is_no_new_article() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let mut typed = fields("", "十五天内可以退。");
    typed.extend([("id", "return-how-to"), ("language", "zh")]);
    let refused = post(&app, &lin, "/console/knowledge/new", &typed).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(history(&app).await.len(), 1);
    typed.extend([("id", "return-how-to-2")]);
    let made = post(&app, &lin, "/console/knowledge/new", &typed).await;
    assert_eq!(
        made.headers["hx-redirect"], "/console/knowledge/return-how-to-2/zh?done=saved",
        "{}",
        made.text
    );
}

#[tokio::test]
async fn a_translation_begins_with_the_text_in_the_other_script() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let form = get(&app, &lin, "/console/knowledge/new?id=return-how-to&language=zh-Hant&like=zh").await.text;
    assert!(form.contains("怎麼退貨") && form.contains("value=\"return_request\" checked"), "{form}");
    let english = get(&app, &lin, "/console/knowledge/new?id=return-how-to&language=en&like=zh").await.text;
    assert!(!english.contains("不想要了怎么退"), "{english}");
}

#[tokio::test]
async fn a_script_in_an_article_is_text_wherever_it_is_shown() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let hurting = format!("{SCRIPT} <img src=x onerror=alert(1)> [x](javascript:alert(1))");
    let typed = [
        ("title", SCRIPT),
        ("answer", hurting.as_str()),
        ("body", hurting.as_str()),
        ("questions", hurting.as_str()),
        ("intent", "return_request"),
        ("tags", SCRIPT),
        ("picture_url", "http://example.com/p.png"),
        ("picture_alt", "not over https"),
    ];
    let preview = post(&app, &lin, "/console/knowledge/preview", &typed).await.text;
    assert!(!preview.contains("http://example.com/p.png"), "{preview}");
    let mut saved = typed[..6].to_vec();
    let based_on = version(&app).await;
    saved.push(("based_on", &based_on));
    let reply = post(&app, &lin, &format!("{ARTICLE}/edit"), &saved).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT, "{}", reply.text);
    let mut pages = vec![preview];
    for path in [
        "/console/knowledge",
        ARTICLE,
        &format!("{ARTICLE}/edit"),
        &format!("{ARTICLE}/versions/{}", version(&app).await),
    ] {
        pages.push(get(&app, &lin, path).await.text);
    }
    for page in pages {
        assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "{page}");
        assert!(
            !page.contains(SCRIPT) && !page.contains("<img src=x") && !page.contains("href=\"javascript"),
            "{page}"
        );
    }
}

#[tokio::test]
async fn the_folder_does_not_undo_what_people_did() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let old = version(&app).await;
    save(&app, &lin, &old, "十五天内可以退。").await;
    let english = language_version(&app, "en").await;
    let path = "/console/knowledge/return-how-to/en/withdraw";
    assert_eq!(post(&app, &lin, path, &[("based_on", &english)]).await.status, StatusCode::NO_CONTENT);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixture/kb");
    let folder = Articles::load(&folder).unwrap();
    let shelf = app.state.store.articles().await.unwrap();
    let plan = Plan::new(&shelf.standings(Origin::Folder), &folder.articles, &folder.mistakes);
    assert_eq!((plan.changes.len(), plan.kept_aside.len()), (0, 2), "{plan:?}");
    let overwriting = plan.overwriting();
    let changed = app.state.store.change(shelf.revision, &overwriting.changes, Origin::Folder).await.unwrap();
    assert!(changed.is_some());
    assert_eq!((version(&app).await, language_version(&app, "en").await), (old, english));
}

#[tokio::test]
async fn a_search_shows_the_decision_and_every_score() {
    let app = TestApp::start().await;
    let anna = app.agent("anna", Role::Agent).await;
    let words: String = url::form_urlencoded::byte_serialize("怎么退货".as_bytes()).collect();
    let page = get(&app, &anna, &format!("/console/knowledge/search?q={words}")).await.text;
    assert!(page.contains("class=\"tag good\"") && page.contains("data-chat-text"), "{page}");
    assert!(page.contains(&format!("{ARTICLE}/versions/{}", version(&app).await)), "{page}");
    let complaint = page.split("<td>投诉</td>").nth(1).unwrap().split("</tr>").next().unwrap();
    assert!(complaint.contains("从不自动处理"), "{complaint}");
    for score in ["余弦", "BM25", "综合名次", "<meter"] {
        assert!(page.contains(score), "{score}");
    }
    let hurting =
        get(&app, &anna, "/console/knowledge/search?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").await;
    assert_eq!(hurting.status, StatusCode::OK);
    assert!(!hurting.text.contains(SCRIPT), "{}", hurting.text);
    let long = get(&app, &anna, &format!("/console/knowledge/search?q={}", "x".repeat(500))).await;
    assert!(long.text.contains("role=\"alert\"") && !long.text.contains("<meter"));
}

#[tokio::test]
async fn questions_without_an_answer_are_together_when_they_mean_the_same() {
    let app = TestApp::start().await;
    let lin = app.agent("lin", Role::Supervisor).await;
    let shop = unanswered(&app, "有没有实体店", EscalationReason::NoArticle).await;
    unanswered(&app, "实体店在哪？我的电话 13812345678", EscalationReason::LowConfidence).await;
    let pay = unanswered(&app, "可以货到付款吗", EscalationReason::NoArticle).await;
    let upset = unanswered(&app, "气死我了", EscalationReason::Upset).await;
    unanswered(&app, &format!("tell me a joke {SCRIPT}"), EscalationReason::OutOfScope).await;

    let loading = get(&app, &lin, "/console/knowledge/unanswered?days=7").await.text;
    assert!(loading.contains("<progress") && loading.contains("hx-trigger=\"load delay:1s\""), "{loading}");
    let page = ready(&app, &lin).await;
    let groups: Vec<&str> = page.split("<li class=\"card\">").skip(1).collect();
    assert_eq!(groups.len(), 3, "{page}");
    assert!(groups[0].contains("有没有实体店") && groups[0].contains("实体店在哪"), "{page}");
    assert!(!groups[0].contains("货到付款") && !page.contains(&upset.to_string()), "{page}");
    assert!(!page.contains("13812345678") && !page.contains(SCRIPT), "{page}");

    let write = |ticket: TicketId| format!("/console/knowledge/new?ticket={ticket}&days=7");
    assert!(page.contains(&write(pay).replace('&', "&#38;")), "{page}");
    let form = get(&app, &lin, &write(shop)).await.text;
    assert!(form.contains("有没有实体店\n实体店在哪") || form.contains("[phone]\n有没有实体店"), "{form}");
    // The ticket is enough when the groups are forgotten.
    let form = get(&app, &lin, &format!("/console/knowledge/new?ticket={pay}&days=90")).await.text;
    assert!(form.contains("可以货到付款吗"), "{form}");
}

async fn get(app: &TestApp, agent: &TestAgent, path: &str) -> Reply {
    app.as_agent(agent, Method::GET, path, None).await
}

async fn post(app: &TestApp, agent: &TestAgent, path: &str, fields: &[(&str, &str)]) -> Reply {
    app.form(agent, Method::POST, path, fields).await
}

/// The form of the Chinese article about returns, with another short answer.
fn fields<'a>(based_on: &'a str, answer: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("based_on", based_on),
        ("title", "怎么退货"),
        ("answer", answer),
        ("body", "## 步骤\r\n\r\n申请、寄回、仓库检查、退款。"),
        ("intent", "return_request"),
        ("questions", "退货怎么申请\r\n不想要了怎么退"),
        ("tags", ""),
        ("link_title", ""),
        ("link_url", ""),
    ]
}

async fn save(app: &TestApp, agent: &TestAgent, based_on: &str, answer: &str) -> Reply {
    post(app, agent, &format!("{ARTICLE}/edit"), &fields(based_on, answer)).await
}

/// The version in force of the Chinese article about returns; empty when there is none.
async fn version(app: &TestApp) -> String {
    language_version(app, "zh").await
}

async fn language_version(app: &TestApp, language: &str) -> String {
    let shelf = app.state.store.articles().await.unwrap();
    let found = shelf
        .articles()
        .into_iter()
        .find(|article| article.id.as_str() == "return-how-to" && article.language.as_str() == language);
    found.map(|article| article.version.to_string()).unwrap_or_default()
}

async fn history(app: &TestApp) -> Vec<shopdesk_server::HistoryEntry> {
    let id = ArticleId::new("return-how-to").unwrap();
    app.state.store.history(&id, &Language::new("zh")).await.unwrap()
}

/// A message that was handed over for that reason.
async fn unanswered(app: &TestApp, text: &str, reason: EscalationReason) -> TicketId {
    let new = NewConversation {
        site: "main".to_owned(),
        channel: "widget".to_owned(),
        language: None,
        customer: None,
        context: Default::default(),
    };
    let id: ConversationId = app.state.store.create_conversation(new).await.unwrap().id;
    let message = NewMessage { text: text.to_owned(), client_message_id: None, choice: None, reopens: true };
    app.state.store.receive(id, message, |_| Due::default()).await.unwrap().unwrap();
    let ticket = NewTicket {
        priority: shopdesk_model::intents::Priority::Normal,
        raised_by: Vec::new(),
        reason,
        intent: shopdesk_model::intents::IntentId::new("dispatch_time"),
        suggestions: Vec::new(),
        first_response_due: None,
        resolution_due: None,
    };
    let reply = BotReply::plain(ReplyKind::Handover, None);
    let outcome = Outcome { text: "a human comes".to_owned(), reply, ticket: Some(ticket) };
    app.state.store.hand_over(id, outcome).await.unwrap().unwrap().1.unwrap()
}

/// The groups of a week, once they are made.
async fn ready(app: &TestApp, agent: &TestAgent) -> String {
    for _ in 0..600 {
        let page = get(app, agent, "/console/knowledge/unanswered?days=7").await.text;
        if !page.contains("<progress") {
            return page;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the questions were never grouped");
}
