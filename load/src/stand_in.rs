//! A stand-in for the desk in tests: keeps what it is told in memory and answers at once, or misbehaves in one way.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

/// How it behaves.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    /// Answers everything.
    Good,
    /// Acknowledges messages and does not keep them.
    Forgetful,
    /// Hands everything over because it is too busy.
    Busy,
    /// Takes nothing.
    Refusing,
    /// Answers everything, and opens no streams.
    Streamless,
}

pub(crate) struct StandIn {
    pub(crate) address: SocketAddr,
    serving: AbortHandle,
}

#[derive(Clone)]
struct Kept {
    manner: Manner,
    conversations: Arc<Mutex<HashMap<String, Vec<Value>>>>,
}

impl StandIn {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/v1/conversations", post(begin))
            .route("/v1/conversations/{id}/messages", post(send))
            .route("/v1/conversations/{id}/events", get(events))
            .with_state(Kept { manner, conversations: Arc::default() });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, serving: serving.abort_handle() }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn begin(State(kept): State<Kept>) -> Response {
    if kept.manner == Manner::Refusing {
        let problem = json!({ "type": "urn:shopdesk:problem:too-many-requests" });
        return (StatusCode::TOO_MANY_REQUESTS, Json(problem)).into_response();
    }
    let mut conversations = kept.conversations.lock().unwrap();
    let id = format!("conversation-{}", conversations.len());
    conversations.insert(id.clone(), Vec::new());
    (StatusCode::CREATED, Json(json!({ "token": format!("token of {id}"), "id": id }))).into_response()
}

async fn send(State(kept): State<Kept>, Path(id): Path<String>, Json(sent): Json<Value>) -> Json<Value> {
    let mut conversations = kept.conversations.lock().unwrap();
    let events = conversations.get_mut(&id).unwrap();
    let mut keep = |mut event: Value| {
        event["sequence"] = json!(events.len() + 1);
        events.push(event);
    };
    let reply_id = format!("reply to {}", sent["client_message_id"]);
    if kept.manner != Manner::Forgetful {
        keep(json!({ "kind": "message", "message": {
            "id": "m", "sender": "shopper", "text": sent["text"], "client_message_id": sent["client_message_id"],
        }}));
    }
    keep(json!({ "kind": "message", "message": { "id": reply_id, "sender": "bot", "text": "Well." } }));
    let is_busy = kept.manner == Manner::Busy;
    let (kind, state) = if is_busy { ("handover", "waiting_for_human") } else { ("answer", "bot") };
    if is_busy {
        keep(json!({ "kind": "state", "state": state, "reason": "busy" }));
    }
    let assessment = if is_busy { Value::Null } else { json!({ "decision": "answer" }) };
    Json(
        json!({ "message": {}, "state": state, "reply": { "id": reply_id, "kind": kind, "assessment": assessment } }),
    )
}

async fn events(State(kept): State<Kept>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if headers.get("accept").is_some_and(|accept| accept == "text/event-stream") {
        if kept.manner == Manner::Streamless {
            return StatusCode::TOO_MANY_REQUESTS.into_response();
        }
        let here = futures_util::stream::iter([Ok::<_, Infallible>(": here\n\n")]);
        return Body::from_stream(here.chain(futures_util::stream::pending())).into_response();
    }
    let events = kept.conversations.lock().unwrap()[&id].clone();
    Json(json!({ "last_sequence": events.len(), "events": events })).into_response()
}
