//! An allocator that counts, and scopes to read what it counted.
//!
//! [`Counting`] wraps any [`GlobalAlloc`]. Install it in the binary:
//!
//! ```
//! use std::alloc::System;
//! use mapscope::probe::alloc::Counting;
//!
//! #[global_allocator]
//! static GLOBAL: Counting<System> = Counting::new(System);
//! # fn main() {}
//! ```
//!
//! # What counts
//!
//! - An allocation counts once it has succeeded, with the bytes asked for: what the allocator rounds up to is its own
//!   affair, and differs from machine to machine.
//! - A reallocation, in place or moved, is one allocation of the new size and one free of the old. When the address
//!   changed, the old size counts into `realloc_moved_bytes` as well.
//! - Counts go to the thread that makes the call: a block freed by another thread than its allocator's lowers the live
//!   bytes of the thread that frees it, which may then be negative.
//! - Counts are of the process, not of one [`Counting`]: two instances add into the same tallies.
//!
//! # Peak
//!
//! [`peak_bytes`] is exact for what one thread holds. Over many threads the process's true peak is at most
//! [`peak_bound_bytes`], the sum of every thread's own peak, whichever thread frees what; the two are equal when all
//! threads peaked at the same moment, and always on one thread.
//!
//! # Cost
//!
//! An allocation: one thread-local load, one comparison that decides between counting and everything else (recorded
//! stacks, followed blocks, a thread's first time, [`uncounted`]), two additions to memory that only this thread writes, and a test whether
//! it failed. A free: the same without the last, and its comparison, of live bytes, also finds the end of a new peak. No
//! locked instruction, no thread-local destructor, no lazy initialisation. A free that ends a new peak takes one locked
//! instruction more.
//!
//! `cargo bench --bench alloc` on a Zen 3 at 3.2 GHz, allocation and free of 64 bytes, ratios to `System` (10.0 ns):
//!
//! | | this | divan | `stats_alloc` | dhat |
//! |---|---|---|---|---|
//! | inlined, one thread | 1.02 to 1.03 | 1.11 to 1.13 | 1.02 | 250 |
//! | inlined, two threads, the more the two share one core | 1.03 to 1.10 | 1.11 to 1.18 | up to 15 | 250 to 310 |
//! | through a call that is not inlined | 1.09 to 1.20 | 1.07 to 1.19 | 1.00 to 1.09, up to 12 on two threads | 205 to 260 |
//! | inlined, stacks recorded | 12.5 | | | |
//!
//! A pair takes 32 clock cycles, most of them the C library waiting for its own stores; counting adds 17 instructions beside
//! them, and where a loop falls in memory moves a figure by 0.01. Two threads on the two halves of one core share what one
//! thread leaves idle: there four bare additions, without any test, cost 1.01 to 1.04. In the third row `System` jumps to
//! the C library where a counter must come back to see whether the allocation failed: that alone costs 1.04 to 1.10, and
//! counters that count what failed don't pay it.
//!
//! Memory: 128 bytes for each thread ever started that allocates or frees, kept until the process ends.

mod aside;
mod assert;
mod scope;
mod slot;
mod tally;

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

pub(super) use slot::close_all;

pub use aside::{aside, counted};
pub use assert::Allowed;
pub use scope::{Measured, NotCounting, Pause, measure, uncounted, verify_counting};
pub use tally::Tally;

use super::{blocks, stacks};

/// See [`set_realloc_always_moves`].
static REALLOC_ALWAYS_MOVES: AtomicBool = AtomicBool::new(false);

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
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !slot::current().try_allocate(layout.size()) {
            // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract.
            return unsafe { self.alloc_slowly(layout) };
        }
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract.
        let block = unsafe { self.inner.alloc(layout) };
        if block.is_null() {
            slot::take_back(layout.size());
        }
        block
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps `GlobalAlloc::alloc_zeroed`'s contract.
        let block = unsafe { self.inner.alloc_zeroed(layout) };
        allocated(block, layout.size());
        block
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if !slot::current().try_free(layout.size()) {
            // SAFETY: the caller keeps `GlobalAlloc::dealloc`'s contract.
            return unsafe { self.dealloc_slowly(block, layout) };
        }
        // SAFETY: the caller keeps `GlobalAlloc::dealloc`'s contract.
        unsafe { self.inner.dealloc(block, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let slot = slot::counted();
        let (looks, of_a_look) = (slot::is(&slot::ASIDE), aside::forget(block));
        let forgotten = if (slot.is_some() || looks) && stacks::on() { stacks::freed(block) } else { None };
        let new_block = if REALLOC_ALWAYS_MOVES.load(Relaxed) {
            // SAFETY: the caller keeps `GlobalAlloc::realloc`'s contract.
            unsafe { self.realloc_by_copy(block, layout, new_size) }
        } else {
            // SAFETY: the caller keeps `GlobalAlloc::realloc`'s contract.
            unsafe { self.inner.realloc(block, layout, new_size) }
        };
        if new_block.is_null() {
            if of_a_look {
                aside::allocated(block);
            }
            if let Some(forgotten) = forgotten {
                stacks::not_freed(block, forgotten);
            }
            return new_block;
        }
        if looks {
            aside::allocated(new_block);
            if !of_a_look {
                aside::frees(layout.size());
            }
        }
        if let Some(slot) = slot {
            match of_a_look {
                // The map's from now on, and nothing of its own is freed for it.
                true => slot.allocated(new_size),
                false => slot.reallocated(layout.size(), new_size, new_block != block),
            }
            if blocks::on() {
                blocks::freed(block);
                blocks::allocated(new_block, new_size);
            }
            if stacks::on() {
                stacks::allocated(new_block, new_size);
            }
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
    unsafe fn alloc_slowly(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps `GlobalAlloc::alloc`'s contract.
        let block = unsafe { self.inner.alloc(layout) };
        allocated(block, layout.size());
        block
    }

    /// Frees where there is more to do than to count.
    ///
    /// # Safety
    ///
    /// As for [`GlobalAlloc::dealloc`].
    #[cold]
    #[inline(never)]
    unsafe fn dealloc_slowly(&self, block: *mut u8, layout: Layout) {
        // Before the block goes back: after that, another thread may record the same address.
        freed(block, layout.size());
        // SAFETY: the caller keeps `GlobalAlloc::dealloc`'s contract.
        unsafe { self.inner.dealloc(block, layout) }
    }

    /// Reallocates to a new address, always.
    ///
    /// # Safety
    ///
    /// As for [`GlobalAlloc::realloc`].
    unsafe fn realloc_by_copy(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: `realloc` may only be called with a size that is valid for the alignment, and not zero.
        let new_block = unsafe { self.inner.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !new_block.is_null() {
            // SAFETY: both blocks are at least as long as what is copied, and one was allocated while the other lived;
            // the old one was allocated with `layout`.
            unsafe {
                ptr::copy_nonoverlapping(block, new_block, layout.size().min(new_size));
                self.inner.dealloc(block, layout);
            }
        }
        new_block
    }
}

/// Counts an allocation and does whatever else is due.
fn allocated(block: *mut u8, bytes: usize) {
    if block.is_null() {
        return;
    }
    if let Some(slot) = slot::counted() {
        slot.allocated(bytes);
        slot.reopen();
        if blocks::on() {
            blocks::allocated(block, bytes);
        }
        if stacks::on() {
            stacks::allocated(block, bytes);
        }
    } else if slot::is(&slot::ASIDE) {
        aside::allocated(block);
    }
}

/// Counts a free and does whatever else is due.
fn freed(block: *mut u8, bytes: usize) {
    let slot = slot::counted();
    match slot {
        // What a look allocated was never counted.
        _ if aside::forget(block) => return,
        Some(slot) => {
            slot.freed(bytes);
            slot.reopen();
        }
        None if slot::is(&slot::ASIDE) => aside::frees(bytes),
        None => return,
    }
    if blocks::on() {
        blocks::freed(block);
    }
    if stacks::on() {
        stacks::freed(block);
    }
}

/// Sends this thread's allocations and frees to the slow path, until nobody watches blocks.
pub(super) fn look_closer() {
    slot::own().close();
}

/// This thread's running totals since it started. A handful of loads: meant to be read around every operation.
#[inline]
pub fn tally() -> Tally {
    slot::own().tally()
}

/// The running totals of all threads, ended ones included.
///
/// Each figure is one that its thread had; figures of threads that work meanwhile may be from slightly different
/// moments. Exact once the others have ended or wait.
pub fn totals() -> Tally {
    slot::all().map(slot::Slot::tally).sum()
}

/// Bytes that this thread allocated less bytes that it freed, since it started.
pub fn live_bytes() -> i64 {
    slot::own().live_bytes()
}

/// The most that [`live_bytes`] was since this thread started or [`reset_peak`] was called. Exact.
pub fn peak_bytes() -> i64 {
    slot::own().peak_bytes()
}

/// An upper bound of what all threads together ever held at one moment: the sum of their peaks, ended threads included.
pub fn peak_bound_bytes() -> i64 {
    slot::all().map(slot::Slot::peak_bytes).sum()
}

/// Makes [`peak_bytes`] start again from this thread's live bytes. Inside [`measure`], the scope's peak starts again
/// too.
pub fn reset_peak() {
    let slot = slot::own();
    slot.set_peak_bytes(slot.live_bytes());
}

/// Whether a reallocation always goes to a new address, for the whole process. Off by default.
///
/// Whether the system's allocator can extend a block where it lies depends on its neighbours, hence on everything
/// allocated before: on the machine, the C library, the length of an environment variable. A count pass turns this on,
/// so that `realloc_moved_bytes`, and the addresses that the census compares, repeat bit for bit. The price: the copy
/// that `realloc` might have saved, so a time pass leaves it off.
pub fn set_realloc_always_moves(on: bool) {
    REALLOC_ALWAYS_MOVES.store(on, Relaxed);
}
