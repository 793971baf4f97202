//! From a correction to another bundle and back, while the service runs.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Server, shopdesk, starter_copy, stderr};

const PASSWORD: &str = "a long sentence of a test";

/// A tiny shop, trained, with three messages to compare bundles on.
pub(crate) fn tiny_shop(folder: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let test = folder.join("test.jsonl");
    let messages =
        [("怎么退货", "return_request"), ("什么时候发货", "dispatch_time"), ("我要投诉", "complaint")];
    let lines = messages.map(|(text, intent)| json!({ "text": text, "intent": intent }).to_string());
    std::fs::write(&test, lines.join("\n")).unwrap();
    let shop = starter_copy(folder);
    let settings = std::fs::read_to_string(&shop).unwrap();
    let starter = root.join("shop").display().to_string();
    let fixture = root.join("server/tests/fixture").display().to_string();
    let settings: String = settings
        .replace(&starter, &fixture)
        .replace("\"test/messages.jsonl\"", &format!("\"{}\"", test.display()))
        .lines()
        .filter(|line| {
            !["sentiment =", "human_intent =", "small_talk_intents =", "questions ="]
                .iter()
                .any(|key| line.starts_with(key))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&shop, settings).unwrap();
    let trained = shopdesk(&shop, &["train"]);
    assert!(trained.status.success(), "{}", stderr(&trained));
    shop
}

/// An administrator in the console.
pub(crate) struct Console<'a> {
    server: &'a Server,
    cookie: String,
    token: String,
}

impl<'a> Console<'a> {
    pub(crate) fn log_in(shop: &Path, server: &'a Server) -> Self {
        let added = shopdesk(shop, &["user", "add", "boss", "--name", "Boss", "--role", "admin"]);
        assert!(added.status.success(), "{}", stderr(&added));
        let invitation = String::from_utf8(added.stdout).unwrap().trim().to_owned();
        let mut console = Self { server, cookie: String::new(), token: String::new() };
        let chosen = json!({ "invitation": invitation, "password": PASSWORD }).to_string();
        assert!(console.send("POST", "/v1/invitations", "application/json", &chosen).0.contains(" 204 "));
        let login = json!({ "login": "boss", "password": PASSWORD }).to_string();
        let (head, body) = console.send("POST", "/v1/session", "application/json", &login);
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a cookie");
        console.cookie = cookie.split(';').next().unwrap().to_owned();
        let session: Value = serde_json::from_str(&body).unwrap();
        console.token = session["csrf_token"].as_str().unwrap().to_owned();
        console
    }

    /// The head and the body of the reply.
    fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.server.address()).unwrap();
        let (length, cookie, token) = (body.len(), &self.cookie, &self.token);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\nx-csrf-token: {token}\r\n\
             accept-language: en\r\nconnection: close\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    pub(crate) fn page(&self, path: &str) -> String {
        let (head, body) = self.send("GET", path, "text/plain", "");
        assert!(head.contains(" 200 "), "{head} {body}");
        body
    }

    pub(crate) fn form(&self, path: &str, body: &str) -> String {
        let (head, body) = self.send("POST", path, "application/x-www-form-urlencoded", body);
        assert!(head.contains(" 200 "), "{head} {body}");
        body
    }
}

/// The bundle that answers, by the ticket of a new conversation, and that ticket.
fn bundle_in_use(server: &Server) -> (String, Value) {
    let conversation = server.conversation();
    server.post(&format!("/v1/conversations/{conversation}/messages"), &json!({ "text": "转人工" }));
    let tickets = server.get("/v1/tickets?limit=200");
    let mut tickets = tickets["tickets"].as_array().unwrap().iter();
    let ticket = tickets.find(|ticket| ticket["conversation"] == conversation.as_str()).unwrap();
    (ticket["assessment"]["bundle"].as_str().unwrap().to_owned(), ticket.clone())
}

/// Waits for what takes seconds, two minutes at most.
fn wait_for(what: &str, mut is_done: impl FnMut() -> bool) {
    for _ in 0..120 {
        if is_done() {
            return;
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    panic!("{what} did not happen");
}

#[test]
fn a_correction_is_learnt_switched_to_and_rolled_back() {
    let folder = tempfile::tempdir().unwrap();
    let shop = tiny_shop(folder.path());
    let server = Server::start(&shop);
    let console = Console::log_in(&shop, &server);
    let (first, ticket) = bundle_in_use(&server);

    let action = json!({ "action": "intent", "intent": "dispatch_time" });
    server.post(&format!("/v1/tickets/{}/actions", ticket["id"].as_str().unwrap()), &action);
    let corrections = server.get("/v1/corrections?state=waiting");
    let correction = corrections["corrections"][0]["id"].as_str().unwrap();
    console.form("/console/learning/labels", &format!("approve=correction:{correction}"));

    console.form("/console/learning/training", "");
    wait_for("the training", || !console.page("/console/learning/training").contains("class=\"steps\""));
    let panel = console.page("/console/learning/training");
    assert!(panel.contains("1 learnt") && panel.contains("on the same 3 test messages"), "{panel}");
    let learnt = std::fs::read_to_string(folder.path().join("data/corrections.jsonl")).unwrap();
    assert_eq!(learnt, "{\"text\":\"转人工\",\"intent\":\"dispatch_time\"}\n");
    assert_eq!(bundle_in_use(&server).0, first);

    // Three messages say little, and the gate may say either: a reason passes by it.
    let candidate = std::fs::read_to_string(folder.path().join("data/candidate/bundle.json")).unwrap();
    let candidate: Value = serde_json::from_str(&candidate).unwrap();
    let candidate = candidate["id"].as_str().unwrap();
    console.form("/console/learning/switch", &format!("bundle={candidate}&force=true&reason=a+test"));
    wait_for("the switch", || bundle_in_use(&server).0 != first);
    let second = bundle_in_use(&server).0;
    let manifest = std::fs::read_to_string(folder.path().join("data/bundle/bundle.json")).unwrap();
    assert!(second == candidate && manifest.contains(&second));

    let panel = console.form("/console/learning/roll-back", &format!("bundle={first}"));
    assert!(panel.contains(&first), "{panel}");
    wait_for("the roll-back", || bundle_in_use(&server).0 == first);
    // Whoever starts again finds the bundle that was rolled back to.
    server.kill();
    assert_eq!(bundle_in_use(&Server::start(&shop)).0, first);
}
