//! The knowledge base as the pipeline uses it: the shop's articles, embedded and indexed.
//!
//! Embedding a whole base takes minutes on a small machine, and almost nothing of it changes from one start to the
//! next. So vectors are kept in a file by the hash of their text, and only new texts are embedded.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use shopdesk_kb::{Article, Entry, ExactIndex, Index, Part, Passage};
use shopdesk_model::{Role, TextEncoder};

use crate::{Error, Result};

/// How many texts are embedded between two reports of progress.
const BATCH: usize = 32;

/// The articles and their index.
pub struct KnowledgeBase {
    articles: Vec<Arc<Article>>,
    index: Box<dyn Index>,
}

impl KnowledgeBase {
    /// Embeds the articles' passages, as far as `cache` does not have them, and indexes them. `progress` hears how
    /// many passages are done and how many there are.
    ///
    /// # Errors
    /// When the model fails or the cache cannot be written.
    pub fn build(
        encoder: &TextEncoder,
        articles: &[Arc<Article>],
        cache: &mut VectorCache,
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Self> {
        let passages: Vec<Passage> = articles.iter().flat_map(Passage::of).collect();
        for (done, batch) in passages.chunks(BATCH).enumerate() {
            progress(done * BATCH, passages.len());
            cache.fill(encoder, batch)?;
        }
        progress(passages.len(), passages.len());
        let entries = passages.into_iter().map(|passage| Entry { vector: cache.vector(&passage), passage });
        let index = ExactIndex::new(encoder.dimension(), entries)?;
        cache.save()?;
        Ok(Self { articles: articles.to_vec(), index: Box::new(index) })
    }

    /// The articles in it.
    #[must_use]
    pub fn articles(&self) -> &[Arc<Article>] {
        &self.articles
    }

    /// The index over their passages.
    #[must_use]
    pub fn index(&self) -> &dyn Index {
        self.index.as_ref()
    }
}

type TextHash = [u8; 32];

/// Vectors by the hash of what was embedded: the encoder, the role and the text.
///
/// The file is a sequence of records of equal length, a hash and the numbers in little-endian f32. A record that was
/// cut short is dropped, and so is whatever is not used by a build.
#[derive(Debug)]
pub struct VectorCache {
    path: Option<PathBuf>,
    known: HashMap<TextHash, Vec<f32>>,
    used: HashMap<TextHash, Vec<f32>>,
    encoder: String,
}

impl VectorCache {
    /// Opens the file, which need not exist. An unreadable one is as good as none: its vectors are made again.
    #[must_use]
    pub fn open(path: &Path, encoder: &TextEncoder) -> Self {
        let record = size_of::<TextHash>() + encoder.dimension() * size_of::<f32>();
        let bytes = std::fs::read(path).unwrap_or_default();
        let known = bytes.chunks_exact(record).map(|record| {
            let (hash, numbers) = record.split_at(size_of::<TextHash>());
            let numbers = numbers
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("chunks of four")));
            (hash.try_into().expect("split at its length"), numbers.collect())
        });
        let known = known.collect();
        Self {
            path: Some(path.to_path_buf()),
            known,
            used: HashMap::new(),
            encoder: encoder.id().to_string(),
        }
    }

    /// A cache that is kept nowhere.
    #[must_use]
    pub fn in_memory(encoder: &TextEncoder) -> Self {
        Self { path: None, known: HashMap::new(), used: HashMap::new(), encoder: encoder.id().to_string() }
    }

    fn fill(&mut self, encoder: &TextEncoder, passages: &[Passage]) -> Result<()> {
        for role in [Role::Query, Role::Passage] {
            let missing: Vec<&Passage> = passages
                .iter()
                .filter(|passage| {
                    role_of(passage.part) == role && !self.known.contains_key(&self.hash(passage))
                })
                .collect();
            let texts: Vec<&str> = missing.iter().map(|passage| passage.text.as_str()).collect();
            for (passage, embedded) in missing.iter().zip(encoder.embed_all(&texts, role)?) {
                self.known.insert(self.hash(passage), embedded.embedding.as_slice().to_vec());
            }
        }
        Ok(())
    }

    /// The vector of a passage that was filled in.
    fn vector(&mut self, passage: &Passage) -> Vec<f32> {
        let hash = self.hash(passage);
        let vector = self.known.get(&hash).cloned().unwrap_or_default();
        self.used.insert(hash, vector.clone());
        vector
    }

    /// Writes aside and renames, so that the file is always whole.
    fn save(&mut self) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut records: Vec<(&TextHash, &Vec<f32>)> = self.used.iter().collect();
        records.sort_unstable_by_key(|(hash, _)| *hash);
        let mut bytes = Vec::new();
        for (hash, vector) in records {
            bytes.extend_from_slice(hash);
            bytes.extend(vector.iter().flat_map(|number| number.to_le_bytes()));
        }
        if std::fs::read(path).is_ok_and(|kept| kept == bytes) {
            return Ok(());
        }
        let aside = path.with_extension(format!("partial-{}", std::process::id()));
        let write = || -> std::io::Result<()> {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&aside, &bytes)?;
            std::fs::rename(&aside, path)
        };
        write().map_err(|source| Error::VectorCache { path: path.clone(), source })
    }

    fn hash(&self, passage: &Passage) -> TextHash {
        let role = match role_of(passage.part) {
            Role::Query => "query",
            Role::Passage => "passage",
        };
        let mut hasher = Sha256::new();
        for part in [self.encoder.as_str(), role, passage.text.as_str()] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hasher.finalize().into()
    }
}

/// A shopper's question is like another question, and like the passage that answers it.
fn role_of(part: Part) -> Role {
    match part {
        Part::Question => Role::Query,
        Part::Answer | Part::Body => Role::Passage,
    }
}
