//! `shopdesk train`: intents to a bundle.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use shopdesk_model::classifier::{Bundle, Kept, Stage};
use shopdesk_model::intents::Learnt;

use crate::output::{self, percent};
use crate::progress::Progress;
use crate::promise::Promised;
use crate::shop::Shop;
use crate::training::{Material, Step, learn, load};

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  shopdesk train\n  shopdesk train --intents banking77/train.jsonl --out bundle --valid banking77/valid.jsonl\n\n\
                  Intents are a folder or a file: our YAML, Rasa's nlu.yml, CSV with the columns text and intent, or JSON lines \
                  {\"text\": \"…\", \"intent\": \"an_id\" or null for out of scope}."
)]
pub(crate) struct Arguments {
    /// Learn from these instead of the shop's intents.
    #[arg(long, requires = "out")]
    intents: Option<PathBuf>,
    /// Write the bundle to this folder instead of the shop's.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Measure, and choose the promise's thresholds, on these messages, which are not learnt from. Without them, each training
    /// message is predicted by what was learnt from others.
    #[arg(long)]
    valid: Option<PathBuf>,
    /// Print what was measured as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let material = match &arguments.intents {
        Some(path) => Material::of_file(path)?,
        None => Material::of(&shop)?,
    };
    let validation = arguments.valid.as_deref().map(load).transpose()?;
    let Promised { promise, .. } = Promised::of(&shop)?;
    let encoder = shop.encoder()?;
    let started = Instant::now();
    let bars = [
        Progress::new("embedding the messages"),
        Progress::new("choosing the settings"),
        Progress::new("fitting"),
        Progress::new("learning sentiment"),
    ];
    let bundle = learn(&promise, &encoder, &material, validation.as_ref(), None, |step, done, of| {
        let bar = match step {
            Step::Intents(Stage::Embed) => &bars[0],
            Step::Intents(Stage::Select) => &bars[1],
            Step::Intents(Stage::Fit) => &bars[2],
            Step::Sentiment => &bars[3],
        };
        bar.report(done, of);
    })?;
    drop(bars);
    let folder = arguments.out.clone().unwrap_or_else(|| shop.bundle_folder());
    let id = bundle.save(&folder)?;
    if arguments.json {
        output::json(&serde_json::json!({
            "bundle": id,
            "metrics": bundle.metrics(),
            "thresholds": bundle.thresholds(),
            "sentiment": bundle.sentiment_bundle().map(Bundle::metrics),
            "corrections": material.learnt,
        }))?;
    } else {
        report_learnt(&material.learnt)?;
        report(&bundle)?;
        output::line(format_args!("bundle {id} is in `{}` ({:.1?})", folder.display(), started.elapsed()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What became of messages that people labelled while the desk was running.
fn report_learnt(learnt: &Learnt) -> std::io::Result<()> {
    if *learnt == Learnt::default() {
        return Ok(());
    }
    output::line(format_args!(
        "of the corrections, {} were learnt from and {} were examples already",
        learnt.added, learnt.known
    ))?;
    if learnt.contradicting + learnt.of_no_intent + learnt.held_out > 0 {
        output::line(format_args!(
            "  not learnt from: {} that the shop's files have under another intent, {} of intents that are gone, {} that are test messages",
            learnt.contradicting, learnt.of_no_intent, learnt.held_out
        ))?;
    }
    Ok(())
}

fn report(bundle: &Bundle) -> std::io::Result<()> {
    let metrics = bundle.metrics();
    if metrics.validation {
        output::line(format_args!("{} messages for validation:", metrics.examples))?;
    } else {
        output::line(format_args!(
            "{} messages, each predicted by what was learnt from others:",
            metrics.examples
        ))?;
    }
    for (share, what) in [
        (metrics.accuracy, "have the right intent or are rightly none"),
        (metrics.in_scope_accuracy, "of those with an intent have the right one"),
        (metrics.calibration_error, "is how far confidence is from accuracy (expected calibration error)"),
    ] {
        output::line(format_args!("  {:>7}  {what}", percent(share)))?;
    }
    if let Some(auroc) = metrics.out_of_scope_auroc {
        output::line(format_args!("  {auroc:>7.3}  out-of-scope AUROC"))?;
    }
    if let Some(sentiment) = bundle.sentiment_bundle() {
        let right = percent(sentiment.metrics().in_scope_accuracy);
        output::line(format_args!(
            "  {right:>7}  have the right sentiment, of {} other messages",
            sentiment.metrics().examples
        ))?;
    }
    output::line("answering only from a confidence on:")?;
    for point in &metrics.operating_points {
        output::line(format_args!(
            "    {:.2}  {:>7} answered, {:>6} of these wrong",
            point.confidence,
            percent(point.coverage),
            percent(point.error)
        ))?;
    }
    let thresholds = bundle.thresholds();
    promise("", &thresholds.promise)?;
    thresholds.intents.iter().try_for_each(|(intent, kept)| promise(&format!(" for {intent}"), kept))
}

/// What keeping a promise takes, or why it cannot be kept.
fn promise(of: &str, kept: &Kept) -> std::io::Result<()> {
    output::line(format_args!(
        "the promise{of}, at most {} of the automatic answers wrong, with {} confidence:",
        percent(kept.max_error),
        percent(kept.confidence)
    ))?;
    let Some(threshold) = kept.threshold else {
        let remedy = match kept.messages_needed {
            Some(needed) => format!(
                "{} labelled messages are too few to be sure. If errors stay as frequent as they are, about {needed} would do; \
                 until then, or with a larger share, humans answer",
                kept.messages
            ),
            None => "no threshold makes errors rare enough, so more messages like these would not help: see which intents are \
                     confused, or promise a larger share; until then, humans answer"
                .to_owned(),
        };
        return output::line(format_args!("  cannot be kept: {remedy}"));
    };
    let (low, high) = kept.coverage_interval;
    output::line(format_args!(
        "  is kept by answering from {:.4} on: {} of {} messages ({}; between {} and {}), {} of them wrong (at most {})",
        threshold.get(),
        kept.answered,
        kept.messages,
        percent(kept.answered as f64 / kept.messages.max(1) as f64),
        percent(low),
        percent(high),
        kept.wrong,
        percent(kept.error_bound)
    ))
}
