//! When shoppers come: by themselves, whatever the desk does. A generator that waits for a reply before it sends the next message
//! sends less just when the desk is slow, and does not measure those who would have come meanwhile ("coordinated omission").

use std::time::Duration;

/// A time in which shoppers come at one rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Phase {
    pub(crate) lasts: Duration,
    pub(crate) visits_per_second: f64,
}

/// When each visit begins: a Poisson process with the rate of each phase, which is how people come who do not know of each other.
pub(crate) fn arrivals(phases: &[Phase], seed: u64) -> Vec<Duration> {
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut arrivals, mut begin) = (Vec::new(), Duration::ZERO);
    for phase in phases {
        let end = begin + phase.lasts;
        // A Poisson process has no memory, so that it may start anew where the rate changes.
        let mut at = begin;
        while at < end && phase.visits_per_second > 0.0 {
            let wait = -(1.0 - random.f64()).ln() / phase.visits_per_second;
            at += Duration::from_secs_f64(wait.min(phase.lasts.as_secs_f64() + 1.0));
            if at >= end {
                break;
            }
            arrivals.push(at);
        }
        begin = end;
    }
    arrivals
}

/// Steady traffic, many times as much of it for a sixth of the time, and steady traffic again.
pub(crate) fn burst(visits_per_second: f64, times: f64, lasts: Duration) -> [Phase; 3] {
    let sixth = lasts / 6;
    [
        Phase { lasts: sixth, visits_per_second },
        Phase { lasts: sixth, visits_per_second: visits_per_second * times },
        Phase { lasts: lasts - 2 * sixth, visits_per_second },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(seconds: u64, visits_per_second: f64) -> Phase {
        Phase { lasts: Duration::from_secs(seconds), visits_per_second }
    }

    fn within(arrivals: &[Duration], from: u64, until: u64) -> f64 {
        let time = Duration::from_secs(from)..Duration::from_secs(until);
        arrivals.iter().filter(|at| time.contains(at)).count() as f64
    }

    /// A Poisson count is within five standard deviations of its mean, or something is wrong.
    fn assert_about(count: f64, mean: f64) {
        assert!((count - mean).abs() < 5.0 * mean.sqrt(), "{count} of {mean}");
    }

    #[test]
    fn visits_come_at_the_rate_of_their_phase() {
        let arrivals = arrivals(&[phase(100, 50.0), phase(10, 0.5), phase(100, 200.0)], 1);
        assert!(arrivals.is_sorted());
        assert_about(within(&arrivals, 0, 100), 5_000.0);
        assert_about(within(&arrivals, 100, 110), 5.0);
        assert_about(within(&arrivals, 110, 210), 20_000.0);
        assert!(arrivals.last().unwrap() < &Duration::from_secs(210));
    }

    #[test]
    fn a_burst_is_ten_times_as_much_for_a_sixth_of_the_time() {
        let phases = burst(30.0, 10.0, Duration::from_secs(60));
        let arrivals = arrivals(&phases, 2);
        assert_about(within(&arrivals, 0, 10), 300.0);
        assert_about(within(&arrivals, 10, 20), 3_000.0);
        assert_about(within(&arrivals, 20, 60), 1_200.0);
        assert_eq!(phases.iter().map(|phase| phase.lasts).sum::<Duration>(), Duration::from_secs(60));
    }

    #[test]
    fn gaps_are_as_uneven_as_those_of_a_poisson_process() {
        let arrivals = arrivals(&[phase(200, 100.0)], 3);
        let gaps: Vec<f64> = arrivals.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // An exponential distribution's standard deviation is its mean; that of even gaps is nothing.
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "{}", variance.sqrt() / mean);
    }

    #[test]
    fn the_same_seed_makes_the_same_plan() {
        let phases = [phase(10, 20.0)];
        assert_eq!(arrivals(&phases, 7), arrivals(&phases, 7));
        assert_ne!(arrivals(&phases, 7), arrivals(&phases, 8));
    }

    #[test]
    fn nobody_comes_in_a_phase_without_visits() {
        let arrivals = arrivals(&[phase(10, 0.0), phase(10, 20.0)], 1);
        assert_eq!(within(&arrivals, 0, 10), 0.0);
        assert!(within(&arrivals, 10, 20) > 0.0);
    }
}
