//! How Go's maps store a key or an elem: in the slot itself up to 128 bytes; a larger one is an object of its own, and
//! the slot holds its address.

use std::ptr::NonNull;

use super::heap;
use crate::maps::layout::{EntryShape, Layout, Part, Shape, When};

/// The largest key or elem that is stored in the slot itself, in bytes.
const INLINE_MAX_BYTES: usize = 128;
const POINTER_BYTES: usize = 8;

/// Whether the slot holds the address of an object.
pub(super) const fn indirect<T>() -> bool {
    place(size_of::<T>(), align_of::<T>()).indirect
}

/// A key's or an elem's place in a slot.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) bytes: usize,
    pub(super) align: usize,
    pub(super) indirect: bool,
}

/// The place of a type of this size and alignment.
pub(super) const fn place(bytes: usize, align: usize) -> Place {
    assert!(align <= POINTER_BYTES, "no Go type is aligned to more than 8 bytes");
    if bytes > INLINE_MAX_BYTES {
        Place { bytes: POINTER_BYTES, align: POINTER_BYTES, indirect: true }
    } else {
        Place { bytes, align, indirect: false }
    }
}

/// The place of a key or an elem of this shape.
pub(super) fn place_for(shape: Shape) -> Place {
    place(shape.room.bytes as usize, shape.room.align as usize)
}

impl Place {
    /// The same, as a layout has it.
    pub(super) fn part(self) -> Part {
        Part { bytes: self.bytes as u64, indirect: self.indirect }
    }
}

/// The layout with the objects of a key and an elem that are not stored in the slot. `headers` says whether large objects
/// with pointers carry one.
pub(super) fn with_objects(layout: Layout, entry: &EntryShape, headers: bool) -> Layout {
    let objects = [("the key", entry.key), ("the elem", entry.value)];
    objects.into_iter().filter(|&(_, shape)| place_for(shape).indirect).fold(layout, |layout, (what, shape)| {
        let bytes = heap::occupied_bytes(shape.room.bytes as usize, !(shape.pointers() && headers));
        layout.with(When::Entry, what, bytes as u64)
    })
}

pub(super) const fn place_of<T>() -> Place {
    place(size_of::<T>(), align_of::<T>())
}

/// Where it is, given its place in the slot.
///
/// # Safety
/// The place has been filled by [`put`], or holds a copy of a place that has.
#[inline]
pub(super) unsafe fn locate<T>(place: NonNull<u8>) -> NonNull<T> {
    if indirect::<T>() {
        // SAFETY: a place that has been filled holds the object's address.
        unsafe { place.cast::<NonNull<T>>().read() }
    } else {
        place.cast()
    }
}

/// Fills its place in a slot. `headerless` is as in [`heap`].
///
/// # Safety
/// The place is one for `T`, and holds nothing to drop.
#[inline]
pub(super) unsafe fn put<T>(place: NonNull<u8>, value: T, headerless: bool) {
    // SAFETY: the place has as many bytes as `place` says, or the fresh object the size of a `T`.
    unsafe {
        let to = if indirect::<T>() {
            let object = heap::alloc(size_of::<T>(), headerless).cast::<T>();
            place.cast::<NonNull<T>>().write(object);
            object
        } else {
            place.cast()
        };
        to.write(value);
    }
}

/// Drops it where it is, and frees its object when it has one.
///
/// # Safety
/// `at` is what [`locate`] gave, or a copy of it when it is inline, and is not used again; `headerless` is as in [`put`].
#[inline]
pub(super) unsafe fn discard<T>(at: NonNull<T>, headerless: bool) {
    // SAFETY: the caller's promise.
    unsafe {
        at.drop_in_place();
        if indirect::<T>() {
            heap::free(at.cast(), size_of::<T>(), headerless);
        }
    }
}
