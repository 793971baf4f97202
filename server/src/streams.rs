//! Counts the open streams of events, so that one address, or one conversation, cannot take the connections of all others.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::conversation::ConversationId;

/// How many streams of one conversation are open at most: many windows, and some whose end nobody noticed yet.
const PER_CONVERSATION: usize = 20;

/// What a stream tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Followed {
    /// What happens in one conversation.
    Conversation(ConversationId),
    /// Which tickets change.
    Tickets,
}

/// So many are open already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany {
    /// Of whom.
    pub(crate) whose: &'static str,
    /// How many there may be.
    pub(crate) most: usize,
}

/// The open streams. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Streams {
    per_address: usize,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    addresses: HashMap<String, usize>,
    followed: HashMap<Followed, usize>,
}

/// A stream that is open, until this is dropped.
pub(crate) struct OpenStream {
    streams: Streams,
    address: String,
    followed: Followed,
}

impl Streams {
    /// None is open yet.
    pub(crate) fn new(per_address: NonZeroU32) -> Self {
        Self { per_address: per_address.get() as usize, open: Arc::default() }
    }

    /// Counts one more, until what this returns is dropped. `address` is what limits count by.
    pub(crate) fn open(&self, address: String, followed: Followed) -> Result<OpenStream, TooMany> {
        let mut open = self.lock();
        let count = |count: Option<&usize>| count.copied().unwrap_or(0);
        if count(open.addresses.get(&address)) >= self.per_address {
            return Err(TooMany { whose: "this address", most: self.per_address });
        }
        let is_conversation = matches!(followed, Followed::Conversation(_));
        if is_conversation && count(open.followed.get(&followed)) >= PER_CONVERSATION {
            return Err(TooMany { whose: "this conversation", most: PER_CONVERSATION });
        }
        *open.addresses.entry(address.clone()).or_default() += 1;
        *open.followed.entry(followed).or_default() += 1;
        drop(open);
        Ok(OpenStream { streams: self.clone(), address, followed })
    }

    /// How many are open: of conversations, and of tickets.
    pub(crate) fn count(&self) -> (usize, usize) {
        let open = self.lock();
        let all: usize = open.followed.values().sum();
        let tickets = open.followed.get(&Followed::Tickets).copied().unwrap_or(0);
        (all - tickets, tickets)
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        let mut open = self.streams.lock();
        one_less(&mut open.addresses, &self.address);
        one_less(&mut open.followed, &self.followed);
    }
}

/// Whoever has none left is forgotten.
fn one_less<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams(per_address: u32) -> Streams {
        Streams::new(NonZeroU32::new(per_address).unwrap())
    }

    #[test]
    fn an_address_has_so_many_and_another_one_its_own() {
        let streams = streams(2);
        let open = |address: &str| streams.open(address.to_owned(), Followed::Tickets);
        let (first, _second) = (open("a").unwrap(), open("a").unwrap());
        assert_eq!(open("a").err(), Some(TooMany { whose: "this address", most: 2 }));
        open("b").unwrap();
        drop(first);
        open("a").unwrap();
    }

    #[test]
    fn a_conversation_has_so_many_from_all_addresses_together() {
        let (streams, conversation) = (streams(1), ConversationId::new());
        let open = |address: usize| streams.open(address.to_string(), Followed::Conversation(conversation));
        let held: Vec<_> = (0..PER_CONVERSATION).map(|address| open(address).unwrap()).collect();
        let refused = open(PER_CONVERSATION).err();
        assert_eq!(refused, Some(TooMany { whose: "this conversation", most: PER_CONVERSATION }));
        drop(held);
        open(0).unwrap();
    }

    #[test]
    fn what_was_closed_leaves_nothing_behind() {
        let streams = streams(5);
        let conversation = streams.open("a".to_owned(), Followed::Conversation(ConversationId::new()));
        let tickets = streams.open("a".to_owned(), Followed::Tickets);
        assert_eq!(streams.count(), (1, 1));
        drop((conversation, tickets));
        assert_eq!(streams.count(), (0, 0));
        assert!(streams.lock().addresses.is_empty());
    }
}
