//! `shopdesk eval run`: a report on labelled messages.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use shopdesk_eval::{Report, Run, save};

use crate::evaluation::{self, Manner};
use crate::output::{self, percent};
use crate::progress::Progress;
use crate::shop::Shop;

/// How many of the weakest intents are printed.
const WEAKEST: usize = 5;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  shopdesk eval run --data tickets.csv --out report\n  shopdesk eval run --data tickets.csv --keep\n  \
                  shopdesk eval run --data banking77/test.jsonl --bundle banking77/bundle --json\n\n\
                  The file is JSON lines {\"text\": \"…\", \"intent\": \"an_id\" or null for out of scope}, CSV with such columns, or Rasa's YAML. \
                  `docs/evaluation.md` names the columns that are understood beside these."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Write `report.html`, `report.json` and `messages.jsonl` to this folder.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Write them to a folder of the data folder's `reports`, where the console lists them.
    #[arg(long, conflicts_with = "out")]
    keep: bool,
    /// Print the whole report as JSON.
    #[arg(long)]
    json: bool,
}

/// What is evaluated, on what.
#[derive(clap::Args)]
pub(crate) struct DataArguments {
    /// The labelled messages.
    #[arg(long)]
    pub(crate) data: PathBuf,
    /// Evaluate this bundle, a folder that `shopdesk train --out` wrote, instead of the shop's.
    #[arg(long)]
    pub(crate) bundle: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) cache: PipelineArguments,
}

/// How messages are run.
#[derive(Clone, clap::Args)]
pub(crate) struct PipelineArguments {
    /// Show the messages as they were written, with personal data.
    #[arg(long)]
    pub(crate) show_personal_data: bool,
    /// Compute everything again, and keep nothing for the next run.
    #[arg(long)]
    no_cache: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let run = observe(&shop, &arguments.data, arguments.data.bundle.as_deref())?;
    let kept = arguments.keep.then(|| shop.report_folder(&run.source.bundle)).transpose()?;
    let out = arguments.out.as_deref().or(kept.as_deref());
    show(&run, out, arguments.json, arguments.data.cache.show_personal_data)?;
    Ok(ExitCode::SUCCESS)
}

/// Computes the figures, writes them to a folder when there is one, and prints them.
pub(crate) fn show(run: &Run, out: Option<&Path>, json: bool, personal_data: bool) -> anyhow::Result<()> {
    let report = run.report();
    if let Some(folder) = out {
        save(folder, &report, &run.observations, personal_data)?;
    }
    if json {
        return output::json(&report);
    }
    print(&report)?;
    if let Some(folder) = out {
        output::line(format_args!("read on in `{}`", folder.join("report.html").display()))?;
    }
    Ok(())
}

/// Runs the messages through the pipeline with that bundle, or with the shop's.
pub(crate) fn observe(shop: &Shop, arguments: &DataArguments, bundle: Option<&Path>) -> anyhow::Result<Run> {
    let triage = match bundle {
        Some(folder) => shop.triage_with(folder)?,
        None => shop.triage()?,
    };
    let progress = Progress::new("assessing");
    let manner = arguments.cache.manner();
    evaluation::observe(shop, &arguments.data, &triage, manner, |done, of| progress.report(done, of))
}

impl PipelineArguments {
    pub(crate) fn manner(&self) -> Manner {
        Manner { show_personal_data: self.show_personal_data, without_cache: self.no_cache, threads: None }
    }
}

fn print(report: &Report) -> std::io::Result<()> {
    let Report { metrics, intervals, selective, promise, automation, data, .. } = report;
    let between = |interval: Option<[f64; 2]>| {
        interval.map_or_else(String::new, |[low, high]| format!(" ({} to {})", percent(low), percent(high)))
    };
    let figure = |share: Option<f64>, what: &str| {
        let share = share.map_or_else(|| "-".to_owned(), percent);
        output::line(format_args!("  {share:>7}  {what}"))
    };
    output::line(format_args!("{} messages, {} of them out of scope", data.messages, data.out_of_scope))?;
    if !data.unknown_intents.is_empty() {
        let ids: Vec<&str> = data.unknown_intents.keys().map(String::as_str).collect();
        output::line(format_args!("  the bundle does not know: {}", ids.join(", ")))?;
    }
    figure(Some(metrics.accuracy), &format!("right{}", between(intervals.accuracy)))?;
    figure(metrics.in_scope_accuracy, "of those with an intent have the right one as the likeliest")?;
    figure(Some(metrics.macro_f1), &format!("macro F1{}", between(intervals.macro_f1)))?;
    figure(Some(metrics.ece), "calibration error")?;
    if let Some(auroc) = metrics.oos_auroc {
        output::line(format_args!("  {auroc:>7.3}  out-of-scope AUROC"))?;
    }
    for (accuracy, coverage) in &selective.coverage_at_accuracy {
        figure(Some(*coverage), &format!("could be answered with an accuracy of {accuracy}"))?;
    }
    output::line(format_args!("the promise, at most {} wrong:", percent(promise.max_error)))?;
    figure(Some(promise.coverage), "may be answered by their intent")?;
    let bound = promise.error_bound.map_or_else(String::new, |bound| format!(", at most {}", percent(bound)));
    figure(
        Some(promise.error),
        &format!("of these wrong ({} of {}{bound})", promise.wrong, promise.allowed),
    )?;
    output::line("the whole pipeline:")?;
    figure(automation.answered.share, "answered without a human")?;
    figure(automation.wrong.share, &format!("of these wrong ({})", automation.wrong.part))?;
    figure(automation.clarified.share, "asked back")?;
    figure(automation.escalated.share, "handed over")?;
    output::line("the weakest intents, by F1:")?;
    for intent in report.intents.iter().filter(|intent| intent.support > 0).take(WEAKEST) {
        figure(intent.f1, &format!("{} ({} messages)", intent.id, intent.support))?;
    }
    Ok(())
}
