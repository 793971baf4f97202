//! `shopdesk eval`: how often the desk is wrong.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use shopdesk_eval::{DataSet, Report, evaluate};

use crate::output::{self, percent};
use crate::progress::Progress;
use crate::shop::Shop;

/// How many of the weakest intents are printed.
const WEAKEST: usize = 8;

#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Run labelled messages through the pipeline that serves the chat.
    #[command(
        after_help = "Example:\n  shopdesk eval run --data labelled.jsonl\n\nA line of the file: {\"text\": \"…\", \"intent\": \"an_id\" or null for out of scope}"
    )]
    Run {
        /// The labelled messages, JSON lines.
        #[arg(long)]
        data: PathBuf,
        /// Print the whole report as JSON.
        #[arg(long)]
        json: bool,
    },
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Action::Run { data, json } = &arguments.action;
    let shop = Shop::open(shop)?;
    let data = DataSet::load(data)?;
    let triage = shop.triage()?;
    let progress = Progress::new("assessing");
    let report = evaluate(&triage, &data, shop.today()?, |done| progress.report(done, data.messages.len()))?;
    drop(progress);
    if *json {
        output::json(&report)?;
    } else {
        print(&report)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(report: &Report) -> std::io::Result<()> {
    let or_none = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), percent);
    output::line(format_args!("{} messages", report.messages))?;
    output::line(format_args!(
        "  {:>7}  of those with an intent have the right one",
        or_none(report.in_scope_accuracy)
    ))?;
    output::line(format_args!("  {:>7}  answered without a human", percent(report.answered)))?;
    output::line(format_args!("  {:>7}  of these wrong", or_none(report.answered_wrong)))?;
    output::line(format_args!("  {:>7}  asked back", percent(report.clarified)))?;
    for (reason, count) in &report.escalated {
        output::line(format_args!(
            "  {:>7}  handed over: {reason}",
            percent(*count as f64 / report.messages as f64)
        ))?;
    }
    output::line("the weakest intents:")?;
    for intent in report.intents.iter().take(WEAKEST) {
        output::line(format_args!(
            "  {:>7}  {} ({} messages)",
            percent(intent.recall),
            intent.id,
            intent.messages
        ))?;
    }
    output::line("wrong answers:")?;
    for wrong in &report.wrong_answers {
        let expected = wrong.intent.as_deref().unwrap_or("out of scope");
        output::line(format_args!(
            "  {} is {expected}, answered as {} ({})",
            wrong.text,
            wrong.answered_as,
            percent(wrong.confidence)
        ))?;
    }
    Ok(())
}
