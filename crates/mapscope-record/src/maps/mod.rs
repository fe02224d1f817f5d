//! The maps: each is the real one, with a [`Record`](crate::recorder::Record) beside it.

#[macro_use]
mod hash_map;
#[macro_use]
mod hash_set;
#[cfg(feature = "hashbrown")]
pub mod hashbrown;
#[cfg(feature = "indexmap")]
pub mod indexmap;
#[cfg(feature = "serde")]
mod serde;
pub mod standard;
