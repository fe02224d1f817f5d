//! The maps of the standard library.

mod real {
    pub(super) const PATH: &str = "";

    /// How many of so many values are in the difference to a set of so many, as the iterator over it says.
    pub(super) const fn difference_at_least(_: usize, _: usize) -> usize {
        0
    }

    pub(super) use std::collections::{HashMap, HashSet, TryReserveError, hash_map, hash_set};
    pub(super) use std::hash::RandomState as DefaultHashBuilder;
}

#[macro_use]
mod entries;
pub mod btree_map;
pub mod hash_map;
pub mod hash_set;
#[path = "../of_two_sets.rs"]
#[allow(clippy::duplicate_mod, reason = "it is of the sets beside it")]
mod of_two_sets;
