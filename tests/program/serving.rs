//! The running service.

use serde_json::json;

use crate::harness::{Server, trained_copy};

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
