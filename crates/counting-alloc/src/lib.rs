//! A global allocator that counts, and scopes to read what it counted.
//!
//! ```
//! use counting_alloc::{Counting, assert_allocs, measure};
//! use std::alloc::System;
//!
//! #[global_allocator]
//! static GLOBAL: Counting<System> = Counting::new(System);
//!
//! # fn main() {
//! let mut list = assert_allocs!(1, Vec::<u64>::with_capacity(10));
//! assert_allocs!(0, list.extend(0..10));
//! assert_allocs!(1..=2, list.push(10));
//!
//! let (_text, measured) = measure(|| "to be or not to be".repeat(10));
//! assert_eq!(measured.tally.alloc_count, 1);
//! assert_eq!(measured.peak_bytes, 180);
//! # }
//! ```
//!
//! [`Counting`] wraps any [`GlobalAlloc`]. [`measure`] and [`tally`] read what their own thread did, so tests that run side
//! by side don't disturb each other. [`totals`] adds up all threads. A test that believes a count calls
//! [`verify_counting`] first, as [`assert_allocs!`] does: where the program has another global allocator, it says so.
//!
//! # What counts
//!
//! - An allocation counts once it has succeeded, with the bytes asked for: what the allocator rounds up to is its own
//!   affair, and differs from machine to machine.
//! - A reallocation, in place or moved, is one allocation of the new size and one free of the old. When the address
//!   changed, the old size counts into [`Tally::realloc_moved_bytes`] as well.
//! - Counts go to the thread that makes the call: a block freed by another thread than its allocator's lowers the live
//!   bytes of the thread that frees it, which may then be negative.
//! - Counts are of the process, not of one [`Counting`]: two instances add into the same tallies.
//! - What a thread frees after its thread-local destructors counts, too.
//!
//! One bias, for speed: [`System`] is taken at its word that it has [`SMALL_BYTES`]. A request that small counts when it is
//! made. Where even that fails (under a limit on the address space that is used up), it counts all the same. Larger ones,
//! zeroed ones, reallocations, and those of any other allocator count as above.
//!
//! # Peak
//!
//! [`peak_bytes`] is exact for what one thread holds. Over many threads the process's true peak is at most
//! [`peak_bound_bytes`], the sum of every thread's own peak, whichever thread frees what; the two are equal when all
//! threads peaked at the same moment, and always on one thread.
//!
//! # Cost
//!
//! An allocation: one comparison that decides between counting and everything else, and two additions to thread-local
//! memory that only its thread writes; then a jump to the system's allocator. A free: the same, and its comparison, of live
//! bytes, also finds the end of a new peak. No locked instruction, no lazy initialisation, no call.
//!
//! `cargo bench --bench alloc` on a Zen 4 that others used, too: allocation and free of 64 bytes, ratios of CPU time to
//! `System` (8.0 ns inlined, 8.6 called), medians of 21 rounds, from several runs; and instructions beside its 136.
//!
//! | | this | divan | `stats_alloc` |
//! |---|---|---|---|
//! | inlined, one thread and two | 1.01 to 1.03 | 1.04 to 1.07 | 1.07 to 1.29 |
//! | through a call that is not inlined, one thread | 1.03 to 1.08 | 1.11 to 1.17 | 1.03 to 1.06 |
//! | the same, two threads | 1.04 to 1.07 | 1.13 to 1.17 | 1.03 to 1.30 |
//! | instructions, inlined | 12 | 23 | 4, all of them locked |
//!
//! That the call is a jump is worth 0.1 in the second and third row: a counter that comes back to see whether the system had
//! the memory measured 1.14 to 1.19 there. So a request that may fail is told by its size, ahead.
//!
//! Memory: 91 bytes of thread-local storage, of which a thread that ends leaves none, and one of the process's pthread keys.
//!
//! # Invariants
//!
//! - Counting allocates nothing, and takes a lock only when a thread begins, when it ends, and after that. Looks
//!   ([`harness::aside`]) allocate and lock while a block of theirs lives.
//! - Only its own thread writes a thread's tallies, and nobody else more of it than that it is closed; others read them,
//!   under the lock that also ends threads.
//! - No dependency.

mod aside;
mod assert;
mod current;
pub mod harness;
#[cfg_attr(
    not(any(
        target_os = "android",
        target_os = "dragonfly",
        target_os = "fuchsia",
        target_os = "hurd",
        target_os = "linux",
        target_os = "netbsd",
        target_os = "redox"
    )),
    path = "no_key.rs"
)]
mod key;
mod lock;
mod registry;
mod scope;
mod sync;
mod tally;
mod thread;

use std::alloc::{GlobalAlloc, Layout, System};
use std::any::TypeId;
use std::ptr;

pub use assert::Allowed;
pub use current::{live_bytes, peak_bound_bytes, peak_bytes, reset_peak, tally, totals};
pub use scope::{Measured, NotCounting, measure, uncounted, verify_counting};
pub use tally::Tally;
pub use thread::SMALL_BYTES;

use current::Mode;

/// A [`GlobalAlloc`] that counts what it passes on to another.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counting<A> {
    inner: A,
}

impl<A: GlobalAlloc> Counting<A> {
    /// Counts what `inner` allocates.
    pub const fn new(inner: A) -> Counting<A> {
        Counting { inner }
    }
}

// SAFETY: every block comes from `inner` and goes back to it with the layout it was asked for with. The counting
// neither unwinds nor touches the block.
unsafe impl<A: GlobalAlloc + 'static> GlobalAlloc for Counting<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if TypeId::of::<A>() == TypeId::of::<System>() {
            if !is_plain(layout) || !current::try_allocate(layout.size()) {
                // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract.
                return unsafe { self.alloc_slowly(&apart(layout)) };
            }
            // Nothing comes after it, so that it is a jump.
            // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract.
            return unsafe { self.inner.alloc(layout) };
        }
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract.
        let block = unsafe { self.inner.alloc(layout) };
        if !block.is_null() && !current::try_allocate(layout.size()) {
            allocated(block, layout.size());
        }
        block
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps `GlobalAlloc::alloc_zeroed`'s contract.
        let block = unsafe { self.inner.alloc_zeroed(layout) };
        if !block.is_null() && !current::try_allocate(layout.size()) {
            allocated(block, layout.size());
        }
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !current::try_free(layout.size()) {
            // SAFETY: the caller keeps `GlobalAlloc::dealloc`'s contract.
            return unsafe { self.dealloc_slowly(block, &apart(layout)) };
        }
        // SAFETY: the caller keeps `GlobalAlloc::dealloc`'s contract.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if !current::is_open() || harness::realloc_always_moves() {
            // SAFETY: the caller keeps `GlobalAlloc::realloc`'s contract.
            return unsafe { self.realloc_slowly(block, layout, new_size) };
        }
        // SAFETY: the caller keeps `GlobalAlloc::realloc`'s contract.
        let new_block = unsafe { self.inner.realloc(block, layout, new_size) };
        if !new_block.is_null() {
            current::reallocated(layout.size(), new_size, new_block != block);
        }
        new_block
    }
}

impl<A: GlobalAlloc> Counting<A> {
    /// Allocates where there is more to do than to count.
    ///
    /// # Safety
    ///
    /// As for [`GlobalAlloc::alloc`].
    #[cold]
    #[inline(never)]
    unsafe fn alloc_slowly(&self, layout: &Layout) -> *mut u8 {
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract.
        let block = unsafe { self.inner.alloc(*layout) };
        if !block.is_null() {
            allocated(block, layout.size());
        }
        block
    }

    /// Frees where there is more to do than to count.
    ///
    /// # Safety
    ///
    /// As for [`GlobalAlloc::dealloc`].
    #[cold]
    #[inline(never)]
    unsafe fn dealloc_slowly(&self, block: *mut u8, layout: &Layout) {
        // Before the block goes back: after that, another thread may be handed the same address.
        freed(block, layout.size());
        // SAFETY: the caller keeps `GlobalAlloc::dealloc`'s contract.
        unsafe { self.inner.dealloc(block, *layout) }
    }

    /// Reallocates where there is more to do than to count.
    ///
    /// # Safety
    ///
    /// As for [`GlobalAlloc::realloc`].
    #[cold]
    #[inline(never)]
    unsafe fn realloc_slowly(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // Who asks for blocks learns that one goes before it does, and only if it does: not what `realloc` can do.
        if !harness::realloc_always_moves() && !harness::watched() && current::mode() != Mode::Aside {
            // SAFETY: the caller keeps `GlobalAlloc::realloc`'s contract.
            let new_block = unsafe { self.inner.realloc(block, layout, new_size) };
            if !new_block.is_null() && current::mode() == Mode::Counted {
                current::reallocated_slowly(layout.size(), new_size, new_block != block);
            }
            return new_block;
        }
        // SAFETY: `realloc` may only be called with a size that is valid for the alignment, and not zero.
        let new_block = unsafe { self.inner.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if new_block.is_null() {
            return new_block;
        }
        reallocated(block, layout.size(), new_block, new_size);
        // SAFETY: both blocks are at least as long as what is copied, and one was allocated while the other lived; the old
        // one was allocated with `layout`.
        unsafe {
            ptr::copy_nonoverlapping(block, new_block, layout.size().min(new_size));
            self.inner.dealloc(block, layout);
        }
        new_block
    }
}

/// A copy to lend to a slow path. What is lent lies on the stack, so the slow path is called and not jumped to: the caller is
/// on its stack.
#[inline(always)]
fn apart(layout: Layout) -> Layout {
    // SAFETY: a layout's size and alignment make a layout.
    unsafe { Layout::from_size_align_unchecked(layout.size(), layout.align()) }
}

/// Whether `System` passes such a layout on to `malloc` as it is. Otherwise it does more, which would be no jump.
#[inline(always)]
fn is_plain(layout: Layout) -> bool {
    layout.align() <= 16 && layout.align() <= layout.size()
}

/// Counts an allocation and does whatever else is due.
#[cold]
#[inline(never)]
fn allocated(block: *mut u8, bytes: usize) {
    match current::mode() {
        Mode::Counted => {
            current::allocated(bytes);
            if let Some(watch) = harness::watching() {
                (watch.allocated)(block, bytes);
            }
        }
        Mode::Aside => aside::allocated(block),
        Mode::Uncounted | Mode::Unseen => {}
    }
}

/// Counts a free and does whatever else is due.
fn freed(block: *mut u8, bytes: usize) {
    // What a look allocated was never counted.
    if aside::forget(block) {
        return;
    }
    match current::mode() {
        Mode::Counted => current::freed(bytes),
        Mode::Aside => aside::frees(bytes),
        Mode::Uncounted | Mode::Unseen => return,
    }
    if let Some(watch) = harness::watching() {
        (watch.freed)(block);
    }
}

/// Counts a reallocation and does whatever else is due.
fn reallocated(block: *mut u8, bytes: usize, new_block: *mut u8, new_bytes: usize) {
    match current::mode() {
        // A look's is not the thread's until now, and nothing of its own is freed for it.
        Mode::Counted if !aside::forget(block) => {
            current::reallocated_slowly(bytes, new_bytes, new_block != block);
            if let Some(watch) = harness::watching() {
                (watch.freed)(block);
                (watch.allocated)(new_block, new_bytes);
            }
        }
        Mode::Counted => allocated(new_block, new_bytes),
        _ => {
            freed(block, bytes);
            allocated(new_block, new_bytes);
        }
    }
}
