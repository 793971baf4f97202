//! Remembers for a short while what was said of orders, so that a shopper who asks again does not ask the shop's system again.

use std::sync::{Mutex, PoisonError};

use hashlink::LruCache;
use jiff::{SignedDuration, Timestamp};

use super::answer::Order;
use super::question::Key;

/// How many orders are remembered; beyond that the oldest is forgotten.
const REMEMBERED: usize = 10_000;

pub(super) struct Cache {
    /// The oldest first.
    orders: Mutex<LruCache<Key, (Timestamp, Order)>>,
    lifetime: SignedDuration,
}

impl Cache {
    /// Remembers for that long; not at all for no time.
    pub(super) fn new(lifetime: SignedDuration) -> Self {
        Self { orders: Mutex::new(LruCache::new(REMEMBERED)), lifetime }
    }

    pub(super) fn get(&self, key: &Key, now: Timestamp) -> Option<Order> {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, order) = orders.peek(key)?;
        if self.holds(*since, now) {
            return Some(order.clone());
        }
        orders.remove(key);
        None
    }

    /// Remembers an order, and forgets those that are too old.
    pub(super) fn keep(&self, key: Key, order: Order, now: Timestamp) {
        if self.lifetime <= SignedDuration::ZERO {
            return;
        }
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        while orders.iter().next().is_some_and(|(_, (since, _))| !self.holds(*since, now)) {
            orders.remove_lru();
        }
        orders.insert(key, (now, order));
    }

    fn holds(&self, since: Timestamp, now: Timestamp) -> bool {
        now.duration_since(since) < self.lifetime
    }
}

#[cfg(test)]
mod tests {
    use shopdesk_model::intents::IntentId;

    use super::*;
    use crate::conversation::ConversationId;
    use crate::lookup::{Answer, Question};

    fn key(order_number: &str) -> Key {
        let question = Question {
            order_number,
            customer: None,
            message: "a",
            intent: &IntentId::new("track").unwrap(),
            language: "zh",
            site: "main",
            conversation: ConversationId::new(),
        };
        question.key()
    }

    #[test]
    fn what_is_too_old_is_forgotten_when_something_else_is_kept() {
        let answer = Answer::read(br#"{"found": true, "text": {"en": "Shipped"}}"#).unwrap();
        let Answer::Found(order) = answer else { panic!("there is an order") };
        let cache = Cache::new(SignedDuration::from_secs(60));
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        let (first, second, third) = (key("1"), key("2"), key("3"));
        cache.keep(first.clone(), order.clone(), at(0));
        cache.keep(second.clone(), order.clone(), at(30));
        assert_eq!(cache.get(&first, at(59)), Some(order.clone()));
        cache.keep(third, order.clone(), at(70));
        assert_eq!(cache.orders.lock().unwrap().len(), 2);
        assert_eq!(cache.get(&second, at(70)), Some(order));
    }
}
