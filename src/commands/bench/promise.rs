//! `shopdesk bench promise`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use shopdesk_model::classifier::{TrainingData, simulate};
use shopdesk_model::intents::Intents;

use crate::output::{self, percent};
use crate::progress::Progress;
use crate::shop::Shop;
use crate::training::masked;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Labelled messages, in any format that `shopdesk train` takes; the shop's intents when not given.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Split these, after training once on all the others: half of them chooses the thresholds, as with `train --valid`. Without them, training is
    /// repeated for every split, the choice of its settings included.
    #[arg(long)]
    valid: Option<PathBuf>,
    /// How many random splits.
    #[arg(long, default_value_t = 200)]
    splits: usize,
    /// The promised share of wrong answers; may be given again.
    #[arg(long, default_values_t = [0.01, 0.02, 0.05, 0.1])]
    max_error: Vec<f64>,
    /// How sure the promise is to be.
    #[arg(long, default_value_t = 0.95)]
    confidence: f64,
    /// Print one JSON object for each promise.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let shares = arguments.max_error.iter().chain([&arguments.confidence]);
    for &share in shares {
        anyhow::ensure!(
            share > 0.0 && share < 1.0,
            "{share} is not a share: give a number above 0 and below 1"
        );
    }
    let load = |path: &PathBuf| Intents::load(path).with_context(|| format!("in `{}`", path.display()));
    let intents = match &arguments.data {
        Some(path) => load(path)?,
        None => shop.intents()?,
    };
    let validation = arguments.valid.as_ref().map(load).transpose()?;
    let data = masked(TrainingData::new(&intents, validation.as_ref())?);
    let encoder = shop.encoder()?;
    let progress = Progress::new("splits");
    let report = |done, of| progress.report(done, of);
    let promises =
        simulate(&encoder, &data, &arguments.max_error, arguments.confidence, arguments.splits, report)?;
    drop(progress);
    if arguments.json {
        promises.iter().try_for_each(output::json)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format_args!(
        "{} messages, {} splits; broken may be at most {} of them\n{:>9} {:>9} {:>9} {:>9} {:>9}",
        if data.validation.is_empty() { data.messages.len() } else { data.validation.len() },
        arguments.splits,
        percent(1.0 - arguments.confidence),
        "promise",
        "broken",
        "refused",
        "answered",
        "wrong"
    ))?;
    for promise in &promises {
        let of_splits = |count: usize| percent(count as f64 / promise.splits.max(1) as f64);
        output::line(format_args!(
            "{:>9} {:>9} {:>9} {:>9} {:>9}",
            percent(promise.max_error),
            of_splits(promise.broken),
            of_splits(promise.refused),
            percent(promise.coverage),
            percent(promise.error)
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
