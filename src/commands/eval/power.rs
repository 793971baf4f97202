//! `shopdesk eval power`: how many labelled messages a proof takes.

use std::process::ExitCode;

use shopdesk_eval::statistics::{Power, messages_to_prove, power_table, upper_bound};

use crate::output::{self, percent};

#[derive(clap::Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Examples:\n  shopdesk eval power --max-error 0.02\n  shopdesk eval power --max-error 0.02 --true-error 0.01 --power 0.9\n  shopdesk eval power --n 500"
)]
pub(crate) struct Arguments {
    /// What is to be proved: the share of errors is below this.
    #[arg(long, value_parser = share, required_unless_present = "n")]
    max_error: Option<f64>,
    /// How sure the proof must be.
    #[arg(long, value_parser = share, default_value = "0.95")]
    confidence: f64,
    /// The share of errors that is probably true; without it, several are tried.
    #[arg(long, value_parser = share, requires = "max_error")]
    true_error: Option<f64>,
    /// With what probability the proof must succeed, if so.
    #[arg(long, value_parser = share, default_value = "0.8")]
    power: f64,
    /// Say instead what so many messages can prove.
    #[arg(long, conflicts_with = "max_error")]
    n: Option<usize>,
    /// Print as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { confidence, power, json, .. } = *arguments;
    if let Some(n) = arguments.n {
        provable(n, confidence, json)?;
    } else if let Some(max_error) = arguments.max_error {
        let rows = match arguments.true_error {
            Some(true_error) => vec![messages_to_prove(max_error, confidence, true_error, power)],
            None => power_table(max_error, confidence, power),
        };
        if json {
            output::json(&rows)?;
        } else {
            print(&rows)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn print(rows: &[Power]) -> anyhow::Result<()> {
    for row in rows {
        let (truth, limit) = (percent(row.true_error), percent(row.limit));
        let proof = match row.messages {
            Some(messages) => format!(
                "{messages} messages prove, with {} confidence and a chance of {} to succeed, that it is below {limit} (at most {} wrong)",
                percent(row.confidence),
                percent(row.power),
                row.wrong_allowed
            ),
            None => format!("no number of messages that anybody could label proves that it is below {limit}"),
        };
        output::line(format_args!("if {truth} are wrong: {proof}"))?;
    }
    Ok(())
}

/// The smallest limit that `n` messages prove, by how many of them are wrong.
fn provable(n: usize, confidence: f64, json: bool) -> anyhow::Result<()> {
    anyhow::ensure!(n > 0, "`--n` is 0: give the number of labelled messages");
    let mut wrongs: Vec<usize> = [0, n / 100, n / 50, n / 20, n / 10].into();
    wrongs.dedup();
    let bounds = wrongs.into_iter().map(|wrong| (wrong, upper_bound(wrong, n, 1.0 - confidence)));
    for (wrong, bound) in bounds {
        if json {
            output::json(
                &serde_json::json!({ "messages": n, "confidence": confidence, "wrong": wrong, "error_bound": bound }),
            )?;
        } else {
            let line = format!(
                "{wrong} wrong of {n} messages prove that at most {:.2} % are, with {} confidence",
                bound * 100.0,
                percent(confidence)
            );
            output::line(line)?;
        }
    }
    Ok(())
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..1.0).contains(share));
    share.ok_or_else(|| format!("`{text}` is no share: give a number from 0 to below 1, such as 0.02"))
}
