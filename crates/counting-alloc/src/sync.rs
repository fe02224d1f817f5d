//! What threads share. `tests/explored.rs` has the model checker's in its place.

pub(crate) use crate::lock::SpinLock;
pub(crate) use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, AtomicUsize, Ordering, fence};

/// A total that only the thread that asks for it writes.
#[inline(always)]
pub(crate) fn own(total: &AtomicU64) -> u64 {
    // SAFETY: others only read it, and reads race with none. The compiler folds this one into what is done with it, as it
    // does no atomic one.
    unsafe { total.as_ptr().read() }
}

/// A `const` function here. The model checker has no `const` constructors.
macro_rules! const_fn {
    ($(#[$attr:meta])* $vis:vis fn $name:ident() -> $out:ty $body:block) => {
        $(#[$attr])*
        $vis const fn $name() -> $out $body
    };
}

pub(crate) use const_fn;
