//! `shopdesk bench`: how fast this machine is.

mod encoder;

use std::path::Path;
use std::process::ExitCode;

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
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.subject {
        Subject::Encoder(arguments) => encoder::run(shop, arguments),
    }
}
