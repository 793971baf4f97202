//! The chat service: conversations, tickets and the widget over HTTP.
//!
//! Read it in this order:
//!
//! 1. [`mod@dialogue`]: what happens to a shopper's message. It is stored, assessed, and answered or handed over.
//! 2. [`Conversation`], [`Message`], [`Event`], [`Ticket`]: what is kept, and which steps each of them may take.
//! 3. [`Store`]: where everything is kept, in SQLite or PostgreSQL.
//! 4. [`mod@live`]: how those who follow a conversation hear of what was stored.
//! 5. [`mod@lookup`]: the shop's own system, asked how an order stands.
//! 6. [`Assessor`]: the pipeline on threads of its own, behind a bounded queue; [`mod@congestion`]: what happens when messages wait there.
//! 7. [`mod@watch`]: what happens by itself: deadlines, assignment.
//! 8. [`mod@review`] and [`Workshop`]: what people say of answers, and how bundles learn from it.
//! 9. [`mod@auth`]: who may come in, and how often.
//! 10. [`router`]: the HTTP routes, thin. `/openapi.json` is made from their annotations.
//! 11. [`Choices`]: what the console can change while it runs, over what the settings file says.
//! 12. [`Metrics`], [`mod@readiness`]: what is measured, and whether the service can do its work.

mod dialogue;

mod agent;
mod conversation;
mod event;
mod inbox;
mod message;
mod ticket;
pub use agent::{Agent, AgentId, Role, Skills};
pub use conversation::{
    Contact, ContactKind, Conversation, ConversationId, ConversationState, ConversationStep, Customer,
    IllegalStep, MessageId, Rating, RatingReason,
};
pub use event::{Change, Event, Happening, Sign};
pub use inbox::{CannedReply, CannedReplyId, SavedView, SavedViewId};
pub use message::{
    AboutOrder, ArticleVersion, Assessed, Choice, Citation, DecisionKind, IntentConfidence, Message, Reply,
    ReplyKind, Sender,
};
pub use ticket::{
    Correction, CorrectionId, Deadline, Entry, IllegalTicketStep, LogEntry, Suggestion, Ticket,
    TicketContents, TicketId, TicketState, TicketStep,
};

mod review;
mod workshop;
pub use review::{CountedShare, ReviewFigures, ReviewVerdict};
pub use workshop::{
    Bundles, Candidate, Check, Comparison, FigureChange, GateVerdict, IntentChange, KeptBundle,
    LabelledExample, MessageChange, Training, TrainingState, TrainingStep, Workshop, WorkshopError,
};

mod store;
pub use store::{
    Actor, AnswerToReview, ApprovedLabel, ArticleInForce, AuditCursor, AuditEntry, AuditFilter, AuditPage,
    Cursor, DayFigures, Delivery, DeliveryCount, Erased, HistoryEntry, IntentFigures, Judged, KeptArticle,
    KeptSection, KeptSettings, LabelSource, NewAgent, NewConversation, NewMessage, NewReview, NewTicket,
    Origin, Outcome, Received, RestoreError, SettingsSection, Settled, Shelf, Stats, Store, StoreError,
    StoredAgent, StoredKey, StoredSession, StoredVectors, Subscription, TicketChange, TicketCounts,
    TicketFilter, TicketPage, Turn, UnansweredMessage, WaitingLabel,
};

mod live;
mod lookup;
pub use lookup::{Lookup, LookupConfigError};

mod congestion;
mod inference;
mod unanswered;
pub use congestion::rest;
pub use inference::{AssessError, Assessor};

mod metrics;
mod readiness;
mod streams;
mod under_way;
pub use crate::metrics::Metrics;

mod deadlines;
mod hours;
mod watch;
pub use deadlines::{DeadlineSettings, Due, DueTime, Share, ShareError, Targets};
pub use hours::{HoursConfig, HoursError, OpeningHours};

mod auth;
mod mask;
mod secret;
mod webhooks;
pub use auth::{
    ApiKey, IdentityCheck, IdentitySecretTooShort, KeyRecord, LoginThrottle, PasswordError, Passwords, Rate,
    RateLimiter, RetryAfter, Scope, Scopes, SessionHash, SessionId, ThrottleSettings, TokenError, TryLater,
    UnknownScope, VisitorTokens, WeakPassword, check_new_password, new_key,
};
pub use mask::mask;
pub use secret::{Secret, SecretError};
pub use webhooks::{
    RefusedUrl, SignatureError, Webhook, WebhookConfigError, WebhookSecret, WebhookSecretError,
};

mod routes;
pub use routes::{first_invitation, invite, router};

mod choices;
mod promise;
mod site;
pub use choices::{Choices, Chosen, FileChoices, FindIdentity, Site};
pub use promise::{PromiseSettings, WrongPromise};

mod config;
mod problem;
mod replies;
mod schema;
mod script;
mod serve;
mod state;

pub use config::{
    DatabaseConfig, DialogueConfig, LimitConfig, LookupConfig, Position, ServerConfig, SiteConfig,
    WebhookConfig,
};
pub use replies::{LanguageReplies, Replies};
pub use serve::serve;
pub use state::{AppState, Parts, Present, Settings};
