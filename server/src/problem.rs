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
/// The same for a stream: within that time it is noticed that others ended.
const STREAM_RETRY_AFTER_SECONDS: u64 = 15;

/// Marks responses to requests that failed because the database did, for whoever counts them.
#[derive(Clone, Copy)]
pub(crate) struct DatabaseFailed;

/// What a client is told.
#[derive(Debug)]
pub(crate) enum Problem {
    NoConversation,
    NoArticleVersion,
    NoSite,
    NoMessage,
    NoTicket,
    NoAgent,
    NoKey,
    NoCorrection,
    NoInvitation,
    NoDelivery,
    NoToken,
    WrongToken,
    WrongSignature,
    WrongKey,
    WrongLogin,
    NotLoggedIn,
    NotAllowed,
    Forged,
    OriginNotAllowed,
    NoFiles,
    AlreadyRated,
    CannotRateYet,
    LoginTaken,
    LastAdministrator,
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
    InvalidValue { detail: String },
    IllegalStep { detail: String },
    TooManyRequests { seconds: u64 },
    TooManyStreams { whose: &'static str, most: usize },
    Overloaded,
    Store(StoreError),
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Step(step) => Self::IllegalStep { detail: step.to_string() },
            StoreError::TicketStep(step) => Self::IllegalStep { detail: step.to_string() },
            StoreError::ClientMessageIdReused => Self::ClientMessageIdReused,
            StoreError::LastAdministrator => Self::LastAdministrator,
            StoreError::ClaimByNobody => {
                Self::InvalidValue { detail: "A key cannot claim a ticket: use `assign`.".to_owned() }
            }
            // PostgreSQL keeps no U+0000 in texts.
            StoreError::Database(sqlx::Error::Database(refused))
                if refused.code().as_deref() == Some("22021") =>
            {
                Self::InvalidValue { detail: "Leave the character U+0000 out.".to_owned() }
            }
            other => Self::Store(other),
        }
    }
}

/// What a client was told, for those who say it in another form than JSON.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) detail: String,
}

/// Before the stable code in `type`.
pub(crate) const URN: &str = "urn:shopdesk:problem:";
/// The type of the body.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// What went wrong, as RFC 9457 has it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:shopdesk:problem:` and the stable code.
    r#type: String,
    /// What is wrong, in a few words.
    #[schema(value_type = String)]
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// More about it, or what to do next.
    detail: String,
}

impl Problem {
    /// Whether it is the database that failed.
    pub(crate) fn is_database(&self) -> bool {
        matches!(self, Self::Store(StoreError::Database(_) | StoreError::Commit(_)))
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::NoConversation => "no-conversation",
            Self::NoArticleVersion => "no-article-version",
            Self::NoSite => "no-site",
            Self::NoMessage => "no-message",
            Self::NoTicket => "no-ticket",
            Self::NoAgent => "no-agent",
            Self::NoKey => "no-key",
            Self::NoCorrection => "no-correction",
            Self::NoDelivery => "no-delivery",
            Self::NoInvitation => "no-invitation",
            Self::NoToken => "no-token",
            Self::WrongToken => "wrong-token",
            Self::WrongSignature => "wrong-signature",
            Self::WrongKey => "wrong-key",
            Self::WrongLogin => "wrong-login",
            Self::NotLoggedIn => "not-logged-in",
            Self::NotAllowed => "not-allowed",
            Self::Forged => "forged",
            Self::OriginNotAllowed => "origin-not-allowed",
            Self::NoFiles => "no-files",
            Self::AlreadyRated => "already-rated",
            Self::CannotRateYet => "cannot-rate-yet",
            Self::LoginTaken => "login-taken",
            Self::LastAdministrator => "last-administrator",
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
            Self::InvalidValue { .. } => "invalid-value",
            Self::IllegalStep { .. } => "illegal-step",
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::TooManyStreams { .. } => "too-many-streams",
            Self::Overloaded => "overloaded",
            Self::Store(_) | Self::Failed => "internal",
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoConversation | Self::NoArticleVersion | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::EmptyMessage
            | Self::MessageTooLong { .. }
            | Self::InvalidClientMessageId { .. }
            | Self::InvalidValue { .. }
            | Self::InvalidParameter { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::IllegalStep { .. } => StatusCode::CONFLICT,
            Self::TooManyRequests { .. } | Self::TooManyStreams { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::NoSite => StatusCode::NOT_FOUND,
            Self::NoMessage => StatusCode::NOT_FOUND,
            Self::NoTicket => StatusCode::NOT_FOUND,
            Self::NoAgent => StatusCode::NOT_FOUND,
            Self::NoKey => StatusCode::NOT_FOUND,
            Self::NoCorrection => StatusCode::NOT_FOUND,
            Self::NoDelivery => StatusCode::NOT_FOUND,
            Self::NoInvitation => StatusCode::NOT_FOUND,
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::WrongSignature => StatusCode::UNAUTHORIZED,
            Self::WrongKey => StatusCode::UNAUTHORIZED,
            Self::WrongLogin => StatusCode::UNAUTHORIZED,
            Self::NotLoggedIn => StatusCode::UNAUTHORIZED,
            Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::Forged => StatusCode::FORBIDDEN,
            Self::OriginNotAllowed => StatusCode::FORBIDDEN,
            Self::NoFiles => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::AlreadyRated => StatusCode::CONFLICT,
            Self::CannotRateYet => StatusCode::CONFLICT,
            Self::LoginTaken => StatusCode::CONFLICT,
            Self::LastAdministrator => StatusCode::CONFLICT,
            Self::ClientMessageIdReused => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::UnknownHost => StatusCode::MISDIRECTED_REQUEST,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::InvalidBody { status, .. } => *status,
            Self::Overloaded => StatusCode::TOO_MANY_REQUESTS,
            Self::Store(_) | Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::NoConversation => "No such conversation",
            Self::NoArticleVersion => "No such version of an article",
            Self::NoSite => "No such site",
            Self::NoMessage => "No such answer",
            Self::NoTicket => "No such ticket",
            Self::NoAgent => "No such agent",
            Self::NoKey => "No such key",
            Self::NoCorrection => "No such correction waits",
            Self::NoDelivery => "No such delivery was given up",
            Self::NoInvitation => "The invitation does not hold",
            Self::NoToken => "A token is needed",
            Self::WrongToken => "The token does not hold",
            Self::WrongSignature => "The customer is not vouched for",
            Self::WrongKey => "The key does not hold",
            Self::WrongLogin => "The login or the password is wrong",
            Self::NotLoggedIn => "Nobody is logged in",
            Self::NotAllowed => "This is not allowed",
            Self::Forged => "The request may be forged",
            Self::OriginNotAllowed => "The page is not one of the site's",
            Self::NoFiles => "Files are not taken",
            Self::AlreadyRated => "The conversation is rated",
            Self::CannotRateYet => "There is nothing to rate yet",
            Self::LoginTaken => "The login is taken",
            Self::LastAdministrator => "Nobody else is an administrator",
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
            Self::InvalidValue { .. } => "A value cannot be used",
            Self::IllegalStep { .. } => "Not in this state",
            Self::TooManyRequests { .. } => "Too many requests",
            Self::TooManyStreams { .. } => "Too many streams of events at once",
            Self::Overloaded => "Too many messages at once",
            Self::Store(_) | Self::Failed => "Something failed on our side",
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::NoConversation => "Begin one with `POST /v1/conversations`.".to_owned(),
            Self::NoArticleVersion => "Take id, language and version from a reply's `article`.".to_owned(),
            Self::NoSite => "Name a site of the settings: the console lists them.".to_owned(),
            Self::NoMessage => "Take the id of a message that asks whether it helped.".to_owned(),
            Self::NoTicket => "`GET /v1/tickets` lists them.".to_owned(),
            Self::NoAgent => "`GET /v1/agents` lists them.".to_owned(),
            Self::NoKey => "`GET /v1/keys` lists them; a revoked one cannot be revoked again.".to_owned(),
            Self::NoCorrection => "`GET /v1/corrections?state=waiting` lists them.".to_owned(),
            Self::NoDelivery => "`GET /v1/deliveries?state=dead` lists them.".to_owned(),
            Self::NoInvitation => "Ask an administrator for a new one.".to_owned(),
            Self::NoToken => {
                "Send `Authorization: Bearer` with the token that `POST /v1/conversations` gave.".to_owned()
            }
            Self::WrongToken => "It is expired, or that of another conversation. Begin a new one.".to_owned(),
            Self::WrongSignature => {
                "Sign the customer's id with HMAC-SHA256 under the identity secret of the site.".to_owned()
            }
            Self::WrongKey => "It is unknown or revoked. `shopdesk key create` makes one.".to_owned(),
            Self::WrongLogin => "Try again, or ask an administrator for an invitation.".to_owned(),
            Self::NotLoggedIn => {
                "Log in with `POST /v1/session`, or send a key as `Authorization: Bearer`.".to_owned()
            }
            Self::NotAllowed => "It needs another role, or a key with another scope.".to_owned(),
            Self::Forged => "Send `X-CSRF-Token` with the token that `GET /v1/session` gives.".to_owned(),
            Self::OriginNotAllowed => {
                "Name its origin in the site's settings, in the console or as `origins` in shopdesk.toml."
                    .to_owned()
            }
            Self::NoFiles => "Describe what the file shows, in `text`.".to_owned(),
            Self::AlreadyRated => "A conversation is rated once.".to_owned(),
            Self::CannotRateYet => "A conversation can be rated when it was answered or closed.".to_owned(),
            Self::LoginTaken => "Give `login` another name.".to_owned(),
            Self::LastAdministrator => "Make somebody else an administrator first.".to_owned(),
            Self::NoRoute => "`/docs` lists the addresses there are.".to_owned(),
            Self::EmptyMessage => "Give `text` at least one character that is not white space.".to_owned(),
            Self::MessageTooLong { limit } => format!("Give `text` at most {limit} characters."),
            Self::InvalidClientMessageId { limit } => {
                format!("Give `client_message_id` between 1 and {limit} characters.")
            }
            Self::InvalidBody { detail, .. }
            | Self::InvalidParameter { detail }
            | Self::InvalidValue { detail }
            | Self::IllegalStep { detail } => detail.clone(),
            Self::TooManyRequests { seconds } => format!("Try again in {seconds} seconds."),
            Self::TooManyStreams { whose, most } => {
                format!("Close one first: {whose} may have {most} open at once.")
            }
            Self::ClientMessageIdReused => "Give every message its own `client_message_id`.".to_owned(),
            Self::MethodNotAllowed => "The header `allow` says which.".to_owned(),
            Self::UnknownHost => "Name the host in `server.hosts` of shopdesk.toml.".to_owned(),
            Self::TimedOut => "Work goes on; read the conversation again in a moment.".to_owned(),
            Self::Overloaded => format!("Send the request again in {RETRY_AFTER_SECONDS} seconds."),
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
        let body = ProblemBody {
            r#type: format!("{URN}{}", self.code()),
            title: self.title(),
            status: status.as_u16(),
            detail: self.detail(),
        };
        let told = Told { code: self.code(), title: body.title, detail: body.detail.clone() };
        let mut response = (status, Json(body)).into_response();
        response.extensions_mut().insert(told);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        let retry_after = match self {
            Self::Overloaded => Some(u64::from(RETRY_AFTER_SECONDS)),
            Self::TooManyRequests { seconds } => Some(seconds),
            Self::TooManyStreams { .. } => Some(STREAM_RETRY_AFTER_SECONDS),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.is_database() {
            response.extensions_mut().insert(DatabaseFailed);
        }
        response
    }
}
