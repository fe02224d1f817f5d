//! What a trace is, before anything runs: what it does, to which keys, how often and how soon again, and how large the map
//! gets.
//!
//! ```text
//! workload (ops) --> keys (uses, live) --> popularity: hot keys, Zipf's law
//!                      \--> recency ------> reuse distances
//! ```
//!
//! A *use* of a key is an operation that names it. Where requests are read as get-or-insert, a put belongs to the
//! use of the get before it.
//!
//! # Memory
//!
//! About 120 bytes a key, for at most [`KEYS_MAX`] keys: 1 GB. Of a trace with more, only some keys are followed: those
//! whose hash is below a threshold, which is halved each time there are too many. What is said of keys then is an estimate,
//! and [`Description::one_in`] says so: SHARDS of a fixed size (Waldspurger, Park, Garthwaite and Ahmad, "Efficient MRC
//! Construction with SHARDS", FAST 2015). Operations by kind, uses and sizes are exact all the same.

mod html;
mod json;
mod keys;
mod like;
mod popularity;
mod recency;
mod shown;
#[cfg(test)]
mod tests;
mod text;

use std::io;

use serde::Serialize;

use crate::plan::Requests;
use crate::workload::{Batch, Kind, Lengths, Spread, Workload, WorkloadError};
use keys::Keys;
pub use like::{Compared, Like, Pair, like};
pub use popularity::{Hot, Zipf};

/// As many keys are followed at the most.
pub const KEYS_MAX: usize = 1 << 23;

/// What a trace is.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The trace: `NAME@DIGEST`.
    pub name: String,
    /// What it was read as, where it doesn't say everything itself.
    pub read_as: Option<String>,
    /// Its operations by kind and outcome.
    pub operations: Operations,
    /// One in so many keys was followed: 1 where everything is exact.
    pub one_in: u64,
    /// The keys that it uses, and how often.
    pub keys: Uses,
    /// What the hottest keys get.
    pub hot: Vec<Hot>,
    /// The nearest law of Zipf's; absent where no key is used often enough to tell.
    pub zipf: Option<Zipf>,
    /// How soon keys are used again; absent where none is.
    pub reuse: Option<Reuse>,
    /// How many entries there are.
    pub live: Live,
    /// How long keys are, operation by operation, where they have lengths.
    pub key_bytes: Option<Spread>,
    /// How long the values are that are put, where the trace says it.
    pub value_bytes: Option<Spread>,
    /// The workload that resembles it most, where that was asked for.
    pub like: Option<Like>,
}

/// Operations by kind, and by what a map that never evicts answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Operations {
    /// All of them.
    pub all: u64,
    /// Puts of keys that are not there.
    pub inserts: u64,
    /// Puts of keys that are there.
    pub overwrites: u64,
    /// Gets that find their key.
    pub get_hits: u64,
    /// Gets that don't.
    pub get_misses: u64,
    /// Removes that find their key.
    pub remove_hits: u64,
    /// Removes that don't.
    pub remove_misses: u64,
    /// Clears.
    pub clears: u64,
    /// Iterations over all entries.
    pub iterations: u64,
    /// Scans of entries in the order of keys.
    #[serde(skip_serializing_if = "is_zero")]
    pub scans: u64,
    /// Entries that they ask for.
    #[serde(skip_serializing_if = "is_zero")]
    pub scanned_entries: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// How often keys are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Uses {
    /// Different keys.
    pub distinct: u64,
    /// Keys that are used once.
    pub used_once: u64,
    /// Uses of all keys.
    pub uses: u64,
}

/// Reuse distances: how many other keys are used between two uses of a key. An LRU cache of so many entries and one more
/// would still have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reuse {
    /// Uses of keys that were used before.
    pub uses: u64,
    /// The least distance that so many in 100 of them don't exceed.
    pub p50: u64,
    /// See `p50`.
    pub p90: u64,
    /// See `p50`.
    pub p99: u64,
    /// The greatest.
    pub max: u64,
}

/// Entries that are in a map which never evicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Live {
    /// The most that there are at a time.
    pub largest: u64,
    /// After each tenth of the operations.
    pub after_tenths: Vec<u64>,
}

impl Description {
    /// Whether keys were left out, so that what is said of keys is an estimate.
    pub fn is_estimate(&self) -> bool {
        self.one_in > 1
    }
}

/// Reads the operations of a trace to their end; `requests` says how its requests are read.
///
/// # Errors
///
/// Those of [`Batches::next`](crate::workload::Batches::next).
pub fn describe(workload: &Workload, requests: Requests) -> Result<Description, WorkloadError> {
    describe_within(workload, requests, KEYS_MAX)
}

/// The same, following at most so many keys.
fn describe_within(workload: &Workload, requests: Requests, keys_max: usize) -> Result<Description, WorkloadError> {
    let (mut keys, mut value_lengths) = (Keys::new(keys_max), Lengths::default());
    let (mut operations, mut after_tenths) = (Operations::default(), Vec::new());
    let (mut puts, mut gets, mut removes) = (0, 0, 0);
    let puts_are_uses = requests != Requests::GetOrInsert;
    let mut batches = workload.batches(1024)?;
    while let Some(Batch { ops, .. }) = batches.next()? {
        for op in ops {
            match op.kind {
                Kind::Put => {
                    puts += 1;
                    keys.put(op.key, puts_are_uses);
                    if workload.value_lengths() {
                        value_lengths.add(op.value_bytes, 1);
                    }
                }
                Kind::Get => {
                    gets += 1;
                    keys.get(op.key);
                }
                Kind::Remove => {
                    removes += 1;
                    keys.remove(op.key);
                }
                Kind::Clear => {
                    operations.clears += 1;
                    keys.clear();
                }
                Kind::Iterate => operations.iterations += 1,
                Kind::Scan => {
                    operations.scans += 1;
                    operations.scanned_entries += op.value;
                }
            }
            operations.all += 1;
            while after_tenths.len() < 10 && operations.all * 10 >= (after_tenths.len() as u64 + 1) * workload.ops() {
                after_tenths.push(keys.live());
            }
        }
    }
    // Those that miss are an estimate where keys are left out, and never more than there are.
    let [inserts, get_misses, remove_misses] = keys.missed();
    operations.inserts = inserts.min(puts);
    operations.overwrites = puts - operations.inserts;
    operations.get_misses = get_misses.min(gets);
    operations.get_hits = gets - operations.get_misses;
    operations.remove_misses = remove_misses.min(removes);
    operations.remove_hits = removes - operations.remove_misses;
    let popularity = keys.popularity();
    Ok(Description {
        name: workload.keys_label().trim_start_matches("trace:").to_owned(),
        read_as: workload.read_as().map(str::to_owned),
        operations,
        one_in: keys.one_in(),
        keys: keys.uses(),
        hot: popularity.hot(),
        zipf: popularity.zipf(),
        live: Live { largest: keys.largest(), after_tenths },
        reuse: keys.reuse(),
        key_bytes: workload.key_lengths(),
        value_bytes: value_lengths.spread(),
        like: None,
    })
}

/// A form of a description.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// The name, as in `--format json`.
    pub name: &'static str,
    /// One line for `list`: what it is, and who reads it.
    pub summary: &'static str,
    /// What is printed.
    pub render: fn(&Description) -> io::Result<String>,
}

/// The registry: one row a form, the default first.
pub static FORMATS: &[Format] = &[text::FORMAT, json::FORMAT, html::FORMAT];

/// The form called `name`.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
