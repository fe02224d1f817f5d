//! What `mapscope` runs, and the record that it leaves; its command line, its reports and its gate are in the crate
//! `mapscope`, which gives these modules on under its own name: programs depend on that one.
//!
//! They are apart because compiling every map with every entry is most of what building costs: what becomes of a record
//! can be worked on without it.
#![warn(missing_docs)]
#![warn(clippy::undocumented_unsafe_blocks)]

pub use mapscope_maps::{entry, maps, probe, text};

pub mod engines;
pub mod inspect;
pub mod intake;
pub mod plan;
pub mod record;
pub mod replay;
pub mod run;
pub mod subject;
#[cfg(feature = "builtin")]
pub mod verify;
pub mod workload;
