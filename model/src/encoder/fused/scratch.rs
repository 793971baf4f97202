//! The memory that the network works in, kept from call to call.

use std::sync::{Mutex, PoisonError};

use super::aligned::Aligned;
use super::kernels::{AttentionScratch, MATRIX_ROWS, Quantization, QuantizedBlock, QuantizedPlace};
use super::packed::LinearLayout;
use super::shared::Shared;

/// The memory of one call, kept for the next.
pub(super) struct Scratch<A> {
    pub(super) hidden: Aligned<f32>,
    /// What attention mixed.
    pub(super) mixed: Aligned<f32>,
    /// The input of a layer.
    pub(super) quantized: Quantized<A>,
    pub(super) halves: Mutex<Vec<Half<A>>>,
    pub(super) workers: Mutex<Vec<Worker>>,
}

/// The memory of some tokens on their way through a layer's second half.
pub(super) struct Half<A> {
    /// What is added to the hidden activations.
    pub(super) added: Aligned<f32>,
    /// The input of all products but the last, and of that.
    pub(super) quantized: Quantized<A>,
    pub(super) inner: Quantized<A>,
}

/// The input of a product.
pub(super) struct Quantized<A> {
    pub(super) rows: usize,
    /// `[blocks, rows]` each.
    pub(super) values: Aligned<QuantizedBlock<A>>,
    pub(super) quantizations: Vec<Quantization>,
}

/// The memory of one chunk of work.
#[derive(Default)]
pub(super) struct Worker {
    /// What a product gives, before it is worked on.
    pub(super) rows: Aligned<f32>,
    pub(super) attention: AttentionScratch,
}

impl<A: bytemuck::Pod> Default for Scratch<A> {
    fn default() -> Self {
        Self {
            hidden: Aligned::default(),
            mixed: Aligned::default(),
            quantized: Quantized::default(),
            halves: Mutex::default(),
            workers: Mutex::default(),
        }
    }
}

impl<A: bytemuck::Pod> Default for Half<A> {
    fn default() -> Self {
        Self { added: Aligned::default(), quantized: Quantized::default(), inner: Quantized::default() }
    }
}

impl<A: bytemuck::Pod> Default for Quantized<A> {
    fn default() -> Self {
        Self { rows: 0, values: Aligned::default(), quantizations: Vec::new() }
    }
}

impl<A: bytemuck::Pod> Quantized<A> {
    /// Makes room for the input of `linear`, to be written by several threads.
    pub(super) fn resize(&mut self, rows: usize, linear: &LinearLayout) -> QuantizedRows<'_, A> {
        self.rows = rows;
        let blocks = rows * linear.blocks_of_a_row();
        self.quantizations.resize(blocks, Quantization::default());
        QuantizedRows {
            rows,
            // SAFETY: whoever quantises does so for rows, or for blocks of rows, that are no other thread's.
            values: unsafe { Shared::new(self.values.resize(blocks + MATRIX_ROWS)) },
            // SAFETY: as above.
            quantizations: unsafe { Shared::new(&mut self.quantizations) },
        }
    }
}

/// The input of a product while it is written.
pub(super) struct QuantizedRows<'a, A> {
    pub(super) rows: usize,
    pub(super) values: Shared<'a, QuantizedBlock<A>>,
    pub(super) quantizations: Shared<'a, Quantization>,
}

impl<A> QuantizedRows<'_, A> {
    pub(super) fn place(&self, row: usize, block: usize) -> QuantizedPlace<'_, A> {
        let Self { rows, values, quantizations } = self;
        QuantizedPlace { values, quantizations, all_rows: *rows, row, block }
    }
}

/// Memory that nobody uses now, or new one.
pub(super) fn lease<T: Default>(pool: &Mutex<Vec<T>>) -> T {
    pool.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
}

pub(super) fn give_back<T>(pool: &Mutex<Vec<T>>, worker: T) {
    pool.lock().unwrap_or_else(PoisonError::into_inner).push(worker);
}
