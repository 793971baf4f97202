//! The index over a collection.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use qdrant_client::qdrant::{
    Condition, CountPointsBuilder, DeletePointsBuilder, Filter as Points, PointId, PointStruct,
    QueryBatchPoints, ScrollPointsBuilder, UpsertPointsBuilder,
};
use shopdesk_kb::{ArticleKey, Candidates, Entry, Filter, Index, Query};
use tokio::runtime::Handle;

use crate::point::{ARTICLE, LANGUAGE, Payload, VERSION, only, point};
use crate::schema::Collections;
use crate::servers::Servers;
use crate::{QdrantError, QdrantSettings, Rebuild, Result, filter, search};

/// How many passages go in with one call, unless a version has more: about 2 MB.
const BATCH: usize = 512;
/// How many versions are named in one filter.
const NAMED: usize = 100;
/// How many passages are counted with one call.
const PAGE: u32 = 1000;

/// Passages in a collection that several programs may share.
///
/// Its methods block until Qdrant has answered, so they must not be called on threads of a runtime that serve connections; on those
/// of `tokio::task::spawn_blocking` they may. The runtime must have more threads than the one that waits.
#[derive(Clone)]
pub struct QdrantIndex {
    servers: Arc<Servers>,
    settings: Arc<QdrantSettings>,
    handle: Handle,
    dimension: usize,
    /// The alias, or while it is rebuilt the collection itself.
    collection: String,
}

impl QdrantIndex {
    /// The index for vectors of that many numbers that the settings name. It is made if there is none yet. Calls run on `handle`.
    ///
    /// # Errors
    /// When the settings are wrong, no server answers, or the collection in use is for other vectors or of another schema.
    pub fn connect(settings: &QdrantSettings, dimension: usize, handle: &Handle) -> Result<Self> {
        let index = Self::unprepared(settings, dimension, handle)?;
        index.handle.block_on(index.collections().prepare())?;
        Ok(index)
    }

    /// Over an alias of which nothing is known.
    pub(crate) fn unprepared(settings: &QdrantSettings, dimension: usize, handle: &Handle) -> Result<Self> {
        Ok(Self {
            servers: Arc::new(Servers::new(settings)?),
            settings: Arc::new(settings.clone()),
            handle: handle.clone(),
            dimension,
            collection: settings.collection.clone(),
        })
    }

    /// A new collection beside the one in use. Searches go on with the old one until [`Rebuild::finish`].
    ///
    /// # Errors
    /// When no server answers or one refuses.
    pub fn rebuild(&self) -> Result<Rebuild> {
        Rebuild::beside(self)
    }

    /// Whether searches would be answered: that a server is there and has the collection. Gives how many passages it holds.
    ///
    /// # Errors
    /// When that is not so.
    pub fn health(&self) -> Result<u64> {
        self.handle.block_on(self.count(false))
    }

    /// The same over another collection.
    pub(crate) fn over(&self, collection: String) -> Self {
        Self { collection, ..self.clone() }
    }

    pub(crate) fn collection(&self) -> &str {
        &self.collection
    }

    pub(crate) fn collections(&self) -> Collections<'_> {
        Collections { servers: &self.servers, settings: &self.settings, dimension: self.dimension }
    }

    pub(crate) fn servers(&self) -> &Servers {
        &self.servers
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    fn require_dimension(&self, vector: &[f32]) -> shopdesk_kb::Result<()> {
        if vector.len() == self.dimension {
            return Ok(());
        }
        Err(shopdesk_kb::Error::WrongDimension { expected: self.dimension, found: vector.len() })
    }

    async fn search(&self, request: QueryBatchPoints, vector: &[f32]) -> Result<Candidates> {
        let patience = self.settings.search_patience();
        let reply =
            self.servers.call(patience, async |client| client.query_batch(request.clone()).await).await?;
        search::candidates(reply.result, vector)
    }

    /// Puts whole versions, and takes out what they had beyond that.
    async fn replace(&self, versions: &BTreeMap<ArticleKey, Vec<PointStruct>>) -> Result<()> {
        let points: Vec<PointStruct> = versions.values().flatten().cloned().collect();
        let ids: Vec<PointId> = points.iter().filter_map(|point| point.id.clone()).collect();
        let request = UpsertPointsBuilder::new(&self.collection, points).wait(true).build();
        let patience = self.settings.change_patience();
        self.servers.call(patience, async |client| client.upsert_points(request.clone()).await).await?;
        let mut beyond = filter::versions(versions.keys());
        beyond.must_not.push(Condition::has_id(ids));
        self.delete(beyond).await
    }

    async fn delete(&self, points: Points) -> Result<()> {
        let request = DeletePointsBuilder::new(&self.collection).points(points).wait(true).build();
        let patience = self.settings.change_patience();
        self.servers.call(patience, async |client| client.delete_points(request.clone()).await).await?;
        Ok(())
    }

    async fn count(&self, exact: bool) -> Result<u64> {
        let request = CountPointsBuilder::new(&self.collection).exact(exact).build();
        let patience = self.settings.search_patience();
        let reply = self.servers.call(patience, async |client| client.count(request.clone()).await).await?;
        Ok(reply.result.ok_or(QdrantError::Incomplete { missing: "a count" })?.count)
    }

    async fn versions(&self) -> Result<Vec<(ArticleKey, usize)>> {
        let mut versions: BTreeMap<ArticleKey, usize> = BTreeMap::new();
        let mut page = ScrollPointsBuilder::new(&self.collection)
            .limit(PAGE)
            .with_payload(only(&[ARTICLE, LANGUAGE, VERSION]))
            .with_vectors(false)
            .build();
        loop {
            let patience = self.settings.change_patience();
            let reply = self.servers.call(patience, async |client| client.scroll(page.clone()).await).await?;
            for point in &reply.result {
                *versions.entry(Payload(&point.payload).article()?).or_default() += 1;
            }
            page.offset = reply.next_page_offset;
            if page.offset.is_none() {
                return Ok(versions.into_iter().collect());
            }
        }
    }
}

impl Index for QdrantIndex {
    fn candidates(
        &self,
        query: &Query<'_>,
        filter: &Filter,
        limit: usize,
    ) -> shopdesk_kb::Result<Candidates> {
        self.require_dimension(query.vector)?;
        if limit == 0 {
            return Ok(Candidates::default());
        }
        let seconds = self.settings.timeout_seconds.get();
        let request = search::request(&self.collection, query, filter, limit, seconds);
        Ok(self.handle.block_on(self.search(request, query.vector))?)
    }

    fn put(&self, entries: Vec<Entry>) -> shopdesk_kb::Result<()> {
        entries.iter().try_for_each(|entry| self.require_dimension(&entry.vector))?;
        for versions in batches(entries) {
            self.handle.block_on(self.replace(&versions))?;
        }
        Ok(())
    }

    fn remove(&self, articles: &[ArticleKey]) -> shopdesk_kb::Result<()> {
        for articles in articles.chunks(NAMED) {
            self.handle.block_on(self.delete(filter::versions(articles)))?;
        }
        Ok(())
    }

    fn articles(&self) -> shopdesk_kb::Result<Vec<(ArticleKey, usize)>> {
        Ok(self.handle.block_on(self.versions())?)
    }

    fn ping(&self) -> shopdesk_kb::Result<()> {
        self.health()?;
        Ok(())
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn passages(&self) -> shopdesk_kb::Result<usize> {
        Ok(self.handle.block_on(self.count(true))? as usize)
    }
}

/// Neither the key nor the connections are worth showing.
impl fmt::Debug for QdrantIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QdrantIndex")
            .field("urls", &self.settings.urls)
            .field("collection", &self.collection)
            .field("dimension", &self.dimension)
            .finish_non_exhaustive()
    }
}

/// Points by version, in batches that no version is torn over.
fn batches(entries: Vec<Entry>) -> Vec<BTreeMap<ArticleKey, Vec<PointStruct>>> {
    let mut versions: BTreeMap<ArticleKey, BTreeMap<u32, PointStruct>> = BTreeMap::new();
    for entry in entries {
        let key = ArticleKey::of(&entry.passage.article);
        let number = entry.passage.number;
        let point = point(&key, entry);
        versions.entry(key).or_default().insert(number, point);
    }
    let mut batches = Vec::new();
    let (mut batch, mut size) = (BTreeMap::new(), 0);
    for (key, points) in versions {
        if size > 0 && (size + points.len() > BATCH || batch.len() == NAMED) {
            batches.push(std::mem::take(&mut batch));
            size = 0;
        }
        size += points.len();
        batch.insert(key, points.into_values().collect());
    }
    if size > 0 {
        batches.push(batch);
    }
    batches
}
