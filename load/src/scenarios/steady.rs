//! Steady traffic: the rate of an ordinary hour.

use std::time::Duration;

use serde::Serialize;

use super::row::Row;
use super::{Setting, open_loop};
use crate::audit::{Audit, PATIENCE};
use crate::desk::Desk;
use crate::latencies::Percentiles;
use crate::output::progress;
use crate::plan::{Phase, arrivals};
use crate::process::Process;
use crate::record::turns;

/// Another plan than that of the burst.
const SEED: u64 = 1;

#[derive(Serialize)]
pub(crate) struct Steady {
    pub(crate) row: Row,
    /// Of the desk, for a turn.
    pub(crate) processor_seconds_per_turn: f64,
    /// How late the generator itself began visits.
    pub(crate) generator_late: Option<Percentiles>,
    pub(crate) audit: Audit,
}

pub(crate) async fn run(
    setting: &Setting,
    visits_per_second: f64,
    lasts: Duration,
) -> anyhow::Result<Steady> {
    progress(format_args!(
        "steady traffic, {visits_per_second:.1} shoppers a second for {} s",
        lasts.as_secs()
    ));
    with(setting, &setting.desk(0), "steady", visits_per_second, lasts).await
}

/// The same over connections that are there.
pub(super) async fn with(
    setting: &Setting,
    desk: &std::sync::Arc<Desk>,
    name: &str,
    visits_per_second: f64,
    lasts: Duration,
) -> anyhow::Result<Steady> {
    let arrivals = arrivals(&[Phase { lasts, visits_per_second }], SEED);
    let server: Process = setting.server;
    let before = server.processor_time()?;
    let mut visits = open_loop::run(setting, desk, arrivals).await;
    let taken = server.processor_time()? - before;
    let generator_late = Percentiles::of(visits.iter().map(|visit| visit.late));
    // All of them: shoppers who came last write on for a while.
    let processor_seconds_per_turn = taken.as_secs_f64() / turns(&visits).count().max(1) as f64;
    let row = Row::of(name, lasts, turns(&visits).filter(|turn| turn.due < lasts));
    let audit = Audit::of_all(desk, &mut visits, PATIENCE).await;
    Ok(Steady { row, processor_seconds_per_turn, generator_late, audit })
}
