//! How Go's maps store a key or an elem: in the slot itself up to 128 bytes; a larger one is an object of its own, and
//! the slot holds its address.

use std::ptr::NonNull;

use super::heap;

/// The largest key or elem that is stored in the slot itself, in bytes.
const INLINE_MAX_BYTES: usize = 128;
const POINTER_BYTES: usize = 8;

/// Whether the slot holds the address of an object.
pub(super) const fn indirect<T>() -> bool {
    size_of::<T>() > INLINE_MAX_BYTES
}

/// The bytes that the slot has for it.
pub(super) const fn inline_bytes<T>() -> usize {
    if indirect::<T>() { POINTER_BYTES } else { size_of::<T>() }
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
    // SAFETY: the place has `inline_bytes`, or the fresh object the size of a `T`.
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
