//! One slot a thread, written by that thread alone and never given back.
//!
//! A thread takes its slot at its first allocation or free and pushes it on a list that only grows, so the totals of
//! ended threads stay readable without a thread-local destructor (which could itself allocate, or run before the
//! last free of its thread). The price is one [`Slot`], 128 bytes, for each thread ever started.
//!
//! # One test for five questions
//!
//! Is the thread without a slot or in [`super::uncounted`], are stacks recorded, does a block live that a look allocated, are
//! a map's blocks followed, does this free end a new peak: each needs more than adding up, and each makes
//! [`Slot::limit_bytes`] smaller than what is live. The hot path asks once. The slow path finds out which it was.
//!
//! Live bytes fall only at a free, so a peak is noted by the free that ends it, and an allocation need not look: it asks
//! only whether the limit is closed. Growing memory makes a new peak at each allocation and notes one at the end.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, fence};

use super::{Tally, aside};
use crate::probe::{blocks, stacks};

/// The limit that sends every allocation and free to the slow path.
const CLOSED: i64 = i64::MIN;

/// Stands for a thread's slot where nothing may be counted. Never written: its limit is for ever closed.
static NOWHERE: Slot = Slot::new();

/// Stands for it inside [`super::aside`].
pub(super) static ASIDE: Slot = Slot::new();

/// Stands for it while the blocks of looks are noted, which allocates, too.
pub(super) static UNSEEN: Slot = Slot::new();

/// The slots of all threads, newest first.
static SLOTS: AtomicPtr<Slot> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// Where this thread counts: [`NOWHERE`] until its first allocation and inside [`super::uncounted`], [`ASIDE`] inside
    /// [`super::aside`].
    static COUNTED: Cell<&'static Slot> = const { Cell::new(&NOWHERE) };
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
    /// The most that was live up to the latest free: live bytes rise until a free, so that nothing else can end a peak.
    past_peak_bytes: AtomicI64,
    /// [`CLOSED`], or `past_peak_bytes`; below zero, an allocation takes the slow path for either. The only field that
    /// another thread writes, and it only ever closes it.
    limit_bytes: AtomicI64,
    next: AtomicPtr<Slot>,
}

/// Adds without a locked instruction: the slot's thread is the only writer, so nothing can come between.
#[inline(always)]
fn bump(total: &AtomicU64, by: u64) {
    total.store(total.load(Relaxed).wrapping_add(by), Relaxed);
}

impl Slot {
    const fn new() -> Slot {
        Slot {
            limit_bytes: AtomicI64::new(CLOSED),
            alloc_count: AtomicU64::new(0),
            alloc_bytes: AtomicU64::new(0),
            free_count: AtomicU64::new(0),
            free_bytes: AtomicU64::new(0),
            realloc_moved_bytes: AtomicU64::new(0),
            past_peak_bytes: AtomicI64::new(0),
            next: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Counts an allocation if no more than counting is to be done; otherwise does nothing and says false.
    ///
    /// Ahead of the allocation, because the processor then works on both at once; one that fails is taken back by
    /// [`take_back`].
    #[inline(always)]
    pub fn try_allocate(&self, bytes: usize) -> bool {
        if self.limit_bytes.load(Relaxed) < 0 {
            return false;
        }
        self.allocated(bytes);
        true
    }

    /// Counts a free if no more than counting is to be done; otherwise does nothing and says false.
    #[inline(always)]
    pub fn try_free(&self, bytes: usize) -> bool {
        if self.live_bytes() > self.limit_bytes.load(Relaxed) {
            return false;
        }
        bump(&self.free_bytes, bytes as u64);
        bump(&self.free_count, 1);
        true
    }

    /// Counts an allocation that succeeded.
    #[inline(always)]
    pub fn allocated(&self, bytes: usize) {
        bump(&self.alloc_bytes, bytes as u64);
        bump(&self.alloc_count, 1);
    }

    /// Counts a free, and the peak that it ends.
    pub fn freed(&self, bytes: usize) {
        let live = self.live_bytes();
        if live > self.past_peak_bytes.load(Relaxed) {
            self.set_peak_bytes(live);
        }
        bump(&self.free_bytes, bytes as u64);
        bump(&self.free_count, 1);
    }

    /// Counts a reallocation that succeeded. Both blocks of a moved one exist for a moment, so the peak sees both; one
    /// done in place is never larger than its new size.
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
        // In this order: a peak that has passed when live bytes are read is in the other already.
        let live = self.live_bytes();
        live.max(self.past_peak_bytes.load(Relaxed))
    }

    /// For the slot's own thread only.
    pub fn set_peak_bytes(&self, peak: i64) {
        self.past_peak_bytes.store(peak, Relaxed);
        let limit = self.limit_bytes.load(Relaxed);
        if limit != CLOSED && limit != peak {
            // Fails when the recorder has closed the limit just now; closed it stays.
            let _ = self.limit_bytes.compare_exchange(limit, peak, Relaxed, Relaxed);
        }
    }

    /// Closes the limit. For the slot's own thread only, which must watch blocks already.
    pub fn close(&self) {
        self.limit_bytes.store(CLOSED, Relaxed);
    }

    /// Opens the limit, unless somebody watches blocks. For the slot's own thread only.
    ///
    /// Against [`close_all`], whose caller begins to watch before it closes: of the two, at least the later in the order of
    /// the fences sees what the other wrote, so a limit never stays open while anybody watches.
    pub fn reopen(&self) {
        let watched = || stacks::on() || aside::any() || blocks::on();
        if self.limit_bytes.load(Relaxed) == CLOSED && !watched() {
            self.limit_bytes.store(self.past_peak_bytes.load(Relaxed), Relaxed);
            fence(SeqCst);
            if watched() {
                self.limit_bytes.store(CLOSED, Relaxed);
            }
        }
    }
}

/// Sends every thread's allocations and frees to the slow path. The caller must watch blocks already.
pub(in crate::probe) fn close_all() {
    fence(SeqCst);
    all().for_each(|slot| slot.limit_bytes.store(CLOSED, Relaxed));
}

/// Where this thread counts, which may be nowhere.
#[inline(always)]
pub(super) fn current() -> &'static Slot {
    COUNTED.get()
}

/// Whether this slot stands for the thread's.
pub(super) fn is(slot: &'static Slot) -> bool {
    ptr::eq(COUNTED.get(), slot)
}

/// Where this thread counts, its slot taken if it is its first time; `None` where it doesn't.
pub(super) fn counted() -> Option<&'static Slot> {
    let slot = COUNTED.get();
    if ptr::eq(slot, &ASIDE) || ptr::eq(slot, &UNSEEN) {
        return None;
    }
    if !ptr::eq(slot, &NOWHERE) {
        return Some(slot);
    }
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
    COUNTED.set(slot);
    slot
}

/// Takes back what [`Slot::try_allocate`] counted of an allocation that failed.
#[cold]
#[inline(never)]
pub(super) fn take_back(bytes: usize) {
    let slot = COUNTED.get();
    bump(&slot.alloc_bytes, (bytes as u64).wrapping_neg());
    bump(&slot.alloc_count, 1_u64.wrapping_neg());
}

/// Where this thread counted before: it does so again when this is dropped.
pub(super) struct Resume(&'static Slot);

impl Drop for Resume {
    fn drop(&mut self) {
        COUNTED.set(self.0);
    }
}

/// Stops this thread's counting.
pub(super) fn pause() -> Resume {
    own();
    Resume(COUNTED.replace(&NOWHERE))
}

/// Runs `f` while this thread counts into `slot`: its own, or what stands for it.
pub(super) fn counting_into<T>(slot: &'static Slot, f: impl FnOnce() -> T) -> T {
    own();
    let _resume = Resume(COUNTED.replace(slot));
    f()
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
    let slot = unsafe { System.alloc(Layout::new::<Slot>()) }.cast::<Slot>();
    if slot.is_null() {
        // Going on would lose counts silently, and unwinding out of an allocator is not allowed.
        std::process::abort();
    }
    // SAFETY: allocated for a `Slot`, not null, written before it is read, never freed.
    let shared = unsafe {
        slot.write(Slot::new());
        &*slot
    };
    let mut head = SLOTS.load(Relaxed);
    loop {
        shared.next.store(head, Relaxed);
        match SLOTS.compare_exchange_weak(head, slot, Release, Relaxed) {
            Ok(_) => return shared,
            Err(newer) => head = newer,
        }
    }
}
