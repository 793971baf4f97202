//! `shopdesk train`: intents to a bundle.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use shopdesk_model::classifier::{Bundle, Stage, train};

use crate::output::{self, percent};
use crate::progress::Progress;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk train")]
pub(crate) struct Arguments {
    /// Print what was measured as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let intents = shop.intents()?;
    let encoder = shop.encoder()?;
    let started = Instant::now();
    let (embedding, fitting) = (Progress::new("embedding the examples"), Progress::new("fitting"));
    let bundle = train(&encoder, &intents, &shop.training.options(), |stage, done, of| match stage {
        Stage::Embed => embedding.report(done, of),
        Stage::Fit => fitting.report(done, of),
    })?;
    drop((embedding, fitting));
    let folder = shop.bundle_folder();
    let id = bundle.save(&folder)?;
    if arguments.json {
        output::json(bundle.metrics())?;
    } else {
        report(&bundle)?;
        output::line(format_args!("bundle {id} is in `{}` ({:.1?})", folder.display(), started.elapsed()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn report(bundle: &Bundle) -> std::io::Result<()> {
    let metrics = bundle.metrics();
    output::line(format_args!("{} examples, predicted from the other folds:", metrics.examples))?;
    output::line(format_args!("  {} have the right intent or are rightly none", percent(metrics.accuracy)))?;
    output::line(format_args!(
        "  {} of those with an intent have the right one",
        percent(metrics.in_scope_accuracy)
    ))?;
    output::line("  answering only from a confidence on:")?;
    for point in &metrics.operating_points {
        output::line(format_args!(
            "    {:.2}  {:>7} answered, {:>6} of these wrong",
            point.confidence,
            percent(point.coverage),
            percent(point.error)
        ))?;
    }
    Ok(())
}
