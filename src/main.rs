//! The one binary: a subcommand for each job, each of them thin.

mod articles;
mod commands;
mod evaluation;
mod logging;
mod output;
mod progress;
mod promise;
mod shop;
mod traces;
mod training;
mod workshop;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::logging::{LogFormat, Logging};

/// Messages are small pieces of text that go from thread to thread, and this gives memory to threads and takes it back at half the cost of the
/// system's. SQLite's comes from it, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// An after-sales desk that answers word for word from the shop's own articles, and hands over when it is not sure.
#[derive(Parser)]
#[command(version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    /// The shop: its `shopdesk.toml`, or the folder that holds it.
    #[arg(long, global = true, default_value = "shop", env = "SHOPDESK_SHOP")]
    shop: PathBuf,

    /// How to write the log on standard error.
    #[arg(long, global = true, default_value = "text")]
    log_format: LogFormat,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Import a model, check it, or tell what it is.
    Model(commands::model::Arguments),
    /// Turn text into vectors.
    Embed(commands::embed::Arguments),
    /// Check the examples of intents, or bring them from one format into another.
    Data(commands::data::Arguments),
    /// Learn the shop's intents from their examples.
    Train(commands::train::Arguments),
    /// Say what messages mean and what would be done with them.
    Classify(commands::classify::Arguments),
    /// Check, import, list and search the shop's articles.
    Kb(commands::kb::Arguments),
    /// Measure how often the shop's desk is wrong.
    Eval(commands::eval::Arguments),
    /// Serve the chat.
    Serve(commands::serve::Arguments),
    /// Make, list and revoke keys for the shop's own systems.
    Key(commands::key::Arguments),
    /// Add and list the people who work for the shop.
    User(commands::user::Arguments),
    /// Copy the database while it is in use.
    Backup(commands::database::BackupArguments),
    /// Bring a copy of the database back into its place.
    Restore(commands::database::RestoreArguments),
    /// Remove everything that is known of a customer.
    Erase(commands::database::EraseArguments),
    /// Measure how fast this machine is.
    Bench(commands::bench::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    quiet_panics();
    choose_tls();
    let serves = matches!(arguments.command, Command::Serve(_));
    let done = Logging::start(arguments.log_format, serves).and_then(|logging| {
        let done = run(&arguments);
        logging.finish();
        done
    });
    match done {
        Ok(code) => code,
        // Whoever reads our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = &arguments.shop;
    match &arguments.command {
        Command::Model(arguments) => commands::model::run(shop, arguments),
        Command::Embed(arguments) => commands::embed::run(shop, arguments),
        Command::Data(arguments) => commands::data::run(shop, arguments),
        Command::Train(arguments) => commands::train::run(shop, arguments),
        Command::Classify(arguments) => commands::classify::run(shop, arguments),
        Command::Kb(arguments) => commands::kb::run(shop, arguments),
        Command::Eval(arguments) => commands::eval::run(shop, arguments),
        Command::Serve(arguments) => commands::serve::run(shop, arguments),
        Command::Key(arguments) => commands::key::run(shop, arguments),
        Command::User(arguments) => commands::user::run(shop, arguments),
        Command::Backup(arguments) => commands::database::back_up(shop, arguments),
        Command::Restore(arguments) => commands::database::restore(shop, arguments),
        Command::Erase(arguments) => commands::database::erase(shop, arguments),
        Command::Bench(arguments) => commands::bench::run(shop, arguments),
    }
}

/// Chooses what TLS is made with, once for the program and before anything connects: webhooks and traces need it.
fn choose_tls() {
    // When it is chosen already, that is just as good.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Says where a panic was, but not its payload: that may quote a message.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic: this is a fault in shopdesk, please report it");
    }));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
