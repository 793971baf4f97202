//! `shopdesk data`: what is wrong with the examples of intents, and into and out of other formats.

mod check;
mod convert;

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
    /// Find what is wrong with examples: one text under two intents, doubtful labels, too few examples, test messages among them.
    #[command(
        after_help = "Examples:\n  shopdesk data check\n  shopdesk data check --intents nlu.yml --test labelled.jsonl --json\n\n\
                      Exits with 0 when nothing is an error, with 1 when something is, and with 2 when it could not look."
    )]
    Check(check::Arguments),
    /// Turn intents of any known format into YAML files of ours, an intent a file.
    #[command(
        after_help = "Examples:\n  shopdesk data import nlu.yml --out shop/intents\n  shopdesk data import messages.csv --out intents\n\n\
                      Known are our YAML, Rasa's nlu.yml, CSV and TSV with the columns text and intent, and JSON lines {\"text\": \"…\", \
                      \"intent\": \"an_id\" or null for out of scope}; a folder may hold all of them."
    )]
    Import(convert::ImportArguments),
    /// Write intents in another format.
    #[command(
        after_help = "Examples:\n  shopdesk data export --format csv --out intents.csv\n  shopdesk data export shop/intents --format rasa --out nlu.yml"
    )]
    Export(convert::ExportArguments),
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.action {
        Action::Check(arguments) => check::run(shop, arguments),
        Action::Import(arguments) => convert::import(arguments),
        Action::Export(arguments) => convert::export(shop, arguments),
    }
}
