//! The network: token ids of some sequences in, their unit-length vectors out.
//!
//! Devlin et al. (2018), <https://arxiv.org/abs/1810.04805>. The tokens of all sequences stand one after the other, without
//! padding; only attention looks at where a sequence begins and ends.

use std::sync::{Mutex, PoisonError};

use super::super::embeddings::TokenTable;
use super::aligned::Aligned;
use super::crew::Team;
use super::kernels::{
    Activation, AddAndNormalize, Attention, AttentionScratch, Linear, PANEL, Quantization, Quantize,
};
use super::packed::{LayerLayout, LinearLayout, NormLayout, Packed};
use super::shared::Shared;
use super::simd::Simd;
use crate::{Embedding, Result};

/// Panels that a thread takes at once.
const PANELS_A_CHUNK: usize = 2;

/// Tokens whose inner activations are there at once: few enough for them to stay in the second-level cache.
const INNER_TOKENS: usize = 128;

/// A network and the processor that it runs on.
pub(super) struct Network<'a, S> {
    pub(super) simd: S,
    pub(super) packed: &'a Packed,
    pub(super) token_table: &'a TokenTable,
    pub(super) first_position: usize,
    pub(super) epsilon: f32,
}

/// The memory of one call, kept for the next.
pub(super) struct Scratch<A> {
    hidden: Aligned<f32>,
    /// Queries, keys and values, and later the intermediate activations: one memory for both stays in the cache.
    wide: Aligned<f32>,
    /// What attention mixed, and later what is added to the hidden activations.
    narrow: Aligned<f32>,
    quantized: Quantized<A>,
    heads: Mutex<Vec<AttentionScratch>>,
}

/// The input of a product.
struct Quantized<A> {
    values: Aligned<A>,
    quantizations: Vec<Quantization>,
    /// One row, on the way.
    transformed: Aligned<f32>,
}

impl<A: bytemuck::Pod> Default for Scratch<A> {
    fn default() -> Self {
        Self {
            hidden: Aligned::default(),
            wide: Aligned::default(),
            narrow: Aligned::default(),
            quantized: Quantized {
                values: Aligned::default(),
                quantizations: Vec::new(),
                transformed: Aligned::default(),
            },
            heads: Mutex::default(),
        }
    }
}

impl<S: Simd> Network<'_, S> {
    /// One vector for each sequence.
    pub(super) fn forward(
        &self,
        sequences: &[&[u32]],
        scratch: &mut Scratch<S::Activation>,
        team: &mut dyn Team,
    ) -> Result<Vec<Embedding>> {
        self.embed(sequences, scratch);
        let layers = &self.packed.layout.layers;
        for (number, layer) in layers.iter().enumerate() {
            self.attend(layer, sequences, scratch, team);
            self.transform(layer, layers.get(number + 1).unwrap_or(&layers[0]), scratch, team);
        }
        self.pool(sequences, &scratch.hidden)
    }

    /// The sums of token, position and segment rows, normalised.
    fn embed(&self, sequences: &[&[u32]], scratch: &mut Scratch<S::Activation>) {
        let sizes = &self.packed.layout.sizes;
        let positions = self.packed.floats(&self.packed.layout.positions);
        let tokens: usize = sequences.iter().map(|sequence| sequence.len()).sum();
        let hidden = scratch.hidden.resize(tokens * sizes.hidden_width);
        let mut rows = hidden.chunks_exact_mut(sizes.hidden_width);
        for sequence in sequences {
            for ((position, &id), row) in (self.first_position..).zip(*sequence).zip(&mut rows) {
                row.copy_from_slice(&positions[position * sizes.hidden_width..][..sizes.hidden_width]);
                self.token_table.add_row(id, &mut row[..sizes.hidden]);
            }
        }
        self.normalize(&self.packed.layout.norm, hidden, None);
    }

    /// The layer's first half: every token looks at its sequence.
    fn attend(
        &self,
        layer: &LayerLayout,
        sequences: &[&[u32]],
        scratch: &mut Scratch<S::Activation>,
        team: &mut dyn Team,
    ) {
        let sizes = &self.packed.layout.sizes;
        let tokens = scratch.hidden.len() / sizes.hidden_width;
        let Scratch { hidden, wide, narrow, heads, quantized } = scratch;
        let linear = &layer.projections;
        let projections = wide.resize(tokens * linear.outputs);
        self.quantize(linear, hidden, quantized);
        let next = &layer.attention_output;
        self.linear(linear, next, quantized, Activation::Identity, projections, team);
        let mixed = narrow.resize(tokens * sizes.attention_width);
        if sizes.heads * sizes.head_width < sizes.attention_width {
            // No head writes the columns behind the last one; what stood there must not count.
            mixed.fill(0.0);
        }
        self.heads(sequences, projections, mixed, heads, team);
        self.quantize(&layer.attention_output, mixed, quantized);
        let added = narrow.resize(hidden.len());
        let next = &layer.intermediate;
        self.linear(&layer.attention_output, next, quantized, Activation::Identity, added, team);
        self.normalize(&layer.attention_norm, hidden, Some(added));
    }

    /// The layer's second half: every token for itself.
    fn transform(
        &self,
        layer: &LayerLayout,
        next: &LayerLayout,
        scratch: &mut Scratch<S::Activation>,
        team: &mut dyn Team,
    ) {
        let sizes = &self.packed.layout.sizes;
        let Scratch { hidden, wide, narrow, quantized, .. } = scratch;
        let added = narrow.resize(hidden.len());
        let part = INNER_TOKENS * sizes.hidden_width;
        for (hidden, added) in hidden.chunks_mut(part).zip(added.chunks_mut(part)) {
            let tokens = hidden.len() / sizes.hidden_width;
            self.quantize(&layer.intermediate, hidden, quantized);
            let inner = wide.resize(tokens * sizes.inner_width);
            self.linear(&layer.intermediate, &layer.output, quantized, Activation::Gelu, inner, team);
            self.quantize(&layer.output, inner, quantized);
            self.linear(&layer.output, &next.projections, quantized, Activation::Identity, added, team);
            self.normalize(&layer.output_norm, hidden, Some(added));
        }
    }

    fn quantize(&self, linear: &LinearLayout, rows: &[f32], to: &mut Quantized<S::Activation>) {
        let count = rows.len() / linear.inputs;
        to.quantizations.resize(count * linear.blocks_of_a_row(), Quantization::default());
        self.simd.run(Quantize {
            rows,
            transformed: to.transformed.resize(linear.inputs),
            width: linear.inputs,
            factor: self.packed.floats(&linear.factor),
            offset: self.packed.floats(&linear.offset),
            block: linear.block,
            quantized: to.values.resize(rows.len()),
            quantizations: &mut to.quantizations,
        });
    }

    /// The product with all panels; meanwhile the first of `next` is brought near.
    fn linear(
        &self,
        linear: &LinearLayout,
        next: &LinearLayout,
        quantized: &Quantized<S::Activation>,
        activation: Activation,
        out: &mut [f32],
        team: &mut dyn Team,
    ) {
        let out = Shared::new(out);
        let panels = linear.panels();
        // Threads take turns, so that after its chunk a thread most likely skips those of the others.
        let skipped = PANELS_A_CHUNK * (team.size() - 1);
        team.run(panels.div_ceil(PANELS_A_CHUNK), &|chunk| {
            let chunk = chunk * PANELS_A_CHUNK..panels.min((chunk + 1) * PANELS_A_CHUNK);
            for panel in chunk.clone() {
                let after = if panel + 1 < chunk.end { panel + 1 } else { panel + 1 + skipped };
                let after = if after < panels {
                    self.packed.panel(linear, after)
                } else {
                    self.packed.panel(next, (after - panels).min(next.panels() - 1))
                };
                self.simd.run(Linear {
                    quantized: &quantized.values,
                    quantizations: &quantized.quantizations,
                    width: linear.inputs,
                    block: linear.block,
                    panel: self.packed.panel(linear, panel),
                    next: after.weights,
                    activation,
                    out: &out,
                    out_width: linear.outputs,
                    out_column: panel * PANEL,
                });
            }
        });
    }

    fn heads(
        &self,
        sequences: &[&[u32]],
        projections: &[f32],
        out: &mut [f32],
        pool: &Mutex<Vec<AttentionScratch>>,
        team: &mut dyn Team,
    ) {
        let sizes = &self.packed.layout.sizes;
        let width = 3 * sizes.attention_width;
        let out = Shared::new(out);
        let heads_a_chunk = if team.size() == 1 { sizes.heads } else { 1 };
        let mut start = 0;
        for sequence in sequences {
            let rows = &projections[start * width..][..sequence.len() * width];
            team.run(sizes.heads.div_ceil(heads_a_chunk), &|chunk| {
                let lock = || pool.lock().unwrap_or_else(PoisonError::into_inner);
                let mut scratch = lock().pop().unwrap_or_default();
                self.simd.run(Attention {
                    projections: rows,
                    part: sizes.attention_width,
                    heads: chunk * heads_a_chunk..sizes.heads.min((chunk + 1) * heads_a_chunk),
                    head_width: sizes.head_width,
                    scale: 1.0 / (sizes.head_size as f32).sqrt(),
                    scratch: &mut scratch,
                    out: &out,
                    out_row: start,
                });
                lock().push(scratch);
            });
            start += sequence.len();
        }
    }

    fn normalize(&self, norm: &NormLayout, rows: &mut [f32], added: Option<&[f32]>) {
        let sizes = &self.packed.layout.sizes;
        self.simd.run(AddAndNormalize {
            rows,
            added,
            width: sizes.hidden_width,
            channels: sizes.hidden,
            weight: self.packed.floats(&norm.weight),
            bias: self.packed.floats(&norm.bias),
            epsilon: self.epsilon,
        });
    }

    /// The mean over a sequence's tokens; dividing by their number is left to the normalisation.
    fn pool(&self, sequences: &[&[u32]], hidden: &[f32]) -> Result<Vec<Embedding>> {
        let sizes = &self.packed.layout.sizes;
        let mut rows = hidden.chunks_exact(sizes.hidden_width);
        let pooled = sequences.iter().map(|sequence| {
            let mut sum = vec![0.0; sizes.hidden];
            for row in rows.by_ref().take(sequence.len()) {
                for (sum, value) in sum.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            Embedding::normalized(sum)
        });
        pooled.collect()
    }
}
