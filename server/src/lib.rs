//! The chat service: conversations, tickets and a first chat page over HTTP.
//!
//! Read it in this order:
//!
//! 1. [`mod@dialogue`]: what happens to a shopper's message. It is stored, assessed, and answered or handed over.
//! 2. [`Store`]: where everything is kept; [`SqliteStore`] is the embedded one.
//! 3. [`Assessor`]: the pipeline on a thread of its own, behind a bounded queue.
//! 4. [`router`]: the HTTP routes, thin.

mod dialogue;

mod store;
pub use store::{
    ArticleInForce, ArticleStore, HistoryEntry, NewMessage, NewTicket, Origin, Outcome, Received, Shelf,
    SqliteStore, Store, StoreError, StoredVectors,
};

mod inference;
pub use inference::{AssessError, Assessor};

mod routes;
pub use routes::router;

mod config;
mod conversation;
mod problem;
mod replies;
mod script;
mod serve;
mod state;
mod ticket;

pub use config::ServerConfig;
pub use conversation::{
    ArticleVersion, Assessed, Choice, Citation, Conversation, ConversationId, ConversationState,
    DecisionKind, IntentConfidence, Message, MessageId, Reply, Sender,
};
pub use replies::{LanguageReplies, Replies};
pub use serve::serve;
pub use state::AppState;
pub use ticket::{Suggestion, Ticket, TicketId};
