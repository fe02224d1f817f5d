//! What one thread allocated and freed.
//!
//! # One test for many questions
//!
//! Is this the thread's first time or its last, is it in [`uncounted`](crate::uncounted), does anybody watch blocks, is the
//! request so large that it may fail, does this free end a new peak: each needs more than adding up. The hot path asks
//! once, an allocation by [`Thread::small_bytes`], a free by [`Thread::limit_bytes`]; a thread for which any of the first
//! three is so has both *closed*. The slow path finds out which it was, and opens them when there is no more reason.
//!
//! Live bytes fall only at a free, so a peak is noted by the free that ends it, and an allocation need not look. Growing
//! memory makes a new peak at each allocation and notes one at the end.

use crate::Tally;
use crate::sync::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::sync::{AtomicI64, AtomicPtr, AtomicU64, AtomicUsize, const_fn, fence, own};

/// The largest request that [`System`](std::alloc::System) is taken to serve always, in bytes: what the C library has a
/// thread's own cache for.
pub const SMALL_BYTES: usize = 1024;

/// The limit that sends every free to the slow path: far below what can be live, and so far above the least number that the
/// difference of the two is one, too.
const CLOSED: i64 = i64::MIN / 2;

/// Written by its thread alone but for [`Thread::close`], and for links, which belong to the list.
pub(crate) struct Thread {
    /// The largest request that needs no more than counting; 0 when closed.
    small_bytes: AtomicUsize,
    /// The most live bytes at which a free needs no more than counting: `past_peak_bytes`, or [`CLOSED`].
    limit_bytes: AtomicI64,
    alloc_count: AtomicU64,
    alloc_bytes: AtomicU64,
    free_count: AtomicU64,
    free_bytes: AtomicU64,
    realloc_moved_bytes: AtomicU64,
    /// The most that was live up to the latest free: live bytes rise until a free, so that nothing else can end a peak.
    past_peak_bytes: AtomicI64,
    pub previous: AtomicPtr<Thread>,
    pub next: AtomicPtr<Thread>,
}

/// Adds without a locked instruction: the thread is the only writer, so nothing can come between.
#[inline(always)]
fn bump(total: &AtomicU64, by: u64) {
    total.store(total.load(Relaxed).wrapping_add(by), Relaxed);
}

impl Thread {
    const_fn! {
        /// Closed, and on no list.
        pub fn new() -> Thread {
            Thread {
                small_bytes: AtomicUsize::new(0),
                limit_bytes: AtomicI64::new(CLOSED),
                alloc_count: AtomicU64::new(0),
                alloc_bytes: AtomicU64::new(0),
                free_count: AtomicU64::new(0),
                free_bytes: AtomicU64::new(0),
                realloc_moved_bytes: AtomicU64::new(0),
                past_peak_bytes: AtomicI64::new(0),
                previous: AtomicPtr::new(std::ptr::null_mut()),
                next: AtomicPtr::new(std::ptr::null_mut()),
            }
        }
    }

    /// Counts an allocation if no more than counting is to be done; otherwise does nothing and says false.
    #[inline(always)]
    pub fn try_allocate(&self, bytes: usize) -> bool {
        let plain = bytes <= self.small_bytes.load(Relaxed);
        if plain {
            self.allocated(bytes);
        }
        plain
    }

    /// Counts a free if no more than counting is to be done; otherwise does nothing and says false.
    #[inline(always)]
    pub fn try_free(&self, bytes: usize) -> bool {
        // How much less than the limit is live; the sum of it that takes the fewest instructions.
        let limit = self.limit_bytes.load(Relaxed) as u64;
        let room = limit.wrapping_sub(own(&self.alloc_bytes)).wrapping_add(own(&self.free_bytes)) as i64;
        let plain = room >= 0;
        if plain {
            bump(&self.free_bytes, bytes as u64);
            bump(&self.free_count, 1);
        }
        plain
    }

    #[inline(always)]
    pub fn is_open(&self) -> bool {
        self.small_bytes.load(Relaxed) > 0
    }

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

    /// Counts a reallocation. Both blocks of a moved one exist for a moment, so the peak sees both; one done in place is
    /// never larger than its new size.
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

    /// Adds what another thread did, which does no more. The sum of the two peaks is a bound of what both held.
    pub fn absorb(&self, other: &Thread) {
        self.past_peak_bytes.store(self.peak_bytes() + other.peak_bytes(), Relaxed);
        let tally = other.tally();
        bump(&self.alloc_count, tally.alloc_count);
        bump(&self.alloc_bytes, tally.alloc_bytes);
        bump(&self.free_count, tally.free_count);
        bump(&self.free_bytes, tally.free_bytes);
        bump(&self.realloc_moved_bytes, tally.realloc_moved_bytes);
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
        // In this order: of the free that ended a peak, live bytes show nothing before the other shows the peak.
        let live = self.live_bytes();
        fence(Acquire);
        live.max(self.past_peak_bytes.load(Relaxed))
    }

    pub fn set_peak_bytes(&self, peak: i64) {
        self.past_peak_bytes.store(peak, Relaxed);
        // With the one in `peak_bytes`: before the free that follows.
        fence(Release);
        let limit = self.limit_bytes.load(Relaxed);
        if limit != CLOSED && limit != peak {
            // Fails when somebody has closed it just now; closed it stays.
            let _ = self.limit_bytes.compare_exchange(limit, peak, Relaxed, Relaxed);
        }
    }

    /// Sends allocations and frees to the slow path. For any thread.
    #[inline]
    pub fn close(&self) {
        self.small_bytes.store(0, Relaxed);
        self.limit_bytes.store(CLOSED, Relaxed);
    }

    /// Opens the hot path, unless somebody watches.
    ///
    /// Against [`close_all`](crate::registry::Registry::close_all), whose caller begins to watch before it closes: of the
    /// two, at least the later in the order of the fences sees what the other wrote, so a thread never stays open while
    /// anybody watches.
    pub fn open_unless(&self, watched: impl Fn() -> bool) {
        if watched() {
            return;
        }
        self.small_bytes.store(SMALL_BYTES, Relaxed);
        self.limit_bytes.store(self.past_peak_bytes.load(Relaxed), Relaxed);
        fence(SeqCst);
        if watched() {
            self.close();
        }
    }
}
