//! The maps: each is the real one, with a [`Record`](crate::recorder::Record) beside it.

#[macro_use]
mod entries;
pub mod btree_map;
pub mod hash_map;
pub mod hash_set;
#[cfg(feature = "serde")]
mod serde;
