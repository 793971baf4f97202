//! A slice that several threads write at once, each its own part.

use std::marker::PhantomData;

use super::simd::{LANES, Lanes};

/// A borrowed slice whose parts are handed out to threads.
pub(super) struct Shared<'a, T> {
    start: *mut T,
    length: usize,
    borrowed: PhantomData<&'a mut [T]>,
}

// SAFETY: it is a mutable borrow that is split among threads; who takes a part promises that nobody else has it.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    /// # Safety
    /// Whatever it is given to, such as kernels on several threads, must not use parts at the same time that overlap.
    pub(super) unsafe fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), length: slice.len(), borrowed: PhantomData }
    }

    /// One part.
    ///
    /// # Safety
    /// As long as the part is used, no other part that overlaps it may be in use.
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "the caller promises that parts do not overlap")]
    pub(super) unsafe fn slice_mut(&self, start: usize, length: usize) -> &mut [T] {
        assert!(start <= self.length && length <= self.length - start, "a part lies within the slice");
        // SAFETY: it lies within the slice, which is borrowed as long as this value lives; the caller promises the rest.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(start), length) }
    }
}

impl Shared<'_, f32> {
    /// Parts of `VECTORS` times sixteen neighbours, `stride` from one to the next.
    ///
    /// # Safety
    /// As long as they are used, nothing that overlaps them may be in use; and `stride` is such that they do not overlap.
    #[inline(always)]
    pub(super) unsafe fn rows_mut<const ROWS: usize, const VECTORS: usize>(
        &self,
        start: usize,
        stride: usize,
    ) -> Rows<'_, ROWS, VECTORS> {
        const { assert!(ROWS > 0, "there is a first row") };
        let end = (ROWS - 1)
            .checked_mul(stride)
            .and_then(|last| last.checked_add(start)?.checked_add(VECTORS * LANES));
        let there = end.is_some_and(|end| end <= self.length);
        assert!(there, "all rows lie within the slice");
        // SAFETY: the first of them lies within the slice.
        Rows { first: unsafe { self.start.add(start) }, stride, borrowed: PhantomData }
    }
}

/// Parts of a slice, all equally far apart.
pub(super) struct Rows<'a, const ROWS: usize, const VECTORS: usize> {
    first: *mut f32,
    stride: usize,
    borrowed: PhantomData<&'a mut [f32]>,
}

impl<const ROWS: usize, const VECTORS: usize> Rows<'_, ROWS, VECTORS> {
    #[inline(always)]
    pub(super) fn row_mut(&mut self, row: usize) -> &mut [Lanes<f32>; VECTORS] {
        assert!(row < ROWS, "a row is one of them");
        // SAFETY: all rows lie within the slice, as was checked when they were taken, and who took them promised that nobody
        // else has them; as many numbers as these arrays have in all are the row's.
        unsafe { &mut *self.first.add(row * self.stride).cast() }
    }
}
