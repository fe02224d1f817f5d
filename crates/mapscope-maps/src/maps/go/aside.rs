//! Memory of the models' own, from the system directly, so that it is not charged to a map.

use std::alloc::{GlobalAlloc, Layout, System, handle_alloc_error};
use std::ptr::NonNull;

/// Puts a value aside.
pub(super) fn put<T>(value: T) -> NonNull<T> {
    let layout = Layout::new::<T>();
    assert!(layout.size() > 0, "nothing is nowhere");
    // SAFETY: not of zero size.
    let place = NonNull::new(unsafe { System.alloc(layout) }.cast::<T>()).unwrap_or_else(|| handle_alloc_error(layout));
    // SAFETY: just allocated for a `T`.
    unsafe { place.write(value) };
    place
}

/// Takes it back.
///
/// # Safety
/// `place` came from [`put`], and is used no more.
pub(super) unsafe fn take<T>(place: NonNull<T>) -> T {
    // SAFETY: the caller's promise; `put` wrote it, and allocated it with this layout.
    unsafe {
        let value = place.read();
        System.dealloc(place.as_ptr().cast(), Layout::new::<T>());
        value
    }
}
