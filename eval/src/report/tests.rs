//! What a report says of a few messages that can be counted by hand, and of the edges.

use shopdesk_model::intents::OUT_OF_SCOPE;
use shopdesk_triage::EscalationReason;

use super::*;
use crate::data::Distance;
use crate::observation::tests::observed;
use crate::pipeline::Action;

pub(crate) fn source() -> Source {
    let kept = serde_json::json!({
        "max_error": 0.5, "confidence": 0.9, "threshold": 0.6, "messages": 100, "answered": 50, "wrong": 1,
        "error_bound": 0.1, "coverage_interval": [0.4, 0.6], "messages_needed": null
    });
    Source {
        program: "0".to_owned(),
        data: "a.jsonl".to_owned(),
        data_sha256: String::new(),
        bundle: "b".to_owned(),
        encoder: "e".to_owned(),
        intents: 2,
        articles: 0,
        promise: serde_json::from_value(kept).unwrap(),
        intent_promises: BTreeMap::new(),
        day: Date::constant(2026, 1, 1),
        folds: Vec::new(),
    }
}

fn allowed(mut observation: Observation) -> Observation {
    observation.allowed = true;
    observation.action = Action::Escalate { reason: EscalationReason::NoArticle };
    observation
}

fn some_messages() -> Vec<Observation> {
    let mut near = observed(None, "a", 0.3, 0.6);
    near.expectation.distance = Some(Distance::Near);
    vec![
        allowed(observed(Some("a"), "a", 0.9, 0.0)),
        allowed(observed(Some("a"), "b", 0.8, 0.1)),
        observed(Some("b"), "b", 0.4, 0.2),
        observed(Some("b"), "b", 0.3, 0.5),
        near,
        allowed(observed(None, "b", 0.7, 0.1)),
    ]
}

#[test]
fn figures_are_those_counted_by_hand() {
    let report = Report::of(source(), &some_messages());
    // Right are the first, the third and the fifth; of those with an intent, the likeliest is right for three of four.
    assert_eq!(report.metrics.accuracy, 0.5);
    assert_eq!(report.metrics.in_scope_accuracy, Some(0.75));
    assert_eq!((report.promise.coverage, report.promise.error), (0.5, 2.0 / 3.0));
    assert_eq!((report.promise.allowed, report.promise.wrong), (3, 2));
    let scope = report.out_of_scope.unwrap();
    // One of two is taken for out of scope; taken are two, one of them with an intent, whose likeliest intent was right.
    assert_eq!((scope.all.recall.share, scope.precision.share), (Some(0.5), Some(0.5)));
    assert_eq!(scope.in_scope_loss, 0.25);
    assert_eq!((scope.near.unwrap().recall.part, scope.far), (1, None));
    assert_eq!(report.automation.reasons["no_article"], 3);
    assert_eq!(report.errors.len(), 3);
    assert_eq!(report.errors[0].confidence, 0.8);
    assert_eq!(report.data.out_of_scope, 2);
}

#[test]
fn what_others_read_is_a_number_under_its_documented_name() {
    let json = serde_json::to_value(Report::of(source(), &some_messages())).unwrap();
    for pointer in [
        "/metrics/accuracy",
        "/metrics/in_scope_accuracy",
        "/metrics/macro_f1",
        "/metrics/ece",
        "/metrics/oos_auroc",
        "/selective/aurc",
        "/selective/coverage_at_accuracy/0.95",
        "/selective/coverage_at_accuracy/0.98",
        "/selective/coverage_at_accuracy/0.99",
        "/promise/coverage",
        "/promise/error",
    ] {
        assert!(json.pointer(pointer).is_some_and(serde_json::Value::is_number), "{pointer}");
    }
    assert_eq!(json["schema"], 1);
    assert_eq!(
        serde_json::from_value::<Report>(json.clone()).unwrap().data.messages,
        json["data"]["messages"]
    );
}

#[test]
fn a_label_that_the_bundle_does_not_know_has_its_own_row_and_column() {
    let mut stranger = observed(Some("new_thing"), "a", 0.9, 0.0);
    stranger.known = false;
    stranger.needs_human = None;
    let report = Report::of(source(), &[observed(Some("a"), "a", 0.9, 0.0), stranger]);
    assert_eq!(report.data.unknown_intents["new_thing"], 1);
    assert!(report.confusion.classes.contains(&"new_thing".to_owned()));
    let row = report.intents.iter().find(|row| row.id == "new_thing").unwrap();
    assert_eq!((row.known, row.support, row.recall.share, row.predicted), (false, 1, Some(0.0), 0));
    assert_eq!(report.confused_pairs[0].expected, "new_thing");
    assert!(report.metrics.log_loss.unwrap().is_finite());
}

#[test]
fn one_class_only_and_no_message_at_all_are_no_crash() {
    let one = Report::of(source(), &[observed(Some("a"), "a", 0.9, 0.0)]);
    assert_eq!((one.metrics.accuracy, one.metrics.macro_f1, one.metrics.oos_auroc), (1.0, 1.0, None));
    assert_eq!((one.promise.coverage, one.promise.verdict), (0.0, Verdict::NothingAnswered));
    let none = Report::of(source(), &[]);
    assert_eq!((none.metrics.accuracy, none.data.messages, none.metrics.in_scope_accuracy), (0.0, 0, None));
    let only_aside = Report::of(source(), &[observed(None, "a", 0.1, 0.9)]);
    assert_eq!((only_aside.metrics.accuracy, only_aside.out_of_scope), (1.0, None));
    assert_eq!(only_aside.confusion.classes, [OUT_OF_SCOPE]);
}

#[test]
fn an_intent_that_nobody_has_is_listed_last_and_not_averaged() {
    let report =
        Report::of(source(), &[observed(Some("a"), "ghost", 0.9, 0.0), observed(Some("a"), "a", 0.9, 0.0)]);
    let ghost = report.intents.last().unwrap();
    assert_eq!((ghost.id.as_str(), ghost.support, ghost.recall.share), ("ghost", 0, None));
    assert!((report.metrics.macro_f1 - 2.0 / 3.0).abs() < 1e-12);
}

#[test]
fn a_message_with_a_weight_counts_as_so_many() {
    let mut heavy = observed(Some("a"), "a", 0.9, 0.0);
    heavy.weight = 3.0;
    let report = Report::of(source(), &[heavy, observed(Some("a"), "b", 0.8, 0.0)]);
    assert_eq!(report.metrics.accuracy, 0.75);
    assert!(report.data.weighted);
}

#[test]
fn a_part_that_is_worse_by_more_than_chance_is_flagged() {
    let mut messages = Vec::new();
    for i in 0..200 {
        let wrong = i % 4 == 0 && i % 8 == 0 || i % 20 == 1;
        let mut message = observed(Some("a"), if wrong { "b" } else { "a" }, 0.9, 0.0);
        let channel = if i % 4 == 0 { "app" } else { "web" };
        message.slices.insert("channel".to_owned(), channel.to_owned());
        message.slices.insert("parity".to_owned(), (i / 4 % 3).to_string());
        messages.push(message);
    }
    let report = Report::of(source(), &messages);
    let worse: Vec<_> = report.slices.iter().filter(|row| row.worse).map(|row| row.value.as_str()).collect();
    assert_eq!(worse, ["app"]);
    assert!(report.slices.iter().all(|row| row.corrected_p_value >= row.p_value));
}

#[test]
fn what_if_at_the_bundles_threshold_is_what_is() {
    let report = Report::of(source(), &some_messages());
    let current: Vec<_> = report.automation.what_if.iter().filter(|row| row.current).collect();
    let [row] = current.as_slice() else { panic!("{current:?}") };
    assert_eq!((row.coverage.part, row.error.part), (report.promise.allowed, report.promise.wrong));
}
