//! What every pass needs to build its map and to stream its operations.

use super::hashes::TraceHashes;
use crate::maps::Options;
use crate::workload::Workload;

/// See the module.
pub(super) struct Setting<'a, S> {
    /// How to build the map.
    pub options: Options,
    /// Its hasher.
    pub hasher: S,
    /// The hasher's table, where a trace brings the hashes.
    pub hashes: Option<TraceHashes>,
    /// What to do with it.
    pub workload: &'a Workload,
}
