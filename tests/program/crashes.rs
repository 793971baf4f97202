//! The service is killed again and again while shoppers write.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Server, admin_key, trained_copy};

const KILLS: usize = 50;
const SHOPPERS: usize = 4;
/// A question, a complaint that becomes a ticket, small talk.
const TEXTS: [&str; 3] = ["退货运费谁出", "我要投诉你们客服", "谢谢"];

/// What a conversation has to hold: its id, and the ids that its shopper gave to messages that were acknowledged.
type Acknowledged = Mutex<Vec<(String, String)>>;

#[test]
fn what_was_acknowledged_is_there_once_after_fifty_kills() {
    let folder = tempfile::tempdir().unwrap();
    let shop = trained_copy(&folder);
    let key = admin_key(&shop, &[]);
    let acknowledged = Acknowledged::default();
    for round in 0..KILLS {
        let server = Server::start_with(&shop, &[], &key);
        std::thread::scope(|scope| {
            for shopper in 0..SHOPPERS {
                let (server, acknowledged) = (&server, &acknowledged);
                scope.spawn(move || write_until_killed(server, round, shopper, acknowledged));
            }
            // Another moment in every round: while messages are stored, assessed, replied to, handed over.
            std::thread::sleep(Duration::from_millis(100 + (round as u64 * 137) % 1500));
            server.kill_now();
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > KILLS, "only {} messages were acknowledged", acknowledged.len());
    let server = Server::start_with(&shop, &[], &key);
    let conversations: BTreeSet<&String> =
        acknowledged.iter().map(|(conversation, _)| conversation).collect();
    for conversation in conversations {
        let page = server.get(&format!("/v1/conversations/{conversation}/events"));
        check_events(conversation, page["events"].as_array().unwrap(), &acknowledged);
    }
    check_tickets(&server);
}

/// Writes to a conversation of its own, and to that of the round before, until nobody answers.
fn write_until_killed(server: &Server, round: usize, shopper: usize, acknowledged: &Acknowledged) {
    let Some((201, begun)) = server.ask("POST", "/v1/conversations", "{}") else { return };
    let begun: Value = serde_json::from_str(&begun).unwrap();
    let conversation = begun["id"].as_str().unwrap();
    for number in 0.. {
        let id = format!("{round}-{shopper}-{number}");
        let body = json!({ "text": TEXTS[number % TEXTS.len()], "client_message_id": id });
        let path = format!("/v1/conversations/{conversation}/messages?wait={}", number % 2 == 1);
        match server.ask("POST", &path, &body.to_string()) {
            Some((200, _)) => acknowledged.lock().unwrap().push((conversation.to_owned(), id)),
            Some((status, text)) => panic!("{status} {text}"),
            None => return,
        }
    }
}

fn check_events(conversation: &str, events: &[Value], acknowledged: &[(String, String)]) {
    let sequences: Vec<i64> = events.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequences, (1..=events.len() as i64).collect::<Vec<_>>(), "{conversation}");
    for (_, id) in acknowledged.iter().filter(|(of, _)| of == conversation) {
        let is_it = |event: &&Value| event["message"]["client_message_id"] == id.as_str();
        assert_eq!(events.iter().filter(is_it).count(), 1, "message {id} of {conversation}");
    }
}

/// No conversation has two tickets.
fn check_tickets(server: &Server) {
    let mut seen = BTreeSet::new();
    let mut path = "/v1/tickets?limit=200".to_owned();
    loop {
        let page = server.get(&path);
        for ticket in page["tickets"].as_array().unwrap() {
            assert!(seen.insert(ticket["conversation"].to_string()), "two tickets: {ticket}");
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/tickets?limit=200&after={next}");
    }
    assert!(!seen.is_empty());
}
