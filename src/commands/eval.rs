//! `shopdesk eval`: how often the desk is wrong, on what, and what it would cost to change.

mod compare;
mod cross_validate;
mod dialogues;
mod gate;
mod power;
mod robustness;
mod run;
mod search;

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
    /// Say whether a second version is better than a first, by more than chance, and where.
    Compare(compare::Arguments),
    /// Check that limits are kept, for a pipeline that builds and tests.
    Gate(gate::Arguments),
    /// Train on some of the messages and measure on the others, in turns.
    Cv(cross_validate::Arguments),
    /// Put in the mistakes that people make, and say what they cost.
    Robustness(robustness::Arguments),
    /// Measure how well the right article is found.
    Search(search::Arguments),
    /// Measure how well follow-ups are understood that need what was said before.
    Dialogues(dialogues::Arguments),
    /// Say how many labelled messages it takes to prove that errors are rare.
    Power(power::Arguments),
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.action {
        Action::Run(arguments) => run::run(shop, arguments),
        Action::Compare(arguments) => compare::run(shop, arguments),
        Action::Gate(arguments) => gate::run(shop, arguments),
        Action::Cv(arguments) => cross_validate::run(shop, arguments),
        Action::Robustness(arguments) => robustness::run(shop, arguments),
        Action::Search(arguments) => search::run(shop, arguments),
        Action::Dialogues(arguments) => dialogues::run(shop, arguments),
        Action::Power(arguments) => power::run(arguments),
    }
}
