//! Slows down who guesses passwords, by account and by address, without locking anybody out for good.
//!
//! Time is handed in, so that tests need not wait. Accounts that do not exist are counted too: whether one is slowed
//! down must not tell whether it exists.

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use hashlink::LruCache;

use crate::auth::digest::{DIGEST_LENGTH, sha256};

/// How guessing is slowed down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleSettings {
    /// Failures at one account before the first wait.
    pub account_failures: u32,
    /// Failures from one address before the first wait; more, because an office shares one.
    pub address_failures: u32,
    /// The first wait; every further failure doubles it.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// After how long without a failure, counted from the end of the wait, all is forgotten.
    pub forgotten_after: Duration,
    /// How many accounts and how many addresses are remembered; beyond that those not seen for longest go.
    pub remembered: usize,
}

/// Counts failed logins.
pub struct LoginThrottle {
    settings: ThrottleSettings,
    /// By digest, so that a long login takes no more room than a short one.
    accounts: LruCache<[u8; DIGEST_LENGTH], Failures>,
    addresses: LruCache<IpAddr, Failures>,
}

/// There were too many failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many failed logins; try again in {} seconds", .wait.as_secs().max(1))]
pub struct TryLater {
    /// For how long nothing will be checked.
    pub wait: Duration,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        Self {
            account_failures: 5,
            address_failures: 20,
            first_wait: Duration::from_mins(1),
            longest_wait: Duration::from_mins(15),
            forgotten_after: Duration::from_mins(15),
            remembered: 100_000,
        }
    }
}

impl LoginThrottle {
    /// Nothing has failed yet.
    #[must_use]
    pub fn new(settings: ThrottleSettings) -> Self {
        let (accounts, addresses) = (LruCache::new(settings.remembered), LruCache::new(settings.remembered));
        Self { settings, accounts, addresses }
    }

    /// Allows one attempt, and counts it as failed until [`Self::succeeded`] says otherwise: many attempts at once must
    /// not all pass before the first of them has failed.
    ///
    /// # Errors
    ///
    /// Fails when the account or the address has to wait; then no password may be looked at, and nothing is counted.
    pub fn attempt(&mut self, account: &str, address: IpAddr, now: Instant) -> Result<(), TryLater> {
        let (account, address) = (account_key(account), network(address));
        let by_account =
            counted(self.accounts.get(&account), &self.settings, self.settings.account_failures, now)?;
        let by_address =
            counted(self.addresses.get(&address), &self.settings, self.settings.address_failures, now)?;
        self.accounts.insert(account, by_account);
        self.addresses.insert(address, by_address);
        Ok(())
    }

    /// The attempt was a login: the account starts afresh. The address only gets its attempt back, or whoever has an
    /// account could guess at all others for ever.
    pub fn succeeded(&mut self, account: &str, address: IpAddr) {
        self.accounts.remove(&account_key(account));
        if let Some(failures) = self.addresses.get_mut(&network(address)) {
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

/// The failures with one more, unless it is too early for that.
fn counted(
    known: Option<&Failures>,
    settings: &ThrottleSettings,
    allowed: u32,
    now: Instant,
) -> Result<Failures, TryLater> {
    let Some(known) = known else { return Ok(Failures { count: 1, last: now }) };
    let wait = match known.count.checked_sub(allowed) {
        None => Duration::ZERO,
        Some(doublings) => {
            settings.first_wait.saturating_mul(2_u32.saturating_pow(doublings)).min(settings.longest_wait)
        }
    };
    let passed = now.saturating_duration_since(known.last);
    if passed < wait {
        Err(TryLater { wait: wait - passed })
    } else if passed >= wait + settings.forgotten_after {
        Ok(Failures { count: 1, last: now })
    } else {
        Ok(Failures { count: known.count.saturating_add(1), last: now })
    }
}

fn account_key(account: &str) -> [u8; DIGEST_LENGTH] {
    sha256(account.to_lowercase().as_bytes())
}

/// An IPv4 address, or the 64 leading bits of an IPv6 one, of which everybody has all the others.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "198.51.100.7";

    struct Login {
        throttle: LoginThrottle,
        now: Instant,
    }

    impl Login {
        fn new() -> Self {
            Self { throttle: LoginThrottle::new(ThrottleSettings::default()), now: Instant::now() }
        }

        /// Zero when the attempt is allowed, or else the seconds to wait.
        fn fail(&mut self, account: &str, address: &str) -> u64 {
            let allowed = self.throttle.attempt(account, address.parse().unwrap(), self.now);
            allowed.map_or_else(|later| later.wait.as_secs(), |()| 0)
        }

        fn pass(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }
    }

    #[test]
    fn after_five_failures_every_further_one_doubles_the_wait() {
        let mut login = Login::new();
        for _ in 0..5 {
            assert_eq!(login.fail("lin", HERE), 0);
        }
        for wait in [60, 120, 240, 480, 900, 900] {
            assert_eq!(login.fail("lin", HERE), wait);
            login.pass(wait - 1);
            assert_eq!(login.fail("LIN", HERE), 1);
            login.pass(1);
            assert_eq!(login.fail("lin", HERE), 0);
        }
    }

    #[test]
    fn a_quarter_of_an_hour_after_the_wait_all_is_forgotten() {
        let mut login = Login::new();
        (0..5).for_each(|_| assert_eq!(login.fail("lin", HERE), 0));
        login.pass(60 + 900);
        (0..5).for_each(|_| assert_eq!(login.fail("lin", HERE), 0));
        assert_eq!(login.fail("lin", HERE), 60);
    }

    #[test]
    fn a_login_clears_its_account_but_not_its_address() {
        let mut login = Login::new();
        for attempt in 0..20 {
            assert_eq!(login.fail(&format!("victim {attempt}"), HERE), 0);
            if attempt < 19 {
                assert_eq!(login.fail("own", HERE), 0);
                login.throttle.succeeded("own", HERE.parse().unwrap());
            }
        }
        assert_eq!(login.fail("another", HERE), 60);
        assert_eq!(login.fail("another", "198.51.100.8"), 0);
    }

    #[test]
    fn a_whole_ipv6_network_counts_as_one_and_a_mapped_address_as_what_it_maps() {
        assert_eq!(network("2001:db8::1".parse().unwrap()), network("2001:db8::ffff:1".parse().unwrap()));
        assert_ne!(network("2001:db8::1".parse().unwrap()), network("2001:db8:0:1::1".parse().unwrap()));
        assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1".parse::<IpAddr>().unwrap());
    }

    #[test]
    fn memory_is_bounded() {
        let settings = ThrottleSettings { remembered: 3, ..ThrottleSettings::default() };
        let mut throttle = LoginThrottle::new(settings);
        for last in 0..10 {
            throttle.attempt(&format!("lin {last}"), [198, 51, 100, last].into(), Instant::now()).unwrap();
        }
        assert_eq!((throttle.accounts.len(), throttle.addresses.len()), (3, 3));
    }
}
