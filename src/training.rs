//! How the shop's bundle is learnt, by `shopdesk train` and by the console's workshop alike.

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::Context as _;
use shopdesk_model::TextEncoder;
use shopdesk_model::classifier::{Bundle, Stage, TrainOptions, TrainingData, train};
use shopdesk_model::intents::{Intents, Learnt};
use shopdesk_triage::redact;

use crate::shop::Shop;

/// What a bundle learns from.
pub(crate) struct Material {
    pub(crate) intents: Intents,
    /// Messages with how their writers feel in place of what they want.
    pub(crate) sentiment: Option<Intents>,
    /// What became of the messages that people labelled while the desk was running.
    pub(crate) learnt: Learnt,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Intents(Stage),
    Sentiment,
}

impl Material {
    /// The shop's intents, and the labelled messages of its data folder.
    pub(crate) fn of(shop: &Shop) -> anyhow::Result<Self> {
        let mut intents = shop.intents()?;
        let corrections = shop.corrections();
        let learnt = if corrections.is_file() {
            let labelled = Intents::load(&corrections).context("the corrections have mistakes")?;
            intents.learn(labelled)
        } else {
            Learnt::default()
        };
        Ok(Self { intents, sentiment: shop.sentiment()?, learnt })
    }

    /// Intents of somebody else.
    pub(crate) fn of_file(path: &Path) -> anyhow::Result<Self> {
        Ok(Self { intents: load(path)?, sentiment: None, learnt: Learnt::default() })
    }
}

/// Learns a bundle that keeps the shop's promise, on so many threads. `progress` hears what is being done, how much of it is done, and how much there is.
pub(crate) fn learn(
    shop: &Shop,
    encoder: &TextEncoder,
    material: &Material,
    validation: Option<&Intents>,
    threads: Option<NonZeroUsize>,
    mut progress: impl FnMut(Step, usize, usize),
) -> anyhow::Result<Bundle> {
    let data = masked(TrainingData::new(&material.intents, validation)?);
    let options = TrainOptions { promise: shop.promise.promise(), threads, ..TrainOptions::default() };
    let bundle = train(encoder, &data, &options, |stage, done, of| progress(Step::Intents(stage), done, of))?;
    let Some(levels) = &material.sentiment else { return Ok(bundle) };
    let data = masked(TrainingData::new(levels, None)?);
    let options = TrainOptions { threads, ..TrainOptions::default() };
    let levels = train(encoder, &data, &options, |_, done, of| progress(Step::Sentiment, done, of))?;
    Ok(bundle.with_sentiment(levels)?)
}

/// Reads intents that somebody named.
pub(crate) fn load(path: &Path) -> anyhow::Result<Intents> {
    Intents::load(path).with_context(|| format!("the intents in `{}` have mistakes", path.display()))
}

/// The classifier sees messages as the desk will show them to it.
pub(crate) fn masked(data: TrainingData) -> TrainingData {
    data.masked(|text| redact(text).into_owned())
}
