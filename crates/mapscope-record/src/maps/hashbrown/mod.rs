//! The maps of hashbrown, but for those with an allocator of their own.

mod real {
    pub(super) const PATH: &str = "hashbrown::";

    /// How many of so many values are in the difference to a set of so many, as the iterator over it says.
    pub(super) const fn difference_at_least(values: usize, other: usize) -> usize {
        values.saturating_sub(other)
    }

    pub(super) use ::hashbrown::{DefaultHashBuilder, HashMap, HashSet, TryReserveError, hash_map, hash_set};
}

mod entries;
mod entries_by_reference;
pub mod hash_map;
pub mod hash_set;
mod lent;
#[path = "../of_two_sets.rs"]
#[allow(clippy::duplicate_mod, reason = "it is of the sets beside it")]
mod of_two_sets;
mod set_entries;

pub use ::hashbrown::{DefaultHashBuilder, DefaultHasher, Equivalent, HashTable, TryReserveError, hash_table};
pub use hash_map::HashMap;
pub use hash_set::HashSet;
