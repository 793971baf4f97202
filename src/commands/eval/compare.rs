//! `shopdesk eval compare`: is the second version better, by more than chance, and where?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use shopdesk_eval::compare::Change;
use shopdesk_eval::{Comparison, Run};

use super::run::{DataArguments, PipelineArguments, observe};
use crate::output::{self, percent};
use crate::shop::Shop;

/// How many intents and messages of each kind are printed.
const PRINTED: usize = 5;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  shopdesk eval compare reports/may reports/june\n  shopdesk eval compare bundles/old bundles/new --data tickets.csv"
)]
pub(crate) struct Arguments {
    /// The version before: a folder that `shopdesk eval run --out` wrote, or a bundle.
    first: PathBuf,
    /// The version after: likewise.
    second: PathBuf,
    /// The labelled messages, where a bundle is given.
    #[arg(long)]
    data: Option<PathBuf>,
    #[command(flatten)]
    pipeline: PipelineArguments,
    /// Write the comparison to this file as JSON.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the whole comparison as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let of = |path: &Path| -> anyhow::Result<Run> {
        if Run::is_saved(path) && !path.join("bundle.json").is_file() {
            return Ok(Run::load(path)?);
        }
        let data = arguments.data.clone().with_context(|| {
            format!(
                "`{}` is no saved run. If it is a bundle, say with `--data` on what to compare",
                path.display()
            )
        })?;
        let pipeline = arguments.pipeline.clone();
        observe(&Shop::open(shop)?, &DataArguments { data, bundle: None, cache: pipeline }, Some(path))
    };
    let comparison = Comparison::of(&of(&arguments.first)?, &of(&arguments.second)?)?;
    if let Some(path) = &arguments.out {
        let json = serde_json::to_vec_pretty(&comparison)?;
        std::fs::write(path, json).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    if arguments.json {
        output::json(&comparison)?;
    } else {
        print(&comparison)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(comparison: &Comparison) -> std::io::Result<()> {
    let Comparison { mcnemar, better, worse, .. } = comparison;
    output::line(format_args!("{} messages in both", comparison.messages))?;
    if comparison.only_first + comparison.only_second + comparison.labels_changed > 0 {
        output::line(format_args!(
            "  {} only in the first, {} only in the second, {} with another label",
            comparison.only_first, comparison.only_second, comparison.labels_changed
        ))?;
    }
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.4}"));
    for (name, difference) in &comparison.differences {
        let interval = difference
            .interval
            .map_or_else(String::new, |[low, high]| format!(" (95 %: {low:+.4} to {high:+.4})"));
        let gain = difference.difference.map_or_else(|| "-".to_owned(), |gain| format!("{gain:+.4}"));
        output::line(format_args!(
            "  {name:<17} {} -> {}  {gain}{interval}",
            number(difference.first),
            number(difference.second)
        ))?;
    }
    output::line(format_args!(
        "only the first right: {}, only the second right: {}; McNemar's test: p = {:.4}: {}",
        mcnemar.only_first_right,
        mcnemar.only_second_right,
        mcnemar.p_value,
        if comparison.significant { "more than chance" } else { "may be chance" }
    ))?;
    output::line("intents that lost the most recall:")?;
    let lost = comparison.intents.iter().filter(|change| change.second.or_zero() < change.first.or_zero());
    for change in lost.take(PRINTED) {
        output::line(format_args!(
            "  {:>7} -> {:>7}  {} (corrected p = {:.3})",
            percent(change.first.or_zero()),
            percent(change.second.or_zero()),
            change.id,
            change.corrected_p_value
        ))?;
    }
    changes("better", better)?;
    changes("worse", worse)
}

fn changes(what: &str, changes: &[Change]) -> std::io::Result<()> {
    output::line(format_args!("{what}: {} messages", changes.len()))?;
    for change in changes.iter().take(PRINTED) {
        output::line(format_args!(
            "  {} is {}: {} -> {}",
            change.text, change.expected, change.first, change.second
        ))?;
    }
    Ok(())
}
