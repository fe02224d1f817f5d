//! A Go slice that lives on Go's heap and is appended to.

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::heap;

/// A `[]T` of pointer-sized elements that hold pointers: 24 bytes, its backing array allocated apart and replaced as
/// `append` replaces it. Dropping it frees nothing: it is part of a heap that its owner takes apart.
#[repr(C)]
pub(super) struct Slice<T> {
    array: NonNull<T>,
    len: usize,
    capacity: usize,
    elements: PhantomData<T>,
}

impl<T: Copy> Slice<T> {
    const ELEMENT_BYTES: usize = {
        assert!(size_of::<T>() == 8 && align_of::<T>() == 8 && size_of::<Self>() == 24);
        8
    };

    pub(super) const fn new() -> Slice<T> {
        Slice { array: NonNull::dangling(), len: 0, capacity: 0, elements: PhantomData }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        // SAFETY: `len` elements at `array` have been written by `push`; none when it dangles.
        unsafe { std::slice::from_raw_parts(self.array.as_ptr(), self.len) }
    }

    /// Appends. The backing array that this outgrows, if any, is returned for the caller to free: its address and
    /// its size in bytes. `headerless` is as in [`heap`].
    #[must_use]
    pub(super) fn push(&mut self, element: T, headerless: bool) -> Option<(NonNull<u8>, usize)> {
        let outgrown = if self.len == self.capacity { self.grow(headerless) } else { None };
        // SAFETY: `len < capacity`, and `array` has room for `capacity` elements.
        unsafe { self.array.add(self.len).write(element) };
        self.len += 1;
        outgrown
    }

    /// Forgets the elements; the backing array stays.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    #[cold]
    fn grow(&mut self, headerless: bool) -> Option<(NonNull<u8>, usize)> {
        let outgrown = self.backing();
        let capacity = heap::appended_capacity(self.capacity, Self::ELEMENT_BYTES, headerless);
        let array = heap::alloc(capacity * Self::ELEMENT_BYTES, headerless).cast::<T>();
        // SAFETY: the new array is apart from the old one and has room for more than `len` elements.
        unsafe { self.array.copy_to_nonoverlapping(array, self.len) };
        (self.array, self.capacity) = (array, capacity);
        outgrown
    }

    /// The backing array's address and size in bytes, as allocated; `None` before the first append.
    pub(super) fn backing(&self) -> Option<(NonNull<u8>, usize)> {
        (self.capacity > 0).then(|| (self.array.cast(), self.capacity * Self::ELEMENT_BYTES))
    }
}
