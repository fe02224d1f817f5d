//! A cell as it is planned, and what it is called once it is.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Call, Name, kept};

/// One cell to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellSpec {
    /// The map, with its arguments.
    pub map: Call,
    /// What it is asked to do.
    pub workload: WorkloadSpec,
    /// Load factor, for maps that have one.
    pub load_factor: Option<f64>,
    /// What its map is built for.
    pub hint: Hint,
    /// The entry's name.
    #[serde(deserialize_with = "kept")]
    pub entry: Name,
    /// The threads that do it as other threads would; `None` for one that has the map to itself.
    pub crew: Option<Crew>,
}

/// The most operations of a cell: `1..=2^63-1`, what a TOML integer holds.
pub const OPS_MAX: u64 = i64::MAX as u64;

impl CellSpec {
    /// A cell of which nothing but the map has been written: what must be given has no value yet.
    pub(super) fn unwritten(map: Call) -> CellSpec {
        let source = Source::Generated { keys: Call::default(), mix: Call::default() };
        let workload = WorkloadSpec { source, ops: OPS_MAX, seed: 0, widths: Widths::WHOLE };
        CellSpec { map, workload, load_factor: None, hint: Hint::Entries(0), entry: "", crew: None }
    }

    /// What the cell is called. A workload labels its keys and its mix, and knows its operations, when it is open.
    pub fn id(&self, keys: &str, mix: &str, ops: u64) -> CellId {
        CellId {
            map: self.map.to_string(),
            keys: keys.to_owned(),
            mix: mix.to_owned(),
            load_factor: self.load_factor,
            hint: self.hint.entries(ops),
            entry: self.entry.to_owned(),
            ops,
            seed: self.workload.seed,
            threads: self.crew.map(|crew| crew.threads),
            thread_keys: self.crew.map(|crew| crew.keys.name().to_owned()),
        }
    }
}

/// What makes a cell this cell and no other. Never a counter, never a path.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellId {
    /// Map.
    pub map: String,
    /// Key distribution in canonical form; a file by name and content: `trace:NAME@DIGEST`.
    pub keys: String,
    /// Mix in canonical form.
    pub mix: String,
    /// Load factor; absent where the map's can't be set.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub load_factor: Option<f64>,
    /// Capacity hint in entries; 0 for none.
    pub hint: u64,
    /// `KEY/VALUE`.
    pub entry: String,
    /// Measured operations.
    pub ops: u64,
    /// Seed.
    pub seed: u64,
    /// Threads that do the operations as threads beside others do; absent for one that has the map to itself.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub threads: Option<u32>,
    /// How keys are dealt to them, `shared` or `disjoint`; absent where threads are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub thread_keys: Option<String>,
}

/// How many entries a map is told that it will have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hint {
    /// So many; 0 for no hint.
    Entries(u64),
    /// As many as the workload has operations: of a trace that is known when it is open.
    Ops,
}

impl Hint {
    /// For a workload of so many operations.
    pub fn entries(self, ops: u64) -> u64 {
        match self {
            Hint::Entries(entries) => entries,
            Hint::Ops => ops,
        }
    }
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
    /// Measured operations. For a trace: how many of its operations to take at the most. For keys from a file [`OPS_MAX`]
    /// stands for as many as it has keys.
    pub ops: u64,
    /// Seeds keys and mix.
    pub seed: u64,
    /// What of keys and values the entry keeps.
    pub widths: Widths,
}

/// How many bits of a key's identity and of a value's seed an entry can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widths {
    /// Of identities: generated keys are below 2 to this power, and others must be.
    pub key_bits: u32,
    /// Of seeds: the low ones are kept.
    pub value_bits: u32,
}

impl Widths {
    /// Those of most entries.
    pub const WHOLE: Widths = Widths { key_bits: u64::BITS, value_bits: u64::BITS };
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
    Trace(TraceSpec),
}

/// A trace, and how it is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceSpec {
    /// The file.
    pub path: PathBuf,
    /// What its content doesn't say.
    pub reading: Reading,
}

/// What is said of a trace, beside what its content says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The name of its format; `None` for the one that its content shows.
    pub format: Option<String>,
    /// What the columns of a table mean, as `key=lbn,op=op`; empty where its header says it.
    pub columns: String,
    /// What rows do that say only a key.
    pub requests: Requests,
    /// Whether the times of rows are wanted: then each must have one. They are no part of what is done.
    pub stamps: bool,
}

/// What is done with a key of which a trace doesn't say what is done with it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Requests {
    /// It is put.
    #[default]
    Insert,
    /// It is looked up, and put when it comes for the first time.
    GetOrInsert,
}

impl Requests {
    /// Both.
    pub const ALL: [Requests; 2] = [Requests::Insert, Requests::GetOrInsert];

    /// The name on the command line and in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Requests::Insert => "insert",
            Requests::GetOrInsert => "get-or-insert",
        }
    }
}

impl From<PathBuf> for TraceSpec {
    fn from(path: PathBuf) -> TraceSpec {
        TraceSpec { path, reading: Reading::default() }
    }
}

/// What is said, as part of a name: `(get-or-insert)`, `(csv key=lbn)`; nothing of nothing.
impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = (self.requests != Requests::default()).then_some(self.requests.name());
        let columns = Some(self.columns.as_str()).filter(|columns| !columns.is_empty());
        let said: Vec<_> = [self.format.as_deref(), columns, requests].into_iter().flatten().collect();
        if said.is_empty() { Ok(()) } else { write!(f, "({})", said.join(" ")) }
    }
}

impl Source {
    /// The file that it is read from.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Source::Trace(trace) => Some(&trace.path),
            Source::Generated { keys, .. } => keys.path.as_deref(),
        }
    }
}
