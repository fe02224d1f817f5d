//! Workloads: streams of operations, made on the fly or read from a trace. Knows nothing of maps.

mod entry;
mod expect;
pub mod keys;
pub mod mixes;
mod op;
pub mod trace;

use std::path::PathBuf;

pub use entry::{Bytes, ENTRIES, EntryVisitor, Key, Str24, Value, with_entry};
pub use expect::{Expected, entry_checksum};
pub use op::{Kind, Op};

use crate::spec::WorkloadSpec;

/// A workload that has been opened and checked: it can be streamed from its beginning as often as needed, and each
/// time gives the same operations.
#[derive(Debug, Clone)]
pub struct Workload {}

/// Why a workload can't be opened or read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkloadError {
    /// A file that can't be used: what was wrong, where, and what to do.
    #[error("{path}{}: {what}", line.map(|n| format!(":{n}")).unwrap_or_default())]
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1, where one is to blame.
        line: Option<u64>,
        /// What was expected, what was found, and what to do.
        what: String,
    },
    /// Parameters that contradict each other.
    #[error("{0}")]
    Parameters(String),
}

impl Workload {
    /// Opens it. A trace is read to its end once, so that a bad row is found before anything runs.
    pub fn open(spec: &WorkloadSpec) -> Result<Workload, WorkloadError> {
        let _ = spec;
        todo!()
    }

    /// The key distribution in canonical form; `trace:NAME@DIGEST` for a trace, `file:NAME@DIGEST` for a key file.
    pub fn keys_label(&self) -> &str {
        todo!()
    }

    /// The mix in canonical form; `trace` for a trace.
    pub fn mix_label(&self) -> &str {
        todo!()
    }

    /// Operations of the set-up, which come first in the stream and are not measured.
    pub fn setup_ops(&self) -> u64 {
        todo!()
    }

    /// Measured operations, after the set-up.
    pub fn ops(&self) -> u64 {
        todo!()
    }

    /// Whether [`Op::hash`] is to be used instead of the map's own hasher.
    pub fn hashed(&self) -> bool {
        todo!()
    }

    /// Whether [`Op::value_bytes`] says how long values are.
    pub fn value_lengths(&self) -> bool {
        todo!()
    }

    /// A fresh stream from the first operation of the set-up.
    pub fn stream(&self) -> Result<Stream, WorkloadError> {
        todo!()
    }

    /// What the operations leave behind, worked out by a model of our own.
    pub fn expected(&self) -> Result<Expected, WorkloadError> {
        todo!()
    }
}

/// Operations in order, made or read as they are asked for.
pub struct Stream {}

impl Stream {
    /// Replaces `batch`'s content by the next operations, at most `max`; empty at the end.
    pub fn next_batch(&mut self, batch: &mut Vec<Op>, max: usize) -> Result<(), WorkloadError> {
        let _ = (batch, max);
        todo!()
    }
}
