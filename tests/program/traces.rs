//! Traces reach a collector, and nothing of what people wrote does.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use serde_json::json;

use crate::harness::{Server, admin_key, trained_copy};

/// The trace that a proxy began.
const TRACE: [u8; 16] = *b"\x0a\xf7\x65\x19\x16\xcd\x43\xdd\x84\x48\xeb\x21\x1c\x80\x31\x9c";
const TRACE_PARENT: &str = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n";

#[test]
fn spans_are_sent_at_the_end_and_hold_nothing_that_was_said() {
    let folder = tempfile::tempdir().unwrap();
    let shop = trained_copy(&folder);
    let key = admin_key(&shop, &[]);
    let (endpoint, taken) = collector();
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        // Longer than the test: what arrives was sent because the service stopped.
        ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
    ];
    let server = Server::start_with(&shop, &environment, &key);
    let path = format!("/v1/conversations/{}", server.conversation());
    server.post(&format!("{path}/messages"), &json!({ "text": "怎么申请退货，暗号青蛙骑士" }));
    let mut reply = String::new();
    let mut asked = server.send_with("GET", &format!("{path}?note=frog-knight"), "", TRACE_PARENT).unwrap();
    asked.read_to_string(&mut reply).unwrap();
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
    let key = server.key().to_owned();
    assert!(server.stop().success());

    let sent: Vec<u8> = taken.into_iter().flatten().collect();
    let holds = |text: &[u8]| sent.windows(text.len()).any(|window| window == text);
    for expected in [
        "service.name",
        "shopdesk",
        "POST /v1/conversations/{id}/messages",
        "GET /v1/conversations/{id}",
        "settle",
        "assess",
        "embed",
        "decide",
    ] {
        assert!(holds(expected.as_bytes()), "`{expected}` in {}", String::from_utf8_lossy(&sent));
    }
    assert!(holds(&TRACE), "the trace that the request belongs to goes on");
    for secret in ["青蛙骑士", "申请退货", "frog-knight", &key] {
        assert!(!holds(secret.as_bytes()), "`{secret}` in {}", String::from_utf8_lossy(&sent));
    }
}

/// Takes what is sent to `/v1/traces`, and gives what has come so far.
fn collector() -> (String, impl IntoIterator<Item = Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (sender, taken) = mpsc::channel();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut reader = BufReader::new(connection.unwrap());
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            assert_eq!(line, "POST /v1/traces HTTP/1.1\r\n");
            let mut length = 0;
            while line != "\r\n" {
                line.clear();
                reader.read_line(&mut line).unwrap();
                if let Some(number) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                    length = number.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            // Before the reply: the service may be gone after it.
            if sender.send(body).is_err() {
                return;
            }
            let reply = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
            reader.get_mut().write_all(reply).unwrap();
        }
    });
    (endpoint, std::iter::from_fn(move || taken.try_recv().ok()))
}
