//! The reference encoder: BERT in f32 on candle, with candle-transformers' layers.
//!
//! Devlin et al. (2018), <https://arxiv.org/abs/1810.04805>, as in Hugging Face's `modeling_bert.py`. It runs on
//! every processor, and defines what the right vector is.

use std::collections::HashMap;
use std::io::Cursor;

use candle_core::quantized::gguf_file::Content;
use candle_core::{DType, Device, Module as _, Tensor};
use candle_nn::{LayerNorm, VarBuilder, layer_norm};
use candle_transformers::models::bert::{BertEncoder, Config, HiddenAct, PositionEmbeddingType};

use super::embeddings::TokenTable;
use super::{Encoder, Threads};
use crate::folder::{Architecture, ModelFolder, WEIGHTS};
use crate::{Embedding, Error, Result};

/// How many tokens, padding included, go through the network at once.
const BATCH_TOKENS: usize = 2048;

/// BERT in f32.
pub(super) struct ReferenceEncoder {
    token_table: TokenTable,
    /// `[max_position_embeddings, hidden_size]`, with the first segment's row added to each.
    positions: Vec<f32>,
    layer_norm: LayerNorm,
    layers: BertEncoder,
    architecture: Architecture,
}

impl ReferenceEncoder {
    /// Loads the layers; the token table stays on disk.
    ///
    /// # Errors
    /// When a tensor is missing or the file is damaged.
    pub(super) fn open(folder: &ModelFolder) -> Result<Self> {
        let architecture = folder.manifest().architecture.clone();
        let tensors = load_tensors(folder)?;
        let weights = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let embeddings = weights.pp("embeddings");
        let &Architecture { hidden_size, max_position_embeddings, type_vocab_size, layer_norm_eps, .. } =
            &architecture;
        let positions =
            embeddings.get((max_position_embeddings, hidden_size), "position_embeddings.weight")?;
        let segments = embeddings.get((type_vocab_size, hidden_size), "token_type_embeddings.weight")?;
        Ok(Self {
            token_table: TokenTable::open_mapped(folder)?,
            positions: positions.broadcast_add(&segments.get(0)?)?.flatten_all()?.to_vec1()?,
            layer_norm: layer_norm(hidden_size, layer_norm_eps, embeddings.pp("LayerNorm"))?,
            layers: BertEncoder::load(weights.pp("encoder"), &config(&architecture))?,
            architecture,
        })
    }

    /// One padded batch through the network.
    fn forward(&self, batch: &[&[u32]]) -> Result<Vec<Embedding>> {
        let length = batch.iter().map(|sequence| sequence.len()).max().unwrap_or(0);
        let (hidden, mask) = self.embed(batch, length)?; // [batch, length, hidden], [batch, length]
        let hidden = self.layer_norm.forward(&hidden)?;
        // Added to the attention scores: 0 for a token, the least f32 for padding.
        let attention_mask = ((1.0 - &mask)? * f64::from(f32::MIN))?.unsqueeze(1)?.unsqueeze(1)?; // [batch, 1, 1, length]
        let hidden = self.layers.forward(&hidden, &attention_mask)?;
        let sums = hidden.broadcast_mul(&mask.unsqueeze(2)?)?.sum(1)?; // [batch, hidden]
        // The mean is the sum over a number that unit length cancels.
        sums.to_vec2::<f32>()?.into_iter().map(Embedding::normalized).collect()
    }

    /// Sums of token, position and segment rows, and 1 where there is a token, 0 where there is padding.
    fn embed(&self, batch: &[&[u32]], length: usize) -> Result<(Tensor, Tensor)> {
        let width = self.architecture.hidden_size;
        let mut hidden = vec![0_f32; batch.len() * length * width];
        let mut mask = vec![0_f32; batch.len() * length];
        for (row, sequence) in batch.iter().enumerate() {
            for (column, &id) in sequence.iter().enumerate() {
                let place = row * length + column;
                let position = (self.architecture.first_position + column) * width;
                let out = &mut hidden[place * width..][..width];
                out.copy_from_slice(&self.positions[position..][..width]);
                self.token_table.add_row(id, out);
                mask[place] = 1.0;
            }
        }
        Ok((
            Tensor::from_vec(hidden, (batch.len(), length, width), &Device::Cpu)?,
            Tensor::from_vec(mask, (batch.len(), length), &Device::Cpu)?,
        ))
    }
}

impl Encoder for ReferenceEncoder {
    fn dimension(&self) -> usize {
        self.architecture.hidden_size
    }

    /// candle takes the threads that it wants for one caller.
    fn threads(&self) -> usize {
        1
    }

    fn batch_tokens(&self) -> usize {
        BATCH_TOKENS
    }

    fn encode(&self, sequences: &[&[u32]], _: Threads) -> Result<Vec<Embedding>> {
        let mut by_length: Vec<usize> = (0..sequences.len()).collect();
        by_length.sort_by_key(|&index| sequences[index].len());
        let mut embeddings: Vec<Option<Embedding>> = vec![None; sequences.len()];
        let mut rest = by_length.as_slice();
        while !rest.is_empty() {
            let (indices, later) = rest.split_at(batch_size(rest, sequences));
            let batch: Vec<&[u32]> = indices.iter().map(|&index| sequences[index]).collect();
            for (&index, embedding) in indices.iter().zip(self.forward(&batch)?) {
                embeddings[index] = Some(embedding);
            }
            rest = later;
        }
        Ok(embeddings.into_iter().map(|embedding| embedding.expect("every index was in a batch")).collect())
    }
}

/// All tensors but the token table, in `f32`.
pub(super) fn load_tensors(folder: &ModelFolder) -> Result<HashMap<String, Tensor>> {
    let file = folder.map(WEIGHTS)?;
    let path = folder.path().join(WEIGHTS);
    let damaged =
        |error: candle_core::Error| Error::unusable(&path, format!("{error}. Import the model again"));
    let mut cursor = Cursor::new(&file[..]);
    let content = Content::read(&mut cursor).map_err(damaged)?;
    let mut tensors = HashMap::new();
    for (name, _) in folder.manifest().architecture.tensor_shapes() {
        if name != "embeddings.word_embeddings.weight" {
            let tensor = content.tensor(&mut cursor, &name, &Device::Cpu).map_err(damaged)?;
            tensors.insert(name, tensor.dequantize(&Device::Cpu)?);
        }
    }
    Ok(tensors)
}

/// How many of `indices`, sorted by length, fill a batch when padded to the longest.
fn batch_size(indices: &[usize], sequences: &[&[u32]]) -> usize {
    let fits = |&(count, &index): &(usize, &usize)| (count + 1) * sequences[index].len() <= BATCH_TOKENS;
    indices.iter().enumerate().take_while(fits).count().max(1)
}

fn config(architecture: &Architecture) -> Config {
    Config {
        vocab_size: architecture.vocab_size,
        hidden_size: architecture.hidden_size,
        num_hidden_layers: architecture.num_hidden_layers,
        num_attention_heads: architecture.num_attention_heads,
        intermediate_size: architecture.intermediate_size,
        hidden_act: HiddenAct::Gelu,
        hidden_dropout_prob: 0.0,
        max_position_embeddings: architecture.max_position_embeddings,
        type_vocab_size: architecture.type_vocab_size,
        initializer_range: 0.02,
        layer_norm_eps: architecture.layer_norm_eps,
        pad_token_id: 0,
        position_embedding_type: PositionEmbeddingType::Absolute,
        use_cache: false,
        classifier_dropout: None,
        model_type: None,
    }
}
