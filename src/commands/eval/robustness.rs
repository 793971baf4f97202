//! `shopdesk eval robustness`: what the mistakes that people make cost.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use shopdesk_eval::robustness::{Cost, Homophones, Mistake, costs, with_mistakes};
use shopdesk_eval::{DataFile, LabelledMessage, Observation};

use super::run::DataArguments;
use crate::evaluation;
use crate::output::{self, percent};
use crate::progress::Progress;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(after_help = "Example:\n  shopdesk eval robustness --data tickets.csv")]
pub(crate) struct Arguments {
    #[command(flatten)]
    data: DataArguments,
    /// Write the costs to this file as JSON.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print them as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let triage = match &arguments.data.bundle {
        Some(folder) => shop.triage_with(folder)?,
        None => shop.triage()?,
    };
    let messages = DataFile::open(&arguments.data.data)?.messages()?;
    let messages = messages.collect::<Result<Vec<LabelledMessage>, _>>()?;
    let homophones = Homophones::of(messages.iter().map(|message| message.text.as_str()));
    let mut pipeline = evaluation::pipeline(&shop, &triage, arguments.data.cache.manner())?;
    let mut observe = |messages: Vec<LabelledMessage>, what: &str| -> anyhow::Result<Vec<Observation>> {
        let progress = Progress::new(what);
        let (count, mut observations) = (messages.len(), Vec::with_capacity(messages.len()));
        pipeline.run(messages.into_iter().map(Ok), |observation| {
            observations.push(observation);
            progress.report(observations.len(), count);
            Ok(())
        })?;
        Ok(observations)
    };
    let before = observe(messages.clone(), "as written")?;
    let mut all = Vec::new();
    for mistake in Mistake::ALL {
        let (places, made): (Vec<usize>, Vec<LabelledMessage>) =
            with_mistakes(&messages, mistake, &homophones).into_iter().unzip();
        let after = observe(made, mistake.as_str())?;
        let pairs: Vec<_> = places.iter().map(|&place| &before[place]).zip(&after).collect();
        if !pairs.is_empty() {
            all.extend(costs(mistake, &pairs));
        }
    }
    if let Some(path) = &arguments.out {
        let json = serde_json::to_vec_pretty(&all)?;
        std::fs::write(path, json).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    if arguments.json {
        output::json(&all)?;
    } else {
        print(&all)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(costs: &[Cost]) -> std::io::Result<()> {
    output::line(
        "mistake           language  messages         accuracy         may be answered    wrong        p",
    )?;
    for cost in costs {
        output::line(format_args!(
            "{:<17} {:<9} {:>8}  {:>7} -> {:>7}  {:>7} -> {:>7}  {:>7}  {:.4}",
            cost.mistake.as_str(),
            cost.language.as_deref().unwrap_or("all"),
            cost.accuracy_before.whole,
            percent(cost.accuracy_before.or_zero()),
            percent(cost.accuracy_after.or_zero()),
            percent(cost.coverage_before.or_zero()),
            percent(cost.coverage_after.or_zero()),
            percent(cost.error_after.or_zero()),
            cost.mcnemar.p_value
        ))?;
    }
    Ok(())
}
