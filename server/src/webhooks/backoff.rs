//! When a webhook that was not taken is sent again, and when we give up.

use std::time::Duration;

/// How long to wait after the first, the second and every further failure, before chance is added.
const WAITS: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(6),
    Duration::from_hours(24),
];

/// Which part of a wait chance may take away or add, so that not all that failed together comes back together.
const JITTER: f64 = 0.2;

/// What happens to a delivery that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextTry {
    /// It is tried again after that time.
    After(Duration),
    /// It was tried eight times; a human has to look at it.
    DeadLetter,
}

/// What happens after so many attempts, all failed. `chance` is a random number from 0 to 1.
#[must_use]
pub(super) fn next_try(attempts: usize, chance: f64) -> NextTry {
    let factor = 1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0);
    match WAITS.get(attempts.saturating_sub(1)) {
        Some(wait) => NextTry::After(wait.mul_f64(factor)),
        None => NextTry::DeadLetter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_waits_and_then_the_dead_letters() {
        let seconds: Vec<u64> = (1..=8)
            .map_while(|attempts| match next_try(attempts, 0.5) {
                NextTry::After(wait) => Some(wait.as_secs()),
                NextTry::DeadLetter => None,
            })
            .collect();
        assert_eq!(seconds, [5, 30, 120, 600, 3600, 21_600, 86_400]);
        assert_eq!(next_try(8, 0.5), NextTry::DeadLetter);
        assert_eq!(next_try(usize::MAX, 0.5), NextTry::DeadLetter);
    }

    #[test]
    fn chance_moves_a_wait_by_a_fifth_at_most() {
        assert_eq!(next_try(1, 0.0), NextTry::After(Duration::from_secs(4)));
        assert_eq!(next_try(1, 1.0), NextTry::After(Duration::from_secs(6)));
    }
}
