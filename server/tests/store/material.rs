//! What the checks are made of: short conversations, tickets, people.

use std::collections::BTreeMap;

use shopdesk_model::intents::{IntentId, Priority};
use shopdesk_server::{
    Actor, Change, ConversationId, Customer, Due, Event, Happening, Message, NewAgent, NewConversation,
    NewMessage, NewTicket, Outcome, Received, Reply, ReplyKind, Role, Settled, Skills, Store, TicketId,
};
use shopdesk_triage::EscalationReason;

pub(crate) fn beginning(language: &str, customer: Option<&str>) -> NewConversation {
    let customer = customer.map(|id| Customer { id: id.to_owned(), name: Some(format!("Customer {id}")) });
    NewConversation {
        site: "main".to_owned(),
        channel: "widget".to_owned(),
        language: Some(language.to_owned()),
        customer,
        context: BTreeMap::new(),
    }
}

pub(crate) async fn conversation(store: &Store) -> ConversationId {
    store.create_conversation(beginning("zh-Hans", None)).await.unwrap().id
}

pub(crate) fn message(text: &str) -> NewMessage {
    NewMessage { text: text.to_owned(), client_message_id: None, choice: None, reopens: true }
}

/// Takes a message in. What it opens again has no deadlines.
pub(crate) async fn taken_in(
    store: &Store,
    conversation: ConversationId,
    new: NewMessage,
) -> Option<Received> {
    store.receive(conversation, new, |_| Due::default()).await.unwrap()
}

/// Keeps a shopper's message.
pub(crate) async fn said(store: &Store, conversation: ConversationId, text: &str) -> Message {
    taken_in(store, conversation, message(text)).await.unwrap().message
}

/// What the program says when an article answers.
pub(crate) fn answer() -> Outcome {
    let reply = Reply { asks_if_helpful: true, ..Reply::plain(ReplyKind::Answer, None) };
    Outcome { text: "an answer".to_owned(), reply, ticket: None }
}

/// Keeps the answer to a shopper's message.
pub(crate) async fn answered(store: &Store, conversation: ConversationId, text: &str) -> Message {
    let last = said(store, conversation, text).await;
    match store.settle(conversation, (&last, &last), false, answer()).await.unwrap() {
        Settled::Replied { reply, .. } => *reply,
        other => panic!("no reply: {other:?}"),
    }
}

/// What the program says when a human takes over.
pub(crate) fn handover(priority: Priority) -> Outcome {
    let ticket = NewTicket {
        priority,
        raised_by: Vec::new(),
        reason: EscalationReason::IntentNeedsHuman,
        intent: IntentId::new("refund_amount"),
        suggestions: Vec::new(),
        first_response_due: None,
        resolution_due: None,
    };
    let reply = Reply::plain(ReplyKind::Handover, None);
    Outcome { text: "a human comes".to_owned(), reply, ticket: Some(ticket) }
}

/// Hands a conversation over and returns its ticket.
pub(crate) async fn handed_over(store: &Store, id: ConversationId, priority: Priority) -> TicketId {
    let (_, ticket) = store.hand_over(id, handover(priority)).await.unwrap().unwrap();
    ticket.unwrap()
}

/// A conversation that waits for a human, and its ticket.
pub(crate) async fn waiting(store: &Store, text: &str) -> (ConversationId, TicketId) {
    let id = conversation(store).await;
    said(store, id, text).await;
    (id, handed_over(store, id, Priority::Normal).await)
}

/// Somebody who works for the shop.
pub(crate) async fn agent(store: &Store, login: &str) -> Actor {
    let new = NewAgent {
        login: login.to_owned(),
        name: format!("Agent {login}"),
        role: Role::Agent,
        skills: Skills::default(),
    };
    let agent = store.add_agent(new).await.unwrap().unwrap();
    Actor { name: agent.login, shown: agent.name, agent: Some(agent.id) }
}

/// Everything that happened in a conversation.
pub(crate) async fn events(store: &Store, conversation: ConversationId) -> Vec<Event> {
    store.events(conversation, 0, 1000).await.unwrap()
}

/// The message that an event is, if it is one.
pub(crate) fn message_of(event: &Event) -> Option<&Message> {
    match &event.happening {
        Happening::Message { message } => Some(message),
        Happening::Change(_) => None,
    }
}

/// Whether the event says that somebody else speaks for the shop.
pub(crate) fn is_state(event: &Event) -> bool {
    matches!(event.happening, Happening::Change(Change::State { .. }))
}
