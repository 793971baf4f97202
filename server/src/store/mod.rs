//! Where conversations, tickets and quoted texts are kept.

mod articles;
mod sqlite;

use async_trait::async_trait;
use jiff::Timestamp;
use shopdesk_model::intents::Priority;
use shopdesk_triage::{EscalationReason, RuleName};

pub use articles::{ArticleInForce, ArticleStore, HistoryEntry, Origin, Shelf, StoredVectors};
pub use sqlite::SqliteStore;

use crate::conversation::{Conversation, ConversationId, ConversationState, Message, Reply};
use crate::ticket::{Suggestion, Ticket};

/// The store refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A row does not hold what this program writes.
    #[error("the database holds something unreadable in {what}: {problem}")]
    Unreadable {
        /// Which column.
        what: &'static str,
        /// Why it cannot be read.
        problem: String,
    },
}

/// A message that a shopper sends.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// What it says.
    pub text: String,
    /// The sender's own id for it: sent again, it is the same message.
    pub client_message_id: Option<String>,
}

/// A message that is on disk.
#[derive(Clone, Debug)]
pub struct Received {
    /// The message; the one from the first time when it was sent before.
    pub message: Message,
    /// Its reply, when it was answered before.
    pub reply: Option<Message>,
    /// Who speaks for the shop.
    pub state: ConversationState,
    /// Whether the last thing that the program said was a question.
    pub asked_back: bool,
}

/// What became of a message.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What the program says.
    pub text: String,
    /// What it says beside the text.
    pub reply: Reply,
    /// The ticket to open, if a human takes over.
    pub ticket: Option<NewTicket>,
}

/// What a ticket says beside its conversation and message.
#[derive(Clone, Debug)]
pub struct NewTicket {
    /// How soon to look at it.
    pub priority: Priority,
    /// The rules that made it more urgent than its intents do.
    pub raised_by: Vec<RuleName>,
    /// Why the program did not answer.
    pub reason: EscalationReason,
    /// Articles that may help.
    pub suggestions: Vec<Suggestion>,
}

/// Where everything is kept. What a method has returned is on disk.
#[async_trait]
pub trait Store: Send + Sync {
    /// Begins a conversation.
    async fn create_conversation(&self) -> Result<Conversation, StoreError>;

    /// A conversation and its messages in order, if there is such a one.
    async fn conversation(
        &self,
        id: ConversationId,
    ) -> Result<Option<(Conversation, Vec<Message>)>, StoreError>;

    /// Keeps a shopper's message; nothing when there is no such conversation.
    async fn receive(
        &self,
        conversation: ConversationId,
        new: NewMessage,
    ) -> Result<Option<Received>, StoreError>;

    /// Keeps what became of a message, and returns the reply and who speaks for the shop from now on. A message that
    /// was settled before keeps its first reply; one whose conversation a human has by now gets none.
    async fn settle(
        &self,
        conversation: ConversationId,
        message: &Message,
        outcome: Outcome,
    ) -> Result<(Option<Message>, ConversationState), StoreError>;

    /// Messages from before that time that nothing became of: the program was stopped while it looked at them, or was
    /// too busy to.
    async fn unsettled(&self, before: Timestamp) -> Result<Vec<(ConversationId, Message)>, StoreError>;

    /// Open tickets, the most urgent first and among those the longest waiting.
    async fn tickets(&self, limit: u32) -> Result<Vec<Ticket>, StoreError>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
