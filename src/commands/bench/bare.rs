//! `shopdesk bench bare`.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::ensure;
use serde::Serialize;
use shopdesk_model::Role;
use shopdesk_model::encoder::Threads;

use crate::commands::texts_or_lines;
use crate::output;
use crate::shop::Shop;

/// How often a second Linux counts processor time for user space, on every processor that we run on.
const TICKS_PER_SECOND: f64 = 100.0;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long to measure, in seconds.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What the encoder does when it gets all messages in one call, on all of its threads, tokenised before.
#[derive(Serialize)]
struct Figures {
    engine: &'static str,
    threads: usize,
    messages: usize,
    tokens: usize,
    messages_per_second: f64,
    tokens_per_second: f64,
    /// Of all threads together, for one message; nothing where the system does not tell.
    processor_seconds_per_message: Option<f64>,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let figures = measure(&Shop::open(shop)?, Duration::from_secs_f64(arguments.seconds))?;
    if arguments.json {
        output::json(&figures)?;
    } else {
        print(&figures)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(shop: &Shop, time: Duration) -> anyhow::Result<Figures> {
    let encoder = shop.encoder()?;
    let tokens = texts_or_lines(None).map(|message| Ok(encoder.tokenize(&message?, Role::Query)?.ids));
    let tokens: Vec<Vec<u32>> = tokens.collect::<anyhow::Result<_>>()?;
    ensure!(!tokens.is_empty(), "there are no messages on standard input: give one a line");
    let sequences: Vec<&[u32]> = tokens.iter().map(Vec::as_slice).collect();
    let network = encoder.network();
    network.encode(&sequences, Threads::All)?;

    let (processor, started) = (processor_seconds(), Instant::now());
    let mut calls = 0;
    while calls == 0 || started.elapsed() < time {
        network.encode(&sequences, Threads::All)?;
        calls += 1;
    }
    let seconds = started.elapsed().as_secs_f64() / f64::from(calls);
    let processor =
        processor_seconds().zip(processor).map(|(after, before)| (after - before) / f64::from(calls));
    let total: usize = tokens.iter().map(Vec::len).sum();
    Ok(Figures {
        engine: shop.model.engine.resolve()?.name(),
        threads: network.threads(),
        messages: tokens.len(),
        tokens: total,
        messages_per_second: tokens.len() as f64 / seconds,
        tokens_per_second: total as f64 / seconds,
        processor_seconds_per_message: processor.map(|processor| processor / tokens.len() as f64),
    })
}

/// What this process has taken of the processor so far, where the system tells: the 14th and 15th field, counted behind the name,
/// which may have spaces in it.
fn processor_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    let ticks = after_name.split(' ').skip(11).take(2).map(|field| field.parse::<f64>().ok());
    Some(ticks.sum::<Option<f64>>()? / TICKS_PER_SECOND)
}

fn print(figures: &Figures) -> std::io::Result<()> {
    let processor = figures.processor_seconds_per_message.map(|seconds| seconds * 1e3);
    let processor =
        processor.map(|time| format!(", {time:.2} ms of processor time each")).unwrap_or_default();
    output::line(format_args!(
        "{} on {} threads: {:.0} messages/s, {:.0} tokens/s, {:.1} tokens a message{processor}",
        figures.engine,
        figures.threads,
        figures.messages_per_second,
        figures.tokens_per_second,
        figures.tokens as f64 / figures.messages as f64,
    ))
}
