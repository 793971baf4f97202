//! Bounds how often one caller may ask, so that nobody takes the service from all others.
//!
//! It is the generic cell rate algorithm (ITU-T I.371), a token bucket that keeps one instant for a key. It is our own
//! because memory has to stay bounded under a flood of keys, which needs eviction, and `governor` only forgets the keys
//! whose buckets are full again.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use hashlink::LruCache;

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    burst: NonZeroU32,
    every: Duration,
}

/// Counts the requests of every key.
pub struct RateLimiter {
    rate: Rate,
    /// When the bucket of a key will be full again.
    full_at: LruCache<String, Instant>,
}

/// The bucket is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {seconds} seconds")]
pub struct RetryAfter {
    /// In how many seconds a request will be let through, at least one: for the header `Retry-After`.
    pub seconds: u64,
}

impl Rate {
    /// So many in a minute, all at once or spread over it.
    #[must_use]
    pub fn per_minute(requests: NonZeroU32) -> Self {
        Self { burst: requests, every: Duration::from_mins(1) / requests.get() }
    }

    /// At most so many at once.
    #[must_use]
    pub fn with_burst(self, burst: NonZeroU32) -> Self {
        Self { burst, ..self }
    }
}

impl RateLimiter {
    /// Remembers at most `keys` keys; beyond that the one that asked longest ago starts with a full bucket again.
    #[must_use]
    pub fn new(rate: Rate, keys: usize) -> Self {
        Self { rate, full_at: LruCache::new(keys) }
    }

    /// Lets one request through. The key should be short: an address, an id, not a text from outside.
    ///
    /// # Errors
    ///
    /// Fails when the bucket is empty, and takes nothing then.
    pub fn check(&mut self, key: &str, now: Instant) -> Result<(), RetryAfter> {
        let capacity = self.rate.every.saturating_mul(self.rate.burst.get());
        let full_at = self.full_at.get(key).map_or(now, |&known| known.max(now)) + self.rate.every;
        match (full_at - now).checked_sub(capacity) {
            Some(wait) if !wait.is_zero() => Err(RetryAfter { seconds: whole_seconds(wait) }),
            _ => {
                self.full_at.insert(key.to_owned(), full_at);
                Ok(())
            }
        }
    }
}

fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter(per_minute: u32, burst: u32, keys: usize) -> RateLimiter {
        let rate = Rate::per_minute(NonZeroU32::new(per_minute).unwrap());
        RateLimiter::new(rate.with_burst(NonZeroU32::new(burst).unwrap()), keys)
    }

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let (mut limiter, start) = (limiter(6, 3, 10), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for _ in 0..3 {
            assert_eq!(limiter.check("a", start), Ok(()));
        }
        assert_eq!(limiter.check("a", start), Err(RetryAfter { seconds: 10 }));
        assert_eq!(limiter.check("a", start + Duration::from_millis(9_500)), Err(RetryAfter { seconds: 1 }));
        assert_eq!(limiter.check("a", at(10)), Ok(()));
        assert_eq!(limiter.check("a", at(12)), Err(RetryAfter { seconds: 8 }));
        assert_eq!(limiter.check("b", at(12)), Ok(()));
    }

    #[test]
    fn a_bucket_never_holds_more_than_a_burst() {
        let (mut limiter, start) = (limiter(60, 2, 10), Instant::now());
        limiter.check("a", start).unwrap();
        let later = start + Duration::from_hours(1);
        let passed = (0..10).filter(|_| limiter.check("a", later).is_ok()).count();
        assert_eq!(passed, 2);
    }

    #[test]
    fn being_refused_costs_nothing() {
        let (mut limiter, start) = (limiter(60, 1, 10), Instant::now());
        limiter.check("a", start).unwrap();
        (0..100).for_each(|_| assert!(limiter.check("a", start).is_err()));
        assert_eq!(limiter.check("a", start + Duration::from_secs(1)), Ok(()));
    }

    #[test]
    fn memory_is_bounded_and_who_asks_on_is_remembered() {
        let (mut limiter, now) = (limiter(1, 1, 3), Instant::now());
        limiter.check("busy", now).unwrap();
        for key in 0..10 {
            limiter.check(&key.to_string(), now).unwrap();
            assert!(limiter.check("busy", now).is_err());
        }
        assert_eq!(limiter.full_at.len(), 3);
    }
}
