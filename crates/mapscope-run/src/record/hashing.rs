//! What hashing takes by itself.

use serde::{Deserialize, Serialize};

/// What a loop over a cell's keys takes that hashes each as the map does, and what the same loop takes that does not.
///
/// Each list has an item a repetition, in their order: the sum of what blocks of 64 operations took at the least of a few rounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hashing {
    /// Operations of the loop that have a key: of the cell's first, set-up included; 0 for a map that doesn't hash.
    pub ops: u64,
    /// With the hashes, in nanoseconds.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub hashed_ns: Vec<u64>,
    /// Without, in nanoseconds.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub idle_ns: Vec<u64>,
}

impl Hashing {
    /// That of a map that doesn't hash.
    pub const NONE: Hashing = Hashing { ops: 0, hashed_ns: Vec::new(), idle_ns: Vec::new() };

    /// The second one's repetitions after the first one's; `None` where only one has any, or of other operations.
    pub fn join(first: Option<&Hashing>, second: Option<&Hashing>) -> Option<Hashing> {
        let (first, second) = first.zip(second).filter(|(first, second)| first.ops == second.ops)?;
        Some(Hashing {
            ops: first.ops,
            hashed_ns: [&*first.hashed_ns, &second.hashed_ns].concat(),
            idle_ns: [&*first.idle_ns, &second.idle_ns].concat(),
        })
    }
}
