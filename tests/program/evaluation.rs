//! Reports and gates.

use serde_json::{Value, json};

use crate::harness::{STARTER, json_lines, shopdesk, stderr};

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
