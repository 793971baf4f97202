//! Text to embedding: script, prefix, tokens, network.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use crate::encoder::{self, Encoder, EngineChoice, Threads};
use crate::folder::{EncoderId, Manifest, ModelFolder};
use crate::script::simplified;
use crate::tokenizer::{Encoding, Tokenizer};
use crate::{Embedding, Result};

/// On which side of a look-up a text stands. The model was trained with a different prefix for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// What looks something up: a shopper's message, an example of an intent.
    Query,
    /// What is looked up: a passage of an article.
    Passage,
}

/// A text's embedding, and what it took.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// The vector.
    pub embedding: Embedding,
    /// How many tokens the model saw, special ones included.
    pub tokens: usize,
    /// Whether the end of the text was cut off to fit the model.
    pub truncated: bool,
}

/// A loaded model: tokeniser and encoder of one folder.
pub struct TextEncoder {
    manifest: Manifest,
    tokenizer: Tokenizer,
    encoder: Arc<dyn Encoder>,
}

/// How a model is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct EncoderOptions {
    /// The implementation.
    pub engine: EngineChoice,
    /// How many threads compute at most; never more than the processor runs at once, which is what is taken when not given.
    pub threads: Option<NonZeroUsize>,
}

impl TextEncoder {
    /// Loads the model folder.
    ///
    /// # Errors
    /// When the folder is missing, incomplete or damaged, or the processor lacks what a forced engine needs.
    pub fn open(path: &Path, options: &EncoderOptions) -> Result<Self> {
        let folder = ModelFolder::open(path)?;
        let engine = options.engine.resolve()?;
        let there = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = options.threads.map_or(there, |threads| threads.get().min(there));
        Ok(Self {
            tokenizer: Tokenizer::open(&folder)?,
            encoder: encoder::open(&folder, engine, threads)?,
            manifest: folder.manifest().clone(),
        })
    }

    /// Which encoder this is; embeddings of different ones must not be compared.
    #[must_use]
    pub fn id(&self) -> EncoderId {
        self.manifest.encoder_id()
    }

    /// What the model is.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The network alone, from token ids on.
    #[must_use]
    pub fn network(&self) -> &Arc<dyn Encoder> {
        &self.encoder
    }

    /// The length of the vectors.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.encoder.dimension()
    }

    /// The token ids that the network sees for `text`, Chinese in the simplified script.
    ///
    /// # Errors
    /// Only a foreign tokeniser can fail, on a broken configuration.
    pub fn tokenize(&self, text: &str, role: Role) -> Result<Encoding> {
        let prefix = match role {
            Role::Query => &self.manifest.query_prefix,
            Role::Passage => &self.manifest.passage_prefix,
        };
        self.tokenizer.encode(&format!("{prefix}{}", simplified(text)))
    }

    /// Embeds many texts, in order.
    ///
    /// # Errors
    /// When the tokeniser or the arithmetic fails, which a verified model folder does not cause.
    pub fn embed_all<T: AsRef<str>>(&self, texts: &[T], role: Role) -> Result<Vec<Embedded>> {
        self.embed_all_on(texts, role, Threads::All)
    }

    /// The same on those threads.
    ///
    /// # Errors
    /// As [`embed_all`](Self::embed_all).
    pub fn embed_all_on<T: AsRef<str>>(
        &self,
        texts: &[T],
        role: Role,
        threads: Threads,
    ) -> Result<Vec<Embedded>> {
        let encodings =
            texts.iter().map(|text| self.tokenize(text.as_ref(), role)).collect::<Result<Vec<Encoding>>>()?;
        let sequences: Vec<&[u32]> = encodings.iter().map(|encoding| encoding.ids.as_slice()).collect();
        let embeddings = self.encoder.encode(&sequences, threads)?;
        let embedded = embeddings.into_iter().zip(&encodings);
        Ok(embedded
            .map(|(embedding, encoding)| Embedded {
                embedding,
                tokens: encoding.ids.len(),
                truncated: encoding.truncated,
            })
            .collect())
    }

    /// Embeds one text.
    ///
    /// # Errors
    /// As [`embed_all`](Self::embed_all).
    pub fn embed(&self, text: &str, role: Role) -> Result<Embedded> {
        let embedded = self.embed_all(&[text], role)?.pop();
        Ok(embedded.expect("one text gives one embedding"))
    }
}
