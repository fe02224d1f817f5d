//! What is allocated and freed, counted: the crate `counting-alloc`, with its part for harnesses.

pub use counting_alloc::harness::{Pause, SpinLock, aside, counted, set_realloc_always_moves};
pub use counting_alloc::{
    Allowed, Counting, Measured, NotCounting, Tally, live_bytes, measure, peak_bound_bytes, peak_bytes, reset_peak,
    tally, totals, uncounted, verify_counting,
};
