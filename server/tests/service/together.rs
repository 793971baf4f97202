//! Messages that are decided together.

use jiff::civil::date;
use shopdesk_model::Role;
use shopdesk_triage::Embedded;

use crate::support::TestApp;

#[tokio::test]
async fn messages_that_are_assessed_together_are_assessed_as_alone() {
    let triage = TestApp::start().await.state.assessor.triage();
    let at = date(2026, 7, 1).at(12, 0, 0, 0);
    // In both languages of the shop, in one that it has nothing in, and in none.
    let messages = [
        "怎么退货",
        "When will you send my order?",
        "Где моя посылка?",
        "👀",
        "我要投诉你们",
        "What is a quasar?",
    ]
    .map(|message| {
        let prepared = triage.prepare(message).unwrap();
        let embedding = triage.encoder().embed(&prepared.text, Role::Query).unwrap().embedding;
        Embedded { prepared, embedding, at }
    });
    let alone = messages.clone().map(|Embedded { prepared, embedding, at }| {
        format!("{:?}", triage.assess_embedded(prepared, &embedding, at).unwrap())
    });
    let together = triage.assess_all_embedded(messages.to_vec());
    let together: Vec<String> = together.into_iter().map(|each| format!("{:?}", each.unwrap())).collect();
    assert_eq!(together, alone);
    for (number, first) in alone.iter().enumerate() {
        assert!(!alone[number + 1..].contains(first), "messages that are assessed alike prove nothing");
    }
}
