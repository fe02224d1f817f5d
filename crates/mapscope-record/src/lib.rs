//! Maps of the standard library, of hashbrown and of indexmap that write down what becomes of them, for `mapscope record`.
//!
//! ```
//! use mapscope_record::HashMap; // in place of std::collections::HashMap
//!
//! let mut counts: HashMap<&str, u32> = HashMap::new();
//! for word in "to be or not to be".split(' ') {
//!     *counts.entry(word).or_default() += 1;
//! }
//! assert_eq!(counts["be"], 2);
//! ```
//!
//! Without the feature `record` these names are those of the real maps, and this crate is nothing. With it, a
//! program that runs under `mapscope record` leaves a file in which each map has a row: the line that made it, its type,
//! writes, growths, bytes. Run in any other way, it pays a load and a branch for each operation. docs/RECORDING.md of
//! mapscope has the figures, what is counted as what, and the file.
//!
//! # Invariants
//!
//! - The public surface is that of the standard library, as of the Rust of `rust-version`, and nearly that of hashbrown and
//!   of indexmap (their modules say what they lack): `tests/surface.rs` is compiled against the real ones, too.
//! - Nothing panics or fails for the recording's sake, and no map behaves otherwise than the real one, which it holds.
//! - Nothing is written that is in a map: values are not read, and keys only where a place is traced, of which a hash under
//!   a secret of the process and the length are written.

pub mod control;
#[cfg(all(feature = "live", target_os = "linux"))]
pub mod live;
#[cfg(all(feature = "record", target_os = "linux"))]
mod maps;
#[cfg(all(feature = "record", target_os = "linux"))]
mod recorder;
#[cfg(all(feature = "opentelemetry", target_os = "linux"))]
pub mod spans;

#[cfg(all(feature = "record", target_os = "linux"))]
pub use maps::standard::{
    btree_map::{self, BTreeMap},
    hash_map::{self, HashMap},
    hash_set::{self, HashSet},
};

/// The maps of [hashbrown](https://docs.rs/hashbrown), in place of `hashbrown`.
///
/// Recorded, they lack what takes an allocator, raw entries, `into_map` and `into_ref` of entries, and what is deprecated. What
/// puts an entry and gives it, and what puts or takes out a set's entry, asks for `Eq` of keys, and panics where a key that was
/// put just now has another hash.
#[cfg(feature = "hashbrown")]
pub mod hashbrown {
    #[cfg(all(feature = "record", target_os = "linux"))]
    pub use crate::maps::hashbrown::*;
    #[cfg(not(all(feature = "record", target_os = "linux")))]
    pub use ::hashbrown::*;
}

/// The maps of [indexmap](https://docs.rs/indexmap), in place of `indexmap`.
///
/// Recorded, they lack raw entries (`map::raw_entry_v1`), and what features of indexmap other than `std` and `serde` add.
/// Traits of its own that are for its maps alone (`MutableKeys`, `MutableEntryKey`, `MutableValues`) are there under the same
/// names.
#[cfg(feature = "indexmap")]
pub mod indexmap {
    #[cfg(all(feature = "record", target_os = "linux"))]
    pub use crate::maps::indexmap::*;
    #[cfg(not(all(feature = "record", target_os = "linux")))]
    pub use ::indexmap::*;
}

#[cfg(not(all(feature = "record", target_os = "linux")))]
pub use std::collections::{BTreeMap, HashMap, HashSet, btree_map, hash_map, hash_set};
