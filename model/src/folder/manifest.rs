//! The manifest of a model folder, as it stands in `manifest.json`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

/// The format that this program writes and reads.
const FORMAT: u32 = 3;

/// The start, the end, and something between them.
pub(crate) const LEAST_TOKENS: usize = 3;

/// What a model is, where it came from and how it is run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    format: u32,
    /// The model's published name.
    pub name: String,
    /// The licence of the weights, as an SPDX expression where one is known.
    pub license: String,
    /// What the folder was made from.
    pub source: Source,
    /// The shape of the network.
    pub architecture: Architecture,
    /// Which tokeniser reads the text.
    pub tokenizer: FolderTokenizer,
    /// Texts longer than this many tokens, special ones included, are cut.
    pub max_tokens: usize,
    /// Put before a message that looks something up.
    pub query_prefix: String,
    /// Put before a text that is looked up.
    pub passage_prefix: String,
    /// Size and hash of every other file in the folder.
    pub files: BTreeMap<String, FileRecord>,
}

/// What a model folder was made from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The name of the imported file or folder.
    pub imported: String,
    /// The hash of its weights.
    pub sha256: String,
}

/// Size and hash of one file.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Which tokeniser reads the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FolderTokenizer {
    /// Our own SentencePiece Unigram over `vocabulary.bin`.
    Unigram,
    /// The `tokenizers` crate over `tokenizer.json`.
    HuggingFace,
}

impl FolderTokenizer {
    /// The file in the folder.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Unigram => "vocabulary.bin",
            Self::HuggingFace => "tokenizer.json",
        }
    }
}

/// The shape of a BERT-type encoder, named as in Hugging Face's `config.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Rows of the token table.
    pub vocab_size: usize,
    /// Width of a token's vector.
    pub hidden_size: usize,
    /// Number of layers.
    pub num_hidden_layers: usize,
    /// Attention heads a layer; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Width inside the feed-forward part.
    pub intermediate_size: usize,
    /// Rows of the position table.
    pub max_position_embeddings: usize,
    /// Rows of the segment table.
    pub type_vocab_size: usize,
    /// The epsilon of every layer norm.
    pub layer_norm_eps: f64,
    /// The position of the first token: 0 in BERT, `pad_token_id + 1` in XLM-R.
    pub first_position: usize,
}

impl Architecture {
    /// Refuses sizes that no encoder has, before anything is computed from them.
    pub(crate) fn check(&self, path: &Path) -> Result<()> {
        let sizes = [
            self.vocab_size,
            self.hidden_size,
            self.num_hidden_layers,
            self.num_attention_heads,
            self.intermediate_size,
            self.type_vocab_size,
        ];
        let plausible = sizes.iter().all(|size| (1..=10_000_000).contains(size))
            && self.num_hidden_layers <= 1_000
            && self.hidden_size.is_multiple_of(self.num_attention_heads)
            && self.max_position_embeddings <= 1_000_000
            && self.max_position_embeddings.saturating_sub(self.first_position) >= LEAST_TOKENS
            && (0.0..=1.0).contains(&self.layer_norm_eps);
        if plausible {
            return Ok(());
        }
        Err(Error::unusable(
            path,
            format!("these sizes make no encoder: {self:?}. Check that the checkpoint is whole"),
        ))
    }

    /// Operations that the layers' matrices cost a token: a product and an addition for each weight.
    #[must_use]
    pub fn operations_per_token(&self) -> usize {
        let &Self { hidden_size: hidden, intermediate_size: inner, .. } = self;
        2 * self.num_hidden_layers * (4 * hidden * hidden + 2 * hidden * inner)
    }

    /// The tensors that the network is made of: their Hugging Face path names and shapes, in the order of use.
    pub(crate) fn tensor_shapes(&self) -> Vec<(String, Vec<usize>)> {
        let &Self { hidden_size: hidden, intermediate_size: inner, .. } = self;
        let mut shapes = vec![
            ("embeddings.word_embeddings.weight".to_owned(), vec![self.vocab_size, hidden]),
            ("embeddings.position_embeddings.weight".to_owned(), vec![self.max_position_embeddings, hidden]),
            ("embeddings.token_type_embeddings.weight".to_owned(), vec![self.type_vocab_size, hidden]),
            ("embeddings.LayerNorm.weight".to_owned(), vec![hidden]),
            ("embeddings.LayerNorm.bias".to_owned(), vec![hidden]),
        ];
        for layer in 0..self.num_hidden_layers {
            for (path, rows, columns) in [
                ("attention.self.query", hidden, hidden),
                ("attention.self.key", hidden, hidden),
                ("attention.self.value", hidden, hidden),
                ("attention.output.dense", hidden, hidden),
                ("intermediate.dense", inner, hidden),
                ("output.dense", hidden, inner),
            ] {
                shapes.push((format!("encoder.layer.{layer}.{path}.weight"), vec![rows, columns]));
                shapes.push((format!("encoder.layer.{layer}.{path}.bias"), vec![rows]));
            }
            for path in ["attention.output.LayerNorm", "output.LayerNorm"] {
                for part in ["weight", "bias"] {
                    shapes.push((format!("encoder.layer.{layer}.{path}.{part}"), vec![hidden]));
                }
            }
        }
        shapes
    }
}

/// Names an encoder so that vectors of two different ones are never compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EncoderId(String);

impl fmt::Display for EncoderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Manifest {
    /// A manifest for files that are about to be written.
    pub(crate) fn new(
        name: String,
        license: String,
        source: Source,
        architecture: Architecture,
        tokenizer: FolderTokenizer,
    ) -> Self {
        let max_tokens = architecture.max_position_embeddings - architecture.first_position;
        Self {
            format: FORMAT,
            name,
            license,
            source,
            architecture,
            tokenizer,
            max_tokens,
            query_prefix: String::new(),
            passage_prefix: String::new(),
            files: BTreeMap::new(),
        }
    }

    pub(crate) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        let damaged =
            |problem: &dyn fmt::Display| Error::unusable(path, format!("{problem}. Import the model again"));
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let Version { format } = serde_json::from_str(&text).map_err(|error| damaged(&error))?;
        if format != FORMAT {
            let problem = format!(
                "format {format} is not the format {FORMAT} of this program. Import the model again, or remove its folder and run `scripts/fetch-model`"
            );
            return Err(Error::unusable(path, problem));
        }
        let manifest: Self = serde_json::from_str(&text).map_err(|error| damaged(&error))?;
        manifest.architecture.check(path)?;
        let positions = manifest.architecture.max_position_embeddings - manifest.architecture.first_position;
        if !(LEAST_TOKENS..=positions).contains(&manifest.max_tokens) {
            return Err(damaged(&format!(
                "`max_tokens` is {}, and the model has {positions} positions",
                manifest.max_tokens
            )));
        }
        Ok(manifest)
    }

    /// The encoder's name and a hash over all that changes its vectors, but for the engine and the packed weights, which
    /// are made from the others: how little these change, `docs/encoder.md` says.
    #[must_use]
    pub fn encoder_id(&self) -> EncoderId {
        let files = self.files.iter().filter(|(name, _)| *name != super::PACKED);
        let identity = serde_json::json!([
            files.map(|(_, record)| &record.sha256).collect::<Vec<_>>(),
            self.architecture,
            self.max_tokens,
            self.query_prefix,
            self.passage_prefix,
            crate::script::SETTINGS,
        ]);
        let hash = sha256_hex(identity.to_string().as_bytes());
        EncoderId(format!("{}@{}", self.name, &hash[..12]))
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string cannot fail");
        hex
    })
}

/// SHA-256 of a file's contents, read through a memory map.
pub(crate) fn sha256_of(path: &Path) -> Result<String> {
    Ok(sha256_hex(&super::MappedFile::open(path)?))
}
