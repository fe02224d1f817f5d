use std::iter::Sum;
use std::ops::{Add, Sub};

/// Running totals of what was allocated and freed. The difference of two readings is what happened between them.
///
/// A reallocation, moved or not, is one allocation of the new size and one free of the old.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Allocations that succeeded, reallocations included.
    pub alloc_count: u64,
    /// Bytes asked for by them.
    pub alloc_bytes: u64,
    /// Frees, reallocations included.
    pub free_count: u64,
    /// Bytes given back by them.
    pub free_bytes: u64,
    /// Old sizes of the reallocations that changed the address.
    pub realloc_moved_bytes: u64,
}

impl Tally {
    /// Bytes allocated less bytes freed; negative where more was freed than allocated.
    pub const fn live_delta(&self) -> i64 {
        self.alloc_bytes.wrapping_sub(self.free_bytes) as i64
    }
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally {
            alloc_count: self.alloc_count + other.alloc_count,
            alloc_bytes: self.alloc_bytes + other.alloc_bytes,
            free_count: self.free_count + other.free_count,
            free_bytes: self.free_bytes + other.free_bytes,
            realloc_moved_bytes: self.realloc_moved_bytes + other.realloc_moved_bytes,
        }
    }
}

impl Sub for Tally {
    type Output = Tally;

    /// `later - earlier`.
    #[inline]
    fn sub(self, earlier: Tally) -> Tally {
        Tally {
            alloc_count: self.alloc_count - earlier.alloc_count,
            alloc_bytes: self.alloc_bytes - earlier.alloc_bytes,
            free_count: self.free_count - earlier.free_count,
            free_bytes: self.free_bytes - earlier.free_bytes,
            realloc_moved_bytes: self.realloc_moved_bytes - earlier.realloc_moved_bytes,
        }
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Tally {
        tallies.fold(Tally::default(), Add::add)
    }
}
