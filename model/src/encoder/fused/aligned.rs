//! Memory that starts at a cache line.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytemuck::{Pod, Zeroable};

/// Bytes of a cache line, and of the widest register.
pub(super) const LINE: usize = 64;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; LINE]);

// SAFETY: bytes may all be zero.
unsafe impl Zeroable for Line {}
// SAFETY: 64 bytes aligned to 64: no padding, and every value is valid.
unsafe impl Pod for Line {}

/// A buffer of numbers that starts at a cache line. New memory is zero.
pub(super) struct Aligned<T> {
    lines: Vec<Line>,
    length: usize,
    kind: PhantomData<T>,
}

impl<T: Pod> Default for Aligned<T> {
    fn default() -> Self {
        Self { lines: Vec::new(), length: 0, kind: PhantomData }
    }
}

impl<T: Pod> Aligned<T> {
    /// Makes the buffer `length` long, for what is about to be written: what it held stays, wherever it then is.
    pub(super) fn resize(&mut self, length: usize) -> &mut [T] {
        let lines = (length * size_of::<T>()).div_ceil(LINE);
        if lines > self.lines.len() {
            self.lines.resize(lines, Line([0; LINE]));
        }
        self.length = length;
        self
    }
}

impl<T: Pod> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &bytemuck::cast_slice(&self.lines)[..self.length]
    }
}

impl<T: Pod> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut bytemuck::cast_slice_mut(&mut self.lines)[..self.length]
    }
}
