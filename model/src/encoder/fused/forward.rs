//! The network: token ids of some sequences in, their unit-length vectors out.
//!
//! Devlin et al. (2018), <https://arxiv.org/abs/1810.04805>. The tokens of all sequences stand one after the other, without
//! padding; only attention looks at where a sequence begins and ends.

use std::ops::Range;
use std::sync::Mutex;

use super::super::embeddings::TokenTable;
use super::crew::{Alone, Team};
use super::kernels::{Activation, AddAndNormalize, Attention, Linear, PANEL, Quantize, QuantizedPlace};
use super::packed::{LayerLayout, LinearLayout, NormLayout, Packed};
use super::scratch::{Half, Quantized, QuantizedRows, Scratch, Worker, give_back, lease};
use super::shared::Shared;
use super::simd::{MatrixMode, Simd, WeightStep};
use super::split::{
    ROWS_AT_ONCE, inner_blocks, inner_panels, output_panels, rows_a_chunk, rows_a_part, share, taken_at_once,
};
use crate::{Embedding, Result};

/// Tokens whose intermediate activations are there in `f32` at once, before they are quantised: tiles of whole rows, and few
/// enough for the second-level cache to hold them beside the weights of a chunk.
const INNER_TOKENS: usize = 96;

/// A network and the processor that it runs on.
pub(super) struct Network<'a, S> {
    pub(super) simd: S,
    pub(super) packed: &'a Packed,
    pub(super) token_table: &'a TokenTable,
    pub(super) first_position: usize,
    pub(super) epsilon: f32,
}

impl<S: Simd> Network<'_, S> {
    /// One vector for each sequence.
    pub(super) fn forward(
        &self,
        sequences: &[&[u32]],
        scratch: &mut Scratch<S::Activation>,
        team: &mut dyn Team,
    ) -> Result<Vec<Embedding>> {
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.len()).collect();
        let layers = &self.packed.layout.layers;
        self.embed(sequences, scratch, team);
        for (number, layer) in layers.iter().enumerate() {
            self.attend(layer, &lengths, scratch, team);
            self.transform_all(layer, layers.get(number + 1), scratch, team);
        }
        self.pool(&lengths, &scratch.hidden)
    }

    /// The sums of token, position and segment rows, normalised.
    fn embed(&self, sequences: &[&[u32]], scratch: &mut Scratch<S::Activation>, team: &mut dyn Team) {
        let sizes = &self.packed.layout.sizes;
        let positions = self.packed.floats(&self.packed.layout.positions);
        let tokens: usize = sequences.iter().map(|sequence| sequence.len()).sum();
        let Scratch { hidden, quantized, .. } = scratch;
        let hidden = hidden.resize(tokens * sizes.hidden_width);
        let mut rows = hidden.chunks_exact_mut(sizes.hidden_width);
        for sequence in sequences {
            for ((position, &id), row) in (self.first_position..).zip(*sequence).zip(&mut rows) {
                row.copy_from_slice(&positions[position * sizes.hidden_width..][..sizes.hidden_width]);
                self.token_table.add_row(id, &mut row[..sizes.hidden]);
            }
        }
        let next = self.packed.layout.layers.first();
        let to = next.map(|next| (&next.projections, quantized.resize(tokens, &next.projections)));
        let to = to.as_ref().map(|(linear, rows)| Destination { linear, rows, first: 0 });
        self.normalize(&self.packed.layout.norm, hidden, None, to, team);
    }

    /// The layer's first half: every token looks at its sequence.
    fn attend(
        &self,
        layer: &LayerLayout,
        lengths: &[usize],
        scratch: &mut Scratch<S::Activation>,
        team: &mut dyn Team,
    ) {
        let sizes = &self.packed.layout.sizes;
        let tokens = scratch.hidden.len() / sizes.hidden_width;
        let Scratch { mixed, quantized, workers, .. } = scratch;
        let mixed = mixed.resize(tokens * sizes.attention_width);
        if sizes.heads * sizes.head_width < sizes.attention_width {
            // No head writes the columns behind the last one; what stood there must not count.
            mixed.fill(0.0);
        }
        // SAFETY: each head writes its own columns, and each is a single thread's.
        let columns = unsafe { Shared::new(mixed) };
        self.heads(layer, lengths, quantized, &columns, workers, team);
    }

    /// The rest of the layer. Of many tokens, each thread takes some through all of it; of few, all threads take their columns of
    /// every step, so that each reads its part of the weights only.
    fn transform_all(
        &self,
        layer: &LayerLayout,
        next: Option<&LayerLayout>,
        scratch: &mut Scratch<S::Activation>,
        team: &mut dyn Team,
    ) {
        let sizes = &self.packed.layout.sizes;
        let (width, mixed_width, threads) = (sizes.hidden_width, sizes.attention_width, team.size());
        let Scratch { hidden, mixed, quantized, halves, workers } = scratch;
        let tokens = hidden.len() / width;
        let input = next.map(|next| (&next.projections, quantized.resize(tokens, &next.projections)));
        let rows_a_part = rows_a_part(tokens, threads);
        // SAFETY: each part takes its own rows.
        let hidden = unsafe { Shared::new(hidden) };
        let transform = |part: usize, team: &mut dyn Team| {
            let (first, end) = (part * rows_a_part, tokens.min((part + 1) * rows_a_part));
            let after = |thread: usize| {
                let thread = (part + thread) % threads;
                next.map_or([&[][..]; 3], |next| self.projections(next, self.heads_of(thread, threads)))
            };
            // SAFETY: these rows are of this part alone.
            let hidden = unsafe { hidden.slice_mut(first * width, (end - first) * width) };
            let mixed = &mixed[first * mixed_width..end * mixed_width];
            let to = input.as_ref().map(|(linear, rows)| Destination { linear, rows, first });
            let mut half = lease(halves);
            self.transform(layer, mixed, hidden, to, &after, &mut half, workers, team);
            give_back(halves, half);
        };
        if rows_a_part == tokens {
            transform(0, team);
        } else {
            team.run(tokens.div_ceil(rows_a_part), &|part| transform(part, &mut Alone));
        }
    }

    /// The layer's second half for some tokens, each for itself.
    #[expect(clippy::too_many_arguments, reason = "it is half a layer")]
    fn transform<'w>(
        &'w self,
        layer: &LayerLayout,
        mixed: &[f32],
        hidden: &mut [f32],
        to: Option<Destination<'_, S::Activation>>,
        after: &(dyn Fn(usize) -> [&'w [WeightStep]; 3] + Sync),
        half: &mut Half<S::Activation>,
        workers: &Mutex<Vec<Worker>>,
        team: &mut dyn Team,
    ) {
        let Half { added, quantized, inner } = half;
        self.quantize(&layer.attention_output, mixed, quantized, team);
        let added = added.resize(hidden.len());
        let (blocks, threads) = (layer.output.blocks_of_a_row(), team.size());
        let inner_weights =
            |thread| [self.inner_weights(layer, inner_blocks(blocks, thread, threads).start), &[], &[]];
        self.linear(&layer.attention_output, &inner_weights, quantized, added, team);
        let rows = quantized.resize(quantized.rows, &layer.intermediate);
        let wide = Destination { linear: &layer.intermediate, rows: &rows, first: 0 };
        self.normalize(&layer.attention_norm, hidden, Some(added), Some(wide), team);
        self.widen(layer, quantized, inner, workers, team);
        self.linear(&layer.output, after, inner, added, team);
        self.normalize(&layer.output_norm, hidden, Some(added), to, team);
    }

    /// Queries, keys and values of some heads, and at once what these heads mix.
    fn heads(
        &self,
        layer: &LayerLayout,
        lengths: &[usize],
        quantized: &Quantized<S::Activation>,
        mixed: &Shared<'_, f32>,
        workers: &Mutex<Vec<Worker>>,
        team: &mut dyn Team,
    ) {
        let sizes = &self.packed.layout.sizes;
        let tokens: usize = lengths.iter().sum();
        let threads = team.size();
        let chunks = sizes.heads.div_ceil(self.heads_of(0, threads).len());
        let together = sizes.heads_of_whole_panels();
        team.run(chunks, &|chunk| {
            let (heads, after) = (self.heads_of(chunk, threads), self.heads_of(chunk + threads, threads));
            let ahead = if after.is_empty() {
                let linear = &layer.attention_output;
                // What it begins with: of its columns, or of all when it goes on with tokens of its own.
                let is_split = rows_a_part(tokens, threads) < tokens;
                let (thread, threads) = if is_split { (0, 1) } else { (chunk % threads, threads) };
                [self.packed.weights(linear, output_panels(linear, thread, threads)), &[], &[]]
            } else {
                self.projections(layer, after)
            };
            let mut worker = lease(workers);
            let mode = MatrixMode::begin(self.simd);
            let calls = 3 * heads.len().div_ceil(together) * (together * sizes.head_width / PANEL);
            let mut call = 0;
            for group in heads.clone().step_by(together) {
                let columns = group * sizes.head_width
                    ..sizes.attention_width.min((group + together) * sizes.head_width);
                let width = columns.len();
                let rows = worker.rows.resize(tokens * 3 * width);
                // SAFETY: this thread alone writes, one panel's columns after the other.
                let out = unsafe { Shared::new(rows) };
                for part in 0..3 {
                    for panel in 0..width / PANEL {
                        let number = (part * sizes.attention_width + columns.start) / PANEL + panel;
                        let place =
                            Place { out: &out, width: 3 * width, column: part * width + panel * PANEL };
                        let next = share(ahead, call, calls);
                        self.panel(
                            &mode,
                            &layer.projections,
                            number,
                            next,
                            quantized,
                            0..tokens,
                            Activation::Identity,
                            place,
                        );
                        call += 1;
                    }
                }
                for head in group..heads.end.min(group + together) {
                    let column = (head - group) * sizes.head_width;
                    self.simd.run(Attention {
                        projections: rows,
                        stride: 3 * width,
                        columns: [column, width + column, 2 * width + column],
                        width: sizes.head_width,
                        lengths,
                        scale: 1.0 / (sizes.head_size as f32).sqrt(),
                        scratch: &mut worker.attention,
                        out: mixed,
                        out_stride: sizes.attention_width,
                        out_column: head * sizes.head_width,
                    });
                }
            }
            drop(mode);
            give_back(workers, worker);
        });
    }

    /// The intermediate activations, quantised for the layer's last product: a chunk makes all columns that share a scale.
    fn widen(
        &self,
        layer: &LayerLayout,
        quantized: &Quantized<S::Activation>,
        inner: &mut Quantized<S::Activation>,
        workers: &Mutex<Vec<Worker>>,
        team: &mut dyn Team,
    ) {
        let (linear, output) = (&layer.intermediate, &layer.output);
        let tokens = quantized.rows;
        let inner = inner.resize(tokens, output);
        let (factors, offsets) = (self.packed.floats(&output.factor), self.packed.floats(&output.offset));
        let blocks = output.blocks_of_a_row();
        let groups = tokens.div_ceil(INNER_TOKENS);
        let threads = team.size();
        let chunks = blocks.div_ceil(inner_blocks(blocks, 0, threads).len());
        team.run(chunks, &|chunk| {
            let own = inner_blocks(blocks, chunk, threads);
            let mut worker = lease(workers);
            let mode = MatrixMode::begin(self.simd);
            for block in own.clone() {
                // This thread goes on with another block, or with the output product.
                let next = if block + 1 < own.end {
                    block + 1
                } else {
                    inner_blocks(blocks, chunk + threads, threads).start
                };
                let ahead = if next < blocks {
                    self.inner_weights(layer, next)
                } else {
                    self.packed.weights(output, output_panels(output, chunk % threads, threads))
                };
                let panels = inner_panels(layer, block);
                let columns = panels.start * PANEL..panels.end * PANEL;
                let calls = groups * panels.len();
                let mut call = 0;
                for first in (0..tokens).step_by(INNER_TOKENS) {
                    let group = first..tokens.min(first + INNER_TOKENS);
                    let rows = worker.rows.resize(group.len() * columns.len());
                    // SAFETY: this thread alone writes, one panel's columns after the other.
                    let out = unsafe { Shared::new(rows) };
                    for (place, panel) in panels.clone().enumerate() {
                        let place = Place { out: &out, width: columns.len(), column: place * PANEL };
                        let next = share([ahead, &[], &[]], call, calls);
                        self.panel(
                            &mode,
                            linear,
                            panel,
                            next,
                            quantized,
                            group.clone(),
                            Activation::Gelu,
                            place,
                        );
                        call += 1;
                    }
                    self.simd.run(Quantize {
                        rows,
                        width: columns.len(),
                        factor: &factors[columns.clone()],
                        offset: &offsets[columns.clone()],
                        block: output.block,
                        to: inner.place(first, block),
                    });
                }
            }
            drop(mode);
            give_back(workers, worker);
        });
    }

    /// A product that is written as it is; in the end, what each thread needs `after` it is brought near.
    fn linear<'w>(
        &'w self,
        linear: &LinearLayout,
        after: &(dyn Fn(usize) -> [&'w [WeightStep]; 3] + Sync),
        quantized: &Quantized<S::Activation>,
        out: &mut [f32],
        team: &mut dyn Team,
    ) {
        // SAFETY: each panel writes its own columns, and each is a single thread's.
        let out = unsafe { Shared::new(out) };
        let (tokens, threads) = (quantized.rows, team.size());
        let chunks = linear.panels().div_ceil(output_panels(linear, 0, threads).len());
        team.run(chunks, &|chunk| {
            let next = output_panels(linear, chunk + threads, threads);
            let ahead = if next.is_empty() {
                after(chunk % threads)
            } else {
                [self.packed.weights(linear, next), &[], &[]]
            };
            let panels = output_panels(linear, chunk, threads);
            let calls = panels.len();
            let mode = MatrixMode::begin(self.simd);
            for (call, panel) in panels.enumerate() {
                let place = Place { out: &out, width: linear.outputs, column: panel * PANEL };
                self.panel(
                    &mode,
                    linear,
                    panel,
                    share(ahead, call, calls),
                    quantized,
                    0..tokens,
                    Activation::Identity,
                    place,
                );
            }
            drop(mode);
        });
    }

    /// A panel's product with some rows.
    #[expect(clippy::too_many_arguments, reason = "they are what a product consists of")]
    fn panel(
        &self,
        mode: &MatrixMode<S>,
        linear: &LinearLayout,
        panel: usize,
        next: &[WeightStep],
        quantized: &Quantized<S::Activation>,
        rows: Range<usize>,
        activation: Activation,
        place: Place<'_>,
    ) {
        self.simd.run(Linear {
            mode,
            quantized: &quantized.values,
            quantizations: &quantized.quantizations,
            all_rows: quantized.rows,
            rows,
            block: linear.block,
            panel: self.packed.panel(linear, panel),
            next,
            activation,
            out: place.out,
            out_width: place.width,
            out_column: place.column,
        });
    }

    fn quantize(
        &self,
        linear: &LinearLayout,
        rows: &[f32],
        to: &mut Quantized<S::Activation>,
        team: &mut dyn Team,
    ) {
        let count = rows.len() / linear.inputs;
        let to = to.resize(count, linear);
        let rows_a_chunk = rows_a_chunk(count, team);
        team.run(count.div_ceil(rows_a_chunk), &|chunk| {
            let row = chunk * rows_a_chunk;
            let rows = &rows[row * linear.inputs..count.min(row + rows_a_chunk) * linear.inputs];
            self.quantize_rows(linear, rows, to.place(row, 0));
        });
    }

    fn quantize_rows(&self, linear: &LinearLayout, rows: &[f32], to: QuantizedPlace<'_, S::Activation>) {
        self.simd.run(Quantize {
            rows,
            width: linear.inputs,
            factor: self.packed.floats(&linear.factor),
            offset: self.packed.floats(&linear.offset),
            block: linear.block,
            to,
        });
    }

    /// Adds and normalises, and quantises the result for the next product if there is one.
    fn normalize(
        &self,
        norm: &NormLayout,
        hidden: &mut [f32],
        added: Option<&[f32]>,
        to: Option<Destination<'_, S::Activation>>,
        team: &mut dyn Team,
    ) {
        let sizes = &self.packed.layout.sizes;
        let width = sizes.hidden_width;
        let tokens = hidden.len() / width;
        // SAFETY: each chunk takes its own rows.
        let hidden = unsafe { Shared::new(hidden) };
        let rows_a_chunk = rows_a_chunk(tokens, team);
        team.run(tokens.div_ceil(rows_a_chunk), &|chunk| {
            let end = tokens.min((chunk + 1) * rows_a_chunk);
            for first in (chunk * rows_a_chunk..end).step_by(ROWS_AT_ONCE) {
                let count = ROWS_AT_ONCE.min(end - first);
                // SAFETY: these rows are of this chunk alone.
                let rows = unsafe { hidden.slice_mut(first * width, count * width) };
                self.simd.run(AddAndNormalize {
                    rows,
                    added: added.map(|added| &added[first * width..][..count * width]),
                    width,
                    channels: sizes.hidden,
                    weight: self.packed.floats(&norm.weight),
                    bias: self.packed.floats(&norm.bias),
                    epsilon: self.epsilon,
                });
                if let Some(to) = &to {
                    self.quantize_rows(to.linear, rows, to.rows.place(to.first + first, 0));
                }
            }
        });
    }

    /// The heads that a thread takes at once: none when there is no such chunk.
    fn heads_of(&self, chunk: usize, threads: usize) -> Range<usize> {
        let sizes = &self.packed.layout.sizes;
        let together = sizes.heads_of_whole_panels();
        let groups = taken_at_once(sizes.heads.div_ceil(together), 4usize.div_ceil(together), chunk, threads);
        (groups.start * together).min(sizes.heads)..sizes.heads.min(groups.end * together)
    }

    /// The weights of the queries, keys and values of some heads.
    fn projections(&self, layer: &LayerLayout, heads: Range<usize>) -> [&[WeightStep]; 3] {
        let sizes = &self.packed.layout.sizes;
        [0, 1, 2].map(|part| {
            let column = |head: usize| part * sizes.attention_width + head * sizes.head_width;
            self.packed.weights(&layer.projections, column(heads.start) / PANEL..column(heads.end) / PANEL)
        })
    }

    /// The weights of a block of intermediate activations.
    fn inner_weights(&self, layer: &LayerLayout, block: usize) -> &[WeightStep] {
        self.packed.weights(&layer.intermediate, inner_panels(layer, block))
    }

    /// The mean over a sequence's tokens; dividing by their number is left to the normalisation.
    fn pool(&self, lengths: &[usize], hidden: &[f32]) -> Result<Vec<Embedding>> {
        let sizes = &self.packed.layout.sizes;
        let mut rows = hidden.chunks_exact(sizes.hidden_width);
        let pooled = lengths.iter().map(|&length| {
            let mut sum = vec![0.0; sizes.hidden];
            for row in rows.by_ref().take(length) {
                for (sum, value) in sum.iter_mut().zip(row) {
                    *sum += value;
                }
            }
            Embedding::normalized(sum)
        });
        pooled.collect()
    }
}

/// Where a panel's product is written: `[rows, width]`, from `column` on.
#[derive(Clone, Copy)]
struct Place<'a> {
    out: &'a Shared<'a, f32>,
    width: usize,
    column: usize,
}

/// Where normalised rows go as the input of a product, as those from `first` on.
#[derive(Clone, Copy)]
struct Destination<'a, A> {
    linear: &'a LinearLayout,
    rows: &'a QuantizedRows<'a, A>,
    first: usize,
}
