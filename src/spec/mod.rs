//! What to run: profiles and flags, validated against a [`Catalog`] of everything that has a name.
//!
//! ```text
//! profiles/*.toml -> wire (as written) <- flags
//!                      |
//!                    plan (validated): Plan, CellSpec
//! ```
//!
//! # A profile
//!
//! ```toml
//! summary = "one line, shown by `list profiles`"
//! passes = ["count", "time", "profile"]   # default: all three
//! repetitions = 5                         # of the time pass, 1 to 1000; default 5
//! time_limit_s = 60                       # of one pass of one cell, and of each repetition of a time pass; default:
//!                                         # what grows with the work, 60 and 50 microseconds an operation
//! memory_limit_mb = 4096                  # of one cell, in MiB; default: most of what is free
//! max_cells = 100_000                     # a plan of more cells is refused; default 100,000
//!
//! [[cells]]                               # each table: the product of its lists; a scalar stands for a list of one
//! map = ["go-classic", "std"]
//! keys = ["uniform", "zipfian(0.99)"]
//! mix = "fill"
//! ops = 100_000                           # measured operations
//! load_factor = [4.0, 6.5]                # default: the map's own; maps whose load factor can't be set run once
//! hint = [0, 100_000]                     # default 0; maps that take no hint run once, with 0
//! entry = "u64/u64"                       # the default
//! seed = 1                                # the default
//! threads = [1, 2, 4]                     # for concurrent maps; default: one thread that has the map to itself
//! thread_keys = "shared"                  # or "disjoint": no two threads touch the same key
//!
//! [[cells]]
//! map = "std"
//! trace = "file.csv"                      # instead of keys and mix; relative to the profile's file
//! ```
//!
//! With a trace, `ops` is the most to take of it, and may be left out. The trace `-` is standard input. It is read once,
//! as every trace is, whatever number of tables names it.

mod call;
mod plan;
mod profiles;
mod term;
mod wire;

pub use call::{Arg, Call, CallError, UnknownName};
pub use plan::{Profiles, plan};
pub use profiles::{SHIPPED, Shipped};
pub use term::{LoadFactors, Param, Range, Term, Values};
pub use wire::{Flags, Place, SpecError};

use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

/// Everything a profile may name. The registries fill it; `spec` itself knows none of them.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    /// The maps, and what each can be asked.
    pub maps: Vec<MapOffer>,
    /// The key distributions.
    pub keys: Vec<Term>,
    /// The mixes.
    pub mixes: Vec<Term>,
    /// The entries.
    pub entries: Vec<EntryOffer>,
    /// The machine's physical memory in bytes: no hint may ask for more.
    pub memory_bytes: u64,
}

/// An entry as far as validation needs to know it.
#[derive(Debug, Clone, Copy)]
pub struct EntryOffer {
    /// Its term.
    pub term: Term,
    /// `size_of` the key and the value, in bytes, without what they own on the heap.
    pub slot_bytes: u64,
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
}

impl MapOffer {
    /// Whether several threads may use what this call of its term names.
    fn is_concurrent(&self, call: &Call) -> bool {
        let named = |words: &[&str]| call.first_word().is_some_and(|word| words.contains(&word));
        self.concurrent && (self.concurrent_at.is_empty() || named(self.concurrent_at))
    }
}

/// A validated plan: which cells, which passes, within which limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The profile's name, `custom` when flags alone made it.
    pub profile: String,
    /// The passes.
    pub passes: Passes,
    /// Repetitions of the time pass; at least 1.
    pub repetitions: u32,
    /// The longest one pass of one cell may take, in seconds; at least 1. `None` for a limit that grows with the work.
    pub time_limit_s: Option<u64>,
    /// The most memory one cell's process may use, in bytes; `None` for most of what the machine has free.
    pub memory_limit_bytes: Option<u64>,
    /// The cells, none twice.
    pub cells: Vec<CellSpec>,
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
}

/// A name out of a registry, which lives as long as the program. One that is read, as by a cell's process, is kept for good.
pub type Name = &'static str;

fn kept<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Name, D::Error> {
    Ok(Box::leak(Box::<str>::deserialize(deserializer)?))
}

fn kept_all<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Name>, D::Error> {
    Ok(Vec::<Box<str>>::deserialize(deserializer)?.into_iter().map(|name| &*Box::leak(name)).collect())
}

/// One cell to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSpec {
    /// The map, with its arguments.
    pub map: Call,
    /// What it is asked to do.
    pub workload: WorkloadSpec,
    /// Load factor, for maps that have one.
    pub load_factor: Option<f64>,
    /// Expected entries; 0 for none.
    pub hint: u64,
    /// The entry's name.
    #[serde(deserialize_with = "kept")]
    pub entry: Name,
    /// The threads that do it as other threads would; `None` for one that has the map to itself.
    pub crew: Option<Crew>,
}

/// Threads, and how a workload is dealt to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crew {
    /// At least 1.
    pub threads: u32,
    /// [`ThreadKeys::Shared`] for one thread.
    pub keys: ThreadKeys,
}

/// How the operations of a workload are dealt to several threads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThreadKeys {
    /// In turns, whatever their keys.
    #[default]
    Shared,
    /// By key: no two threads ever touch the same one.
    Disjoint,
}

impl ThreadKeys {
    /// Both.
    pub const ALL: [ThreadKeys; 2] = [ThreadKeys::Shared, ThreadKeys::Disjoint];

    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            ThreadKeys::Shared => "shared",
            ThreadKeys::Disjoint => "disjoint",
        }
    }
}

/// What a cell's map is asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadSpec {
    /// Where the operations come from.
    pub source: Source,
    /// Measured operations. For a trace: how many of its operations to take at the most.
    pub ops: u64,
    /// Seeds keys and mix.
    pub seed: u64,
}

/// Where a workload's operations come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// Made on the fly.
    Generated {
        /// The key distribution.
        keys: Call,
        /// The mix.
        mix: Call,
    },
    /// Read from a file.
    Trace(PathBuf),
}
