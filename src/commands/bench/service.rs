//! `shopdesk bench service`.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use shopdesk_model::encoder::{Encoder, Threads};
use shopdesk_model::service::InferenceService;
use shopdesk_model::{Result, Role};

use super::{median, messages};
use crate::output;
use crate::shop::Shop;

/// How many callers send messages at the same time, each the next one when it has its answer.
const CALLERS: [usize; 4] = [1, 8, 64, 256];

/// Times over which everything is measured in turn, so that each figure has its reference nearby.
const ROUNDS: usize = 7;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How long each figure is measured in each of seven rounds, in seconds.
    #[arg(long, default_value_t = 0.7)]
    seconds: f64,
    /// Print one JSON object for each number of callers.
    #[arg(long)]
    json: bool,
}

/// What some callers got. Times are in seconds, from handing a message over to having its vector.
#[derive(Serialize)]
struct Figures {
    callers: usize,
    messages_per_second: f64,
    tokens_per_second: f64,
    p50: f64,
    p95: f64,
    p99: f64,
    /// Tokens a second, to those of the bare encoder when it gets all messages in one call.
    throughput_to_bare: f64,
    /// The 99th percentile, to that of the bare encoder when it gets one message after the other.
    p99_to_bare: f64,
}

/// What one round measured.
#[derive(Default)]
struct Round {
    tokens_per_second: f64,
    latencies: Vec<f64>,
    throughput_to_bare: f64,
    p99_to_bare: f64,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let encoder = shop.encoder()?;
    let tokens = messages(&shop)?.into_iter().map(|message| encoder.tokenize(&message, Role::Query));
    let tokens: Vec<Vec<u32>> = tokens.map(|encoding| Ok(encoding?.ids)).collect::<Result<_>>()?;
    let network = encoder.network();
    let most = CALLERS.into_iter().max().unwrap_or(1);
    let service = InferenceService::start(Arc::clone(network), most)?;
    let time = Duration::from_secs_f64(arguments.seconds);

    let mut rounds: Vec<Vec<Round>> = CALLERS.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS {
        tracing::info!("round {} of {ROUNDS}", round + 1);
        let alone = percentile(&one_by_one(network.as_ref(), &tokens, time)?, 0.99);
        for (callers, rounds) in CALLERS.into_iter().zip(&mut rounds) {
            let before = all_at_once(network.as_ref(), &tokens, time / 2)?;
            let (tokens_per_second, latencies) = load(&service, &tokens, callers, time)?;
            let after = all_at_once(network.as_ref(), &tokens, time / 2)?;
            rounds.push(Round {
                tokens_per_second,
                throughput_to_bare: tokens_per_second / f64::midpoint(before, after),
                p99_to_bare: percentile(&latencies, 0.99) / alone,
                latencies,
            });
        }
    }
    let mean_tokens = tokens.iter().map(Vec::len).sum::<usize>() as f64 / tokens.len() as f64;
    let figures = CALLERS.into_iter().zip(&rounds);
    let figures: Vec<Figures> =
        figures.map(|(callers, rounds)| summarize(callers, rounds, mean_tokens)).collect();
    if arguments.json {
        figures.iter().try_for_each(output::json)?;
    } else {
        print(&figures)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The bare encoder, one message after the other on all threads: the latency of each.
fn one_by_one(network: &dyn Encoder, tokens: &[Vec<u32>], time: Duration) -> Result<Vec<f64>> {
    let started = Instant::now();
    let mut latencies = Vec::new();
    for sequence in tokens.iter().cycle() {
        let call = Instant::now();
        network.encode(&[sequence], Threads::All)?;
        latencies.push(call.elapsed().as_secs_f64());
        if started.elapsed() >= time {
            break;
        }
    }
    Ok(latencies)
}

/// The bare encoder with all messages in one call: tokens a second.
fn all_at_once(network: &dyn Encoder, tokens: &[Vec<u32>], time: Duration) -> Result<f64> {
    let sequences: Vec<&[u32]> = tokens.iter().map(Vec::as_slice).collect();
    let total: usize = tokens.iter().map(Vec::len).sum();
    let started = Instant::now();
    let mut calls = 0;
    while calls == 0 || started.elapsed() < time {
        network.encode(&sequences, Threads::All)?;
        calls += 1;
    }
    Ok((calls * total) as f64 / started.elapsed().as_secs_f64())
}

/// That many callers at once: tokens a second, and the latency of each message.
fn load(
    service: &InferenceService,
    tokens: &[Vec<u32>],
    callers: usize,
    time: Duration,
) -> Result<(f64, Vec<f64>)> {
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    let call = || -> Result<(usize, Vec<f64>)> {
        let (mut done, mut latencies) = (0, Vec::new());
        while started.elapsed() < time {
            let sequence = &tokens[next.fetch_add(1, Ordering::Relaxed) % tokens.len()];
            let call = Instant::now();
            service.embed(sequence.clone())?;
            latencies.push(call.elapsed().as_secs_f64());
            done += sequence.len();
        }
        Ok((done, latencies))
    };
    let results = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers).map(|_| scope.spawn(call)).collect();
        let results = callers.into_iter().map(|caller| caller.join().expect("a caller does not panic"));
        results.collect::<Result<Vec<_>>>()
    })?;
    let elapsed = started.elapsed().as_secs_f64();
    let done: usize = results.iter().map(|(done, _)| done).sum();
    let latencies = results.into_iter().flat_map(|(_, latencies)| latencies).collect();
    Ok((done as f64 / elapsed, latencies))
}

fn summarize(callers: usize, rounds: &[Round], mean_tokens: f64) -> Figures {
    let over = |part: fn(&Round) -> f64| median(rounds.iter().map(part).collect());
    let latencies: Vec<f64> = rounds.iter().flat_map(|round| round.latencies.iter().copied()).collect();
    let tokens_per_second = over(|round| round.tokens_per_second);
    Figures {
        callers,
        messages_per_second: tokens_per_second / mean_tokens,
        tokens_per_second,
        p50: percentile(&latencies, 0.5),
        p95: percentile(&latencies, 0.95),
        p99: percentile(&latencies, 0.99),
        throughput_to_bare: over(|round| round.throughput_to_bare),
        p99_to_bare: over(|round| round.p99_to_bare),
    }
}

/// The least value that at least that share of the values do not exceed.
fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

fn print(all: &[Figures]) -> std::io::Result<()> {
    output::line(format_args!(
        "{:>8} {:>11} {:>10} {:>9} {:>9} {:>9} {:>20} {:>17}",
        "callers", "messages/s", "tokens/s", "p50", "p95", "p99", "throughput, to bare", "p99, to bare"
    ))?;
    for figures in all {
        let milliseconds = |seconds: f64| format!("{:.1} ms", seconds * 1e3);
        output::line(format_args!(
            "{:>8} {:>11.0} {:>10.0} {:>9} {:>9} {:>9} {:>18.0} % {:>17.2}",
            figures.callers,
            figures.messages_per_second,
            figures.tokens_per_second,
            milliseconds(figures.p50),
            milliseconds(figures.p95),
            milliseconds(figures.p99),
            figures.throughput_to_bare * 100.0,
            figures.p99_to_bare,
        ))?;
    }
    output::line(
        "\nBare: the encoder without the service; all messages in one call for the throughput, one by one for p99.",
    )
}
