//! A new collection beside the one in use, and the switch to it.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::runtime::Handle;

use crate::{QdrantIndex, QdrantSettings, Result, schema};

/// A collection that is being filled while searches go on with the old one.
///
/// There can be one at a time: whoever begins another takes this one away, and [`Rebuild::finish`] fails. One that is dropped before is
/// deleted as far as possible, or else by the next. What is put into the old collection meanwhile is not in this one; the programs that
/// put it see the difference when they next compare the index with their articles.
#[derive(Debug)]
#[must_use = "nothing is switched before `finish`"]
pub struct Rebuild {
    index: QdrantIndex,
    is_finished: bool,
}

impl Rebuild {
    /// Begins, whatever the alias leads to: also beside a collection that [`QdrantIndex::connect`] refuses.
    ///
    /// # Errors
    /// When the settings are wrong, no server answers or one refuses.
    pub fn start(settings: &QdrantSettings, dimension: usize, handle: &Handle) -> Result<Self> {
        Self::beside(&QdrantIndex::unprepared(settings, dimension, handle)?)
    }

    pub(crate) fn beside(old: &QdrantIndex) -> Result<Self> {
        let collections = old.collections();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let collection = collections.name(&schema::suffix(now));
        old.handle().block_on(async {
            collections.require_free_alias().await?;
            collections.sweep().await?;
            collections.create(&collection).await
        })?;
        Ok(Self { index: old.over(collection), is_finished: false })
    }

    /// What is to be filled.
    #[must_use]
    pub fn index(&self) -> &QdrantIndex {
        &self.index
    }

    /// Lets all searches use the new collection from now on, in one step, and deletes the old one.
    ///
    /// # Errors
    /// When no server answers or one refuses; then the old collection stays in use.
    pub fn finish(mut self) -> Result<()> {
        let collections = self.index.collections();
        self.index.handle().block_on(collections.switch(self.index.collection()))?;
        self.is_finished = true;
        if let Err(error) = self.index.handle().block_on(self.index.collections().sweep()) {
            tracing::warn!(error = %error, "the old collection is still there; the next rebuild deletes it");
        }
        Ok(())
    }
}

impl Drop for Rebuild {
    fn drop(&mut self) {
        if !self.is_finished {
            let (client, collection) = (self.index.servers().any(), self.index.collection().to_owned());
            self.index.handle().spawn(async move {
                if let Err(error) = client.delete_collection(&collection).await {
                    tracing::warn!(collection, error = %error, "a collection is left; the next rebuild deletes it");
                }
            });
        }
    }
}
