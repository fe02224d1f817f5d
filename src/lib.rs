//! **Know what every map write costs: bytes allocated, entries moved, nanoseconds at the tail, and why.**
//!
//! # Terms
//!
//! - **map under test**: anything behind [`maps::Map`]. A **model** is a faithful re-implementation of a
//!   foreign runtime's map.
//! - **write**: an insert of a new key, an overwrite, or a remove. Its **payload** is the bytes of key and value
//!   handed to the map by an insert or an overwrite, the heap part of a string key included.
//! - **move**: an entry already in the map changes its address (rehash, evacuation, split, displacement, merge).
//! - **cause** of an operation: [`probe::Cause`], the most expensive structural work that it did.
//! - **cell**: one map × one workload × one load factor × one capacity hint × one seed; the unit of running, of
//!   recording and of failing.
//! - **load factor**: the growth threshold, where a map lets it be set. **fill**: live entries over capacity when
//!   measured. The two are never confused.
//! - **exact** metric: an integer (or a ratio of two) that repeats bit for bit with the same seed on any machine.
//!   **statistical** metric: a time, or what a map declares as such.
//!
//! # Flow
//!
//! ```text
//! profiles/*.toml -> plan -> workload (ops, keys, traces) ----> pass --drives--> session of a subject
//!                                               \____________ run ____________/    |  of maps, by probe
//!                                                      |                            \ of a program, by engines
//!                                                   record -> report (csv md json html flame pprof ...)
//!                                                      \----> gate -> diff
//! ```
//!
//! Imports point one way. `term` and `values` are what a registry offers, and `entry` has the keys and values that maps
//! can have. `intake` reads what comes from outside, once; `workload` knows nothing about maps; a map sees only the
//! event part of `probe`. `subject` says what can be measured and how it is driven. `engines` has the runtimes whose
//! maps run in a program of their own. `run` has the passes, the sessions of maps in this process, and the schedule.
//! `replay` plays recordings on models, `verify` compares models with a runtime, and `inspect` shows the inside of a
//! model. `report` and `gate` see only `record`, what cells differ in (`plan::axes`) and the forms in `ci`. `diff` says
//! what changed, by the gate's rules and in the forms of reports. `ab` has the statistics of two builds by turns. `describe` says
//! what a trace is before anything runs. `recording` has real programs record their maps, and shows what these cost by
//! the line that makes them. `census` finds the maps of a Go program in its memory. `hints` reads the source of such programs for hints that can be written. `text` makes foreign text fit to be shown, for all of them. `tests/structure.rs` enforces
//! all this.
//!
//! # Your own map or program
//!
//! [`main!`] gives your own map the whole command line. [`alloc`] and [`assert_allocs!`], which count in any test, are
//! the crate `counting-alloc`; [`replay::Traced`], which records the operations of a running program on its map, is
//! `mapscope-trace`. A program that needs no more depends only on these. docs/YOUR_OWN_MAP.md shows each.
//!
//! # Invariants
//!
//! - One process per cell and pass, and per repetition of a time; passes never share one.
//! - Key preparation happens outside whatever is measured, and is never counted.
//! - Every seed is fixed: keys, mixes, hashers. The same cell gives the same exact metrics, bit for bit.
//! - A record is complete: whatever a report shows can be rendered again from the record alone.
//! - A failed cell is a row with its status, never a gap.
#![warn(missing_docs)]
#![warn(clippy::undocumented_unsafe_blocks)]

pub use counting_alloc::assert_allocs;
pub use mapscope_run::{
    engines, entry, inspect, intake, maps, plan, probe, probe::alloc, record, replay, run, subject, text, verify,
    workload,
};

pub mod ab;
pub mod census;
pub mod ci;
pub mod cmd;
pub mod describe;
pub mod diff;
pub mod gate;
pub mod hints;
pub mod recording;
pub mod report;
