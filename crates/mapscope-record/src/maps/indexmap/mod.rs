//! The maps of indexmap.

#[macro_use]
mod iterators;
mod entries;
mod macros;
pub mod map;
mod mutable;
pub mod set;
mod tables;
mod two_sets;
mod watched;

pub use ::indexmap::{Equivalent, GetDisjointMutError, TryReserveError};
pub use macros::{indexmap, indexmap_with_default, indexset, indexset_with_default};
pub use map::IndexMap;
pub use set::IndexSet;
