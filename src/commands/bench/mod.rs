//! `shopdesk bench`: how fast this machine is.

mod bare;
mod encoder;
mod inbox;
mod promise;
mod search;
mod service;

use std::path::Path;
use std::process::ExitCode;

use anyhow::bail;

use crate::shop::Shop;

/// Short messages that are measured together.
const MESSAGES: usize = 1000;

#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    subject: Subject,
}

#[derive(clap::Subcommand)]
enum Subject {
    /// Compare the encoder's engines with each other and with what the processor can do at most.
    ///
    /// Each engine runs in a process of its own, on one thread and on all. The messages are the shop's own examples.
    #[command(
        after_help = "Example:\n  shopdesk bench encoder\n  shopdesk bench encoder --engine avx2 --engine candle"
    )]
    Encoder(encoder::Arguments),
    /// Measure how long the console's inbox takes with thousands of open tickets.
    ///
    /// The tickets are the shop's own examples, in a database that is made for it and thrown away.
    #[command(after_help = "Example:\n  shopdesk bench inbox --tickets 5000")]
    Inbox(inbox::Arguments),
    /// Measure the shop's encoder on messages of your own, all in one call: what a service around it can be held against.
    ///
    /// Takes one message a line from standard input.
    #[command(after_help = "Example:\n  shopdesk bench bare < messages.txt")]
    Bare(bare::Arguments),
    /// Try on many random splits whether the promise is kept.
    #[command(after_help = "Example:\n  shopdesk bench promise --data banking77/train.jsonl")]
    Promise(promise::Arguments),
    /// Measure what a search of the embedded index costs, by how many passages there are.
    #[command(after_help = "Example:\n  shopdesk bench search --passages 1000 --passages 100000")]
    Search(search::Arguments),
    /// Measure the service that embeds for many callers at once, against the bare encoder.
    #[command(after_help = "Example:\n  shopdesk bench service")]
    Service(service::Arguments),
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.subject {
        Subject::Encoder(arguments) => encoder::run(shop, arguments),
        Subject::Inbox(arguments) => inbox::run(shop, arguments),
        Subject::Bare(arguments) => bare::run(shop, arguments),
        Subject::Promise(arguments) => promise::run(shop, arguments),
        Subject::Search(arguments) => search::run(arguments),
        Subject::Service(arguments) => service::run(shop, arguments),
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Examples of all intents, evenly spread.
fn messages(shop: &Shop) -> anyhow::Result<Vec<String>> {
    let intents = shop.intents()?;
    let examples: Vec<_> = intents.intents.iter().flat_map(|intent| &intent.examples).collect();
    if examples.is_empty() {
        bail!("the shop's intents have no examples to measure with");
    }
    Ok((0..MESSAGES).map(|n| examples[n * examples.len() / MESSAGES].text.clone()).collect())
}
