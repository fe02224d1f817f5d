//! What is watched while a map works: allocations, structural events, moves, latencies, call stacks.

pub mod alloc;
pub mod blocks;
pub mod census;
pub mod clock;
pub mod cpu;
pub mod event;
pub mod heap;
pub mod latency;
pub mod modules;
pub mod quantity;
pub mod slots;
pub mod stacks;
pub mod symbols;
mod watch;

pub use event::{Cause, Event, Probe};
