//! Thousands of shoppers who have the chat open and say nothing: what their streams cost, and what they cost those who write.

use std::time::Instant;

use serde::Serialize;

use super::Setting;
use super::steady::{self, Steady};
use crate::Extent;
use crate::output::progress;
use crate::streams::{self, Streams};

#[derive(Serialize)]
pub(crate) struct IdleStreams {
    pub(crate) streams: usize,
    /// How long it took to open them all.
    pub(crate) opened_in_seconds: f64,
    /// What the desk occupied, in bytes, when the conversations were begun and no stream was open,
    pub(crate) resident_before: u64,
    /// and when all were open and had got a heartbeat.
    pub(crate) resident_with: u64,
    pub(crate) bytes_per_stream: f64,
    /// Heartbeats that came in that time, for a stream.
    pub(crate) heartbeats_per_stream: f64,
    /// Streams that the desk ended before we did.
    pub(crate) broken: usize,
    /// Steady traffic while they are open.
    pub(crate) steady: Steady,
}

pub(crate) async fn run(
    setting: &Setting,
    visits_per_second: f64,
    extent: &Extent,
) -> anyhow::Result<IdleStreams> {
    let count = extent.streams;
    progress(format_args!("{count} idle streams"));
    let desk = setting.desk(count);
    let conversations = streams::begin(&desk, count).await?;
    let resident_before = setting.server.resident()?;
    let begin = Instant::now();
    let mut open = Streams::open(setting.address, &conversations).await?;
    let opened_in_seconds = begin.elapsed().as_secs_f64();
    tokio::time::sleep(extent.settle).await;
    let resident_with = setting.server.resident()?;
    let heartbeats_per_stream = open.heard() as f64 / count.max(1) as f64;
    progress("steady traffic beside the streams");
    let name = format!("steady, {count} streams open");
    let steady = steady::with(setting, &desk, &name, visits_per_second, extent.lasts).await?;
    Ok(IdleStreams {
        streams: count,
        opened_in_seconds,
        resident_before,
        resident_with,
        bytes_per_stream: resident_with.saturating_sub(resident_before) as f64 / count.max(1) as f64,
        heartbeats_per_stream,
        broken: count - open.still_open(),
        steady,
    })
}
