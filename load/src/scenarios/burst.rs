//! A burst: ten times as many shoppers for a while, as when a campaign goes wrong, and how long the desk takes to recover.

use std::time::Duration;

use serde::Serialize;

use super::row::Row;
use super::{Setting, open_loop};
use crate::audit::{Audit, PATIENCE};
use crate::latencies::Percentiles;
use crate::output::progress;
use crate::plan::{arrivals, burst};
use crate::record::{TurnRecord, turns};

/// How many times as many come.
const TIMES: f64 = 10.0;
/// The desk has recovered when its p95 is at most so many times what it was before,
const SLOWER: f64 = 2.0;
/// for so many seconds in a row.
const CALM_SECONDS: u64 = 3;
/// Another plan than that of steady traffic.
const SEED: u64 = 2;

#[derive(Serialize)]
pub(crate) struct Burst {
    pub(crate) before: Row,
    pub(crate) during: Row,
    pub(crate) after: Row,
    /// How long after its end everything was as before; nothing when it was not within the time that was looked at.
    pub(crate) recovered_after_seconds: Option<u64>,
    pub(crate) generator_late: Option<Percentiles>,
    pub(crate) audit: Audit,
}

pub(crate) async fn run(setting: &Setting, visits_per_second: f64, lasts: Duration) -> anyhow::Result<Burst> {
    let phases = burst(visits_per_second, TIMES, lasts);
    progress(format_args!(
        "a burst, {:.1} shoppers a second for {:.0} s, and what follows it",
        phases[1].visits_per_second,
        phases[1].lasts.as_secs_f64()
    ));
    let desk = setting.desk(0);
    let mut visits = open_loop::run(setting, &desk, arrivals(&phases, SEED)).await;
    let begins = phases[0].lasts;
    let ends = begins + phases[1].lasts;
    let due = |from: Duration, until: Duration| {
        turns(&visits).filter(move |turn| turn.due >= from && turn.due < until)
    };
    let before = Row::of("before the burst", begins, due(Duration::ZERO, begins));
    let during = Row::of("in the burst", phases[1].lasts, due(begins, ends));
    let after = Row::of("after the burst", phases[2].lasts, due(ends, lasts));
    let all: Vec<&TurnRecord> = turns(&visits).collect();
    let calm_p95 = before.to_reply.map(|to_reply| Duration::from_secs_f64(SLOWER * to_reply.p95 / 1e3));
    let recovered_after_seconds = calm_p95.and_then(|calm_p95| recovery(&all, ends, lasts, calm_p95));
    let generator_late = Percentiles::of(visits.iter().map(|visit| visit.late));
    let audit = Audit::of_all(&desk, &mut visits, PATIENCE).await;
    Ok(Burst { before, during, after, recovered_after_seconds, generator_late, audit })
}

/// The first second after `ends` with which calm seconds begin: nothing due in them was shed or failed, and their p95 is at most
/// `calm_p95`. A second in which nobody was answered proves nothing: it is looked at together with those after it, up to the next
/// answer.
fn recovery(turns: &[&TurnRecord], ends: Duration, until: Duration, calm_p95: Duration) -> Option<u64> {
    let seconds = until.saturating_sub(ends).as_secs();
    let due = |second: u64, count: u64| {
        let (from, lasts) = (ends + Duration::from_secs(second), Duration::from_secs(count));
        let is_due = |turn: &&TurnRecord| turn.due >= from && turn.due < from + lasts;
        Row::of("", lasts, turns.iter().copied().filter(is_due))
    };
    let most = calm_p95.as_secs_f64() * 1e3 * 1.001;
    let is_calm = |second: u64| {
        let mut rows = (1..=seconds - second).map(|count| due(second, count));
        rows.find_map(|row| Some((row.shed() + row.failures(), row.to_reply?)))
            .is_some_and(|(lacking, to_reply)| lacking == 0 && to_reply.p95 <= most)
    };
    let last = seconds.checked_sub(CALM_SECONDS)?;
    let calm: Vec<bool> = (0..seconds).map(is_calm).collect();
    (0..=last).find(|&second| (second..second + CALM_SECONDS).all(|second| calm[second as usize]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::ReplyKind;
    use crate::record::Fate;

    /// A turn each tenth of a second for so long after a burst that ended after 10 s, with the time that it took.
    fn after_burst(seconds: u64, turn: impl Fn(f64) -> (u64, Fate)) -> Vec<TurnRecord> {
        let times = (0..seconds * 10).map(|tenth| tenth as f64 / 10.0);
        times
            .map(|at| {
                let (milliseconds, fate) = turn(at);
                TurnRecord {
                    text: "".into(),
                    due: Duration::from_secs_f64(10.0 + at),
                    latency: Duration::from_millis(milliseconds),
                    messages: 1,
                    fate,
                }
            })
            .collect()
    }

    fn recovered(turns: &[TurnRecord], until: u64) -> Option<u64> {
        let turns: Vec<&TurnRecord> = turns.iter().collect();
        recovery(&turns, Duration::from_secs(10), Duration::from_secs(until), Duration::from_secs(1))
    }

    fn answered() -> Fate {
        Fate::Answered(ReplyKind::Answer)
    }

    #[test]
    fn a_desk_that_was_never_slow_has_recovered_at_once() {
        assert_eq!(recovered(&after_burst(20, |_| (600, answered())), 30), Some(0));
    }

    #[test]
    fn it_has_recovered_when_it_is_as_fast_as_before() {
        let turns = after_burst(20, |at| (if at < 7.0 { 4_000 } else { 600 }, answered()));
        assert_eq!(recovered(&turns, 30), Some(7));
    }

    #[test]
    fn one_calm_second_is_no_recovery() {
        let turns = after_burst(20, |at| {
            let is_slow = at < 12.0 && !(3.0..4.0).contains(&at);
            (if is_slow { 4_000 } else { 600 }, answered())
        });
        assert_eq!(recovered(&turns, 30), Some(12));
    }

    #[test]
    fn a_second_in_which_somebody_was_shed_is_not_calm() {
        let turns = after_burst(20, |at| (600, if at < 5.0 { Fate::Unassessed } else { answered() }));
        assert_eq!(recovered(&turns, 30), Some(5));
    }

    #[test]
    fn a_desk_that_stays_slow_has_not_recovered() {
        assert_eq!(recovered(&after_burst(20, |_| (4_000, answered())), 30), None);
        assert_eq!(recovered(&[], 12), None);
    }

    #[test]
    fn a_desk_of_which_nobody_got_an_answer_has_not_recovered() {
        assert_eq!(recovered(&[], 30), None);
        let turns = after_burst(20, |at| (600, if at < 6.0 { answered() } else { Fate::Refused }));
        assert_eq!(recovered(&turns[60..], 30), None);
    }

    #[test]
    fn seconds_without_shoppers_are_as_calm_as_those_around_them() {
        let slow_first = |at| (if at < 4.0 { 4_000 } else { 600 }, answered());
        let turns: Vec<TurnRecord> = after_burst(20, slow_first).into_iter().step_by(25).collect();
        // Those at 0 and 2.5 s are slow, the one at 5 s is not.
        assert_eq!(recovered(&turns, 30), Some(3));
    }
}
