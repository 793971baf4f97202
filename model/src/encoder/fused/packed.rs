//! The packed weights: a file in the model folder that is read into memory and used as it is.
//!
//! It has a header of 64 bytes and then, in an order that follows from the sizes of the network, tables that each start at a
//! cache line. Every width is rounded up to 64 columns, and a head's to 16; the columns beyond the real ones are
//! zero in all tables, so that nothing else has to know about them.

use std::ops::Range;

use super::aligned::LINE;
use super::kernels::{GREATEST_BLOCK, PANEL, Panel};
use super::large_pages::LargePages;
use super::simd::WeightStep;
use crate::folder::{Architecture, ModelFolder, PACKED};
use crate::{Error, Result};

/// Begins the file; the last byte is the version of the layout.
pub(super) const MAGIC: [u8; 8] = *b"SDPACK\0\x02";

/// The sizes of a network in the packed form.
#[derive(Clone, Debug)]
pub(super) struct Sizes {
    pub(super) hidden: usize,
    pub(super) hidden_width: usize,
    pub(super) heads: usize,
    pub(super) head_size: usize,
    pub(super) head_width: usize,
    /// All heads of the queries, or of the keys, or of the values.
    pub(super) attention_width: usize,
    pub(super) inner_width: usize,
    pub(super) positions: usize,
}

impl Sizes {
    pub(super) fn of(architecture: &Architecture) -> Self {
        let &Architecture { hidden_size, num_attention_heads, intermediate_size, .. } = architecture;
        let head_size = hidden_size / num_attention_heads;
        let head_width = head_size.next_multiple_of(16);
        Self {
            hidden: hidden_size,
            hidden_width: hidden_size.next_multiple_of(64),
            heads: num_attention_heads,
            head_size,
            head_width,
            attention_width: (num_attention_heads * head_width).next_multiple_of(64),
            inner_width: intermediate_size.next_multiple_of(64),
            positions: architecture.max_position_embeddings,
        }
    }

    /// How many heads have whole panels.
    pub(super) fn heads_of_whole_panels(&self) -> usize {
        if self.head_width.is_multiple_of(PANEL) { 1 } else { 2 }
    }

    /// Where a channel of all heads side by side stands when each head has its packed width.
    pub(super) fn spread(&self, channel: usize) -> usize {
        channel / self.head_size * self.head_width + channel % self.head_size
    }
}

/// How many channels share a scale, in a product over `width` channels: as many as may, but evenly. Smaller blocks would be somewhat more
/// exact, and cost a conversion of all sums each.
fn block_of(width: usize) -> usize {
    width.div_ceil(width.div_ceil(GREATEST_BLOCK)).next_multiple_of(LINE)
}

/// Where the tables of one product are.
#[derive(Clone, Debug)]
pub(super) struct LinearLayout {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) block: usize,
    /// i8 `[panels, inputs / 4, PANEL, 4]`
    pub(super) weights: Range<usize>,
    /// f32 `[panels, blocks, 2, PANEL]`
    pub(super) blocks: Range<usize>,
    /// f32 `[outputs]`
    pub(super) bias: Range<usize>,
    /// f32 `[inputs]` each: what brings a channel to the form that is quantised.
    pub(super) factor: Range<usize>,
    pub(super) offset: Range<usize>,
}

impl LinearLayout {
    pub(super) fn blocks_of_a_row(&self) -> usize {
        self.inputs.div_ceil(self.block)
    }

    pub(super) fn panels(&self) -> usize {
        self.outputs / PANEL
    }
}

/// Where the weight and the bias of a layer norm are: f32 `[hidden_width]` each.
#[derive(Clone, Debug)]
pub(super) struct NormLayout {
    pub(super) weight: Range<usize>,
    pub(super) bias: Range<usize>,
}

/// Where the tables of one layer are.
#[derive(Clone, Debug)]
pub(super) struct LayerLayout {
    /// Queries, keys and values.
    pub(super) projections: LinearLayout,
    pub(super) attention_output: LinearLayout,
    pub(super) attention_norm: NormLayout,
    pub(super) intermediate: LinearLayout,
    pub(super) output: LinearLayout,
    pub(super) output_norm: NormLayout,
}

/// Where everything is.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) sizes: Sizes,
    /// f32 `[positions, hidden_width]`, with the first segment's row added to each.
    pub(super) positions: Range<usize>,
    pub(super) norm: NormLayout,
    pub(super) layers: Vec<LayerLayout>,
    /// Of the whole file.
    pub(super) bytes: usize,
}

impl Layout {
    pub(super) fn of(architecture: &Architecture) -> Self {
        let sizes = Sizes::of(architecture);
        let mut end = LINE;
        let mut take = |bytes: usize| {
            let start = end;
            end += bytes.next_multiple_of(LINE);
            start..start + bytes
        };
        let positions = take(sizes.positions * sizes.hidden_width * 4);
        let norm = norm(&mut take, &sizes);
        let layers = (0..architecture.num_hidden_layers)
            .map(|_| LayerLayout {
                projections: linear(&mut take, sizes.hidden_width, 3 * sizes.attention_width),
                attention_output: linear(&mut take, sizes.attention_width, sizes.hidden_width),
                attention_norm: self::norm(&mut take, &sizes),
                intermediate: linear(&mut take, sizes.hidden_width, sizes.inner_width),
                output: linear(&mut take, sizes.inner_width, sizes.hidden_width),
                output_norm: self::norm(&mut take, &sizes),
            })
            .collect();
        Self { sizes, positions, norm, layers, bytes: end }
    }
}

fn norm(take: &mut impl FnMut(usize) -> Range<usize>, sizes: &Sizes) -> NormLayout {
    NormLayout { weight: take(sizes.hidden_width * 4), bias: take(sizes.hidden_width * 4) }
}

fn linear(take: &mut impl FnMut(usize) -> Range<usize>, inputs: usize, outputs: usize) -> LinearLayout {
    let block = block_of(inputs);
    LinearLayout {
        inputs,
        outputs,
        block,
        weights: take(inputs * outputs),
        blocks: take(inputs.div_ceil(block) * 2 * outputs * 4),
        bias: take(outputs * 4),
        factor: take(inputs * 4),
        offset: take(inputs * 4),
    }
}

/// The file's contents.
pub(super) struct Packed {
    bytes: LargePages,
    pub(super) layout: Layout,
}

impl Packed {
    pub(super) fn open(folder: &ModelFolder) -> Result<Self> {
        let layout = Layout::of(&folder.manifest().architecture);
        let path = folder.path().join(PACKED);
        let found = std::fs::metadata(&path).map_err(Error::io("read", &path))?.len();
        let needed = layout.bytes as u64;
        let bytes = LargePages::read(&path, layout.bytes.min(usize::try_from(found).unwrap_or(usize::MAX)));
        let bytes = bytes.map_err(Error::io("read", &path))?;
        if bytes.get(..MAGIC.len()) != Some(&MAGIC) {
            return Err(Error::unusable(
                path,
                "the weights are packed in another way. Import the model again",
            ));
        }
        if found > needed {
            let problem = format!("it has {found} bytes, {needed} were expected. Import the model again");
            return Err(Error::unusable(path, problem));
        }
        if found < needed {
            return Err(Error::Truncated { path, needed, found });
        }
        Ok(Self { bytes, layout })
    }

    pub(super) fn floats(&self, range: &Range<usize>) -> &[f32] {
        bytemuck::cast_slice(&self.bytes[range.clone()])
    }

    /// The weights of some panels.
    pub(super) fn weights(&self, linear: &LinearLayout, panels: Range<usize>) -> &[WeightStep] {
        let bytes = linear.inputs * PANEL;
        let range = linear.weights.start + panels.start * bytes..linear.weights.start + panels.end * bytes;
        bytemuck::cast_slice(&self.bytes[range])
    }

    pub(super) fn panel(&self, linear: &LinearLayout, panel: usize) -> Panel<'_> {
        let blocks = linear.blocks_of_a_row();
        Panel {
            weights: self.weights(linear, panel..panel + 1).as_chunks().0,
            blocks: &bytemuck::cast_slice(self.floats(&linear.blocks))[panel * blocks..][..blocks],
            bias: &self.floats(&linear.bias).as_chunks().0[panel],
        }
    }
}
