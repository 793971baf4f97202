//! What a collection must look like, what it is called, and which one is in use.

use std::collections::HashSet;
use std::time::Duration;

use qdrant_client::qdrant::vectors_config::Config;
use qdrant_client::qdrant::{
    CollectionInfo, CreateAliasBuilder, CreateCollection, CreateCollectionBuilder,
    CreateFieldIndexCollectionBuilder, Distance, FieldType, Modifier, SparseVectorParamsBuilder,
    SparseVectorsConfigBuilder, VectorParams, VectorParamsBuilder, VectorsConfigBuilder,
};

use crate::point::{
    ARTICLE, AUDIENCE, DENSE, LANGUAGE, NUMBER, PART, VALID_FROM, VALID_UNTIL, VERSION, WORDS,
};
use crate::servers::Servers;
use crate::{QdrantError, QdrantSettings, Result};

/// To be raised with every change of what a point holds or of how terms are made. Collections of another number are not used.
const SCHEMA: u32 = 1;

/// What filters ask for.
const INDEXED: [(&str, FieldType); 8] = [
    (ARTICLE, FieldType::Keyword),
    (LANGUAGE, FieldType::Keyword),
    (VERSION, FieldType::Keyword),
    (PART, FieldType::Keyword),
    (AUDIENCE, FieldType::Keyword),
    (NUMBER, FieldType::Integer),
    (VALID_FROM, FieldType::Integer),
    (VALID_UNTIL, FieldType::Integer),
];

/// The collections behind one alias.
pub(crate) struct Collections<'a> {
    pub(crate) servers: &'a Servers,
    pub(crate) settings: &'a QdrantSettings,
    pub(crate) dimension: usize,
}

impl Collections<'_> {
    /// Sees to it that the alias leads to a collection that fits.
    pub(crate) async fn prepare(&self) -> Result<()> {
        if let Some(collection) = self.in_use().await? {
            return self.require_fit(&collection).await;
        }
        self.require_free_alias().await?;
        // Always the same name, so that programs that start together, or again after one that was stopped here, make one collection.
        let collection = self.name("0");
        self.create(&collection).await?;
        self.require_fit(&collection).await?;
        match self.in_use().await? {
            Some(made_meanwhile) => self.require_fit(&made_meanwhile).await,
            None => self.switch(&collection).await,
        }
    }

    /// The collection that the alias leads to.
    pub(crate) async fn in_use(&self) -> Result<Option<String>> {
        let reply = self.call(async |client| client.list_aliases().await).await?;
        let mut aliases = reply.aliases.into_iter();
        let alias = aliases.find(|alias| alias.alias_name == self.settings.collection);
        Ok(alias.map(|alias| alias.collection_name))
    }

    /// That no collection is called what the alias is to be called.
    pub(crate) async fn require_free_alias(&self) -> Result<()> {
        let name = &self.settings.collection;
        if self.all().await?.contains(name) {
            return Err(QdrantError::NoAlias { name: name.clone() });
        }
        Ok(())
    }

    /// What a collection of this schema is called.
    pub(crate) fn name(&self, suffix: &str) -> String {
        format!("{}-s{SCHEMA}-{suffix}", self.settings.collection)
    }

    /// Makes a collection with all its indexes, or what is missing of it.
    pub(crate) async fn create(&self, collection: &str) -> Result<()> {
        let request = self.description(collection);
        let created = self.call(async |client| client.create_collection(request.clone()).await).await;
        if let Err(error) = created {
            // A try whose reply was lost, or another program, may have made it.
            if !self.all().await?.contains(collection) {
                return Err(error);
            }
        }
        for (field, kind) in INDEXED {
            let request = CreateFieldIndexCollectionBuilder::new(collection, field, kind).wait(true).build();
            self.call(async |client| client.create_field_index(request.clone()).await).await?;
        }
        Ok(())
    }

    /// Lets the alias lead there, in one step and from wherever it led before.
    pub(crate) async fn switch(&self, collection: &str) -> Result<()> {
        // Qdrant replaces an alias of that name. Deleting it first, in the same request, would lose it if the new collection is gone.
        let request = CreateAliasBuilder::new(collection, &self.settings.collection).build();
        self.call(async |client| client.create_alias(request.clone()).await).await?;
        tracing::info!(collection, alias = self.settings.collection, "the index is in use");
        Ok(())
    }

    /// Deletes the collections of this alias that no alias leads to.
    pub(crate) async fn sweep(&self) -> Result<()> {
        let aliases = self.call(async |client| client.list_aliases().await).await?.aliases;
        let in_use: HashSet<String> = aliases.into_iter().map(|alias| alias.collection_name).collect();
        for collection in self.all().await? {
            if schema_of(&self.settings.collection, &collection).is_some() && !in_use.contains(&collection) {
                self.call(async |client| client.delete_collection(&collection).await).await?;
                tracing::info!(collection, "a collection that was in use no more is deleted");
            }
        }
        Ok(())
    }

    async fn all(&self) -> Result<HashSet<String>> {
        let reply = self.call(async |client| client.list_collections().await).await?;
        Ok(reply.collections.into_iter().map(|collection| collection.name).collect())
    }

    /// That a collection is of this schema and for vectors of this dimension.
    async fn require_fit(&self, collection: &str) -> Result<()> {
        if schema_of(&self.settings.collection, collection) != Some(SCHEMA) {
            return Err(QdrantError::OtherSchema { collection: collection.to_owned() });
        }
        let reply = self.call(async |client| client.collection_info(collection).await).await?;
        let found = reply.result.as_ref().and_then(Vectors::of);
        let expected = Vectors { size: self.dimension as u64, distance: Distance::Dot, counts_rarity: true };
        if found == Some(expected) {
            return Ok(());
        }
        Err(QdrantError::OtherVectors {
            collection: collection.to_owned(),
            expected: expected.to_string(),
            found: found
                .map_or_else(|| format!("no vectors `{DENSE}` and `{WORDS}`"), |found| found.to_string()),
        })
    }

    fn description(&self, collection: &str) -> CreateCollection {
        let mut vectors = VectorsConfigBuilder::default();
        let dense = VectorParamsBuilder::new(self.dimension as u64, Distance::Dot);
        vectors.add_named_vector_params(DENSE, dense);
        let mut sparse = SparseVectorsConfigBuilder::default();
        sparse.add_named_vector_params(WORDS, SparseVectorParamsBuilder::default().modifier(Modifier::Idf));
        CreateCollectionBuilder::new(collection)
            .vectors_config(vectors)
            .sparse_vectors_config(sparse)
            .replication_factor(self.settings.replicas.get())
            .build()
    }

    async fn call<T>(
        &self,
        request: impl AsyncFn(&qdrant_client::Qdrant) -> Result<T, qdrant_client::QdrantError>,
    ) -> Result<T> {
        self.servers.call(self.settings.change_patience(), request).await
    }
}

/// A suffix by the clock, so that a name is new.
pub(crate) fn suffix(since_1970: Duration) -> String {
    since_1970.as_micros().to_string()
}

/// The schema of a collection of this alias, told by its name; none for names that we do not give.
fn schema_of(alias: &str, collection: &str) -> Option<u32> {
    let (schema, suffix) = collection.strip_prefix(alias)?.strip_prefix("-s")?.split_once('-')?;
    let is_ours = !suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_digit());
    schema.parse().ok().filter(|_| is_ours)
}

/// What we need of a collection's vectors.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Vectors {
    size: u64,
    distance: Distance,
    counts_rarity: bool,
}

impl Vectors {
    fn of(collection: &CollectionInfo) -> Option<Self> {
        let params = collection.config.as_ref()?.params.as_ref()?;
        let Config::ParamsMap(dense) = params.vectors_config.as_ref()?.config.as_ref()? else { return None };
        let dense: &VectorParams = dense.map.get(DENSE)?;
        let words = params.sparse_vectors_config.as_ref()?.map.get(WORDS)?;
        Some(Self {
            size: dense.size,
            distance: dense.distance(),
            counts_rarity: words.modifier() == Modifier::Idf,
        })
    }
}

impl std::fmt::Display for Vectors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rarity = if self.counts_rarity { "with" } else { "without" };
        write!(f, "vectors of {} numbers compared by {:?}, and words {rarity} IDF", self.size, self.distance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_ours() {
        assert_eq!(schema_of("shopdesk", "shopdesk-s1-0"), Some(1));
        assert_eq!(schema_of("shopdesk", "shopdesk-s12-1767225600000000"), Some(12));
        for other in
            ["shopdesk", "shopdesk-s1", "shopdesk-s1-", "shopdesk-s1-s1-0", "shopdesk-sx-0", "shop-s1-0"]
        {
            assert_eq!(schema_of("shopdesk", other), None, "{other}");
        }
    }
}
