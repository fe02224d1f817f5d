//! The maps that mapscope measures, behind one trait, and what watches them: events, blocks, clocks, call stacks.
//!
//! They are compiled only where somebody names their keys and values: here nothing is. `mapscope` gives these modules on
//! under its own name; programs depend on that one.
#![warn(missing_docs)]
#![warn(clippy::undocumented_unsafe_blocks)]

pub mod entry;
pub mod maps;
pub mod probe;
pub mod term;
pub mod text;
pub mod values;

/// The compiler that compiled this: `1.95.0 (59807616e 2026-04-14)`.
pub const RUSTC: &str = env!("MAPSCOPE_RUSTC");
/// What it was compiled for: `x86_64-unknown-linux-gnu`.
pub const TARGET: &str = env!("MAPSCOPE_TARGET");
/// How: `release, opt-level 3, rustflags "-C target-cpu=native"`.
pub const BUILD: &str = env!("MAPSCOPE_BUILD");

/// Whether code at `place`, as a panic names it, is of what watches maps and counts for them: here, but for the maps
/// themselves, or in the counting allocator.
pub fn is_what_watches(place: &str) -> bool {
    let within = |file: &str, name: &str| place.strip_prefix(file.strip_suffix(name).unwrap_or(file));
    within(file!(), "lib.rs").is_some_and(|place| !place.starts_with("maps/"))
        || within(counting_alloc::harness::SOURCE, "harness.rs").is_some()
}
