//! `shopdesk bench encoder`.

use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};
use shopdesk_model::encoder::{Engine, EngineChoice, Threads};
use shopdesk_model::{EncoderOptions, Role, TextEncoder};

use super::{median, messages};
use crate::output;
use crate::shop::Shop;

/// Tokens of the messages that are measured one at a time.
const LENGTHS: [usize; 5] = [8, 16, 32, 128, 512];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measure only this engine; may be given again. All that run here when not given.
    #[arg(long)]
    engine: Vec<EngineChoice>,
    /// How long each figure is measured, in seconds.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
    /// Print one JSON object for each engine and number of threads.
    #[arg(long)]
    json: bool,
    /// Measure one engine in this process, on that many threads. Other processes of the same command use this.
    #[arg(long, hide = true, requires = "engine")]
    in_process: Option<NonZeroUsize>,
}

/// What one engine does on some threads. Times are in seconds.
#[derive(Serialize, Deserialize)]
struct Figures {
    engine: String,
    threads: usize,
    /// From the start of loading to the first vector.
    first_vector: f64,
    /// Of turning a message into tokens.
    tokenize: f64,
    /// One message, by its tokens.
    single: Vec<(usize, Pace)>,
    /// All messages.
    batched: Pace,
    messages: usize,
    tokens: usize,
    resident_mib: Option<f64>,
}

/// How fast something went.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Pace {
    /// Median.
    seconds: f64,
    /// Median share of what the threads' arithmetic units could have done in that time that went into the layers' matrices.
    share_of_peak: Option<f64>,
    /// The same of what they could have done in products of whole matrices, if the engine uses them.
    share_of_matrix_peak: Option<f64>,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Some(threads) = arguments.in_process {
        let [EngineChoice::Forced(engine)] = arguments.engine[..] else {
            bail!("one engine is measured in a process");
        };
        output::json(&measure(shop, engine, threads, arguments.seconds)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut engines = Vec::new();
    for choice in &arguments.engine {
        engines.push(choice.resolve()?);
    }
    if engines.is_empty() {
        engines.extend(Engine::ALL.into_iter().filter(|engine| engine.runs_here()));
    }
    let all = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let mut figures = Vec::new();
    for threads in if all > 1 { vec![1, all] } else { vec![1] } {
        for &engine in &engines {
            tracing::info!("measuring {engine} on {threads} threads");
            figures.push(in_a_process(shop, engine, threads, arguments.seconds)?);
        }
    }
    if arguments.json {
        figures.iter().try_for_each(output::json)?;
    } else {
        print(&figures)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A process of its own shows what starting costs, and is the only way to tell candle how many threads to take.
fn in_a_process(shop: &Path, engine: Engine, threads: usize, seconds: f64) -> anyhow::Result<Figures> {
    let program = std::env::current_exe().context("cannot find this program to start it again")?;
    let output = Command::new(program)
        .arg("--shop")
        .arg(shop)
        .args(["bench", "encoder", "--engine", engine.name()])
        .args(["--in-process", &threads.to_string(), "--seconds", &seconds.to_string()])
        .env("RAYON_NUM_THREADS", threads.to_string())
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start this program again")?;
    if !output.status.success() {
        bail!("measuring `{engine}` failed");
    }
    serde_json::from_slice(&output.stdout).context("cannot read the figures")
}

fn measure(shop: &Path, engine: Engine, threads: NonZeroUsize, seconds: f64) -> anyhow::Result<Figures> {
    let shop = Shop::open(shop)?;
    let messages = messages(&shop)?;
    let options = EncoderOptions { engine: EngineChoice::Forced(engine), threads: Some(threads) };
    let started = Instant::now();
    let encoder = TextEncoder::open(&shop.paths.model, &options)?;
    encoder.embed(&messages[0], Role::Query)?;
    let first_vector = started.elapsed().as_secs_f64();
    let resident_mib = resident_mib();

    let started = Instant::now();
    let tokens = messages.iter().map(|message| encoder.tokenize(message, Role::Query));
    let tokens: Vec<Vec<u32>> = tokens.map(|encoding| Ok(encoding?.ids)).collect::<anyhow::Result<_>>()?;
    let tokenize = started.elapsed().as_secs_f64() / messages.len() as f64;

    let network = encoder.network();
    let flat: Vec<u32> = tokens.iter().flat_map(|ids| &ids[1..ids.len() - 1]).copied().collect();
    let meter = Meter {
        engine,
        threads: threads.get(),
        seconds,
        operations_per_token: encoder.manifest().architecture.operations_per_token(),
    };
    let mut single = Vec::new();
    for length in LENGTHS.into_iter().filter(|&length| length <= encoder.manifest().max_tokens) {
        let sequence = [&tokens[0][..1], &flat[..length - 2], &tokens[0][tokens[0].len() - 1..]].concat();
        single.push((length, meter.pace(length, || network.encode(&[&sequence], Threads::All))?));
    }
    let sequences: Vec<&[u32]> = tokens.iter().map(Vec::as_slice).collect();
    let total = tokens.iter().map(Vec::len).sum();
    Ok(Figures {
        engine: engine.name().to_owned(),
        threads: threads.get(),
        first_vector,
        tokenize,
        single,
        batched: meter.pace(total, || network.encode(&sequences, Threads::All))?,
        messages: messages.len(),
        tokens: total,
        resident_mib,
    })
}

/// Measures calls, and right before and after each what the processor could have done: on a machine that is shared,
/// that changes from one moment to the next.
struct Meter {
    engine: Engine,
    threads: usize,
    seconds: f64,
    operations_per_token: usize,
}

impl Meter {
    /// The median over as many calls as fit into the time, at least three.
    fn pace<T, E>(&self, tokens: usize, mut call: impl FnMut() -> Result<T, E>) -> Result<Pace, E> {
        call()?;
        let operations = (tokens * self.operations_per_token) as f64;
        let (mut times, mut shares, mut matrix_shares) = (Vec::new(), Vec::new(), Vec::new());
        let started = Instant::now();
        let mut before = self.peaks();
        while times.len() < 3 || started.elapsed().as_secs_f64() < self.seconds {
            let run = Instant::now();
            call()?;
            let seconds = run.elapsed().as_secs_f64();
            let after = self.peaks();
            times.push(seconds);
            for ((shares, before), after) in
                [&mut shares, &mut matrix_shares].into_iter().zip(before).zip(after)
            {
                if let (Some(before), Some(after)) = (before, after) {
                    shares.push(operations / seconds / f64::midpoint(before, after));
                }
            }
            before = after;
        }
        let share = |shares: Vec<f64>| (!shares.is_empty()).then(|| median(shares));
        let [share_of_peak, share_of_matrix_peak] = [shares, matrix_shares].map(share);
        Ok(Pace { seconds: median(times), share_of_peak, share_of_matrix_peak })
    }

    /// Operations a second of all threads at once, one by one and in matrices.
    fn peaks(&self) -> [Option<f64>; 2] {
        [Engine::measure_peak, Engine::measure_matrix_peak].map(|measure| self.peak(measure))
    }

    fn peak(&self, measure: fn(Engine, Duration) -> Option<f64>) -> Option<f64> {
        let time = Duration::from_millis(2);
        std::thread::scope(|scope| {
            let others: Vec<_> =
                (1..self.threads).map(|_| scope.spawn(move || measure(self.engine, time))).collect();
            let own = measure(self.engine, time)?;
            others.into_iter().try_fold(own, |sum, other| Some(sum + other.join().ok()??))
        })
    }
}

/// What the process occupies in memory, where the system tells.
fn resident_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kib / 1024.0)
}

fn print(all: &[Figures]) -> anyhow::Result<()> {
    for figures in all {
        let same_threads = |other: &&Figures| other.threads == figures.threads;
        let candle = all.iter().filter(same_threads).find(|other| other.engine == Engine::Candle.name());
        let one_thread = all.iter().find(|other| other.threads == 1 && other.engine == figures.engine);
        let one_thread = one_thread.filter(|_| figures.threads > 1);
        output::line(format_args!(
            "\n{} on {} thread{}: first vector after {:.0} ms{}, {:.1} µs to tokenise a message",
            figures.engine,
            figures.threads,
            if figures.threads == 1 { "" } else { "s" },
            figures.first_vector * 1e3,
            figures.resident_mib.map(|mib| format!(", {mib:.0} MiB resident")).unwrap_or_default(),
            figures.tokenize * 1e6,
        ))?;
        output::line(format_args!(
            "  {:>18} {:>13} {:>12} {:>10} {:>12}{}",
            "",
            "median",
            "of the limit",
            "x candle",
            "x 1 thread",
            if figures.batched.share_of_matrix_peak.is_some() { "  of the limit in matrices" } else { "" },
        ))?;
        for (number, (length, pace)) in figures.single.iter().enumerate() {
            let to = |other: Option<&Figures>| other.map(|other| other.single[number].1);
            let time = format!("{:.2} ms", pace.seconds * 1e3);
            row(&format!("{length} tokens"), &time, *pace, to(candle), to(one_thread))?;
        }
        let rate = format!("{:.0} tokens/s", figures.tokens as f64 / figures.batched.seconds);
        let to = |other: Option<&Figures>| other.map(|other| other.batched);
        let name = format!("{} messages", figures.messages);
        row(&name, &rate, figures.batched, to(candle), to(one_thread))?;
    }
    Ok(())
}

fn row(name: &str, value: &str, pace: Pace, candle: Option<Pace>, one: Option<Pace>) -> std::io::Result<()> {
    let percent =
        |share: Option<f64>| share.map(|share| format!("{:.0} %", share * 100.0)).unwrap_or_default();
    let times = |other: Option<Pace>| {
        other.map(|other| format!("{:.2}", other.seconds / pace.seconds)).unwrap_or_default()
    };
    output::line(format_args!(
        "  {name:>18} {value:>13} {:>12} {:>10} {:>12} {:>25}",
        percent(pace.share_of_peak),
        times(candle),
        times(one),
        percent(pace.share_of_matrix_peak),
    ))
}
