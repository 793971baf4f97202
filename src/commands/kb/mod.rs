//! `shopdesk kb`: the articles. The database owns them; folders and files are imported into it.

mod check;
mod export;
mod import;
mod list;
mod rebuild;
mod search;
mod show;
mod withdraw;

use std::path::Path;
use std::process::ExitCode;

use crate::shop::Shop;

#[derive(clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(clap::Subcommand)]
enum Action {
    /// Read all articles of the shop's folder and list their mistakes. Changes nothing.
    #[command(after_help = "Example:\n  shopdesk kb check")]
    Check,
    /// Bring articles from a folder, a table or a page into force.
    #[command(after_help = import::EXAMPLES)]
    Import(import::Arguments),
    /// Write the articles in force to a folder, one Markdown file each.
    #[command(after_help = "Example:\n  shopdesk kb export backup/kb")]
    Export(export::Arguments),
    /// List the articles in force.
    #[command(after_help = "Example:\n  shopdesk kb list --language zh")]
    List(list::Arguments),
    /// Show an article as it is or as it was.
    #[command(
        disable_version_flag = true,
        after_help = "Example:\n  shopdesk kb show return-freight --language zh --history"
    )]
    Show(show::Arguments),
    /// Find the articles that answer a message.
    #[command(after_help = "Example:\n  shopdesk kb search --language zh 运费谁出")]
    Search(search::Arguments),
    /// Take an article out of force. Its texts stay readable.
    #[command(after_help = "Example:\n  shopdesk kb withdraw old-offer --language zh")]
    Withdraw(withdraw::Arguments),
    /// Make all vectors and the index again from the articles in force.
    #[command(after_help = "Example:\n  shopdesk kb rebuild")]
    Rebuild,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    match &arguments.action {
        Action::Check => check::run(&shop),
        Action::Import(arguments) => import::run(&shop, arguments),
        Action::Export(arguments) => export::run(&shop, arguments),
        Action::List(arguments) => list::run(&shop, arguments),
        Action::Show(arguments) => show::run(&shop, arguments),
        Action::Search(arguments) => search::run(&shop, arguments),
        Action::Withdraw(arguments) => withdraw::run(&shop, arguments),
        Action::Rebuild => rebuild::run(&shop),
    }
}
