//! What to run: profiles and flags, validated against a [`Catalog`] of everything that has a name.
//!
//! ```text
//! profiles/*.toml -> wire (as written) <- flags
//!                      |
//!        axes ------> validate, cells -> Plan, CellSpec -> CellId (identity)
//! ```
//!
//! docs/PROFILES.md has the form of a profile, and the axes of its cells.

pub mod axes;
mod call;
mod cell;
mod cells;
mod identity;
mod pace;
mod pattern;
mod place;
mod profiles;
mod response_limit;
mod validate;
mod wire;

pub use mapscope_maps::term::{LoadFactors, Param, Term};
pub use mapscope_maps::values::{Arg, Range, Values};

pub use call::{Call, CallError, UnknownName};
pub use cell::{
    CellId, CellSpec, Crew, Hint, OPS_MAX, Reading, Requests, Source, ThreadKeys, TraceSpec, Widths, WorkloadSpec,
};
pub use place::{Place, PlanError};
pub use profiles::{SHIPPED, Shipped, Written};
pub use response_limit::ResponseLimit;
pub use validate::{Meant, Profiles, plan};
pub use wire::Flags;

use serde::{Deserialize, Deserializer};

/// Everything a profile may name. The registries fill it; `plan` itself knows none of them.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// The maps, and what each can be asked.
    pub maps: Vec<MapOffer>,
    /// The key distributions.
    pub keys: Vec<Term>,
    /// The mixes.
    pub mixes: Vec<Term>,
    /// The entries that patterns stand for and lists show; any other of the grammar can be named.
    pub entries: Vec<Term>,
    /// The machine's physical memory in bytes: no hint may ask for more.
    pub memory_bytes: u64,
}

/// A map as far as validation needs to know it.
#[derive(Debug, Clone, Copy)]
pub struct MapOffer {
    /// Its term.
    pub term: Term,
    /// A name that stands for this map and every other of the group.
    pub group: Option<&'static str>,
    /// Its load factors, when it can be set.
    pub load_factor: Option<LoadFactors>,
    /// Whether it takes a capacity hint.
    pub hint: bool,
    /// Whether several threads may use it at once.
    pub concurrent: bool,
    /// The words of its first parameter with which they may; empty for all.
    pub concurrent_at: &'static [&'static str],
    /// What this machine lacks to run it, and how to get that: patterns pass it over.
    pub missing: Option<&'static str>,
}

impl MapOffer {
    /// Whether several threads may use what this call of its term names.
    fn is_concurrent(&self, call: &Call) -> bool {
        let named = |words: &[&str]| call.first_word().is_some_and(|word| words.contains(&word));
        self.concurrent && (self.concurrent_at.is_empty() || named(self.concurrent_at))
    }
}

/// How often a time pass is repeated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Repetitions {
    /// Until the least times stand, 8 to 15 times, or 5 where that takes 30 s; where repetitions don't do the same, five times.
    #[default]
    Auto,
    /// So often; at least once.
    Fixed(u32),
}

impl Repetitions {
    /// What is enough for both.
    fn join(self, other: Repetitions) -> Repetitions {
        match (self, other) {
            (Repetitions::Fixed(one), Repetitions::Fixed(other)) => Repetitions::Fixed(one.max(other)),
            _ => Repetitions::Auto,
        }
    }
}

/// A validated plan: which cells, which passes, within which limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The profile's name, `custom` when flags alone made it.
    pub profile: String,
    /// The passes.
    pub passes: Passes,
    /// How often a time pass is repeated.
    pub repetitions: Repetitions,
    /// Rates of arrival per second that the time pass works out response times for, in ascending order, none twice; each at
    /// least 1.
    pub rates_per_s: Vec<u64>,
    /// How many times as fast as traces the time pass works out response times at the traces' own arrivals for, in ascending
    /// order, none twice; each at least 1.
    pub paces: Vec<u64>,
    /// Limits of response times that the time pass works out the highest rate of arrival for, none twice.
    pub response_limits: Vec<ResponseLimit>,
    /// The longest one pass of one cell may take, in seconds; at least 1. `None` for a limit that grows with the work.
    pub time_limit_s: Option<u64>,
    /// The most memory one cell's process may use, in bytes; `None` for most of what the machine has free.
    pub memory_limit_bytes: Option<u64>,
    /// The cells, none twice.
    pub cells: Vec<CellSpec>,
    /// What patterns match and no cell has, or not every cell that it would be in.
    pub left_out: Vec<LeftOut>,
}

/// A name that a pattern matches, and why it is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The name, as of a map.
    pub name: &'static str,
    /// Why, in words.
    pub why: String,
}

/// Which passes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passes {
    /// Exact metrics.
    pub count: bool,
    /// Latencies.
    pub time: bool,
    /// Stacks.
    pub profile: bool,
    /// What the processor executes, under Valgrind.
    pub instructions: bool,
}

/// A name out of a registry, which lives as long as the program. One that is read, as by a cell's process, is kept for good.
pub type Name = &'static str;

/// A name that is in no registry; there are few.
fn leaked(name: &str) -> Name {
    Box::leak(name.into())
}

fn kept<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    Ok(leaked(&Box::<str>::deserialize(deserializer)?))
}

fn kept_all<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Name>, D::Error> {
    Ok(Vec::<Box<str>>::deserialize(deserializer)?.into_iter().map(|name| &*Box::leak(name)).collect())
}
