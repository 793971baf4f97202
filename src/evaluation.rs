//! How labelled messages are run through the pipeline, by `shopdesk eval` and by the console's workshop alike.

use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::Context as _;
use shopdesk_eval::{DataFile, Options, Pipeline, Run, Source};
use shopdesk_triage::Triage;

use crate::shop::Shop;

/// How messages are run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// Keep personal data in the texts of the report.
    pub(crate) show_personal_data: bool,
    /// Compute everything again, and keep nothing for the next run.
    pub(crate) without_cache: bool,
    /// How many threads compute at most; all when nothing is said.
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Runs the messages of a file through a pipeline. `progress` hears how many are done, and how many there are.
pub(crate) fn observe(
    shop: &Shop,
    data: &Path,
    triage: &Triage,
    manner: Manner,
    mut progress: impl FnMut(usize, usize),
) -> anyhow::Result<Run> {
    let data = DataFile::open(data)?;
    let mut pipeline = pipeline(shop, triage, manner)?;
    let mut observations = Vec::new();
    pipeline.run(data.messages()?, |observation| {
        observations.push(observation);
        progress(observations.len(), data.rows().max(observations.len()));
        Ok(())
    })?;
    Ok(Run { source: Source::new(&data, triage, pipeline.day()), observations })
}

/// The pipeline as it is today.
pub(crate) fn pipeline<'a>(shop: &Shop, triage: &'a Triage, manner: Manner) -> anyhow::Result<Pipeline<'a>> {
    let cache = (!manner.without_cache).then(|| shop.evaluation_cache());
    let options = Options {
        engine: format!("{:?}", shop.model.engine.resolve()?),
        program: program()?,
        show_personal_data: manner.show_personal_data,
        threads: manner.threads,
    };
    Ok(Pipeline::open(triage, shop.now()?.date(), cache.as_deref(), options)?)
}

/// Changes with every build.
fn program() -> anyhow::Result<String> {
    let program =
        std::env::current_exe().and_then(std::fs::metadata).context("cannot look at this program")?;
    let modified = program.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(format!("{} {:?}", program.len(), modified.unwrap_or_default()))
}
