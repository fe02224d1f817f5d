//! What every pass needs to build its map and to stream its operations.

use super::tested::Tested;
use crate::replay::Recorded;
use crate::workload::Workload;

/// See the module.
pub(super) struct Setting<'a, K, V> {
    pub map: &'a dyn Tested<K, V>,
    /// The capacity hint that it is built with.
    pub hint: usize,
    /// The hasher's table, where a trace brings the hashes.
    pub hashes: Option<Recorded>,
    /// What to do with it.
    pub workload: &'a Workload,
}
