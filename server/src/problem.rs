//! What goes wrong, as HTTP says it: `application/problem+json` (RFC 9457) with a stable code and a safe sentence.
//!
//! The only module that knows both errors and HTTP. The full chain of a failure is logged here, once.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::store::StoreError;

/// After how many seconds a refused sender should try again.
const RETRY_AFTER_SECONDS: u16 = 2;

/// What a client is told.
#[derive(Debug)]
pub(crate) enum Problem {
    NoConversation,
    NoArticleVersion,
    NoRoute,
    EmptyMessage,
    MessageTooLong { limit: usize },
    InvalidClientMessageId { limit: usize },
    ClientMessageIdReused,
    MethodNotAllowed,
    UnknownHost,
    TimedOut,
    Failed,
    InvalidBody { detail: String, status: StatusCode },
    InvalidParameter { detail: String },
    Overloaded,
    NotReady,
    Store(StoreError),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The body, as RFC 9457 has it. `type` is a URN of the stable code.
#[derive(Serialize)]
struct Body {
    r#type: String,
    title: &'static str,
    status: u16,
    detail: String,
}

impl Problem {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoConversation => "no-conversation",
            Self::NoArticleVersion => "no-article-version",
            Self::NoRoute => "no-route",
            Self::EmptyMessage => "empty-message",
            Self::MessageTooLong { .. } => "message-too-long",
            Self::InvalidClientMessageId { .. } => "invalid-client-message-id",
            Self::ClientMessageIdReused => "client-message-id-reused",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::UnknownHost => "unknown-host",
            Self::TimedOut => "timed-out",
            Self::InvalidBody { .. } => "invalid-body",
            Self::InvalidParameter { .. } => "invalid-parameter",
            Self::Overloaded => "overloaded",
            Self::NotReady => "not-ready",
            Self::Store(_) | Self::Failed => "internal",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::NoConversation | Self::NoArticleVersion | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::EmptyMessage
            | Self::MessageTooLong { .. }
            | Self::InvalidClientMessageId { .. }
            | Self::InvalidParameter { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::ClientMessageIdReused => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnknownHost => StatusCode::MISDIRECTED_REQUEST,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::InvalidBody { status, .. } => *status,
            Self::Overloaded => StatusCode::TOO_MANY_REQUESTS,
            Self::NotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) | Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NoConversation => "No such conversation",
            Self::NoArticleVersion => "No such version of an article",
            Self::NoRoute => "No such address",
            Self::EmptyMessage => "The message is empty",
            Self::MessageTooLong { .. } => "The message is too long",
            Self::InvalidClientMessageId { .. } => "The client's message id cannot be used",
            Self::ClientMessageIdReused => "Another message has this id",
            Self::MethodNotAllowed => "This address takes another method",
            Self::UnknownHost => "Not a host of this service",
            Self::TimedOut => "It took too long",
            Self::InvalidBody { .. } => "The body cannot be read",
            Self::InvalidParameter { .. } => "A parameter cannot be used",
            Self::Overloaded => "Too many messages at once",
            Self::NotReady => "Not ready",
            Self::Store(_) | Self::Failed => "Something failed on our side",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NoConversation => "Begin one with `POST /v1/conversations`.".to_owned(),
            Self::NoArticleVersion => "Take id, language and version from a reply's `article`.".to_owned(),
            Self::NoRoute => "See docs/architecture.md for the addresses there are.".to_owned(),
            Self::EmptyMessage => "Give `text` at least one character that is not white space.".to_owned(),
            Self::MessageTooLong { limit } => format!("Give `text` at most {limit} characters."),
            Self::InvalidClientMessageId { limit } => {
                format!("Give `client_message_id` between 1 and {limit} characters.")
            }
            Self::InvalidBody { detail, .. } | Self::InvalidParameter { detail } => detail.clone(),
            Self::ClientMessageIdReused => "Give every message its own `client_message_id`.".to_owned(),
            Self::MethodNotAllowed => "The header `allow` says which.".to_owned(),
            Self::UnknownHost => "Name the host in `server.hosts` of shopdesk.toml.".to_owned(),
            Self::TimedOut => "Work goes on; read the conversation again in a moment.".to_owned(),
            Self::Overloaded => format!(
                "The message is kept and will be answered when there is room. Sent again with the same \
                 `client_message_id` in {RETRY_AFTER_SECONDS} seconds, it may be answered at once."
            ),
            Self::NotReady => "The store does not answer.".to_owned(),
            Self::Store(_) | Self::Failed => {
                "It was logged. Send the request again; with a `client_message_id` nothing is done twice."
                    .to_owned()
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        if let Self::Store(error) = &self {
            tracing::error!(error = %error, "a request failed");
        }
        let status = self.status();
        let body = Body {
            r#type: format!("urn:shopdesk:problem:{}", self.code()),
            title: self.title(),
            status: status.as_u16(),
            detail: self.detail(),
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(self, Self::Overloaded) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}
