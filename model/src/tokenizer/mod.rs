//! Text in, token ids out.
//!
//! Two tokenisers stand behind one type: [`unigram`], our own SentencePiece Unigram over a vocabulary
//! that is used as it is read, and so starts in no time; and [`foreign`], the `tokenizers` crate for whatever a Hugging Face
//! folder brings. For both, text that looks like a special token stays text: a shopper who types `</s>` must not
//! end a sequence.

pub(crate) mod charsmap;
mod foreign;
pub(crate) mod unigram;
pub(crate) mod vocabulary;

use crate::folder::{FolderTokenizer, ModelFolder};
use crate::{Error, Result};

/// Turns text into the ids that the encoder's table is indexed by.
pub struct Tokenizer {
    kind: Kind,
    max_tokens: usize,
}

enum Kind {
    Unigram(unigram::Unigram),
    Foreign(Box<foreign::Foreign>),
}

/// One text as token ids, special tokens included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// At least two: the start and the end of the sequence.
    pub ids: Vec<u32>,
    /// Whether the end of the text was cut off to fit the model.
    pub truncated: bool,
}

impl Tokenizer {
    /// Loads the folder's tokeniser.
    ///
    /// # Errors
    /// When its file is missing or damaged.
    pub fn open(folder: &ModelFolder) -> Result<Self> {
        let manifest = folder.manifest();
        let kind = match manifest.tokenizer {
            FolderTokenizer::Unigram => Kind::Unigram(unigram::Unigram::open(folder)?),
            FolderTokenizer::HuggingFace => Kind::Foreign(Box::new(foreign::Foreign::open(folder)?)),
        };
        Ok(Self { kind, max_tokens: manifest.max_tokens })
    }

    /// The ids of `text` between the special tokens that start and end a sequence; what is longer than the model
    /// allows is cut before the end token.
    ///
    /// # Errors
    /// Only a foreign tokeniser can fail, on a broken configuration: one that gives not even a start and an end, for example.
    pub fn encode(&self, text: &str) -> Result<Encoding> {
        let mut ids = match &self.kind {
            Kind::Unigram(unigram) => unigram.encode(text),
            Kind::Foreign(foreign) => foreign.encode(text)?,
        };
        if ids.len() < 2 {
            let problem = format!("it gives {} ids for a text, without a start and an end", ids.len());
            return Err(Error::unusable("tokenizer.json", problem));
        }
        let truncated = ids.len() > self.max_tokens;
        if truncated && let Some(&end) = ids.last() {
            ids.truncate(self.max_tokens - 1);
            ids.push(end);
        }
        Ok(Encoding { ids, truncated })
    }
}
