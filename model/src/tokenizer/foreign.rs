//! A tokeniser that came as `tokenizer.json`, run by the `tokenizers` crate.

use crate::folder::ModelFolder;
use crate::{Error, Result};

pub(super) struct Foreign(tokenizers::Tokenizer);

impl Foreign {
    pub(super) fn open(folder: &ModelFolder) -> Result<Self> {
        let path = folder.path().join(folder.manifest().tokenizer.file_name());
        let mut tokenizer = tokenizers::Tokenizer::from_file(&path)
            .map_err(|error| Error::unusable(&path, format!("the tokeniser cannot be read: {error}")))?;
        // The file's own padding and truncation are for training; ours cuts to the model's length.
        tokenizer.with_padding(None);
        tokenizer
            .with_truncation(None)
            .map_err(|error| Error::unusable(&path, format!("truncation cannot be turned off: {error}")))?;
        // A literal `[SEP]` in a message is text.
        tokenizer.set_encode_special_tokens(true);
        Ok(Self(tokenizer))
    }

    pub(super) fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.0.encode_fast(text, true).map_err(|error| {
            Error::unusable("tokenizer.json", format!("a text cannot be encoded: {error}"))
        })?;
        Ok(encoding.get_ids().to_vec())
    }
}
