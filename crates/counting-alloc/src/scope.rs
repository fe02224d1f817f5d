use std::alloc::Layout;
use std::fmt;
use std::hint::black_box;

use crate::current::{self, Mode, live_bytes, peak_bytes, set_peak_bytes};
use crate::{Tally, tally};

/// What a scope of [`measure`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Measured {
    /// What this thread allocated and freed in the scope.
    pub tally: Tally,
    /// Live bytes at the scope's end less those at its beginning.
    pub live_delta_bytes: i64,
    /// The most live bytes at any moment in the scope, over those at its beginning.
    pub peak_bytes: u64,
}

/// Runs `f` and tells what this thread allocated and freed meanwhile.
///
/// Scopes nest: an inner one leaves the peak of the outer as it would be without it, and so does one that is left by
/// unwinding. What other threads do is not in it; see [`totals`](crate::totals).
///
/// ```
/// # use counting_alloc::{Counting, measure};
/// #[global_allocator]
/// static GLOBAL: Counting<std::alloc::System> = Counting::new(std::alloc::System);
///
/// let (_keys, measured) = measure(|| Vec::<u64>::with_capacity(100));
/// assert_eq!(measured.tally.alloc_count, 1);
/// assert_eq!(measured.live_delta_bytes, 800);
/// ```
pub fn measure<T>(f: impl FnOnce() -> T) -> (T, Measured) {
    let scope = PeakScope::begin();
    let before = tally();
    let value = f();
    let tally = tally() - before;
    // Less than nothing after a `reset_peak` in it.
    let peak_bytes = (peak_bytes() - scope.live_at_begin).max(0) as u64;
    (value, Measured { tally, live_delta_bytes: tally.live_delta(), peak_bytes })
}

/// Gives a scope a peak of its own, and the outer scope its peak back.
struct PeakScope {
    live_at_begin: i64,
    outer_peak: i64,
}

impl PeakScope {
    fn begin() -> PeakScope {
        let scope = PeakScope { live_at_begin: live_bytes(), outer_peak: peak_bytes() };
        set_peak_bytes(scope.live_at_begin);
        scope
    }
}

impl Drop for PeakScope {
    fn drop(&mut self) {
        set_peak_bytes(self.outer_peak.max(peak_bytes()));
    }
}

/// Runs `f` without counting what this thread allocates and frees in it: for a harness's own bookkeeping.
///
/// Nests, and counting resumes also when `f` unwinds. The block that is allocated inside must be freed inside (another
/// `uncounted` will do), and one allocated outside must be freed outside, or live bytes are off by it. Nobody who
/// [watches](crate::harness::Watch) learns of what is not counted.
#[inline]
pub fn uncounted<T>(f: impl FnOnce() -> T) -> T {
    let _resume = current::enter(Mode::Uncounted);
    f()
}

/// Allocations are made, but not seen here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotCounting {
    /// The size of the block that was allocated and freed, in bytes.
    pub bytes: u64,
    /// What was counted of it.
    pub seen: Tally,
}

impl fmt::Display for NotCounting {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let NotCounting { bytes, seen } = self;
        write!(
            f,
            "one allocation of {bytes} bytes and its free were made, but {} of {} bytes and {} of {} bytes were \
             counted: the counting allocator is not this program's global allocator. Install it in the binary:\n    \
             #[global_allocator]\n    \
             static GLOBAL: Counting<std::alloc::System> = Counting::new(std::alloc::System);",
            seen.alloc_count, seen.alloc_bytes, seen.free_count, seen.free_bytes
        )
    }
}

impl std::error::Error for NotCounting {}

/// Whether counting works in this program: makes a known allocation and must see exactly it, and its free.
///
/// Call it before believing any count, outside [`uncounted`].
pub fn verify_counting() -> Result<(), NotCounting> {
    // A size that nobody else allocates, so that the message can't be mistaken for another's block.
    const LAYOUT: Layout = Layout::new::<[u8; 4_099]>();
    let ((), measured) = measure(|| {
        // SAFETY: the layout is not zero-sized.
        let block = black_box(unsafe { std::alloc::alloc(LAYOUT) });
        if !block.is_null() {
            // SAFETY: allocated just above with the same layout.
            unsafe { std::alloc::dealloc(block, LAYOUT) };
        }
    });
    let bytes = LAYOUT.size() as u64;
    let expected =
        Tally { alloc_count: 1, alloc_bytes: bytes, free_count: 1, free_bytes: bytes, realloc_moved_bytes: 0 };
    if measured.tally == expected { Ok(()) } else { Err(NotCounting { bytes, seen: measured.tally }) }
}
