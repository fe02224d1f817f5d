/// Asserts how many allocations a piece of code makes on this thread, and gives what the code does.
///
/// The first argument is a number or a range of numbers. Reallocations count as the [crate] says.
/// The test binary must have [`Counting`](crate::Counting) for its global allocator; without it, the
/// assertion fails and says so.
///
/// ```
/// # use counting_alloc::{Counting, assert_allocs};
/// #[global_allocator]
/// static GLOBAL: Counting<std::alloc::System> = Counting::new(std::alloc::System);
///
/// let mut list = assert_allocs!(1, Vec::<u64>::with_capacity(10));
/// assert_allocs!(0, list.extend(0..10));
/// assert_allocs!(1..=2, list.push(10));
/// ```
///
/// # Panics
///
/// When it makes another number of them.
#[macro_export]
macro_rules! assert_allocs {
    ($count:expr, $code:expr $(,)?) => {{
        $crate::verify_counting().unwrap_or_else(|error| panic!("{error}"));
        let (value, measured) = $crate::measure(|| $code);
        let count = measured.tally.alloc_count;
        assert!(
            $crate::Allowed::allows(&$count, count),
            "{} allocations of {} bytes in all where {:?} were allowed: {}",
            count,
            measured.tally.alloc_bytes,
            $count,
            stringify!($code)
        );
        value
    }};
}

use std::ops::{RangeFrom, RangeInclusive, RangeToInclusive};

/// A number of allocations, or a range of numbers, that [`assert_allocs!`](crate::assert_allocs) allows.
pub trait Allowed {
    /// Whether so many are.
    fn allows(&self, count: u64) -> bool;
}

impl Allowed for u64 {
    fn allows(&self, count: u64) -> bool {
        *self == count
    }
}

macro_rules! ranges {
    ($($range:ident),*) => {$(
        impl Allowed for $range<u64> {
            fn allows(&self, count: u64) -> bool {
                self.contains(&count)
            }
        }
    )*};
}

ranges!(RangeInclusive, RangeFrom, RangeToInclusive);
