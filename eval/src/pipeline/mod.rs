//! Messages through exactly the pipeline that serves the chat, in batches, and only once each.
//!
//! What the encoder makes of a text is kept by the hash of the text, and what the whole pipeline makes of it by the hash of the
//! text and of everything that the pipeline is made of ([`Pipeline::open`]). So a second run costs seconds, and a run with
//! another bundle costs no embedding.

mod assessed;
mod store;

pub use assessed::{Action, Assessed, FoundArticle};

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::OnceLock;
use std::thread::ScopedJoinHandle;

use jiff::civil::Date;
use sha2::{Digest as _, Sha256};
use shopdesk_model::Embedding;
use shopdesk_model::encoder::Threads;
use shopdesk_triage::{Prepared, Triage, redact};

use crate::data::LabelledMessage;
use crate::typos::Vocabulary;
use crate::{Observation, Result};
use assessed::Assessing;
use store::{HashStore, Key};

/// How many messages are read, embedded and assessed at a time.
const BATCH: usize = 256;

/// How files of assessments are called; another pipeline has another file.
const ASSESSMENTS: &str = "assessments-";

/// How many of them are kept beside the one in use.
const KEPT: usize = 9;

/// The pipeline as the evaluation runs it.
pub struct Pipeline<'a> {
    triage: &'a Triage,
    day: Date,
    options: Options,
    fingerprint: [u8; 32],
    embeddings: HashStore,
    assessments: HashStore,
    /// Of what the bundle learnt from.
    vocabulary: OnceLock<Vocabulary>,
}

/// How a run is made.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Names the engine that embeds: what another one computed is not taken from the cache.
    pub engine: String,
    /// Names this very program: another build may assess differently.
    pub program: String,
    /// Keeps personal data in the texts of the report.
    pub show_personal_data: bool,
    /// How many threads compute at most; all when nothing is said.
    pub threads: Option<NonZeroUsize>,
}

impl<'a> Pipeline<'a> {
    /// Everything as on that day. `cache` is a folder for what was computed; without one, everything is computed again.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn open(triage: &'a Triage, day: Date, cache: Option<&Path>, options: Options) -> Result<Self> {
        let fingerprint = fingerprint(triage, day, &options);
        let store = |name: String| match cache {
            Some(folder) => HashStore::open(&folder.join(name)),
            None => Ok(HashStore::nowhere()),
        };
        if let Some(folder) = cache {
            store::forget_oldest(folder, ASSESSMENTS, KEPT);
        }
        let of_pipeline: String = fingerprint[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            embeddings: store("embeddings.bin".to_owned())?,
            assessments: store(format!("{ASSESSMENTS}{of_pipeline}.bin"))?,
            triage,
            day,
            options,
            fingerprint,
            vocabulary: OnceLock::new(),
        })
    }

    /// What is evaluated.
    #[must_use]
    pub fn triage(&self) -> &Triage {
        self.triage
    }

    /// The day on which everything is assessed.
    #[must_use]
    pub fn day(&self) -> Date {
        self.day
    }

    /// Observes every message, in order. `each` gets the observations as they come.
    ///
    /// # Errors
    /// When a message cannot be read, the pipeline fails, or `each` does.
    pub fn run(
        &mut self,
        messages: impl Iterator<Item = Result<LabelledMessage>>,
        mut each: impl FnMut(Observation) -> Result<()>,
    ) -> Result<()> {
        let mut messages = messages.peekable();
        while messages.peek().is_some() {
            let batch = messages.by_ref().take(BATCH).collect::<Result<Vec<LabelledMessage>>>()?;
            let assessed = self.assess(&batch)?;
            for (message, assessed) in batch.iter().zip(&assessed) {
                each(Observation::new(message, assessed, self.triage.bundle(), |text| self.shown(text)))?;
            }
        }
        Ok(())
    }

    fn shown(&self, text: &str) -> String {
        if self.options.show_personal_data { text.to_owned() } else { redact(text).into_owned() }
    }

    /// From the cache where it is there.
    fn assess(&mut self, batch: &[LabelledMessage]) -> Result<Vec<Assessed>> {
        let keys: Vec<Key> = batch.iter().map(|message| self.assessment_key(&message.text)).collect();
        let mut assessed: Vec<Option<Assessed>> = keys.iter().map(|key| self.assessments.json(key)).collect();
        let missing: Vec<usize> = (0..batch.len()).filter(|&i| assessed[i].is_none()).collect();
        let prepared = missing.iter().map(|&i| self.triage.prepare(&batch[i].text));
        let prepared = prepared.collect::<Result<Vec<Prepared>, _>>()?;
        let embeddings = self.embed(&prepared)?;
        for (i, made) in missing.into_iter().zip(self.assess_embedded(&prepared, &embeddings)?) {
            self.assessments.put(keys[i], &serde_json::to_vec(&made)?)?;
            assessed[i] = Some(made);
        }
        Ok(assessed.into_iter().flatten().collect())
    }

    /// On all processors: a classifier that compares with thousands of examples takes a while.
    fn assess_embedded(&self, prepared: &[Prepared], embeddings: &[Embedding]) -> Result<Vec<Assessed>> {
        if prepared.is_empty() {
            return Ok(Vec::new());
        }
        let there = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = self.options.threads.map_or(there, |threads| threads.get().min(there));
        let share = prepared.len().div_ceil(threads);
        let vocabulary = self.vocabulary.get_or_init(|| Vocabulary::of(self.triage.bundle().messages()));
        let assessing = Assessing::new(self.triage, self.day, vocabulary);
        let shares = prepared.chunks(share).zip(embeddings.chunks(share));
        let results: Vec<Result<Vec<Assessed>>> = std::thread::scope(|scope| {
            let workers: Vec<_> = shares
                .map(|(prepared, embeddings)| {
                    let assessing = &assessing;
                    scope.spawn(move || {
                        prepared.iter().zip(embeddings).map(|(p, e)| assessing.assess(p, e)).collect()
                    })
                })
                .collect();
            let joined = workers.into_iter().map(ScopedJoinHandle::join);
            joined.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        let mut assessed = Vec::with_capacity(prepared.len());
        for result in results {
            assessed.extend(result?);
        }
        Ok(assessed)
    }

    fn embed(&mut self, prepared: &[Prepared]) -> Result<Vec<Embedding>> {
        let keys: Vec<Key> = prepared.iter().map(|prepared| self.embedding_key(&prepared.text)).collect();
        let dimension = self.triage.encoder().dimension();
        let mut found: Vec<Option<Embedding>> = keys
            .iter()
            .map(|key| self.embeddings.get(key).and_then(|bytes| vector(&bytes, dimension)))
            .collect();
        let missing: Vec<usize> = (0..keys.len()).filter(|&i| found[i].is_none()).collect();
        let sequences: Vec<&[u32]> = missing.iter().map(|&i| prepared[i].encoding.ids.as_slice()).collect();
        if !sequences.is_empty() {
            let threads = if self.options.threads.is_some() { Threads::Caller } else { Threads::All };
            let made = self.triage.encoder().network().encode(&sequences, threads)?;
            for (i, embedding) in missing.into_iter().zip(made) {
                let bytes: Vec<u8> = embedding.as_slice().iter().flat_map(|x| x.to_le_bytes()).collect();
                self.embeddings.put(keys[i], &bytes)?;
                found[i] = Some(embedding);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }

    fn assessment_key(&self, text: &str) -> Key {
        store::key(&[&self.fingerprint, text.as_bytes()])
    }

    fn embedding_key(&self, text: &str) -> Key {
        let encoder = self.triage.encoder().id().to_string();
        store::key(&[encoder.as_bytes(), self.options.engine.as_bytes(), text.as_bytes()])
    }
}

/// Vectors that were kept are of unit length already; another length than expected is no vector.
fn vector(bytes: &[u8], dimension: usize) -> Option<Embedding> {
    let numbers = bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().expect("four bytes")));
    let numbers: Vec<f32> = numbers.collect();
    (numbers.len() == dimension).then(|| Embedding::normalized(numbers).ok()).flatten()
}

/// A hash of everything that an assessment depends on beside the message.
fn fingerprint(triage: &Triage, day: Date, options: &Options) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut add = |part: &str| {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    add(&triage.encoder().id().to_string());
    add(triage.bundle_id().as_str());
    add(&format!("{:?}", triage.policy()));
    add(&triage.answer_fingerprint());
    add(&day.to_string());
    add(&options.engine);
    add(&options.program);
    for article in triage.knowledge_base().catalogue().articles() {
        add(article.id.as_str());
        add(article.language.as_str());
        add(article.version.as_str());
    }
    hasher.finalize().into()
}
