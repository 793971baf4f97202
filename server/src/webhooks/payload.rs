//! What the shop's systems are told: what stands in `data` of a delivery.

use serde::Serialize;
use shopdesk_model::intents::Priority;
use shopdesk_triage::EscalationReason;
use utoipa::ToSchema;

use crate::conversation::{ConversationId, MessageId, Rating};
use crate::message::Sender;
use crate::schema;
use crate::ticket::TicketId;

/// What one kind of delivery tells.
pub(crate) trait Payload: Serialize + ToSchema {
    /// What subscriptions and `type` call it.
    const KIND: &'static str;
}

/// All kinds that there are.
pub(super) const KINDS: [&str; 4] =
    [MessageCreated::KIND, TicketOpened::KIND, TicketClosed::KIND, ConversationRated::KIND];

/// Anybody said something, the desk too.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageCreated {
    pub(crate) conversation: ConversationId,
    pub(crate) message: MessageId,
    /// The number of its event.
    pub(crate) sequence: i64,
    pub(crate) sender: Sender,
    pub(crate) text: String,
}

/// A human takes over.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketOpened {
    pub(crate) ticket: TicketId,
    /// What people call it.
    pub(crate) number: i64,
    pub(crate) conversation: ConversationId,
    #[schema(value_type = schema::Priority)]
    pub(crate) priority: Priority,
    #[schema(value_type = schema::EscalationReason)]
    pub(crate) reason: EscalationReason,
}

/// Somebody closed a ticket, or the shopper its conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct TicketClosed {
    pub(crate) ticket: TicketId,
    pub(crate) conversation: ConversationId,
    /// Why; `shopper` when the shopper closed the conversation.
    #[schema(required)]
    pub(crate) reason: Option<String>,
}

/// A shopper rated a conversation.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConversationRated {
    pub(crate) conversation: ConversationId,
    pub(crate) rating: Rating,
}

impl Payload for MessageCreated {
    const KIND: &'static str = "message.created";
}

impl Payload for TicketOpened {
    const KIND: &'static str = "ticket.opened";
}

impl Payload for TicketClosed {
    const KIND: &'static str = "ticket.closed";
}

impl Payload for ConversationRated {
    const KIND: &'static str = "conversation.rated";
}
