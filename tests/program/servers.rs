//! Two servers over one PostgreSQL database, as two processes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Server, admin_key, trained_copy};

/// Names a PostgreSQL database that is empty but for schemas of other tests.
const DATABASE: &str = "SHOPDESK_TEST_DATABASE_URL";

#[test]
fn two_servers_over_one_database_are_one_service() {
    let Ok(database) = std::env::var(DATABASE) else {
        drop(writeln!(std::io::stderr(), "two servers were not tested: `{DATABASE}` names no database"));
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let shop = trained_copy(&folder);
    let environment = [("SHOPDESK_DATABASE_URL", database.as_str())];
    let key = admin_key(&shop, &environment);
    let first = Server::start_with(&shop, &environment, &key);
    let second = Server::start_with(&shop, &environment, &key);
    a_message_to_one_reaches_who_follows_at_the_other(&first, &second);
    a_ticket_is_closed_once(&first, &second);
}

fn a_message_to_one_reaches_who_follows_at_the_other(first: &Server, second: &Server) {
    let conversation = first.conversation();
    let path = format!("/v1/conversations/{conversation}");
    let stream = second.send("GET", &format!("{path}/events"), "", "text/event-stream").unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let sent = first.post(&format!("{path}/messages"), &json!({ "text": "退货运费谁出" }));
    let reply = sent["reply"]["id"].as_str().unwrap().to_owned();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("data: ") && line.contains(&reply)), "the stream ended");
}

fn a_ticket_is_closed_once(first: &Server, second: &Server) {
    for _ in 0..10 {
        let conversation = first.conversation();
        first.post(&format!("/v1/conversations/{conversation}/human"), &json!({}));
        let tickets = second.get("/v1/tickets?limit=200");
        let of_it = |ticket: &&Value| ticket["conversation"] == conversation.as_str();
        let ticket = tickets["tickets"].as_array().unwrap().iter().find(of_it).unwrap().clone();
        let path = format!("/v1/tickets/{}/actions", ticket["id"].as_str().unwrap());
        let close =
            |server: &Server| server.ask("POST", &path, r#"{"action":"close","reason":null}"#).unwrap().0;
        let mut statuses = std::thread::scope(|scope| {
            [first, second].map(|server| scope.spawn(|| close(server))).map(|closing| closing.join().unwrap())
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}
