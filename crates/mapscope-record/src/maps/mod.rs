//! The maps: each is the real one, with a [`Record`](crate::recorder::Record) beside it.

#[macro_use]
mod entries;
pub mod btree_map;
pub mod hash_map;
pub mod hash_set;
mod of_two_sets;
#[cfg(feature = "serde")]
mod serde;
