//! Remembers for a short while what was said of orders, so that a shopper who asks again does not ask the shop's system again.

use std::sync::{Mutex, PoisonError};

use hashlink::LruCache;
use jiff::{SignedDuration, Timestamp};

use super::answer::Order;
use super::question::Key;

/// How many orders are remembered; beyond that the one that was asked for longest ago is forgotten.
const REMEMBERED: usize = 10_000;

pub(super) struct Cache {
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
        let (since, order) = orders.get(key)?;
        if now.duration_since(*since) < self.lifetime {
            return Some(order.clone());
        }
        orders.remove(key);
        None
    }

    pub(super) fn keep(&self, key: Key, order: Order, now: Timestamp) {
        if self.lifetime > SignedDuration::ZERO {
            self.orders.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (now, order));
        }
    }
}
