//! What the workshop remembers when the program starts again: `workshop.json` in the data folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shopdesk_model::classifier::BundleId;
use shopdesk_model::write_file;
use shopdesk_server::{Training, TrainingState};

/// The file, and what stands in it.
pub(super) struct Memory {
    path: PathBuf,
    contents: Mutex<Contents>,
}

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Contents {
    /// The training that runs, or the last one.
    pub(super) training: Option<Training>,
    /// The bundle that was in the shop's folder when we last looked.
    pub(super) chosen: Option<BundleId>,
    /// Those that were there before it, the latest last.
    pub(super) before: Vec<BundleId>,
    /// When bundles were made, by their ids.
    pub(super) made_at: BTreeMap<String, Timestamp>,
}

impl Memory {
    /// Reads the file. A training that was running when the program ended is interrupted.
    pub(super) fn open(path: PathBuf) -> Self {
        let mut contents = read(&path).unwrap_or_else(|problem| {
            tracing::warn!("what the workshop remembered is lost, the bundles are not: {problem:#}");
            Contents::default()
        });
        if let Some(training) = &mut contents.training
            && matches!(training.state, TrainingState::Running { .. })
        {
            training.state = TrainingState::Interrupted;
        }
        Self { path, contents: Mutex::new(contents) }
    }

    pub(super) fn contents(&self) -> Contents {
        self.lock().clone()
    }

    /// Changes what is remembered, on disk first.
    pub(super) fn change<R>(&self, change: impl FnOnce(&mut Contents) -> R) -> anyhow::Result<R> {
        let mut contents = self.lock();
        let mut changed = contents.clone();
        let result = change(&mut changed);
        write(&self.path, &changed)?;
        *contents = changed;
        Ok(result)
    }

    /// Changes how far the training is, which is not worth writing down.
    pub(super) fn progress(&self, state: TrainingState) {
        if let Some(training) = &mut self.lock().training {
            training.state = state;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(path: &Path) -> anyhow::Result<Contents> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Contents::default()),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    };
    serde_json::from_slice(&text).with_context(|| format!("in `{}`", path.display()))
}

fn write(path: &Path, contents: &Contents) -> anyhow::Result<()> {
    Ok(write_file(path, &serde_json::to_vec_pretty(contents)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shopdesk_server::TrainingStep;

    #[test]
    fn a_training_that_the_program_did_not_survive_is_interrupted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("workshop.json");
        let memory = Memory::open(path.clone());
        let running = TrainingState::Running { step: TrainingStep::Embed, done: 1, of: 2 };
        let training =
            Training { started_at: Timestamp::UNIX_EPOCH, by: "li".to_owned(), examples: 3, state: running };
        memory.change(|contents| contents.training = Some(training.clone())).unwrap();
        assert_eq!(memory.contents().training, Some(training.clone()));
        let after = Memory::open(path).contents().training;
        assert_eq!(after, Some(Training { state: TrainingState::Interrupted, ..training }));
    }

    #[test]
    fn a_broken_file_does_not_keep_the_program_from_starting() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("workshop.json");
        std::fs::write(&path, "{").unwrap();
        assert_eq!(Memory::open(path).contents(), Contents::default());
    }
}
