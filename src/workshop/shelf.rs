//! The bundles that are kept, and which of them the shop has chosen.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use shopdesk_model::classifier::{Bundle, BundleId, BundleSummary};
use shopdesk_server::{Bundles, KeptBundle, WorkshopError};

use super::memory::Contents;
use super::{ShopWorkshop, failed};
use crate::promise::Promised;

/// How many bundles are kept beside those that a roll-back may come to.
const KEPT: usize = 8;

impl ShopWorkshop {
    /// All that there are.
    pub(super) fn shelf(&self) -> anyhow::Result<Bundles> {
        let chosen = self.notice_chosen()?;
        let others = self.kept_bundles()?.into_iter().filter(|bundle| bundle.id != chosen.id).collect();
        let contents = self.memory.contents();
        Ok(Bundles { chosen: kept(&contents, chosen), others, before: self.before() })
    }

    /// Keeps a copy of the bundle in the shop's folder when we have not seen it there: `shopdesk train` may have made it.
    pub(super) fn notice_chosen(&self) -> anyhow::Result<BundleSummary> {
        let folder = self.shop.bundle_folder();
        let found = Bundle::summary(&folder)?;
        if self.memory.contents().chosen.as_ref() == Some(&found.id) {
            return Ok(found);
        }
        self.keep(&folder, &found.id)?;
        self.memory.change(|contents| {
            contents.before.extend(contents.chosen.take());
            contents.chosen = Some(found.id.clone());
        })?;
        Ok(found)
    }

    /// Puts a bundle that suits the shop into its folder, where servers find it. `remember` gets the one that was there.
    pub(super) fn choose(
        &self,
        folder: &Path,
        id: &BundleId,
        remember: impl FnOnce(&mut Contents, BundleId),
    ) -> Result<(), WorkshopError> {
        let triage = self.assessor.triage();
        let promised = Promised::in_store(&self.shop, &self.articles.store).map_err(failed)?;
        let suitable = self.shop.bundle_in(folder, triage.encoder(), &promised);
        let suitable = suitable.and_then(|bundle| Ok(bundle.id()?));
        let found = suitable.map_err(|problem| WorkshopError::Unsuitable(format!("{problem:#}")))?;
        if found != *id {
            return Err(WorkshopError::NoCandidate);
        }
        let replaced = self.notice_chosen().map_err(failed)?.id;
        if replaced == found {
            return Ok(());
        }
        self.keep(folder, id).map_err(failed)?;
        let put = || -> anyhow::Result<()> {
            Bundle::copy(&self.kept_folder(id), &self.shop.bundle_folder())?;
            self.memory.change(|contents| {
                contents.chosen = Some(found);
                remember(contents, replaced);
            })?;
            self.forget_oldest()
        };
        put().map_err(failed)
    }

    /// The bundle that a roll-back takes.
    pub(super) fn before(&self) -> Option<BundleId> {
        let before = self.memory.contents().before;
        before.into_iter().rev().find(|id| self.kept_folder(id).is_dir())
    }

    pub(super) fn kept_folder(&self, id: &BundleId) -> PathBuf {
        self.kept_folders().join(id.as_str())
    }

    fn kept_folders(&self) -> PathBuf {
        self.shop.paths.data.join("bundles")
    }

    fn keep(&self, folder: &Path, id: &BundleId) -> anyhow::Result<()> {
        let made_at = std::fs::metadata(folder.join("bundle.json")).and_then(|file| file.modified());
        let made_at = made_at.ok().and_then(|at| Timestamp::try_from(at).ok());
        if !self.kept_folder(id).is_dir() {
            Bundle::copy(folder, &self.kept_folder(id))?;
        }
        self.memory.change(|contents| {
            if let Some(made_at) = made_at {
                contents.made_at.entry(id.to_string()).or_insert(made_at);
            }
        })
    }

    /// The latest first.
    fn kept_bundles(&self) -> anyhow::Result<Vec<KeptBundle>> {
        let folders = self.kept_folders();
        let entries =
            std::fs::read_dir(&folders).with_context(|| format!("cannot read `{}`", folders.display()))?;
        let contents = self.memory.contents();
        let mut bundles = Vec::new();
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read `{}`", folders.display()))?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            match Bundle::summary(&entry.path()) {
                Ok(summary) => bundles.push(kept(&contents, summary)),
                Err(error) => tracing::warn!(%error, "a bundle that was kept cannot be read"),
            }
        }
        bundles.sort_by_key(|bundle| std::cmp::Reverse(bundle.made_at));
        Ok(bundles)
    }

    fn forget_oldest(&self) -> anyhow::Result<()> {
        let before = self.memory.change(|contents| {
            let surplus = contents.before.len().saturating_sub(KEPT);
            contents.before.drain(..surplus);
            contents.before.clone()
        })?;
        let chosen = self.memory.contents().chosen;
        for bundle in self.kept_bundles()?.into_iter().skip(KEPT) {
            if Some(&bundle.id) != chosen.as_ref() && !before.contains(&bundle.id) {
                let folder = self.kept_folder(&bundle.id);
                std::fs::remove_dir_all(&folder)
                    .with_context(|| format!("cannot remove `{}`", folder.display()))?;
            }
        }
        Ok(())
    }
}

fn kept(contents: &Contents, summary: BundleSummary) -> KeptBundle {
    KeptBundle {
        made_at: contents.made_at.get(summary.id.as_str()).copied(),
        promise: summary.thresholds.promise,
        accuracy: summary.metrics.accuracy,
        id: summary.id,
    }
}
