//! Stops calls for a while when none gets through, so that nobody waits for what will fail.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long those that come during a trial are told to wait.
const TRIAL: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(crate) struct Breaker {
    failures_to_open: u32,
    rest: Duration,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// All calls are made.
    Closed { failures: u32 },
    /// None is made until then.
    Open { until: Instant },
    /// One is made, and what becomes of it decides.
    Trial,
}

/// To make one call. Given up unsettled, it has told nothing.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    is_trial: bool,
    is_settled: bool,
}

impl Breaker {
    /// One that opens for `rest` after that many failures in a row.
    pub(crate) fn new(failures_to_open: u32, rest: Duration) -> Self {
        Self { failures_to_open, rest, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Lets a call through, or says how long to wait.
    pub(crate) fn enter(&self, now: Instant) -> Result<Permit<'_>, Duration> {
        let mut state = self.state();
        let is_trial = match *state {
            State::Closed { .. } => false,
            State::Open { until } if now < until => return Err(until - now),
            State::Open { .. } => {
                *state = State::Trial;
                true
            }
            State::Trial => return Err(TRIAL),
        };
        Ok(Permit { breaker: self, is_trial, is_settled: false })
    }

    fn open(&self, now: Instant) -> State {
        tracing::warn!(
            open_seconds = self.rest.as_secs(),
            "Qdrant does not answer; it is left alone for a while"
        );
        State::Open { until: now + self.rest }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Says whether the call reached a server.
    pub(crate) fn settle(mut self, now: Instant, reached: bool) {
        self.is_settled = true;
        let mut state = self.breaker.state();
        *state = match *state {
            State::Closed { failures: 0 } if reached => return,
            _ if reached => State::Closed { failures: 0 },
            State::Closed { failures } if failures + 1 < self.breaker.failures_to_open => {
                State::Closed { failures: failures + 1 }
            }
            State::Closed { .. } => self.breaker.open(now),
            State::Trial if self.is_trial => self.breaker.open(now),
            unchanged @ (State::Trial | State::Open { .. }) => unchanged,
        };
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_trial && !self.is_settled {
            // Whoever comes next tries instead.
            *self.breaker.state() = State::Open { until: Instant::now() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(10);

    fn fail(breaker: &Breaker, now: Instant) {
        breaker.enter(now).unwrap().settle(now, false);
    }

    #[test]
    fn it_opens_after_failures_in_a_row() {
        let (breaker, now) = (Breaker::new(3, REST), Instant::now());
        fail(&breaker, now);
        fail(&breaker, now);
        breaker.enter(now).unwrap().settle(now, true);
        fail(&breaker, now);
        fail(&breaker, now);
        assert!(breaker.enter(now).is_ok());
        fail(&breaker, now);
        assert_eq!(breaker.enter(now).unwrap_err(), REST);
    }

    #[test]
    fn one_call_is_a_trial_and_decides() {
        let (breaker, now) = (Breaker::new(1, REST), Instant::now());
        fail(&breaker, now);
        let later = now + REST;
        let trial = breaker.enter(later).unwrap();
        assert_eq!(breaker.enter(later).unwrap_err(), TRIAL);
        trial.settle(later, false);
        assert_eq!(breaker.enter(later).unwrap_err(), REST);
        breaker.enter(later + REST).unwrap().settle(later, true);
        assert!(breaker.enter(later).is_ok());
    }

    #[test]
    fn a_trial_that_is_given_up_leaves_room_for_another() {
        let (breaker, past) = (Breaker::new(1, Duration::ZERO), Instant::now());
        fail(&breaker, past);
        drop(breaker.enter(past).unwrap());
        assert!(breaker.enter(Instant::now()).is_ok());
    }

    #[test]
    fn a_call_from_before_does_not_end_a_trial() {
        let (breaker, now) = (Breaker::new(1, REST), Instant::now());
        let slow = breaker.enter(now).unwrap();
        fail(&breaker, now);
        let trial = breaker.enter(now + REST).unwrap();
        slow.settle(now + REST, false);
        assert_eq!(breaker.enter(now + REST).unwrap_err(), TRIAL);
        trial.settle(now + REST, true);
    }
}
