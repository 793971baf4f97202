//! A load generator for shopdesk: realistic shoppers against a running desk, and whether anything was lost.
//!
//! `scripts/load` builds it, serves the starter shop, and runs it; `docs/load.md` says what each figure means. To be read in this
//! order: what shoppers write ([`messages`]) and when they come ([`plan`]); how one of them talks to the desk ([`shopper`], over
//! [`desk`] and its [`connections`]) and what is kept of that ([`record`]); what is measured ([`latencies`], [`process`], [`bare`])
//! and checked ([`audit`]); the [`scenarios`], and what is said about them ([`report`], [`table`]).

mod messages;
mod plan;

mod connections;
mod desk;
mod record;
mod shopper;

mod audit;
mod bare;
mod latencies;
mod process;

mod scenarios;
mod streams;

mod output;
mod report;
mod table;

#[cfg(test)]
mod stand_in;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;

use crate::report::Report;

/// Sends realistic traffic to a desk that runs, measures it, and checks that nothing was lost.
#[derive(Parser)]
#[command(version, after_help = "Usually started by scripts/load, which serves the starter shop for it.")]
struct Arguments {
    /// Where the desk listens.
    #[arg(long)]
    desk: SocketAddr,
    /// The desk's process, for its memory and processor time.
    #[arg(long)]
    server: u32,
    /// The shopdesk program, which measures the bare encoder.
    #[arg(long)]
    shopdesk: PathBuf,
    /// The folder of the shop that the desk serves.
    #[arg(long)]
    shop: PathBuf,
    /// The folder with the messages that shoppers write.
    #[arg(long, default_value = "shop/test")]
    messages: PathBuf,
    /// How long saturation, steady traffic and the burst with what follows it last, each, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How many idle streams of events are held open.
    #[arg(long, default_value_t = 10_000)]
    streams: usize,
    /// Messages a second of steady traffic; 30 % of what the desk takes at saturation when not given.
    #[arg(long)]
    rate: Option<f64>,
    /// Only see whether everything works: short times, few streams, and no bar to be kept.
    #[arg(long)]
    quick: bool,
    /// Also write all figures into this file, as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// How long and how much, as the arguments say.
#[derive(Clone, Copy)]
struct Extent {
    /// Of each scenario.
    lasts: Duration,
    /// In how many parts saturation is measured, each with the bare encoder right after it.
    rounds: u32,
    /// How long the bare encoder is measured each time.
    bare: Duration,
    streams: usize,
    /// How long streams are held open before memory is read: longer than a heartbeat, so that each has got one.
    settle: Duration,
}

impl Extent {
    fn of(arguments: &Arguments) -> Self {
        let Arguments { seconds, streams, quick, .. } = *arguments;
        if quick {
            let (lasts, bare, settle) =
                (Duration::from_secs(6), Duration::from_secs(1), Duration::from_secs(2));
            return Self { lasts, rounds: 1, bare, streams: streams.min(1_000), settle };
        }
        let (bare, settle) = (Duration::from_secs(3), Duration::from_secs(20));
        Self { lasts: Duration::from_secs(seconds.max(6)), rounds: 3, bare, streams, settle }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    // One thread: the desk should have the processor, and what is done here is little.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(run(&arguments))?;
    output::line(table::of(&report))?;
    if let Some(file) = &arguments.json {
        let json = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, json).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let setting = scenarios::Setting::new(arguments)?;
    let extent = Extent::of(arguments);
    setting.check_room(extent.streams)?;
    let saturation = scenarios::saturation::run(&setting, &extent).await?;
    let visits_per_second = saturation.steady_visits(arguments.rate);
    let steady = scenarios::steady::run(&setting, visits_per_second, extent.lasts).await?;
    let burst = scenarios::burst::run(&setting, visits_per_second, extent.lasts).await?;
    let idle = scenarios::idle_streams::run(&setting, visits_per_second, &extent).await?;
    Report::new(&setting, arguments.quick, saturation, steady, burst, idle)
}
