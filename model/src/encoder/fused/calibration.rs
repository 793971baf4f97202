//! Watches what flows through a network, over texts like those that it will read.
//!
//! The network is written out in tensors here, since candle-transformers' layers do not show what flows inside.

use std::collections::HashMap;

use candle_core::{D, DType, Device, Tensor};
use candle_nn::ops::{layer_norm, softmax_last_dim};

use super::super::embeddings::TokenTable;
use super::smoothing::{Channels, Statistics};
use crate::Result;
use crate::folder::Architecture;

/// Messages, an empty line, and passages, in Chinese and English, one a line.
pub(super) const TEXTS: &str = include_str!("calibration.txt");

/// A network in `f32`, and what has flown through it.
pub(super) struct Calibration<'a> {
    architecture: &'a Architecture,
    tensors: &'a HashMap<String, Tensor>,
    token_table: &'a TokenTable,
    /// By the name of the product that it flows into.
    seen: HashMap<String, Seen>,
}

/// Running figures by channel.
struct Seen {
    sums: Vec<f64>,
    least: Vec<f32>,
    greatest: Vec<f32>,
    tokens: usize,
}

impl<'a> Calibration<'a> {
    pub(super) fn new(
        architecture: &'a Architecture,
        tensors: &'a HashMap<String, Tensor>,
        token_table: &'a TokenTable,
    ) -> Self {
        Self { architecture, tensors, token_table, seen: HashMap::new() }
    }

    /// Runs one sequence of token ids through the network.
    pub(super) fn watch(&mut self, ids: &[u32]) -> Result<()> {
        let mut hidden = self.embed(ids)?; // [tokens, hidden]
        for layer in 0..self.architecture.num_hidden_layers {
            let name = |part: &str| format!("encoder.layer.{layer}.{part}");
            self.see(name("attention.self"), &hidden)?;
            let attention = self.attention(&hidden, &name("attention.self"))?;
            self.see(name("attention.output"), &attention)?;
            let added = (self.linear(&attention, &name("attention.output.dense"))? + hidden)?;
            hidden = self.norm(&added, &name("attention.output.LayerNorm"))?;
            self.see(name("intermediate"), &hidden)?;
            let inner = self.linear(&hidden, &name("intermediate.dense"))?.gelu_erf()?;
            self.see(name("output"), &inner)?;
            let added = (self.linear(&inner, &name("output.dense"))? + hidden)?;
            hidden = self.norm(&added, &name("output.LayerNorm"))?;
        }
        Ok(())
    }

    /// What was seen, layer by layer.
    pub(super) fn statistics(&self) -> Vec<Statistics> {
        let layers = 0..self.architecture.num_hidden_layers;
        layers
            .map(|layer| {
                let channels = |part: &str| self.seen[&format!("encoder.layer.{layer}.{part}")].channels();
                Statistics {
                    layer_input: channels("attention.self"),
                    attention: channels("attention.output"),
                    attention_output: channels("intermediate"),
                    intermediate: channels("output"),
                }
            })
            .collect()
    }

    fn see(&mut self, name: String, values: &Tensor) -> Result<()> {
        let rows = values.to_vec2::<f32>()?;
        let width = values.dim(D::Minus1)?;
        let seen = self.seen.entry(name).or_insert_with(|| Seen {
            sums: vec![0.0; width],
            least: vec![f32::INFINITY; width],
            greatest: vec![f32::NEG_INFINITY; width],
            tokens: 0,
        });
        seen.tokens += rows.len();
        for (channel, value) in rows.iter().flat_map(|row| row.iter().enumerate()) {
            seen.sums[channel] += f64::from(*value);
            seen.least[channel] = seen.least[channel].min(*value);
            seen.greatest[channel] = seen.greatest[channel].max(*value);
        }
        Ok(())
    }

    fn embed(&self, ids: &[u32]) -> Result<Tensor> {
        let width = self.architecture.hidden_size;
        let mut rows = vec![0.0; ids.len() * width];
        for (&id, row) in ids.iter().zip(rows.chunks_exact_mut(width)) {
            self.token_table.add_row(id, row);
        }
        let tokens = Tensor::from_vec(rows, (ids.len(), width), &Device::Cpu)?;
        let positions = &self.tensors["embeddings.position_embeddings.weight"];
        let positions = positions.narrow(0, self.architecture.first_position, ids.len())?;
        let segment = self.tensors["embeddings.token_type_embeddings.weight"].get(0)?;
        let sum = (tokens + positions)?.broadcast_add(&segment)?;
        self.norm(&sum, "embeddings.LayerNorm")
    }

    fn linear(&self, input: &Tensor, name: &str) -> Result<Tensor> {
        let product = input.matmul(&self.tensors[&format!("{name}.weight")].t()?)?;
        Ok(product.broadcast_add(&self.tensors[&format!("{name}.bias")])?)
    }

    fn norm(&self, input: &Tensor, name: &str) -> Result<Tensor> {
        let [weight, bias] = ["weight", "bias"].map(|part| &self.tensors[&format!("{name}.{part}")]);
        Ok(layer_norm(input, weight, bias, self.architecture.layer_norm_eps as f32)?)
    }

    fn attention(&self, hidden: &Tensor, name: &str) -> Result<Tensor> {
        let (tokens, width) = hidden.dims2()?;
        let heads = self.architecture.num_attention_heads;
        let head = width / heads;
        let split = |part: &str| -> Result<Tensor> {
            let projected = self.linear(hidden, &format!("{name}.{part}"))?;
            Ok(projected.reshape((tokens, heads, head))?.transpose(0, 1)?.contiguous()?) // [heads, tokens, head]
        };
        let (query, key, value) = (split("query")?, split("key")?, split("value")?);
        let scores = (query.matmul(&key.t()?)? / (head as f64).sqrt())?; // [heads, tokens, tokens]
        let mixed = softmax_last_dim(&scores)?.matmul(&value)?; // [heads, tokens, head]
        Ok(mixed.transpose(0, 1)?.reshape((tokens, width))?.to_dtype(DType::F32)?)
    }
}

impl Seen {
    fn channels(&self) -> Channels {
        let mean: Vec<f32> = self.sums.iter().map(|sum| (sum / self.tokens as f64) as f32).collect();
        let ends = self.least.iter().zip(&self.greatest);
        let range = ends.zip(&mean).map(|((least, greatest), mean)| (greatest - mean).max(mean - least));
        Channels { range: range.collect(), mean }
    }
}
