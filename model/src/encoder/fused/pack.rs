//! From a checkpoint's tensors to the packed file: smoothed, quantised and put in the order in which they are read.

use std::collections::HashMap;
use std::ops::Range;

use bytemuck::Pod;

use super::kernels::PANEL;
use super::packed::{Layout, LinearLayout, MAGIC, NormLayout, Sizes};
use super::rounding::Feedback;
use super::smoothing::{Channels, Smoothing, Statistics};
use crate::Result;
use crate::folder::Architecture;

/// Tensors in `f32` by Hugging Face path name.
pub(super) type Weights = HashMap<String, Vec<f32>>;

/// The bytes of the packed file. `watch_layer` tells what flows into the products of a layer, from the first layer to the last.
pub(super) fn pack(
    architecture: &Architecture,
    weights: &Weights,
    mut watch_layer: impl FnMut() -> Result<Statistics>,
) -> Result<Vec<u8>> {
    let layout = Layout::of(architecture);
    let mut out = Out(vec![0; layout.bytes]);
    out.0[..MAGIC.len()].copy_from_slice(&MAGIC);
    pack_positions(&mut out, &layout, weights);
    pack_norm(&mut out, &layout.norm, weights, "embeddings.LayerNorm");
    let sizes = &layout.sizes;
    for (number, layer) in layout.layers.iter().enumerate() {
        let statistics = watch_layer()?;
        let prefix = format!("encoder.layer.{number}");
        let part = |name: &str| Matrix::of(weights, &format!("{prefix}.{name}"));
        let heads = |matrix: Matrix| matrix.spread_rows(sizes);
        let projections =
            ["query", "key", "value"].map(|name| heads(part(&format!("attention.self.{name}"))));
        out.linear(&layer.projections, &Matrix::stacked(projections), &statistics.layer_input);
        out.linear(
            &layer.attention_output,
            &part("attention.output.dense").spread_columns(sizes),
            &statistics.attention.spread(sizes),
        );
        pack_norm(&mut out, &layer.attention_norm, weights, &format!("{prefix}.attention.output.LayerNorm"));
        out.linear(&layer.intermediate, &part("intermediate.dense"), &statistics.attention_output);
        out.linear(&layer.output, &part("output.dense"), &statistics.intermediate);
        pack_norm(&mut out, &layer.output_norm, weights, &format!("{prefix}.output.LayerNorm"));
    }
    Ok(out.0)
}

fn pack_positions(out: &mut Out, layout: &Layout, weights: &Weights) {
    let Sizes { hidden, hidden_width, .. } = layout.sizes;
    let segment = &weights["embeddings.token_type_embeddings.weight"][..hidden];
    let positions = weights["embeddings.position_embeddings.weight"].chunks_exact(hidden);
    let out: &mut [f32] = out.table(&layout.positions);
    for (position, row) in positions.zip(out.chunks_exact_mut(hidden_width)) {
        for ((value, position), segment) in row.iter_mut().zip(position).zip(segment) {
            *value = position + segment;
        }
    }
}

fn pack_norm(out: &mut Out, layout: &NormLayout, weights: &Weights, name: &str) {
    for (range, part) in [(&layout.weight, "weight"), (&layout.bias, "bias")] {
        let values = &weights[&format!("{name}.{part}")];
        out.table::<f32>(range)[..values.len()].copy_from_slice(values);
    }
}

/// The file that is being made.
struct Out(Vec<u8>);

impl Out {
    fn table<T: Pod>(&mut self, range: &Range<usize>) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.0[range.clone()])
    }

    /// With channel `k` of the input brought to `(x - centre) / size`, its column of the weights is multiplied by
    /// `size`, and what the centres amount to is added to the bias.
    fn linear(&mut self, layout: &LinearLayout, matrix: &Matrix, statistics: &Channels) {
        let greatest = matrix.greatest_of_columns();
        let smoothing = Smoothing::of(statistics, &greatest);
        for (k, (centre, size)) in smoothing.centre.iter().zip(&smoothing.size).enumerate() {
            if greatest[k] == 0.0 {
                // Nothing depends on the channel; zero keeps it out of its block's range.
                continue;
            }
            self.table::<f32>(&layout.factor)[k] = 1.0 / size;
            self.table::<f32>(&layout.offset)[k] = -centre / size;
        }
        let mut feedback = Feedback::of(statistics, &smoothing, &greatest);
        for row in 0..matrix.rows() {
            let weights = matrix.row(row);
            let centred = weights.iter().zip(&smoothing.centre).map(|(&w, &c)| f64::from(w) * f64::from(c));
            let bias = f64::from(matrix.bias[row]) + centred.sum::<f64>();
            self.table::<f32>(&layout.bias)[row] = bias as f32;
            let smoothed: Vec<f32> =
                weights.iter().zip(&smoothing.size).map(|(weight, size)| weight * size).collect();
            self.row(layout, row, &smoothed, &mut feedback);
        }
    }

    /// Quantises one output's weights, each block by its own greatest, and puts them into their panel.
    fn row(&mut self, layout: &LinearLayout, row: usize, weights: &[f32], feedback: &mut Feedback) {
        let (panel, column) = (row / PANEL, row % PANEL);
        let scale = |values: &[f32]| values.iter().fold(0.0_f32, |most, value| most.max(value.abs())) / 127.0;
        let scales: Vec<f32> = weights.chunks(layout.block).map(scale).collect();
        let quantized = feedback.round(weights, |k| scales[k / layout.block]);
        for (block, values) in quantized.chunks(layout.block).enumerate() {
            let table: &mut [i8] = self.table(&layout.weights);
            for (offset, value) in values.iter().enumerate() {
                let k = block * layout.block + offset;
                table[panel * PANEL * layout.inputs + (k / 4 * PANEL + column) * 4 + k % 4] = *value;
            }
            let sum: i32 = values.iter().copied().map(i32::from).sum();
            let blocks: &mut [f32] = self.table(&layout.blocks);
            let place = (panel * layout.blocks_of_a_row() + block) * 2 * PANEL + column;
            blocks[place] = scales[block];
            blocks[place + PANEL] = scales[block] * sum as f32;
        }
    }
}

/// A product's weights and bias.
struct Matrix {
    /// `[rows, columns]`
    weights: Vec<f32>,
    columns: usize,
    bias: Vec<f32>,
}

impl Matrix {
    fn of(weights: &Weights, name: &str) -> Self {
        let bias = weights[&format!("{name}.bias")].clone();
        let weights = weights[&format!("{name}.weight")].clone();
        Self { columns: weights.len() / bias.len(), weights, bias }
    }

    fn rows(&self) -> usize {
        self.bias.len()
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.weights[row * self.columns..][..self.columns]
    }

    /// The greatest absolute weight of each column.
    fn greatest_of_columns(&self) -> Vec<f32> {
        let mut greatest = vec![0.0_f32; self.columns];
        for row in self.weights.chunks_exact(self.columns) {
            for (greatest, weight) in greatest.iter_mut().zip(row) {
                *greatest = greatest.max(weight.abs());
            }
        }
        greatest
    }

    /// Rows of zero behind each head's and all heads' own, to the packed widths.
    fn spread_rows(self, sizes: &Sizes) -> Self {
        let mut weights = vec![0.0; sizes.attention_width * self.columns];
        let mut bias = vec![0.0; sizes.attention_width];
        for row in 0..self.rows() {
            let to = sizes.spread(row);
            weights[to * self.columns..][..self.columns].copy_from_slice(self.row(row));
            bias[to] = self.bias[row];
        }
        Self { weights, bias, ..self }
    }

    /// The same for columns.
    fn spread_columns(self, sizes: &Sizes) -> Self {
        let columns = sizes.attention_width;
        let mut weights = vec![0.0; self.rows() * columns];
        for (row, to) in weights.chunks_exact_mut(columns).enumerate() {
            for (column, &value) in self.row(row).iter().enumerate() {
                to[sizes.spread(column)] = value;
            }
        }
        Self { weights, columns, ..self }
    }

    fn stacked(parts: [Self; 3]) -> Self {
        let columns = parts[0].columns;
        let [weights, bias] =
            parts.into_iter().fold([Vec::new(), Vec::new()], |[mut weights, mut bias], part| {
                weights.extend(part.weights);
                bias.extend(part.bias);
                [weights, bias]
            });
        Self { weights, columns, bias }
    }
}
