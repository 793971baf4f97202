//! `shopdesk data` as a user runs it: the real binary and the real model.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn shopdesk(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_shopdesk"));
    command.arg("--shop").arg(root.join("shop")).arg("data").args(arguments);
    command.env("SHOPDESK_LOG", "warn").stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().to_path_buf();
    (folder, path)
}

/// Three intents with a few plain messages each, and what else is given.
fn lines(more: &[(&str, &str)]) -> String {
    let plain = [
        ("我要退货", "returns"),
        ("how do I send this back", "returns"),
        ("这件衣服不合适想退掉", "returns"),
        ("什么时候发货", "dispatch"),
        ("when will my order ship", "dispatch"),
        ("都三天了怎么还不发货", "dispatch"),
        ("发票怎么开", "invoice"),
        ("I need an invoice for my company", "invoice"),
        ("麻烦把发票发到邮箱", "invoice"),
        ("开发票要提供什么", "invoice"),
    ];
    let all = plain.iter().chain(more);
    all.map(|(text, intent)| serde_json::json!({ "text": text, "intent": intent }).to_string() + "\n")
        .collect()
}

fn findings<'a>(report: &'a Value, kind: &str) -> Vec<&'a Value> {
    report["findings"].as_array().unwrap().iter().filter(|finding| finding["kind"] == kind).collect()
}

#[test]
fn a_check_finds_what_was_put_in_with_its_lines() {
    let examples = lines(&[
        ("我要退货", "dispatch"),
        ("我要退货！！", "dispatch"),
        ("我要把货退了", "dispatch"),
        ("hello", "greeting"),
    ]);
    let test = "text,intent\n什么时候发货？,dispatch\n今天天气不错,\n";
    let (_folder, path) = folder(&[("a.jsonl", &examples), ("test.csv", test)]);
    let (intents, test) = (path.join("a.jsonl"), path.join("test.csv"));
    let output = shopdesk(&[
        "check",
        "--intents",
        intents.to_str().unwrap(),
        "--test",
        test.to_str().unwrap(),
        "--fewest",
        "4",
        "--json",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["messages"], &report["intents"]), (&14.into(), &4.into()));

    let lines = |finding: &Value| -> Vec<u64> {
        finding["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["line"].as_u64().unwrap())
            .collect()
    };
    let same = findings(&report, "same_text");
    assert_eq!(same.iter().map(|finding| lines(finding)).collect::<Vec<_>>(), [[11, 1]], "{report}");
    assert_eq!(same[0]["severity"], "error");
    assert_eq!(findings(&report, "same_words").len(), 1);
    let few = findings(&report, "too_few_examples");
    let few: Vec<_> =
        few.iter().map(|finding| (finding["intent"].as_str().unwrap(), &finding["severity"])).collect();
    assert_eq!(few, [("greeting", &Value::from("error")), ("returns", &Value::from("warning"))]);
    let [leak] = findings(&report, "leak")[..] else { panic!("one leak: {report}") };
    assert_eq!((&leak["test"]["line"], &leak["training"]["line"]), (&2.into(), &4.into()));
    let near: Vec<_> = findings(&report, "near_duplicate").iter().map(|finding| lines(finding)).collect();
    assert!(near.iter().all(|lines| lines.contains(&12) || lines.contains(&13)), "{report}");
    assert!(report["errors"].as_u64().unwrap() >= 3);
}

#[test]
fn a_check_of_broken_files_names_every_mistake_and_goes_on() {
    let broken = "id: other\npriority: soon\nexamples:\n  zh: [我要退货]\n";
    let (_folder, path) = folder(&[("a.jsonl", &lines(&[])), ("b.yaml", broken)]);
    let output = shopdesk(&["check", "--intents", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    for part in
        ["b.yaml:1: `id` is `other`", "b.yaml:2: `priority` is `soon`", "`title` is missing", "the same text"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    let missing = shopdesk(&["check", "--intents", "nowhere.jsonl"]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn the_starter_shop_has_no_error() {
    let output = shopdesk(&["check", "--limit", "3"]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}{}",
        stdout(&output),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_rasa_file_becomes_a_folder_and_comes_back() {
    let nlu = "version: \"3.1\"\nnlu:\n- intent: faq/refund\n  examples: |\n    - 我的[退款](thing)呢\n    - where is my refund\n\
               - intent: out_of_scope\n  examples: |\n    - 写首诗\n- synonym: phone\n  examples: |\n    - mobile\n";
    let (_folder, path) = folder(&[("nlu.yml", nlu)]);
    let at = |name: &str| path.join(name).to_str().unwrap().to_owned();
    let imported = shopdesk(&["import", &at("nlu.yml"), "--out", &at("intents")]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let text = stdout(&imported);
    assert!(
        text.contains("language of 3 messages was guessed") && text.contains("titles of 1 intents"),
        "{text}"
    );
    let refund = std::fs::read_to_string(path.join("intents/faq/refund.yaml")).unwrap();
    assert_eq!(
        refund,
        "id: faq/refund\ntitle:\n  en: faq refund\npriority: normal\nhandling: answer\nexamples:\n  zh:\n    - 我的退款呢\n  en:\n    - where is my refund\n"
    );

    let again = shopdesk(&["import", &at("nlu.yml"), "--out", &at("intents")]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("--replace"));
    assert!(shopdesk(&["import", &at("nlu.yml"), "--out", &at("intents"), "--replace"]).status.success());

    for (format, name) in [("rasa", "out.yml"), ("csv", "out.csv"), ("jsonl", "out.jsonl"), ("yaml", "out")] {
        let exported = shopdesk(&["export", &at("intents"), "--format", format, "--out", &at(name)]);
        assert!(exported.status.success(), "{format}: {}", String::from_utf8_lossy(&exported.stderr));
    }
    let back = std::fs::read_to_string(path.join("out.jsonl")).unwrap();
    assert!(
        back.contains("{\"text\":\"我的退款呢\",\"intent\":\"faq/refund\",\"language\":\"zh\"}"),
        "{back}"
    );
    assert_eq!(std::fs::read_to_string(path.join("out/faq/refund.yaml")).unwrap(), refund);
}

#[test]
fn an_import_that_leaves_something_to_decide_says_so() {
    let (_folder, path) = folder(&[("a.jsonl", &lines(&[("我要退货", "dispatch")]))]);
    let at = |name: &str| path.join(name).to_str().unwrap().to_owned();
    let imported = shopdesk(&["import", &at("a.jsonl"), "--out", &at("intents")]);
    assert_eq!(imported.status.code(), Some(1));
    let text = stdout(&imported);
    assert!(text.contains("`我要退货` stands at") && text.contains("returns.yaml:"), "{text}");
}
