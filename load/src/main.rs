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

use crate::report::{Report, Subject};
use crate::scenarios::Setting;

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
    #[command(flatten)]
    subject: Subject,
}

/// How long and how much, as the arguments say.
#[derive(Clone, Copy)]
struct Extent {
    /// Of each scenario.
    lasts: Duration,
    /// How long the crowd gathers before saturation is measured.
    warm_up: Duration,
    /// In how many parts saturation is measured, each with the bare encoder right after it.
    rounds: u32,
    /// How long the bare encoder is measured each time.
    bare: Duration,
    streams: usize,
    /// How long streams are held open before memory is read: longer than a heartbeat, so that each has got one.
    settle: Duration,
}

impl Extent {
    fn of(&Arguments { seconds, streams, quick, .. }: &Arguments) -> Self {
        if quick {
            return Self::in_seconds([6, 2, 1, 2], 1, streams.min(1_000));
        }
        Self::in_seconds([seconds.max(6), 3, 3, 20], 3, streams)
    }

    /// How long each scenario, its warm-up, the bare encoder and the wait for heartbeats take.
    fn in_seconds(times: [u64; 4], rounds: u32, streams: usize) -> Self {
        let [lasts, warm_up, bare, settle] = times.map(Duration::from_secs);
        Self { lasts, warm_up, rounds, bare, streams, settle }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    // One thread: the desk should have the processor, and what is done here is little.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (report, outcome) = runtime.block_on(run(&arguments, &Extent::of(&arguments)))?;
    output::line(table::of(&report))?;
    if let Some(file) = &arguments.json {
        let json = serde_json::to_string_pretty(&report)?;
        std::fs::write(file, json).with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    outcome.context("the run ended early: the report is of the scenarios before")?;
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One scenario after the other. What was measured until one fails is reported all the same, beside why it failed.
async fn run(arguments: &Arguments, extent: &Extent) -> anyhow::Result<(Report, anyhow::Result<()>)> {
    let setting = Setting::new(arguments)?;
    setting.check_room(extent.streams)?;
    let saturation = scenarios::saturation::run(&setting, extent).await?;
    let visits_per_second = saturation.steady_visits(arguments.rate);
    let mut report = Report::new(&setting, arguments, saturation)?;
    let outcome = run_others(&setting, visits_per_second, extent, &mut report).await;
    Ok((report, outcome))
}

/// What comes after saturation, which says how much traffic is steady.
async fn run_others(
    setting: &Setting,
    visits_per_second: f64,
    extent: &Extent,
    report: &mut Report,
) -> anyhow::Result<()> {
    report.steady = Some(scenarios::steady::run(setting, visits_per_second, extent.lasts).await?);
    report.sum_up(setting)?;
    report.burst = Some(scenarios::burst::run(setting, visits_per_second, extent.lasts).await?);
    report.sum_up(setting)?;
    report.idle_streams = Some(scenarios::idle_streams::run(setting, visits_per_second, extent).await?);
    report.sum_up(setting)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;
    use crate::stand_in::{Manner, StandIn};

    /// Prints what `shopdesk bench bare` does, having read all messages.
    const BENCH: &str = "#!/bin/sh\nmessages=$(wc -l)\n\
        echo '{\"engine\": \"stand-in\", \"threads\": 2, \"messages\": '$messages', \"tokens\": 9, \
        \"messages_per_second\": 500.0, \"processor_seconds_per_message\": 0.001}'\n";

    /// Held by whoever writes a program and runs it: a program that is begun beside would have the file open to be written, and then it cannot be run.
    static PROGRAMS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

    /// A stand-in for the desk, one for its encoder, and little time.
    async fn run_against(manner: Manner) -> (Report, anyhow::Result<()>) {
        let _alone = PROGRAMS.lock().await;
        let stand_in = StandIn::start(manner).await;
        let folder = tempfile::tempdir().unwrap();
        let shopdesk = folder.path().join("shopdesk");
        std::fs::write(&shopdesk, BENCH).unwrap();
        std::fs::set_permissions(&shopdesk, std::fs::Permissions::from_mode(0o755)).unwrap();
        let settings = "[dialogue]\nquiet_milliseconds = 10\n[limits]\nper_address = 600\n";
        std::fs::write(folder.path().join("shopdesk.toml"), settings).unwrap();
        let arguments = Arguments {
            desk: stand_in.address,
            server: std::process::id(),
            shopdesk,
            shop: folder.path().to_owned(),
            messages: Path::new(env!("CARGO_MANIFEST_DIR")).join("../shop/test"),
            seconds: 60,
            streams: 50,
            rate: Some(30.0),
            quick: false,
            json: None,
            subject: Subject { commit: Some("0abc123".to_owned()), ..Subject::default() },
        };
        let [lasts, warm_up, bare, settle] = [1_500, 700, 1, 1].map(Duration::from_millis);
        let extent = Extent { lasts, warm_up, rounds: 3, bare, streams: 50, settle };
        run(&arguments, &extent).await.unwrap()
    }

    #[tokio::test]
    async fn a_whole_run_measures_everything_and_finds_all_that_was_said() {
        let (report, outcome) = run_against(Manner::Good).await;
        outcome.unwrap();

        assert!(report.audit.nothing_is_lost(), "{:?}", report.audit);
        assert_eq!((report.saturation.rounds.len(), report.saturation.shoppers), (3, 110));
        let middle = report.saturation.middle();
        assert!(middle.assessed_per_second > 0.0, "the crowd was answered");
        assert!((middle.share_of_bare - middle.assessed_per_second / 500.0).abs() < 1e-9);
        let assessed = (middle.assessed_per_second * middle.row.seconds).round() as usize;
        assert_eq!(middle.bare.messages, assessed.min(1_000), "measured on what was assessed");
        let (steady, burst, idle) = (
            report.steady.as_ref().unwrap(),
            report.burst.as_ref().unwrap(),
            report.idle_streams.as_ref().unwrap(),
        );
        let shoppers = [&steady.row, &burst.before, &burst.during, &idle.steady.row];
        let turns = shoppers.map(|row| row.turns);
        assert!(turns[2] > turns[1], "the burst is more than what was before: {turns:?}");
        assert!(shoppers.iter().all(|row| row.shed() + row.failures() == 0));
        assert_eq!((idle.streams, idle.broken), (50, 0));
        let table = table::of(&report);
        assert!(table.contains("Nothing was lost") && table.contains("commit 0abc123"), "{table}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(
            (&json["quiet_milliseconds"], &json["subject"]["commit"]),
            (&10.into(), &"0abc123".into())
        );
    }

    #[tokio::test]
    async fn what_was_measured_before_a_scenario_fails_is_reported() {
        let (report, outcome) = run_against(Manner::Streamless).await;
        assert!(outcome.unwrap_err().to_string().contains("stream"));
        assert!(report.burst.is_some() && report.idle_streams.is_none() && !report.holds());
        let table = table::of(&report);
        assert!(table.contains("in the burst") && !table.contains("a stream"), "{table}");
    }

    #[test]
    fn a_quick_run_is_short_whatever_else_was_asked_for() {
        let arguments = "load --desk 127.0.0.1:1 --server 1 --shopdesk x --shop y --seconds 600 --quick";
        let arguments = Arguments::try_parse_from(arguments.split(' ')).unwrap();
        let extent = Extent::of(&arguments);
        assert_eq!((extent.lasts, extent.streams, extent.rounds), (Duration::from_secs(6), 1_000, 1));
    }
}
