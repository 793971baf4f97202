//! The desk as its shoppers know it: the part of the HTTP API that they use (`docs/api.md`).

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::{Method, Request, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::connections::Connections;

/// How long a shopper waits: longer than the desk may take, so that its own `timed-out` is seen.
const PATIENCE: Duration = Duration::from_secs(45);

pub(crate) struct Desk {
    connections: Connections,
    host: String,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// 429: shed, and nothing was kept.
    TooMany,
    /// Anything else, by its status and code.
    Failed(String),
}

/// A conversation that was begun.
#[derive(Deserialize)]
pub(crate) struct Begun {
    pub(crate) id: String,
    pub(crate) token: String,
}

/// A message as it was kept, and what the desk says to it.
#[derive(Deserialize)]
pub(crate) struct Sent {
    pub(crate) reply: Option<Reply>,
    pub(crate) state: String,
}

#[derive(Deserialize)]
pub(crate) struct Reply {
    pub(crate) id: String,
    pub(crate) kind: ReplyKind,
    /// There when the model was asked.
    pub(crate) assessment: Option<IgnoredAny>,
}

/// What a reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReplyKind {
    Answer,
    Clarify,
    /// How an order stands.
    OrderStatus,
    AskOrderNumber,
    /// The shop knows no such order.
    OrderUnknown,
    Handover,
    SmallTalk,
    Notice,
}

/// Something that happened in a conversation.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Event {
    pub(crate) sequence: i64,
    pub(crate) message: Option<Message>,
    /// Who speaks for the shop from here on, where that changed.
    pub(crate) state: Option<String>,
    pub(crate) reason: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) sender: String,
    pub(crate) text: String,
    pub(crate) client_message_id: Option<String>,
}

impl Desk {
    pub(crate) fn new(address: SocketAddr, most_connections: usize) -> Self {
        Self { connections: Connections::new(address, most_connections), host: address.to_string() }
    }

    pub(crate) async fn begin(&self, language: Option<&str>) -> Result<Begun, Refusal> {
        let body = json!({ "channel": "load", "language": language });
        self.call(Method::POST, "/v1/conversations", None, body.to_string()).await
    }

    /// Sends a message; when it `waits`, the answer comes with the reply.
    pub(crate) async fn send(
        &self,
        conversation: &Begun,
        text: &str,
        client_message_id: &str,
        waits: bool,
    ) -> Result<Sent, Refusal> {
        let path = format!("/v1/conversations/{}/messages?wait={waits}", conversation.id);
        let body = json!({ "text": text, "client_message_id": client_message_id });
        self.call(Method::POST, &path, Some(&conversation.token), body.to_string()).await
    }

    /// All that happened in a conversation. Ours are far shorter than a page.
    pub(crate) async fn events(&self, conversation: &Begun) -> Result<Vec<Event>, Refusal> {
        #[derive(Deserialize)]
        struct Page {
            events: Vec<Event>,
        }
        let path = format!("/v1/conversations/{}/events?after=0", conversation.id);
        let page: Page = self.call(Method::GET, &path, Some(&conversation.token), String::new()).await?;
        Ok(page.events)
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: String,
    ) -> Result<T, Refusal> {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request.body(Full::new(Bytes::from(body))).map_err(|_| failed("unsendable"))?;
        let answered = tokio::time::timeout(PATIENCE, self.connections.send(request)).await;
        let (status, body) = answered.map_err(|_| failed("no answer"))?.map_err(|_| failed("connection"))?;
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Refusal::TooMany);
        }
        if !status.is_success() {
            return Err(Refusal::Failed(format!("{} {}", status.as_u16(), code_of(&body))));
        }
        serde_json::from_slice(&body).map_err(|_| failed("unreadable"))
    }
}

fn failed(what: &str) -> Refusal {
    Refusal::Failed(what.to_owned())
}

/// The stable code at the end of a problem's type.
fn code_of(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Problem {
        r#type: String,
    }
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let code = problem.as_ref().and_then(|problem| problem.r#type.rsplit(':').next());
    code.unwrap_or("without a code").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_are_told_apart_by_their_code() {
        let body = br#"{"type": "urn:shopdesk:problem:timed-out", "title": "Too late", "status": 504}"#;
        assert_eq!(code_of(body), "timed-out");
        assert_eq!(code_of(b"<html>"), "without a code");
    }

    #[test]
    fn every_kind_of_reply_is_known() {
        let kinds = [
            "answer",
            "clarify",
            "order_status",
            "ask_order_number",
            "order_unknown",
            "handover",
            "small_talk",
            "notice",
        ];
        for kind in kinds {
            let reply = json!({ "id": "r", "kind": kind, "assessment": null });
            assert!(serde_json::from_value::<Reply>(reply).is_ok(), "{kind}");
        }
    }

    #[test]
    fn events_are_read_as_the_desk_writes_them() {
        let written = r#"[
            {"sequence": 1, "at": "2026-11-22T01:02:03Z", "kind": "message", "message":
              {"id": "m", "sequence": 1, "sender": "shopper", "text": "hi", "client_message_id": "0-0", "helpful": null}},
            {"sequence": 2, "at": "2026-11-22T01:02:04Z", "kind": "state", "state": "waiting_for_human", "reason": "busy",
              "agent": null}]"#;
        let events: Vec<Event> = serde_json::from_str(written).unwrap();
        assert_eq!(events[0].message.as_ref().unwrap().client_message_id.as_deref(), Some("0-0"));
        assert_eq!(events[1].state.as_deref(), Some("waiting_for_human"));
        assert_eq!(events[1].reason.as_deref(), Some("busy"));
    }
}
