//! Saturation: more shoppers than the desk can answer, each writing on as soon as the reply is there. What the desk takes then is
//! held against the bare encoder on the very messages that it assessed, right afterwards: a shared machine is not equally fast all
//! the time.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::Setting;
use super::row::Row;
use crate::Extent;
use crate::audit::{Audit, PATIENCE};
use crate::bare::Bare;
use crate::desk::Desk;
use crate::output::progress;
use crate::process::Process;
use crate::record::{TurnRecord, VisitRecord, turns};
use crate::shopper::{Pace, walk};

/// Shoppers for each that would do if the desk were as fast as the bare encoder: what waits keeps batches full.
const CROWD: f64 = 2.0;
const FEWEST_SHOPPERS: usize = 64;
/// How long a shopper who is turned away stays away.
const TURNED_AWAY: Duration = Duration::from_secs(1);
/// Steady traffic, as a share of what the desk takes at saturation.
const STEADY_SHARE: f64 = 0.3;

#[derive(Serialize)]
pub(crate) struct Saturation {
    pub(crate) shoppers: usize,
    /// On all turns that shoppers have.
    pub(crate) bare: Bare,
    pub(crate) rounds: Vec<Round>,
    pub(crate) audit: Audit,
}

/// One measurement. Everything is counted when it was done, in a time in which the crowd was complete.
#[derive(Clone, Serialize)]
pub(crate) struct Round {
    pub(crate) row: Row,
    pub(crate) turns_per_second: f64,
    /// Turns that the model was asked for; greetings and thanks are not among them.
    pub(crate) assessed_per_second: f64,
    /// Those in which nothing was shed and nothing failed.
    pub(crate) visits_per_second: f64,
    /// Messages that one of these has; 0 when there was none.
    pub(crate) messages_per_visit: f64,
    /// On the turns that were assessed in this round.
    pub(crate) bare: Bare,
    /// `assessed_per_second` to what the bare encoder takes.
    pub(crate) share_of_bare: f64,
    pub(crate) time: TimeShares,
}

/// Where the cores' time went, as shares of all of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct TimeShares {
    /// What the bare encoder takes for the turns that were assessed.
    pub(crate) encoder: f64,
    /// What else the desk took.
    pub(crate) rest_of_desk: f64,
    pub(crate) generator: f64,
    /// Nobody's, or of other programs.
    pub(crate) other: f64,
    /// The encoder's, of the desk's.
    pub(crate) encoder_of_desk: f64,
}

impl Saturation {
    /// The round whose share is in the middle.
    pub(crate) fn middle(&self) -> &Round {
        let mut rounds: Vec<&Round> = self.rounds.iter().collect();
        rounds.sort_by(|a, b| a.share_of_bare.total_cmp(&b.share_of_bare));
        rounds[rounds.len() / 2]
    }

    /// How many shoppers a second come in steady traffic of that many messages, or of a share of what the desk can take.
    pub(crate) fn steady_visits(&self, messages_per_second: Option<f64>) -> f64 {
        let Round { visits_per_second, messages_per_visit, .. } = self.middle();
        match messages_per_second {
            Some(wanted) if *messages_per_visit > 0.0 => wanted / messages_per_visit,
            _ => STEADY_SHARE * visits_per_second,
        }
    }
}

pub(crate) async fn run(setting: &Setting, extent: &Extent) -> anyhow::Result<Saturation> {
    progress("the bare encoder");
    let bare = setting.bare(setting.visits.texts(), extent.bare).await?;
    let shoppers = crowd(&bare, setting.quiet);
    let mut audit = Audit::default();
    let mut rounds = Vec::new();
    for number in 1..=extent.rounds {
        progress(format_args!("saturation, {shoppers} shoppers at once, part {number} of {}", extent.rounds));
        let desk = setting.desk(0);
        let (mut visits, times) = crowded(setting, &desk, shoppers, extent).await?;
        audit.add(&Audit::of_all(&desk, &mut visits, PATIENCE).await);
        drop(desk);
        progress("the bare encoder on the messages that were assessed");
        let round = round(setting, &visits, &times, extent.bare).await?;
        progress(format_args!(
            "{:.1} % of it, {:.0} turns/s",
            100.0 * round.share_of_bare,
            round.turns_per_second
        ));
        rounds.push(round);
    }
    Ok(Saturation { shoppers, bare, rounds, audit })
}

/// By Little's law, a desk as fast as the bare encoder has `throughput * quiet time` turns waiting for their shopper to be quiet.
fn crowd(bare: &Bare, quiet: Duration) -> usize {
    let one_turn = quiet + Duration::from_millis(100);
    ((CROWD * bare.messages_per_second * one_turn.as_secs_f64()).ceil() as usize).max(FEWEST_SHOPPERS)
}

/// When it was measured, and what was taken meanwhile.
struct Times {
    from: Duration,
    until: Duration,
    desk: Duration,
    generator: Duration,
}

/// Lets the crowd write for a while.
async fn crowded(
    setting: &Setting,
    desk: &Arc<Desk>,
    shoppers: usize,
    extent: &Extent,
) -> anyhow::Result<(Vec<VisitRecord>, Times)> {
    let (start, until) = (Instant::now(), extent.warm_up + extent.lasts / extent.rounds);
    let mut crowd = JoinSet::new();
    for number in 0..shoppers {
        let (desk, visits) = (Arc::clone(desk), Arc::clone(&setting.visits));
        let arrives = setting.quiet * number as u32 / shoppers as u32;
        crowd.spawn(async move {
            let mut records: Vec<VisitRecord> = Vec::new();
            sleep_until(start + arrives).await;
            while start.elapsed() < until {
                let record = walk(&desk, &visits.next(), start, start.elapsed(), Pace::HURRIED).await;
                let is_turned_away = record.talk.is_none();
                records.push(record);
                if is_turned_away {
                    sleep(TURNED_AWAY).await;
                }
            }
            records
        });
    }
    let (server, own) = (setting.server, Process::own());
    sleep_until(start + extent.warm_up).await;
    let before = (start.elapsed(), server.processor_time()?, own.processor_time()?);
    sleep_until(start + until).await;
    let after = (start.elapsed(), server.processor_time()?, own.processor_time()?);
    let times = Times {
        from: before.0,
        until: after.0,
        desk: after.1.saturating_sub(before.1),
        generator: after.2.saturating_sub(before.2),
    };
    Ok((crowd.join_all().await.into_iter().flatten().collect(), times))
}

async fn round(
    setting: &Setting,
    visits: &[VisitRecord],
    times: &Times,
    bare_lasts: Duration,
) -> anyhow::Result<Round> {
    let is_within = |end: Duration| end >= times.from && end < times.until;
    let done: Vec<&TurnRecord> = turns(visits).filter(|turn| is_within(turn.end())).collect();
    let assessed: Vec<Arc<str>> =
        done.iter().filter(|turn| turn.is_assessed()).map(|turn| Arc::clone(&turn.text)).collect();
    let answered = done.iter().filter(|turn| turn.is_answered()).count();
    let over = visits.iter().filter(|visit| visit.end().is_some_and(is_within) && visit.went_well());
    let over: Vec<&VisitRecord> = over.collect();
    let lasts = times.until - times.from;
    let a_second = |count: usize| count as f64 / lasts.as_secs_f64();
    let assessed_count = assessed.len();
    let bare = setting.bare(assessed, bare_lasts).await?;
    Ok(Round {
        row: Row::of("saturation", lasts, done.iter().copied()),
        turns_per_second: a_second(answered),
        assessed_per_second: a_second(assessed_count),
        visits_per_second: a_second(over.len()),
        messages_per_visit: messages_per_visit(&over),
        share_of_bare: a_second(assessed_count) / bare.messages_per_second,
        time: shares(times, setting.cores, bare.processor_seconds_per_message * assessed_count as f64),
        bare,
    })
}

/// Of visits that the desk had room for: those that it turned away in the middle are shorter than those of steady traffic.
fn messages_per_visit(over: &[&VisitRecord]) -> f64 {
    let messages: usize = over.iter().flat_map(|visit| &visit.turns).map(|turn| turn.messages).sum();
    messages as f64 / over.len().max(1) as f64
}

/// Of the time of all cores, given what the bare encoder takes for what was assessed, in seconds.
fn shares(times: &Times, cores: usize, encoder: f64) -> TimeShares {
    let all = (times.until - times.from).as_secs_f64() * cores as f64;
    let (desk, generator) = (times.desk.as_secs_f64(), times.generator.as_secs_f64());
    TimeShares {
        encoder: encoder / all,
        rest_of_desk: (desk - encoder) / all,
        generator: generator / all,
        other: 1.0 - (desk + generator) / all,
        encoder_of_desk: if desk > 0.0 { encoder / desk } else { 0.0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::ReplyKind;
    use crate::record::Fate;

    fn bare(messages_per_second: f64) -> Bare {
        Bare {
            engine: "avx2".to_owned(),
            threads: 2,
            messages: 100,
            tokens: 1_500,
            messages_per_second,
            processor_seconds_per_message: 2.0 / messages_per_second,
        }
    }

    #[test]
    fn the_crowd_is_large_enough_to_keep_the_encoder_busy() {
        assert_eq!(crowd(&bare(1_000.0), Duration::from_millis(500)), 1_200);
        assert_eq!(crowd(&bare(10.0), Duration::from_millis(500)), FEWEST_SHOPPERS);
    }

    /// A visit whose turns have so many messages and went that way.
    fn visit(turns: &[(usize, Fate)]) -> VisitRecord {
        let turn = |(messages, fate): &(usize, Fate)| TurnRecord {
            text: "".into(),
            due: Duration::ZERO,
            latency: Duration::from_millis(600),
            messages: *messages,
            fate: fate.clone(),
        };
        VisitRecord { late: Duration::ZERO, turns: turns.iter().map(turn).collect(), talk: None }
    }

    #[test]
    fn as_many_messages_are_sent_as_were_asked_for_although_some_were_shed() {
        let answered = Fate::Answered(ReplyKind::Answer);
        let visits = [
            visit(&[(2, answered.clone()), (1, answered)]),
            visit(&[(1, Fate::Unassessed)]),
            visit(&[(0, Fate::Refused)]),
        ];
        let over: Vec<&VisitRecord> = visits.iter().filter(|visit| visit.went_well()).collect();
        let second = Duration::from_secs(1);
        let times = Times { from: Duration::ZERO, until: second, desk: second, generator: second };
        let round = Round {
            row: Row::of("saturation", second, turns(&visits)),
            turns_per_second: 2.0,
            assessed_per_second: 2.0,
            visits_per_second: 1.0,
            messages_per_visit: messages_per_visit(&over),
            bare: bare(100.0),
            share_of_bare: 0.02,
            time: shares(&times, 2, 0.5),
        };
        let saturation =
            Saturation { shoppers: 3, bare: bare(100.0), rounds: vec![round], audit: Audit::default() };
        assert_eq!(saturation.steady_visits(Some(30.0)), 10.0);
        assert_eq!(saturation.steady_visits(None), STEADY_SHARE);
    }

    #[test]
    fn all_of_the_time_is_somebodys() {
        let seconds = Duration::from_secs;
        let times = Times { from: seconds(3), until: seconds(13), desk: seconds(16), generator: seconds(2) };
        let shares = shares(&times, 2, 12.0);
        let expected =
            TimeShares { encoder: 0.6, rest_of_desk: 0.2, generator: 0.1, other: 0.1, encoder_of_desk: 0.75 };
        for (found, expected) in [
            (shares.encoder, expected.encoder),
            (shares.rest_of_desk, expected.rest_of_desk),
            (shares.generator, expected.generator),
            (shares.other, expected.other),
            (shares.encoder_of_desk, expected.encoder_of_desk),
        ] {
            assert!((found - expected).abs() < 1e-9, "{shares:?}");
        }
    }
}
