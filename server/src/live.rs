//! Tells those who follow a conversation, or the tickets, that something happened. What happened is in the database: whoever missed a
//! signal finds it there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::{self, Receiver, Sender};

use crate::conversation::ConversationId;
use crate::event::Sign;
use crate::ticket::TicketId;

/// How many signals may wait for a slow reader of a conversation before it has to look into the database by itself.
const BACKLOG: usize = 8;
/// The same for readers of all tickets.
const TICKET_BACKLOG: usize = 256;

/// Something happened. Between servers it travels as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Signal {
    /// An event of a conversation was stored.
    Stored { conversation: ConversationId },
    /// Somebody writes, or has read.
    Sign { conversation: ConversationId, sign: Sign },
    /// A ticket was opened or changed.
    Ticket { ticket: TicketId },
}

/// What a follower of a conversation hears.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    /// Look for new events.
    Stored,
    /// Somebody writes, or has read.
    Sign(Sign),
}

/// Who follows what. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Live {
    conversations: Arc<Mutex<HashMap<ConversationId, Sender<Heard>>>>,
    /// Nothing stands for any ticket.
    tickets: Sender<Option<TicketId>>,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self { conversations: Arc::default(), tickets: broadcast::channel(TICKET_BACKLOG).0 }
    }

    /// Follows a conversation from now on, until it is dropped.
    pub(crate) fn follow(&self, conversation: ConversationId) -> Following {
        let mut conversations = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = conversations.entry(conversation).or_insert_with(|| broadcast::channel(BACKLOG).0);
        Following { receiver: Some(sender.subscribe()), conversation, live: self.clone() }
    }

    /// Hears of every ticket that is opened or changed from now on.
    pub(crate) fn follow_tickets(&self) -> Receiver<Option<TicketId>> {
        self.tickets.subscribe()
    }

    /// How many conversations are followed.
    #[cfg(test)]
    fn followed(&self) -> usize {
        self.conversations.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Tells those who follow. Nobody may.
    pub(crate) fn tell(&self, signal: Signal) {
        let (conversation, heard) = match signal {
            Signal::Stored { conversation } => (conversation, Heard::Stored),
            Signal::Sign { conversation, sign } => (conversation, Heard::Sign(sign)),
            Signal::Ticket { ticket } => {
                drop(self.tickets.send(Some(ticket)));
                return;
            }
        };
        let conversations = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = conversations.get(&conversation) {
            drop(sender.send(heard));
        }
    }

    /// Tells everybody to look for themselves: signals may have been lost.
    pub(crate) fn tell_all(&self) {
        let conversations = self.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        for sender in conversations.values() {
            drop(sender.send(Heard::Stored));
        }
        drop(self.tickets.send(None));
    }
}

/// Follows a conversation.
pub(crate) struct Following {
    /// There until this is dropped.
    receiver: Option<Receiver<Heard>>,
    conversation: ConversationId,
    live: Live,
}

impl Following {
    /// Waits for the next signal. Whoever was too slow is told to look into the database.
    pub(crate) async fn next(&mut self) -> Heard {
        let Some(receiver) = &mut self.receiver else { return Heard::Stored };
        // The sender is in the map as long as we are.
        receiver.recv().await.unwrap_or(Heard::Stored)
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.receiver = None;
        let mut conversations = self.live.conversations.lock().unwrap_or_else(PoisonError::into_inner);
        if conversations.get(&self.conversation).is_some_and(|sender| sender.receiver_count() == 0) {
            conversations.remove(&self.conversation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn followers_hear_of_their_conversation_only_and_leave_nothing_behind() {
        let live = Live::new();
        let (ours, other) = (ConversationId::new(), ConversationId::new());
        let mut first = live.follow(ours);
        let second = live.follow(ours);
        live.tell(Signal::Stored { conversation: other });
        live.tell(Signal::Stored { conversation: ours });
        assert_eq!(first.next().await, Heard::Stored);
        drop(second);
        assert_eq!(live.followed(), 1);
        drop(first);
        assert_eq!(live.followed(), 0);
    }

    #[tokio::test]
    async fn a_slow_follower_is_told_to_look() {
        let live = Live::new();
        let mut slow = live.follow(ConversationId::new());
        for _ in 0..100 {
            live.tell_all();
        }
        assert_eq!(slow.next().await, Heard::Stored);
    }
}
