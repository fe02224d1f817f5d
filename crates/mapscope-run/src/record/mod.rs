//! The record: everything a run learnt, raw. Reports and the gate see nothing else.
//!
//! Exact quantities are integers here; ratios are derived by [`metrics`], so that nothing is rounded twice and records
//! from several machines can be merged.

mod acceptance;
mod check;
mod declared;
mod environment;
mod hashing;
mod held;
mod instructions;
mod io;
mod lengths;
pub mod metrics;
mod older;
mod percentiles;
mod quantities;
mod responses;
mod timeline;
mod undisturbed;
mod work;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::plan::CellId;
pub use crate::probe::event::Cause;
pub use crate::probe::quantity::Quantity;
pub use acceptance::{ACCEPTANCES_MAX, Acceptance, AcceptedChanges, REASON_CHARS_MAX};
pub(crate) use check::{check_cell, check_times};
pub use declared::{contradiction, flaw};
pub use environment::Environment;
pub use hashing::Hashing;
pub use held::Held;
pub use instructions::{Executed, Instructions};
pub use io::{FILE_NAME, ReadError, read, write_atomically, write_reproducible, write_whole};
pub use io::{is_temporary, parse};
pub use lengths::Lengths;
pub use percentiles::KindPercentiles;
pub use quantities::Quantities;
pub use responses::{Arrivals, HighestRate, Pace, RATE_MAX_PER_S, Responses, SPEED_MAX, Services};
pub use timeline::{HeatMap, Moment, Moments, Searches, Spell, TableEvent, Timeline};
pub use undisturbed::{
    BLOCK_OPS, CHECKPOINTS, CLOCK_STEP_NS, Sensors, UNDISTURBED_MIN, Undisturbed, at_equal_repetitions,
};
pub use work::{EndState, OpKind};

/// The version of the layout below, and of what its figures mean.
///
/// A reader takes [`SCHEMA_OLDEST`] too, and then lacks what that has not: the field is absent, and so is a metric that meant
/// something else. What compares records refuses two of different schemas. docs/FORMATS.md says what changed.
pub const SCHEMA: u32 = 2;

/// The oldest version that can still be read.
pub const SCHEMA_OLDEST: u32 = 1;

/// Two records whose figures don't mean the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "one record has schema {before}, the other {after}, and their figures don't mean the same: run the cells of the older one \
     again with this mapscope"
)]
pub struct SchemasDiffer {
    /// Of the record that comes first.
    pub before: u32,
    /// Of the other.
    pub after: u32,
}

impl Results {
    /// Whether its figures can be held against another's.
    ///
    /// # Errors
    ///
    /// [`SchemasDiffer`], which says what to do.
    pub fn comparable(&self, after: &Results) -> Result<(), SchemasDiffer> {
        let (before, after) = (self.schema, after.schema);
        if before == after { Ok(()) } else { Err(SchemasDiffer { before, after }) }
    }
}

/// A whole `results.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// [`SCHEMA`], or that of an older mapscope that wrote it.
    pub schema: u32,
    /// The version of mapscope that wrote it.
    pub mapscope: String,
    /// The profile's name, `custom` when flags alone made it.
    pub profile: String,
    /// Whether the run ended before all cells were done.
    pub partial: bool,
    /// The machines that the cells ran on.
    pub environments: Vec<Environment>,
    /// Each time that this baseline was renewed, the last one last; none in a record that is no baseline.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub accepted: Vec<Acceptance>,
    /// One record a cell, in the order of the plan.
    pub cells: Vec<Cell>,
}

/// How a cell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Every pass done, content as expected.
    Ok,
    /// The map's content or its answers differ from the expected.
    WrongContent,
    /// The map panicked.
    Panicked,
    /// The process ended by a signal of its own making (abort, segmentation fault).
    Aborted,
    /// The process was killed from outside.
    Killed,
    /// It ran past its time limit.
    TimedOut,
    /// It needed more memory than its limit.
    OutOfMemory,
    /// The process could not do its work, through no fault of the map.
    HarnessFailed,
    /// What the map needs is not on this machine.
    Unavailable,
    /// The run ended before it.
    NotRun,
}

impl Status {
    /// The name in reports: `timed-out`.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::WrongContent => "wrong-content",
            Status::Panicked => "panicked",
            Status::Aborted => "aborted",
            Status::Killed => "killed",
            Status::TimedOut => "timed-out",
            Status::OutOfMemory => "out-of-memory",
            Status::HarnessFailed => "harness-failed",
            Status::Unavailable => "unavailable",
            Status::NotRun => "not-run",
        }
    }
}

/// The record of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// Its identity.
    pub id: CellId,
    /// How it ended; the worst of its passes.
    pub status: Status,
    /// What went wrong, and in which pass.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
    /// Whether its exact metrics repeat bit for bit.
    pub exact: bool,
    /// Index into [`Results::environments`].
    pub environment: usize,
    /// The map's version: `hashbrown 0.17.1`.
    pub map_version: String,
    /// `size_of` the key and the heap bytes of each key, in bytes.
    pub key_bytes: u64,
    /// `size_of` the value and the heap bytes of each value, in bytes; the mean of the live ones where it varies.
    pub value_bytes: u64,
    /// How long the keys are that measured puts brought, where their lengths come with the operations and the trace says them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key_lengths: Option<Lengths>,
    /// The same of the values.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value_lengths: Option<Lengths>,
    /// The end state, worked out without the map.
    pub expected: EndState,
    /// The count pass.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub count: Option<Count>,
    /// The time pass.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time: Option<Time>,
    /// The profile pass.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub profile: Option<Profile>,
    /// The instructions pass.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub instructions: Option<Instructions>,
}

/// What the count pass counted over the measured operations (set-up excluded, unless said otherwise).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Integers, by the names of the registry ([`metrics`]) and of what the map declared.
    pub quantities: Quantities,
    /// What of these the map declared itself.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub declared: Vec<Quantity>,
    /// Operations by kind and cause.
    pub causes: BTreeMap<OpKind, BTreeMap<Cause, u64>>,
    /// How entries lay in the map at the end of the measured operations.
    pub distributions: Distributions,
    /// What it held meanwhile; absent where nobody could look, and in records of older versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeline: Option<Timeline>,
    /// How long searches were on the way, in order; empty for maps that don't tell.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub searches: Vec<Searches>,
}

/// How entries lie in a map; what it has not is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Distributions {
    /// Buckets by the number of entries they hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub occupancy: Option<Vec<u64>>,
    /// Chains by the number of buckets or nodes in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain_lengths: Option<Vec<u64>>,
    /// Live entries by the number of keys that a lookup of theirs looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_probe_lengths: Option<Vec<u64>>,
    /// Live entries by the number of groups that a lookup of theirs looks at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hit_group_lengths: Option<Vec<u64>>,
}

/// What the time pass measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Time {
    /// Operations a repetition.
    pub ops: u64,
    /// Wall time of each repetition's measured operations without a clock in the loop, in nanoseconds.
    pub bare_elapsed_ns: Vec<u64>,
    /// The same with the clock read after every operation, in nanoseconds.
    pub clocked_elapsed_ns: Vec<u64>,
    /// What one reading of the clock costs: the mean interval between readings with nothing between, in nanoseconds; the
    /// median over the repetitions.
    pub clock_floor_ns: f64,
    /// Clock ticks per nanosecond; the median over the repetitions.
    pub ticks_per_ns: f64,
    /// The processor that every repetition was pinned to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pinned_to: Option<usize>,
    /// Milliseconds since 1970 when the first repetition began; for histogram logs.
    pub started_unix_ms: u64,
    /// One histogram per kind and cause that occurred, all repetitions together.
    pub histograms: Vec<LatencyHistogram>,
    /// The sum of the latencies of all operations of a kind, all repetitions together, in nanoseconds; of those too that no
    /// histogram has. Empty in records of schema 1.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub kind_ns: BTreeMap<OpKind, u64>,
    /// Percentiles of each repetition, by kind of operation; empty in records of older versions.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub percentiles: Vec<KindPercentiles>,
    /// Each thread's own figures; empty for one that has the map to itself.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub threads: Vec<ThreadTime>,
    /// What the garbage collector did meanwhile; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub collector: Option<Collector>,
    /// When which latencies occurred: the least of each operation where there are such, otherwise all; absent where nobody kept it, and in records of older versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub heat: Option<HeatMap>,
    /// When operations began and how long they took; absent where nobody kept it, and in records of older versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub moments: Option<Moments>,
    /// What callers wait at the rates and paces that were asked for; empty where none was, and where operations are not one queue.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub responses: Vec<Responses>,
    /// The highest rates that keep the limits that were asked for; empty as above.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub highest_rates: Vec<HighestRate>,
    /// The least over the first repetitions, for more and more of them; empty where they don't do the same, and in records
    /// of older versions.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub undisturbed: Vec<Undisturbed>,
    /// What the machine did besides; absent in records of older versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sensors: Option<Sensors>,
    /// What hashing the keys takes alone; absent where the map doesn't hash, and in records of older versions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hashing: Option<Hashing>,
}

impl Time {
    /// Whether the repetitions shared a process: records of older versions don't have the percentiles of each.
    pub fn shared_process(&self) -> bool {
        self.percentiles.is_empty() && !self.histograms.is_empty()
    }
}

/// What one of several threads measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThreadTime {
    /// Its operations of a repetition.
    pub ops: u64,
    /// Wall time of its share of each repetition's measured operations without a clock in the loop, in nanoseconds.
    pub bare_elapsed_ns: Vec<u64>,
    /// The processor that it was pinned to.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pinned_to: Option<usize>,
    /// Its part of [`Time::histograms`].
    pub histograms: Vec<LatencyHistogram>,
}

/// What a runtime's garbage collector did during the timed repetitions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Collector {
    /// Cycles of each timed repetition.
    pub cycles: Vec<u64>,
    /// How long each cycle stopped the world, in nanoseconds, all repetitions together.
    pub pauses_ns: Vec<u64>,
    /// The most bytes of objects on the heap in each repetition beyond what was there before the map, garbage included,
    /// seen between batches.
    pub heap_peak_bytes: Vec<u64>,
}

/// The latencies of one kind of operation with one cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LatencyHistogram {
    /// Kind of operation.
    pub kind: OpKind,
    /// Cause.
    pub cause: Cause,
    /// Operations recorded.
    pub count: u64,
    /// HdrHistogram V2, deflated, base64; values in nanoseconds, the clock's floor included.
    pub hdr_v2_deflate_base64: String,
}

/// What the profile pass left: call stacks, as indices into one table of frames.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Every frame that occurs, once.
    pub frames: Vec<Frame>,
    /// Allocating stacks.
    pub alloc: Vec<AllocStack>,
    /// Copying stacks.
    pub copy: Vec<CopyStack>,
    /// CPU samples.
    pub cpu: Vec<CpuStack>,
    /// CPU samples a second.
    pub cpu_frequency_hz: u64,
    /// Wall time that the CPU was sampled for, in nanoseconds.
    pub cpu_elapsed_ns: u64,
}

impl Profile {
    /// The time from one CPU sample to the next, which each counts for, in nanoseconds, rounded down.
    pub fn cpu_period_ns(&self) -> u64 {
        1_000_000_000 / self.cpu_frequency_hz.max(1)
    }
}

/// One frame of a stack; a function inlined into another is a frame of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Demangled name, without the hash.
    pub function: String,
    /// Source file, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub file: Option<String>,
    /// Line, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
}

/// What one call stack allocated over the whole of the map's life in the cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocStack {
    /// Indices into [`Profile::frames`], root first.
    pub stack: Vec<u32>,
    /// Allocations.
    pub alloc_count: u64,
    /// Bytes allocated.
    pub alloc_bytes: u64,
    /// Allocations still in use at the end; absent where the map models another program's heap.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub live_count: Option<u64>,
    /// Bytes still in use at the end; absent as above.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub live_bytes: Option<u64>,
}

/// What one call stack copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyStack {
    /// Indices into [`Profile::frames`], root first.
    pub stack: Vec<u32>,
    /// Entries moved.
    pub moved_entries: u64,
    /// Bytes of them.
    pub moved_bytes: u64,
}

/// How often one call stack was seen running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CpuStack {
    /// Indices into [`Profile::frames`], root first.
    pub stack: Vec<u32>,
    /// Samples.
    pub samples: u64,
}
