//! How a call's work is split among threads, and which weights each will need next.

use std::ops::Range;

use super::crew::Team;
use super::kernels::PANEL;
use super::packed::{LayerLayout, LinearLayout};
use super::simd::WeightStep;

/// Rows that a thread normalises and quantises at once, at most.
const ROWS_A_CHUNK: usize = 32;

/// Rows that a thread takes through a layer's second half: with fewer, it would wait for the weights; with more, threads would wait
/// for the last of them.
const LEAST_ROWS_A_PART: usize = 32;
const MOST_ROWS_A_PART: usize = 128;

/// Rows that are still in the first-level cache when they are quantised, right after they were normalised.
pub(super) const ROWS_AT_ONCE: usize = 8;

/// Rows that go through a layer's second half as one part: all of them where there are few, or one thread.
pub(super) fn rows_a_part(rows: usize, threads: usize) -> usize {
    if threads == 1 || rows < threads * LEAST_ROWS_A_PART {
        return rows;
    }
    rows.div_ceil(threads * rows.div_ceil(threads * MOST_ROWS_A_PART))
}

/// The panels of a block of intermediate activations: none when there is no such block.
pub(super) fn inner_panels(layer: &LayerLayout, block: usize) -> Range<usize> {
    let (panels, panels_a_block) = (layer.intermediate.panels(), layer.output.block / PANEL);
    let first = (block * panels_a_block).min(panels);
    first..panels.min(first + panels_a_block)
}

/// Rows that a thread normalises and quantises at once: of few, each thread's share.
pub(super) fn rows_a_chunk(rows: usize, team: &dyn Team) -> usize {
    rows.div_ceil(team.size()).next_multiple_of(ROWS_AT_ONCE).min(ROWS_A_CHUNK)
}

/// The panels of a product that is written as it is, which a thread takes at once: none when there is no such chunk.
pub(super) fn output_panels(linear: &LinearLayout, chunk: usize, threads: usize) -> Range<usize> {
    let alone = if linear.inputs > 512 { 3 } else { 12 };
    taken_at_once(linear.panels(), alone, chunk, threads)
}

/// The same of blocks of intermediate activations.
pub(super) fn inner_blocks(blocks: usize, chunk: usize, threads: usize) -> Range<usize> {
    taken_at_once(blocks, 1, chunk, threads)
}

/// Which of `all` make a chunk: a thread's whole share when there are several threads, so that whoever begins with a chunk of one step has
/// asked for the weights of the next step's. A thread alone takes as many as its cache holds beside the next ones.
pub(super) fn taken_at_once(all: usize, alone: usize, chunk: usize, threads: usize) -> Range<usize> {
    let most = if threads == 1 { alone } else { all.div_ceil(threads) };
    (chunk * most).min(all)..all.min((chunk + 1) * most)
}

/// What one of some calls asks for, of all that is needed after them.
pub(super) fn share(ahead: [&[WeightStep]; 3], call: usize, calls: usize) -> &[WeightStep] {
    let total: usize = ahead.iter().map(|part| part.len()).sum();
    let (mut start, mut end) = (call * total / calls, (call + 1) * total / calls);
    for part in ahead {
        if start < part.len() {
            return &part[start..end.min(part.len())];
        }
        (start, end) = (start - part.len(), end - part.len());
    }
    &[]
}
