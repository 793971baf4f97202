//! Times to the reply, and their percentiles, in an HDR histogram: exact to a thousandth, whatever the shape.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest time that is told from longer ones, in microseconds.
const LONGEST: u64 = 120_000_000;
/// How many digits of a time are kept.
const DIGITS: u8 = 3;

/// In milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Percentiles {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) longest: f64,
}

impl Percentiles {
    /// Of some times; nothing when there are none.
    pub(crate) fn of(times: impl IntoIterator<Item = Duration>) -> Option<Self> {
        let mut histogram =
            Histogram::<u64>::new_with_bounds(1, LONGEST, DIGITS).expect("constants that suit");
        for time in times {
            histogram.saturating_record(u64::try_from(time.as_micros()).unwrap_or(LONGEST));
        }
        let at = |share: f64| histogram.value_at_quantile(share) as f64 / 1e3;
        let percentiles = Self { p50: at(0.5), p95: at(0.95), p99: at(0.99), longest: at(1.0) };
        (!histogram.is_empty()).then_some(percentiles)
    }

    /// The same without a time that is in every one of them.
    pub(crate) fn without(self, constant: Duration) -> Self {
        let less = |time: f64| (time - constant.as_secs_f64() * 1e3).max(0.0);
        let Self { p50, p95, p99, longest } = self;
        Self { p50: less(p50), p95: less(p95), p99: less(p99), longest: less(longest) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 0.002, "{found} is not {expected}");
    }

    #[test]
    fn percentiles_are_those_of_the_times() {
        let found = Percentiles::of((1..=1_000).rev().map(Duration::from_millis)).unwrap();
        assert_near(found.p50, 500.0);
        assert_near(found.p95, 950.0);
        assert_near(found.p99, 990.0);
        assert_near(found.longest, 1_000.0);
    }

    #[test]
    fn one_long_wait_among_many_is_seen_in_the_longest_only() {
        let times = std::iter::repeat_n(Duration::from_micros(1_500), 999).chain([Duration::from_secs(30)]);
        let found = Percentiles::of(times).unwrap();
        assert_near(found.p99, 1.5);
        assert_near(found.longest, 30_000.0);
    }

    #[test]
    fn what_is_longer_than_can_be_told_still_counts() {
        assert_near(Percentiles::of([Duration::from_secs(1_000)]).unwrap().longest, 120_000.0);
    }

    #[test]
    fn nothing_has_no_percentiles() {
        assert_eq!(Percentiles::of([]), None);
    }

    #[test]
    fn the_quiet_time_can_be_taken_out() {
        let found = Percentiles { p50: 510.0, p95: 600.5, p99: 700.0, longest: 400.0 };
        let without = found.without(Duration::from_millis(500));
        assert_eq!(without, Percentiles { p50: 10.0, p95: 100.5, p99: 200.0, longest: 0.0 });
    }
}
