//! `shopdesk eval cv`: every message is assessed by a bundle that learnt from others only.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use shopdesk_eval::report::Fold;
use shopdesk_eval::{DataFile, LabelledMessage, Run, Source, folds};
use shopdesk_model::classifier::{LabelledText, TrainOptions, TrainingData, train};
use shopdesk_model::intents::{Intents, Label};
use shopdesk_triage::redact;

use super::run::{PipelineArguments, show};
use crate::evaluation;
use crate::progress::Progress;
use crate::promise::Promised;
use crate::shop::Shop;

#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  shopdesk eval cv --out report\n  shopdesk eval cv --data tickets.csv --folds 10"
)]
pub(crate) struct Arguments {
    /// The labelled messages, to learn from and to measure on; the shop's intents when not given.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Into how many parts they are split.
    #[arg(long, default_value = "5")]
    folds: usize,
    #[command(flatten)]
    pipeline: PipelineArguments,
    /// Write `report.html`, `report.json` and `messages.jsonl` to this folder.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print the whole report as JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(shop: &Path, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let shop = Shop::open(shop)?;
    let path = arguments.data.as_deref().unwrap_or(&shop.paths.intents);
    let data = DataFile::open(path)?;
    let messages = data.messages()?.collect::<Result<Vec<LabelledMessage>, _>>()?;
    let labels = Intents::load(path)?.intents.into_iter().map(|intent| intent.label).collect::<Vec<Label>>();
    let fold_of = folds(&messages, arguments.folds)?;

    let options = TrainOptions { promise: Promised::of(&shop)?.promise, ..TrainOptions::default() };
    let encoder = shop.encoder()?;
    let progress = Progress::new("folds");
    let mut observed = vec![None; messages.len()];
    let mut source: Option<Source> = None;
    let mut measured = Vec::new();
    for fold in 0..arguments.folds {
        progress.report(fold, arguments.folds);
        let held_out: Vec<usize> = (0..messages.len()).filter(|&message| fold_of[message] == fold).collect();
        let learnt = messages.iter().zip(&fold_of).filter(|(_, of)| **of != fold).map(|(message, _)| message);
        let training = TrainingData {
            messages: learnt.map(|message| labelled(message, &labels)).collect(),
            titles: TrainingData::titles(&labels),
            labels: labels.clone(),
            validation: Vec::new(),
        };
        let bundle = train(&encoder, &training, &options, |_, _, _| {})?;
        let triage = shop.triage_of(encoder.clone(), bundle)?;
        let mut pipeline = evaluation::pipeline(&shop, &triage, arguments.pipeline.manner())?;
        let mut observations = Vec::with_capacity(held_out.len());
        let batch = held_out.iter().map(|&message| Ok(messages[message].clone()));
        pipeline.run(batch, |observation| {
            observations.push(observation);
            Ok(())
        })?;
        measured.push(Fold::of(triage.bundle_id().to_string(), &observations));
        source.get_or_insert_with(|| Source::new(&data, &triage, pipeline.day()));
        for (message, observation) in held_out.into_iter().zip(observations) {
            observed[message] = Some(observation);
        }
    }
    progress.report(arguments.folds, arguments.folds);
    drop(progress);
    let mut source = source.expect("there are at least two folds");
    source.bundle = format!("of {} folds", arguments.folds);
    // Each fold has a threshold of its own.
    source.promise.threshold = None;
    source.folds = measured;
    let run = Run { source, observations: observed.into_iter().flatten().collect() };
    show(&run, arguments.out.as_deref(), arguments.json, arguments.pipeline.show_personal_data)?;
    Ok(ExitCode::SUCCESS)
}

/// As `shopdesk train` shows it to the classifier.
fn labelled(message: &LabelledMessage, labels: &[Label]) -> LabelledText {
    let intent = message.intent.as_deref();
    LabelledText {
        text: redact(&message.text).into_owned(),
        label: intent.and_then(|id| labels.iter().position(|label| label.id.as_str() == id)),
    }
}
