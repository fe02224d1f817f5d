//! The work of a cell: the kinds of operation, and what they leave behind.

use serde::{Deserialize, Serialize};

/// The kinds of operation, as measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpKind {
    /// A put of a new key.
    Insert,
    /// A put of a key that was there.
    Overwrite,
    /// A remove, hit or miss.
    Remove,
    /// A lookup, hit or miss.
    Get,
    /// All entries dropped at once.
    Clear,
    /// An iteration over all entries.
    Iterate,
    /// A scan of some entries in the order of their keys.
    Scan,
}

impl OpKind {
    /// Every kind.
    pub const ALL: [OpKind; 7] =
        [OpKind::Insert, OpKind::Overwrite, OpKind::Remove, OpKind::Get, OpKind::Clear, OpKind::Iterate, OpKind::Scan];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            OpKind::Insert => "insert",
            OpKind::Overwrite => "overwrite",
            OpKind::Remove => "remove",
            OpKind::Get => "get",
            OpKind::Clear => "clear",
            OpKind::Iterate => "iterate",
            OpKind::Scan => "scan",
        }
    }

    /// Many of them, in words: `lookups`.
    pub const fn plural(self) -> &'static str {
        match self {
            OpKind::Insert => "inserts",
            OpKind::Overwrite => "overwrites",
            OpKind::Remove => "removes",
            OpKind::Get => "lookups",
            OpKind::Clear => "clears",
            OpKind::Iterate => "iterations",
            OpKind::Scan => "scans",
        }
    }

    /// Whether it is about one key, and not about all entries.
    pub const fn has_key(self) -> bool {
        !matches!(self, OpKind::Clear | OpKind::Iterate)
    }

    /// Whether it is a *write*: of one entry, that is. A clear is none, though it changes the map.
    pub const fn is_write(self) -> bool {
        matches!(self, OpKind::Insert | OpKind::Overwrite | OpKind::Remove)
    }
}

/// What a workload leaves behind, whatever the map.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndState {
    /// Live entries.
    pub entries: u64,
    /// Order-independent checksum of keys and values.
    pub checksum: u64,
    /// Puts of a key that was not there, in the measured part.
    pub inserts: u64,
    /// Puts of a key that was there, in the measured part.
    pub overwrites: u64,
    /// Removes in the measured part, hit or miss.
    pub removes: u64,
    /// Removes that found their key.
    pub remove_hits: u64,
    /// Lookups in the measured part, hit or miss.
    pub gets: u64,
    /// Lookups that found their key.
    pub get_hits: u64,
    /// Clears in the measured part; absent in records of schema 1, as all that is optional here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub clears: Option<u64>,
    /// Iterations over all entries in the measured part.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub iterations: Option<u64>,
    /// Scans in the measured part; absent where there is none, as in records of before there were any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scans: Option<u64>,
    /// Entries that these scans gave.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub scanned_entries: Option<u64>,
    /// Payload bytes of the measured inserts and overwrites.
    pub payload_bytes: u64,
    /// Of these, what the keys and values own on the heap. The rest lies in the map's slots.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub payload_heap_bytes: Option<u64>,
    /// Payload bytes of the live entries.
    pub live_payload_bytes: u64,
    /// Of these, what the keys and values own on the heap.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub live_payload_heap_bytes: Option<u64>,
}

impl EndState {
    /// That of no operations, for one who counts them: nothing is absent.
    pub fn none() -> EndState {
        let none = Some(0);
        let (clears, iterations, payload_heap_bytes, live_payload_heap_bytes) = (none, none, none, none);
        EndState { clears, iterations, payload_heap_bytes, live_payload_heap_bytes, ..EndState::default() }
    }

    /// Measured operations of a kind; absent where the record does not have them.
    pub fn ops(&self, kind: OpKind) -> Option<u64> {
        match kind {
            OpKind::Insert => Some(self.inserts),
            OpKind::Overwrite => Some(self.overwrites),
            OpKind::Remove => Some(self.removes),
            OpKind::Get => Some(self.gets),
            OpKind::Clear => self.clears,
            OpKind::Iterate => self.iterations,
            OpKind::Scan => self.scans,
        }
    }

    /// Says how many operations of a kind there were, and how many of them found their key.
    pub fn set_ops(&mut self, kind: OpKind, ops: u64, hits: u64) {
        match kind {
            OpKind::Insert => self.inserts = ops,
            OpKind::Overwrite => self.overwrites = ops,
            OpKind::Remove => (self.removes, self.remove_hits) = (ops, hits),
            OpKind::Get => (self.gets, self.get_hits) = (ops, hits),
            OpKind::Clear => self.clears = Some(ops),
            OpKind::Iterate => self.iterations = Some(ops),
            OpKind::Scan => self.scans = (ops > 0).then_some(ops),
        }
    }
}
