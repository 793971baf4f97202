//! Bundles as folders, for those who keep several of them and need not classify with each.

use std::path::Path;

use serde::Deserialize;

use super::bundle::{MANIFEST, MESSAGES, SENTIMENT, WEIGHTS};
use super::{Bundle, BundleId, Metrics, Thresholds};
use crate::replace::NewFolder;
use crate::{Error, Result};

/// What a bundle's folder says of it at its beginning.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct BundleSummary {
    /// The bundle's name.
    pub id: BundleId,
    /// From which probabilities on the desk acts, and what that promises.
    pub thresholds: Thresholds,
    /// What training measured.
    pub metrics: Metrics,
}

impl Bundle {
    /// What a folder says of its bundle, whatever encoder it was trained with.
    ///
    /// # Errors
    /// When there is no bundle, or one of another program version.
    pub fn summary(folder: &Path) -> Result<BundleSummary> {
        let path = folder.join(MANIFEST);
        let manifest = std::fs::read(&path).map_err(Error::io("read", &path))?;
        serde_json::from_slice(&manifest)
            .map_err(|error| Error::unusable(&path, format!("{error}. Run `shopdesk train` again")))
    }

    /// Copies a bundle's folder, whole or not at all, in place of one that stands there. [`Bundle::load`] checks what was copied.
    ///
    /// # Errors
    /// When a file is missing, or the disk refuses.
    pub fn copy(from: &Path, to: &Path) -> Result<()> {
        let new = NewFolder::create(to)?;
        let copy = |name: &str| {
            let path = from.join(name);
            new.write(name, &std::fs::read(&path).map_err(Error::io("read", &path))?)
        };
        let files = [MANIFEST, WEIGHTS, MESSAGES];
        files.into_iter().try_for_each(copy)?;
        if from.join(SENTIMENT).is_dir() {
            new.create_folder(SENTIMENT)?;
            files.into_iter().try_for_each(|name| copy(&format!("{SENTIMENT}/{name}")))?;
        }
        new.commit()
    }
}
