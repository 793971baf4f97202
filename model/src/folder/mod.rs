//! The model folder: what an import writes and everything else reads.
//!
//! ```text
//! models/multilingual-e5-small/
//!   manifest.json    what this is, where it came from, how to run it, sizes and hashes
//!   weights.gguf     tensors by their Hugging Face path names, memory-mapped; 4-bit blocks stay 4-bit
//!   packed.bin       the layers' weights as the fused encoder reads them, copied into large pages; made from weights.gguf
//!   vocabulary.bin   pieces and normaliser of a SentencePiece Unigram model, read at once; or
//!   tokenizer.json   a foreign tokeniser, read by the `tokenizers` crate
//! ```

mod manifest;
mod mapped;

use std::path::{Path, PathBuf};

pub use manifest::{Architecture, EncoderId, FileRecord, FolderTokenizer, Manifest, Source};
pub(crate) use mapped::MappedFile;

use crate::{Error, Result};

/// The manifest's file name.
pub const MANIFEST: &str = "manifest.json";
/// The tensors' file name.
pub const WEIGHTS: &str = "weights.gguf";
/// The file name of the weights as the fused encoder reads them.
pub const PACKED: &str = "packed.bin";

/// A model folder whose manifest was read and whose files have the recorded sizes.
#[derive(Clone, Debug)]
pub struct ModelFolder {
    path: PathBuf,
    manifest: Manifest,
}

impl ModelFolder {
    /// Opens the folder: reads the manifest and compares the files' sizes, which catches a copy that was cut
    /// short without reading 70 MB. [`verify`](Self::verify) reads them.
    ///
    /// # Errors
    /// [`Error::NoModel`], [`Error::Truncated`] or [`Error::Unusable`].
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let manifest_path = path.join(MANIFEST);
        if !manifest_path.exists() {
            return Err(Error::NoModel { folder: path });
        }
        let manifest = Manifest::read(&manifest_path)?;
        let folder = Self { path, manifest };
        for (name, record) in &folder.manifest.files {
            let file = folder.path.join(name);
            let found = std::fs::metadata(&file).map_err(Error::io("read", &file))?.len();
            if found < record.bytes {
                return Err(Error::Truncated { path: file, needed: record.bytes, found });
            }
        }
        Ok(folder)
    }

    /// Recomputes the hash of every file.
    ///
    /// # Errors
    /// [`Error::WrongHash`] names the first file that is not what was written.
    pub fn verify(&self) -> Result<()> {
        for (name, record) in &self.manifest.files {
            let path = self.path.join(name);
            let found = sha256_of(&path)?;
            if found != record.sha256 {
                return Err(Error::WrongHash { path, expected: record.sha256.clone(), found });
            }
        }
        Ok(())
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the folder says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(crate) fn map(&self, name: &str) -> Result<MappedFile> {
        MappedFile::open(&self.path.join(name))
    }
}

pub(crate) use manifest::{LEAST_TOKENS, sha256_hex, sha256_of};
