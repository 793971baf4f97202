//! What the program makes of messages and settings.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::harness::{STARTER, command, json_lines, shopdesk, starter_copy, stderr, trained_copy};

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
    assert!(message.contains("`policy.human_intent` names `nobody`"), "{message}");
    let message = fails("small_talk_intents = [\"greeting\"", "small_talk_intents = [\"weather\"");
    assert!(message.contains("`policy.small_talk_intents` names `weather`"), "{message}");
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
