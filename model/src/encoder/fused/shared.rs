//! A slice that several threads write at once, each its own part.

use std::marker::PhantomData;

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
