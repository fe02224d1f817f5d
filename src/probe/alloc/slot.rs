//! One slot a thread, written by that thread alone and never given back.
//!
//! A thread takes its slot at its first allocation or free and pushes it on a list that only grows, so the totals of
//! ended threads stay readable without a thread-local destructor (which could itself allocate, or run before the
//! last free of its thread). The price is one [`Slot`] for each thread ever started.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64};

use super::Tally;

/// The slots of all threads, newest first.
static SLOTS: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// Where this thread counts: null until its first allocation, and inside [`super::uncounted`]. One test on the
    /// hot path covers both.
    static COUNTED: Cell<Option<&'static Slot>> = const { Cell::new(None) };
    /// This thread's slot, counted into or not.
    static OWN: Cell<Option<&'static Slot>> = const { Cell::new(None) };
}

/// What one thread allocated and freed. Aligned so that no two threads write to neighbouring cache lines, which
/// processors fetch in pairs.
#[repr(C, align(128))]
pub(super) struct Slot {
    alloc_count: AtomicU64,
    alloc_bytes: AtomicU64,
    free_count: AtomicU64,
    free_bytes: AtomicU64,
    realloc_moved_bytes: AtomicU64,
    peak_bytes: AtomicI64,
    next: AtomicPtr<Slot>,
}

/// Adds without a locked instruction: the slot's thread is the only writer, so nothing can come between.
#[inline(always)]
fn bump(total: &AtomicU64, by: u64) {
    total.store(total.load(Relaxed).wrapping_add(by), Relaxed);
}

impl Slot {
    #[inline(always)]
    pub fn allocated(&self, bytes: usize) {
        bump(&self.alloc_count, 1);
        bump(&self.alloc_bytes, bytes as u64);
        let live = self.live_bytes();
        if live > self.peak_bytes.load(Relaxed) {
            self.peak_bytes.store(live, Relaxed);
        }
    }

    #[inline(always)]
    pub fn freed(&self, bytes: usize) {
        bump(&self.free_count, 1);
        bump(&self.free_bytes, bytes as u64);
    }

    /// Both blocks of a moved reallocation exist for a moment, so the peak sees both; one done in place is never
    /// larger than its new size.
    pub fn reallocated(&self, old_bytes: usize, new_bytes: usize, moved: bool) {
        if moved {
            bump(&self.realloc_moved_bytes, old_bytes as u64);
            self.allocated(new_bytes);
            self.freed(old_bytes);
        } else {
            self.freed(old_bytes);
            self.allocated(new_bytes);
        }
    }

    #[inline]
    pub fn tally(&self) -> Tally {
        Tally {
            alloc_count: self.alloc_count.load(Relaxed),
            alloc_bytes: self.alloc_bytes.load(Relaxed),
            free_count: self.free_count.load(Relaxed),
            free_bytes: self.free_bytes.load(Relaxed),
            realloc_moved_bytes: self.realloc_moved_bytes.load(Relaxed),
        }
    }

    #[inline(always)]
    pub fn live_bytes(&self) -> i64 {
        self.alloc_bytes.load(Relaxed).wrapping_sub(self.free_bytes.load(Relaxed)) as i64
    }

    #[inline]
    pub fn peak_bytes(&self) -> i64 {
        self.peak_bytes.load(Relaxed)
    }

    /// For the slot's own thread only.
    pub fn set_peak_bytes(&self, peak: i64) {
        self.peak_bytes.store(peak, Relaxed);
    }
}

/// Where this thread counts, or `None` inside [`super::uncounted`].
#[inline(always)]
pub(super) fn counted() -> Option<&'static Slot> {
    match COUNTED.get() {
        Some(slot) => Some(slot),
        None => first_use(),
    }
}

#[cold]
#[inline(never)]
fn first_use() -> Option<&'static Slot> {
    match OWN.get() {
        Some(_) => None,
        None => Some(take()),
    }
}

/// This thread's slot, counted into or not.
#[inline]
pub(super) fn own() -> &'static Slot {
    match OWN.get() {
        Some(slot) => slot,
        None => take(),
    }
}

/// Gives this thread its slot.
#[cold]
fn take() -> &'static Slot {
    let slot = new();
    OWN.set(Some(slot));
    COUNTED.set(Some(slot));
    slot
}

/// Stops or resumes this thread's counting; gives what to pass to undo it.
pub(super) fn replace_counted(slot: Option<&'static Slot>) -> Option<&'static Slot> {
    own();
    COUNTED.replace(slot)
}

/// The slots of all threads that ever counted.
pub(super) fn all() -> impl Iterator<Item = &'static Slot> {
    // SAFETY: every pointer in the list came from `new`, which published it fully written; slots are never freed.
    let deref = |slot: *mut Slot| unsafe { slot.cast_const().as_ref::<'static>() };
    std::iter::successors(deref(SLOTS.load(Acquire)), move |slot| deref(slot.next.load(Relaxed)))
}

/// A new slot from the system's allocator, which is not the one that counts: no recursion.
fn new() -> &'static Slot {
    // SAFETY: `Slot` is not zero-sized.
    let slot = unsafe { System.alloc_zeroed(Layout::new::<Slot>()) }.cast::<Slot>();
    if slot.is_null() {
        // Going on would lose counts silently, and unwinding out of an allocator is not allowed.
        std::process::abort();
    }
    // SAFETY: allocated for a `Slot`, not null, never freed; all zeros is a valid `Slot`.
    let shared = unsafe { &*slot };
    let mut head = SLOTS.load(Relaxed);
    loop {
        shared.next.store(head, Relaxed);
        match SLOTS.compare_exchange_weak(head, slot, Release, Relaxed) {
            Ok(_) => return shared,
            Err(newer) => head = newer,
        }
    }
}
