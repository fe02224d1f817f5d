//! Operations: what a workload asks of a map.

use serde::{Deserialize, Serialize};

/// The kind of an operation, as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Put an entry. Becomes an *insert* or an *overwrite* by what the map already holds.
    Put,
    /// Take an entry out.
    Remove,
    /// Look an entry up.
    Get,
    /// Drop all entries.
    Clear,
    /// Look at every entry.
    Iterate,
    /// Look at so many entries in the order of their keys, from a key on, which need not be there.
    Scan,
}

impl Kind {
    /// Whether it is about one key.
    pub const fn has_key(self) -> bool {
        matches!(self, Kind::Put | Kind::Remove | Kind::Get | Kind::Scan)
    }

    /// Whether it puts or drops entries.
    pub const fn changes(self) -> bool {
        matches!(self, Kind::Put | Kind::Remove | Kind::Clear)
    }
}

/// One operation on one key. Keys and values are made from the two numbers by
/// [`Key::from_id`](super::Key::from_id) and [`Value::from_seed`](super::Value::from_seed).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Op {
    /// What to do.
    pub kind: Kind,
    /// The key's identity; unused where the kind has none.
    pub key: u64,
    /// What a put's value is made of; differs between two puts of one key, so that a lost overwrite shows. Of a scan, how many
    /// entries it asks for.
    pub value: u64,
    /// The key's hash, where a trace brings one (the workload's `hashed()` says so); otherwise 0.
    pub hash: u64,
    /// The length of a put's value in bytes, for entries whose value length varies; otherwise 0.
    pub value_bytes: u32,
    /// The length of the key in bytes, for entries whose key length varies; 0 where nobody says it.
    pub key_bytes: u16,
}

impl Op {
    /// One that is about no key.
    pub(super) const fn without_key(kind: Kind) -> Op {
        Op { kind, key: 0, value: 0, hash: 0, value_bytes: 0, key_bytes: 0 }
    }

    /// Gives a put its value: its `place` in the stream, from 1.
    #[inline]
    pub(super) fn numbered(self, place: u64) -> Op {
        match self.kind {
            Kind::Put => Op { value: place, ..self },
            _ => self,
        }
    }
}
