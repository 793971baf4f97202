//! The program as a user runs it: the real binary, the real model, the starter shop.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::LazyLock;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The starter shop with a data folder of its own, trained once for all tests.
static STARTER: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap().keep();
    let shop = starter_copy(&folder);
    let output = shopdesk(&shop, &["train", "--json"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Guessing would be right once in 48 times.
    assert!(report["metrics"]["in_scope_accuracy"].as_f64().unwrap() > 0.7, "{report}");
    assert!(report["thresholds"]["promise"]["answered"].as_u64().unwrap() > 0, "{report}");
    // Embeds the articles once for all tests.
    assert!(shopdesk(&shop, &["kb", "search", "退货"]).status.success());
    shop
});

/// `shopdesk.toml` of the starter shop with its paths made absolute and its data in `folder`.
fn starter_copy(folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = std::fs::read_to_string(root.join("shop/shopdesk.toml")).unwrap();
    let quoted = |path: PathBuf| format!("\"{}\"", path.display());
    let settings = settings
        .replace("\"intents\"", &quoted(root.join("shop/intents")))
        .replace("\"sentiment.jsonl\"", &quoted(root.join("shop/sentiment.jsonl")))
        .replace("\"kb\"", &quoted(root.join("shop/kb")))
        .replace("\"../models/", &format!("\"{}/models/", root.display()))
        .replace("\"../data\"", &quoted(folder.join("data")));
    let path = folder.join("shopdesk.toml");
    std::fs::write(&path, settings).unwrap();
    path
}

fn command(shop: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopdesk"));
    command.arg("--shop").arg(shop).args(arguments).env("SHOPDESK_LOG", "warn").stdin(Stdio::null());
    command
}

fn shopdesk(shop: &Path, arguments: &[&str]) -> Output {
    command(shop, arguments).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn json_lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", stderr(output));
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn real_messages_get_the_right_intent() {
    let cases = [
        ("快递三天没动了", "parcel_delayed", "zh-Hans"),
        ("請問退貨的運費是誰付", "return_freight", "zh-Hant"),
        ("I got the wrong size, who pays the return?", "return_freight", "en"),
        ("can I get an invoice for my company with the tax number", "invoice_vat", "en"),
        ("转人工", "ask_human", "zh-Hans"),
    ];
    let texts: Vec<&str> = cases.iter().map(|(text, ..)| *text).collect();
    let lines = json_lines(&shopdesk(&STARTER, &[&["classify"], texts.as_slice()].concat()));
    for ((text, intent, language), line) in cases.iter().zip(&lines) {
        assert_eq!((&line["text"], &line["language"]), (&json!(text), &json!(language)));
        let alternatives = line["alternatives"].as_array().unwrap();
        let among = line["intent"] == *intent || alternatives.iter().any(|other| other["intent"] == *intent);
        assert!(among, "{line}");
    }
    assert_eq!(lines[4]["decision"], "escalate");
}

#[test]
fn a_classified_message_says_what_it_names_and_how_urgent_it_is() {
    let threat = "NL-RC40的订单202411098765432三天没发货，再拖我打12315";
    let lines = json_lines(&shopdesk(&STARTER, &["classify", threat, "洗衣机怎么用，直接转人工吧"]));
    let kinds: Vec<&Value> =
        lines[0]["entities"].as_array().unwrap().iter().map(|entity| &entity["kind"]).collect();
    assert_eq!(kinds, ["product_model", "order_number"]);
    assert_eq!(lines[0]["priority"], "urgent");
    assert_eq!(lines[0]["human_request"], Value::Null);
    assert!(lines[0]["language_confidence"].as_f64().unwrap() > 0.5);
    assert_eq!((&lines[1]["decision"], &lines[1]["reason"]), (&json!("escalate"), &json!("human_requested")));
    assert!(lines[1]["human_request"].is_string(), "{}", lines[1]);
}

#[test]
fn how_shoppers_feel_is_told_from_messages_that_nobody_trained_on() {
    let labelled = Path::new(env!("CARGO_MANIFEST_DIR")).join("shop/test/signals.jsonl");
    let labelled: Vec<Value> = std::fs::read_to_string(labelled)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("messages.txt");
    let texts = labelled.iter().map(|message| message["text"].as_str().unwrap().replace(['\n', '\r'], " "));
    std::fs::write(&file, texts.collect::<Vec<_>>().join("\n")).unwrap();
    let lines = json_lines(&shopdesk(&STARTER, &["classify", "--file", file.to_str().unwrap()]));
    assert_eq!(lines.len(), labelled.len());
    let levels = ["very_negative", "negative", "neutral", "positive", "very_positive"];
    let place = |value: &Value| levels.iter().position(|level| value == level).unwrap();
    let (mut right, mut close) = (0, 0);
    for (line, labelled) in lines.iter().zip(&labelled) {
        let (found, expected) = (place(&line["sentiment"]["level"]), place(&labelled["sentiment"]));
        right += usize::from(found == expected);
        close += usize::from(found.abs_diff(expected) <= 1);
    }
    let share = |count: usize| count as f64 / lines.len() as f64;
    assert!(share(right) > 0.6 && share(close) > 0.93, "{} {}", share(right), share(close));
}

#[test]
fn a_new_bundle_is_used_without_a_restart_and_a_broken_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let shop = trained_copy(&folder);
    let server = Server::start(&shop);
    let bundle_in_use = || {
        let conversation = server.conversation();
        let path = format!("/v1/conversations/{conversation}/messages");
        server.post(&path, &json!({ "text": "转人工" }));
        let tickets = server.get("/v1/tickets");
        let mut tickets = tickets["tickets"].as_array().unwrap().iter();
        let ticket = tickets.find(|ticket| ticket["conversation"] == conversation.as_str()).unwrap();
        ticket["assessment"]["bundle"].as_str().unwrap().to_owned()
    };
    let first = bundle_in_use();

    let manifest = folder.path().join("data/bundle/bundle.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, &text[..text.len() / 2]).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert_eq!(bundle_in_use(), first);

    // The same bundle by another name.
    std::fs::write(&manifest, text.replace(&first, "0123456789ab")).unwrap();
    let mut waited = 0;
    while bundle_in_use() == first {
        waited += 1;
        assert!(waited < 120, "the new bundle is not taken");
        std::thread::sleep(std::time::Duration::from_secs(1));
    }
}

#[test]
fn settings_of_signals_that_cannot_be_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let shop = trained_copy(&folder);
    let settings = std::fs::read_to_string(&shop).unwrap();
    let fails = |from: &str, to: &str| {
        std::fs::write(&shop, settings.replace(from, to)).unwrap();
        let output = shopdesk(&shop, &["classify", "x"]);
        assert_eq!(output.status.code(), Some(2));
        stderr(&output)
    };
    let message = fails("human_intent = \"ask_human\"", "human_intent = \"nobody\"");
    assert!(message.contains("`policy.human_intent` is `nobody`"), "{message}");
    let message = fails("order_number = '", "order_number = '(");
    assert!(message.contains("`signals.order_number`"), "{message}");
}

#[test]
fn training_again_gives_the_same_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("server/tests/fixture");
    let shop = starter_copy(folder.path());
    let settings = std::fs::read_to_string(&shop).unwrap();
    let starter = Path::new(env!("CARGO_MANIFEST_DIR")).join("shop");
    let settings: String = settings
        .lines()
        .filter(|line| !line.starts_with("sentiment"))
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&shop, settings.replace(&*starter.to_string_lossy(), &fixture.to_string_lossy())).unwrap();
    let bundle = || {
        assert!(shopdesk(&shop, &["train"]).status.success());
        std::fs::read_to_string(folder.path().join("data/bundle/bundle.json")).unwrap()
    };
    assert_eq!(bundle(), bundle());
}

#[test]
fn embedding_reads_arguments_or_lines_and_tells_queries_from_passages() {
    let arguments = json_lines(&shopdesk(&STARTER, &["embed", "--query", "--json", "运费谁出"]));
    assert_eq!(arguments[0]["text"], "运费谁出");
    assert_eq!(arguments[0]["vector"].as_array().unwrap().len(), 384);
    let piped = |flag: &str| {
        let mut child = command(&STARTER, &["embed", flag, "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all("运费谁出\n\nhello\n".as_bytes()).unwrap();
        json_lines(&child.wait_with_output().unwrap())
    };
    let (queries, passages) = (piped("--query"), piped("--passage"));
    assert_eq!(queries.len(), 2);
    assert_eq!(queries[0], arguments[0]);
    assert_ne!(queries[0]["vector"], passages[0]["vector"]);
}

#[test]
fn a_text_that_is_too_long_is_cut_and_says_so() {
    let lines =
        json_lines(&shopdesk(&STARTER, &["embed", "--passage", "--json", &"很长的文章。".repeat(400)]));
    assert_eq!((&lines[0]["truncated"], &lines[0]["tokens"]), (&json!(true), &json!(512)));
}

#[test]
fn what_is_missing_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let shop = starter_copy(folder.path());
    let fails = |shop: &Path, arguments: &[&str]| {
        let output = shopdesk(shop, arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        stderr(&output)
    };
    assert!(fails(&shop, &["classify", "x"]).contains("Run `shopdesk train`"));
    assert!(fails(&folder.path().join("nowhere"), &["train"]).contains("`--shop` says where"));

    let settings = std::fs::read_to_string(&shop).unwrap();
    std::fs::write(&shop, settings.replace("clarify_confidence = ", "clarify_confidence = 1")).unwrap();
    let message = fails(&shop, &["classify", "x"]);
    assert!(message.contains("clarify_confidence = 1") && message.contains("not a probability"), "{message}");
    std::fs::write(&shop, settings.replace("../models", "../nothing").replace("/models/", "/nothing/"))
        .unwrap();
    assert!(fails(&shop, &["embed", "--query", "x"]).contains("scripts/fetch-model"));
}

#[test]
fn what_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let shop = trained_copy(&folder);
    let server = Server::start(&shop);
    let conversation = server.conversation();
    let path = format!("/v1/conversations/{conversation}");
    let answered = server.post(&format!("{path}/messages"), &json!({ "text": "怎么申请退货" }));
    let escalated = server.post(&format!("{path}/messages"), &json!({ "text": "转人工" }));
    assert_eq!(escalated["state"], "waiting_for_human", "{escalated}");
    server.kill();

    let server = Server::start(&shop);
    let shown = server.get(&path);
    let said = [&answered["message"], &answered["reply"], &escalated["message"], &escalated["reply"]];
    assert_eq!(shown["messages"], json!(said));
    assert_eq!(shown["state"], "waiting_for_human");
    assert_eq!(server.get("/v1/tickets")["tickets"][0]["conversation"], conversation.as_str());
    server.kill();
}

#[test]
fn an_evaluation_writes_a_report_that_programs_and_people_can_read() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("labelled.jsonl");
    let lines = [
        json!({ "text": "怎么申请退货", "intent": "return_request", "channel": "app" }),
        json!({ "text": "Write to li.lei@example.com: who pays the return postage?", "intent": "return_freight" }),
        json!({ "text": "write me a poem about the sea", "intent": null }),
        json!({ "text": "换个皮肤", "intent": "an_intent_of_another_shop" }),
    ];
    std::fs::write(&data, lines.map(|line| line.to_string()).join("\n")).unwrap();
    let (data, out) = (data.to_str().unwrap(), folder.path().join("report"));
    let report = json_lines(&shopdesk(
        &STARTER,
        &["eval", "run", "--data", data, "--out", out.to_str().unwrap(), "--json", "--no-cache"],
    ));
    let accuracy = report[0]["metrics"]["accuracy"].as_f64().unwrap();
    assert!((0.25..=0.75).contains(&accuracy), "{accuracy}");
    assert_eq!(report[0]["data"]["unknown_intents"]["an_intent_of_another_shop"], 1);
    let saved: Value = serde_json::from_slice(&std::fs::read(out.join("report.json")).unwrap()).unwrap();
    assert_eq!(saved, report[0]);
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    let messages = std::fs::read_to_string(out.join("messages.jsonl")).unwrap();
    assert!(page.contains("an_intent_of_another_shop") && messages.lines().count() == 4);
    assert!(![&page, &messages].iter().any(|text| text.contains("li.lei@example.com")));

    let same = json_lines(&shopdesk(
        &STARTER,
        &["eval", "compare", out.to_str().unwrap(), out.to_str().unwrap(), "--json"],
    ));
    assert_eq!((&same[0]["messages"], &same[0]["mcnemar"]["p_value"]), (&json!(4), &json!(1.0)));
}

#[test]
fn a_gate_says_which_limit_was_missed_by_its_exit_code_and_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let data = path("a.csv", "text,intent\n怎么申请退货,return_request\n运费谁出,another_shops_intent\n");
    let gate = |data: &str, limits: &str| {
        shopdesk(&STARTER, &["eval", "gate", "--data", data, "--limits", limits, "--no-cache"])
    };
    let kept = gate(&data, &path("lax.toml", "max_misclassification = 0.9"));
    assert_eq!(kept.status.code(), Some(0), "{}", stderr(&kept));
    let missed = gate(&data, &path("strict.toml", "max_misclassification = 0.1\nmax_ece = 1.0"));
    let said = String::from_utf8_lossy(&missed.stdout).into_owned();
    assert_eq!(missed.status.code(), Some(1));
    assert!(said.contains("FELL SHORT  max_misclassification") && said.contains("kept  max_ece"), "{said}");
    for (data, limits) in [(path("empty.csv", ""), "max_ece = 1.0"), (data, "max_eze = 1.0")] {
        assert_eq!(gate(&data, &path("limits.toml", limits)).status.code(), Some(2));
    }
}

/// A copy of the trained starter shop, for tests that write.
fn trained_copy(folder: &TempDir) -> PathBuf {
    let shop = starter_copy(folder.path());
    let (from, to) = (STARTER.parent().unwrap().join("data"), folder.path().join("data"));
    copy_folder(&from.join("bundle"), &to.join("bundle"));
    for file in std::fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
    shop
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A running `shopdesk serve` on a port that the system chose.
struct Server {
    child: Child,
    address: String,
    /// A key for everything.
    key: String,
    /// The visitors' tokens, by conversation.
    tokens: RefCell<HashMap<String, String>>,
}

impl Server {
    fn start(shop: &Path) -> Self {
        let mut child =
            command(shop, &["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let address = address.unwrap_or_else(|| panic!("no address in `{line}`")).to_owned();
        let made = shopdesk(shop, &["key", "create", "test", "--scope", "admin"]);
        assert!(made.status.success(), "{}", stderr(&made));
        let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        Self { child, address, key, tokens: RefCell::default() }
    }

    fn get(&self, path: &str) -> Value {
        let token = self.bearer(path);
        self.request(&format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"))
    }

    fn bearer(&self, path: &str) -> String {
        let id = path.strip_prefix("/v1/conversations/").and_then(|rest| rest.split(['/', '?']).next());
        id.and_then(|id| self.tokens.borrow().get(id).cloned()).unwrap_or_else(|| self.key.clone())
    }

    fn conversation(&self) -> String {
        let begun = self.post("/v1/conversations", &json!({}));
        let text = |key: &str| begun[key].as_str().unwrap().to_owned();
        self.tokens.borrow_mut().insert(text("id"), text("token"));
        text("id")
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let (length, token) = (body.len(), self.bearer(path));
        self.request(&format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    }

    fn request(&self, request: &str) -> Value {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 20"), "{response}");
        serde_json::from_str(body).unwrap()
    }

    /// As `kill -9` does.
    fn kill(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A test that failed must not leave a server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
