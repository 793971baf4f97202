//! A standard Hugging Face folder: `config.json`, `tokenizer.json`, `model.safetensors`, and the files by which
//! sentence-transformers says how to pool and what to put in front of a text.

use std::collections::HashMap;
use std::path::Path;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use serde::Deserialize;

use super::{Checkpoint, display_name, source_hash, unigram_json};
use crate::folder::{Architecture, FolderTokenizer, LEAST_TOKENS, Manifest, MappedFile, Source};
use crate::{Error, Result};

pub(super) fn read(folder: &Path) -> Result<Checkpoint> {
    let config: Config = json(&folder.join("config.json"))?;
    let architecture = config.architecture(folder)?;
    require_mean_pooling(folder)?;
    let weights_path = folder.join("model.safetensors");
    let weights = MappedFile::open(&weights_path)?;
    let tensors = read_tensors(&weights, &weights_path, &architecture)?;
    let (tokenizer_kind, tokenizer) =
        read_tokenizer(&folder.join("tokenizer.json"), architecture.vocab_size)?;

    let source = Source { imported: display_name(folder), sha256: source_hash(&weights) };
    let name = config
        .name_or_path
        .as_deref()
        .and_then(|name| name.rsplit('/').next())
        .filter(|name| !name.is_empty());
    let name = name.map_or_else(|| source.imported.clone(), str::to_owned);
    let license = if folder.join("LICENSE").exists() { "see its LICENSE file" } else { "not stated" };
    let mut manifest = Manifest::new(name, license.to_owned(), source, architecture, tokenizer_kind);
    if let Some(Limit { max_seq_length: Some(limit) }) =
        optional_json(&folder.join("sentence_bert_config.json"))?
    {
        manifest.max_tokens = manifest.max_tokens.min(limit).max(LEAST_TOKENS);
    }
    if let Some(Prompts { mut prompts }) = optional_json(&folder.join("config_sentence_transformers.json"))? {
        manifest.query_prefix = prompts.remove("query").unwrap_or_default();
        manifest.passage_prefix =
            prompts.remove("passage").or_else(|| prompts.remove("document")).unwrap_or_default();
    }
    Ok(Checkpoint { manifest, tensors, tokenizer })
}

/// A SentencePiece Unigram becomes our own vocabulary; anything else stays what it is.
fn read_tokenizer(path: &Path, rows: usize) -> Result<(FolderTokenizer, Vec<u8>)> {
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    match unigram_json::read(path, &bytes)? {
        Some(vocabulary) => {
            vocabulary.check(path, rows)?;
            Ok((FolderTokenizer::Unigram, vocabulary.to_bytes(path)?))
        }
        None => Ok((FolderTokenizer::HuggingFace, bytes)),
    }
}

/// What we need of `config.json`.
#[derive(Deserialize)]
struct Config {
    #[serde(rename = "_name_or_path")]
    name_or_path: Option<String>,
    model_type: String,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f64,
    hidden_act: String,
    #[serde(default)]
    pad_token_id: usize,
    position_embedding_type: Option<String>,
}

impl Config {
    fn architecture(&self, folder: &Path) -> Result<Architecture> {
        let path = folder.join("config.json");
        let first_position = match self.model_type.as_str() {
            "bert" => 0,
            "xlm-roberta" | "roberta" => self.pad_token_id + 1,
            other => {
                let problem =
                    format!("`model_type` is `{other}`; `bert`, `xlm-roberta` and `roberta` can be imported");
                return Err(Error::unusable(path, problem));
            }
        };
        if self.hidden_act != "gelu" {
            let problem = format!("`hidden_act` is `{}`; only `gelu` can be imported", self.hidden_act);
            return Err(Error::unusable(path, problem));
        }
        if let Some(kind) = self.position_embedding_type.as_deref().filter(|&kind| kind != "absolute") {
            let problem = format!("`position_embedding_type` is `{kind}`; only `absolute` can be imported");
            return Err(Error::unusable(path, problem));
        }
        let architecture = Architecture {
            vocab_size: self.vocab_size,
            hidden_size: self.hidden_size,
            num_hidden_layers: self.num_hidden_layers,
            num_attention_heads: self.num_attention_heads,
            intermediate_size: self.intermediate_size,
            max_position_embeddings: self.max_position_embeddings,
            type_vocab_size: self.type_vocab_size,
            layer_norm_eps: self.layer_norm_eps,
            first_position,
        };
        architecture.check(&path)?;
        Ok(architecture)
    }
}

#[derive(Deserialize)]
struct Limit {
    max_seq_length: Option<usize>,
}

#[derive(Deserialize)]
struct Prompts {
    #[serde(default)]
    prompts: HashMap<String, String>,
}

/// We pool by the mean over all tokens; a checkpoint that was trained otherwise would give poor vectors.
fn require_mean_pooling(folder: &Path) -> Result<()> {
    #[derive(Deserialize)]
    struct Pooling {
        pooling_mode_mean_tokens: bool,
    }
    let path = folder.join("1_Pooling/config.json");
    match optional_json(&path)? {
        Some(Pooling { pooling_mode_mean_tokens: false }) => {
            Err(Error::unusable(path, "only mean pooling can be imported"))
        }
        _ => Ok(()),
    }
}

fn read_tensors(weights: &[u8], path: &Path, architecture: &Architecture) -> Result<Vec<(String, QTensor)>> {
    let unreadable = |error: candle_core::Error| {
        Error::unusable(path, format!("not a whole safetensors file: {error}. Fetch it again"))
    };
    let loaded = candle_core::safetensors::load_buffer(weights, &Device::Cpu).map_err(unreadable)?;
    let mut tensors: HashMap<String, Tensor> =
        loaded.into_iter().map(|(name, tensor)| (plain_name(&name), tensor)).collect();
    architecture
        .tensor_shapes()
        .into_iter()
        .map(|(name, shape)| {
            let tensor = tensors
                .remove(&name)
                .ok_or_else(|| Error::unusable(path, format!("the tensor `{name}` is missing")))?;
            if tensor.dims() != shape {
                let problem =
                    format!("the tensor `{name}` has the shape {:?}, {shape:?} was expected", tensor.dims());
                return Err(Error::unusable(path, problem));
            }
            let tensor = QTensor::quantize(&tensor.to_dtype(DType::F32)?, GgmlDType::F32)?;
            Ok((name, tensor))
        })
        .collect()
}

/// The name without the wrapper's prefix, and with today's names for the parts of a layer norm.
fn plain_name(name: &str) -> String {
    let name =
        ["bert.", "roberta.", "model."].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    serde_json::from_str(&text).map_err(|error| Error::unusable(path, error.to_string()))
}

fn optional_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>> {
    if path.exists() { json(path).map(Some) } else { Ok(None) }
}
