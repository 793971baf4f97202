//! Watches what flows through a network, over texts like those that it will read.
//!
//! The network is written out in tensors here, since candle-transformers' layers do not show what flows inside.

use std::collections::HashMap;

use candle_core::{DType, Device, Tensor};
use candle_nn::ops::{layer_norm, softmax_last_dim};

use super::super::embeddings::TokenTable;
use super::smoothing::{Channels, Statistics};
use crate::Result;
use crate::folder::Architecture;

/// Messages, an empty line, and passages, in Chinese and English, one a line.
pub(super) const TEXTS: &str = include_str!("calibration.txt");

/// A network in `f32`, and how far texts have come in it.
pub(super) struct Calibration<'a> {
    architecture: &'a Architecture,
    tensors: &'a HashMap<String, Tensor>,
    token_table: &'a TokenTable,
    /// What flows into the next layer, text by text: `[tokens, hidden]` each.
    hidden: Vec<Tensor>,
    next_layer: usize,
}

impl<'a> Calibration<'a> {
    pub(super) fn new(
        architecture: &'a Architecture,
        tensors: &'a HashMap<String, Tensor>,
        token_table: &'a TokenTable,
    ) -> Self {
        Self { architecture, tensors, token_table, hidden: Vec::new(), next_layer: 0 }
    }

    /// Takes in a text as token ids, before the first layer is watched.
    pub(super) fn add(&mut self, ids: &[u32]) -> Result<()> {
        self.hidden.push(self.embed(ids)?);
        Ok(())
    }

    /// Brings all texts through the next layer, and tells what flowed there.
    pub(super) fn watch_layer(&mut self) -> Result<Statistics> {
        let name = |part: &str| format!("encoder.layer.{}.{part}", self.next_layer);
        let layer_input = channels(&self.hidden)?;
        let mixed: Vec<Tensor> = self
            .hidden
            .iter()
            .map(|hidden| self.attention(hidden, &name("attention.self")))
            .collect::<Result<_>>()?;
        let attention = channels(&mixed)?;
        let mut hidden = self.add_and_norm(
            &mixed,
            &self.hidden,
            &name("attention.output.dense"),
            &name("attention.output.LayerNorm"),
        )?;
        let attention_output = channels(&hidden)?;
        let inner: Vec<Tensor> = hidden
            .iter()
            .map(|hidden| Ok(self.linear(hidden, &name("intermediate.dense"))?.gelu_erf()?))
            .collect::<Result<_>>()?;
        let intermediate = channels(&inner)?;
        hidden = self.add_and_norm(&inner, &hidden, &name("output.dense"), &name("output.LayerNorm"))?;
        self.hidden = hidden;
        self.next_layer += 1;
        Ok(Statistics { layer_input, attention, attention_output, intermediate })
    }

    fn add_and_norm(
        &self,
        inputs: &[Tensor],
        residuals: &[Tensor],
        linear: &str,
        norm: &str,
    ) -> Result<Vec<Tensor>> {
        let pairs = inputs.iter().zip(residuals);
        pairs.map(|(input, residual)| self.norm(&(self.linear(input, linear)? + residual)?, norm)).collect()
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

/// Statistics of what flows into a product, text by text.
fn channels(texts: &[Tensor]) -> Result<Channels> {
    let all = Tensor::cat(texts, 0)?; // [tokens, width]
    let mean = all.mean_keepdim(0)?;
    let centred = all.broadcast_sub(&mean)?;
    let range = centred.abs()?.max(0)?.to_vec1()?;
    let tokens = centred.dim(0)? as f64;
    let covariance = (centred.t()?.matmul(&centred)? / tokens)?; // [width, width]
    Ok(Channels {
        mean: mean.flatten_all()?.to_vec1()?,
        range,
        covariance: covariance.flatten_all()?.to_vec1()?,
    })
}
