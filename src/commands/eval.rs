//! `shopdesk eval`: how often the desk is wrong, on what, and what it would cost to change.

mod run;

use std::path::Path;
use std::process::ExitCode;

#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Run labelled messages through the pipeline that serves the chat.
    Run(run::Arguments),
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.action {
        Action::Run(arguments) => run::run(shop, arguments),
    }
}
