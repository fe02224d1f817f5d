//! What holds while no operation is under way, and the state that the exact model tells of itself.

use std::sync::Arc;

use super::{Hashing, Key, SharedMap, Table, Value, pin};
use crate::probe::event::Probe;

impl<K: Key, V: Value, S: Hashing, P: Probe> SharedMap<K, V, S, P> {
    /// Panics when an invariant does not hold.
    pub(in super::super) fn check(&self) {
        let guard = pin();
        let locked = self.lock();
        let (read, dirty) = (self.read(&guard), locked.dirty.as_deref());
        assert_eq!(dirty.is_some(), read.amended, "a dirty map beside one that is not amended, or none");
        let len = dirty.map_or(0, Table::len);
        assert!(locked.misses == 0 || locked.misses < len, "{} misses without a promotion", locked.misses);
        for entry in read.table.into_iter().flat_map(Table::entries) {
            match dirty {
                Some(dirty) => match dirty.find(&entry.key) {
                    Some(there) => assert!(Arc::ptr_eq(there, entry) && !entry.is_expunged(), "one key, two entries"),
                    None => assert!(entry.is_expunged(), "an entry that a promotion would lose"),
                },
                None => assert!(!entry.is_expunged(), "there is no dirty map to be left out of"),
            }
        }
        for entry in dirty.into_iter().flat_map(Table::entries) {
            assert!(
                entry.load(&guard).is_some() || read.find(&entry.key).is_some(),
                "a deleted entry is in the dirty map alone"
            );
        }
    }

    /// `read_len`, `dirty_len`, `amended` and `misses`, as [`Map::state`](crate::maps::Map::state) of the exact model.
    pub(in super::super) fn state(&self) -> [u64; 4] {
        let guard = pin();
        let locked = self.lock();
        let read = self.read(&guard);
        let len = |table: Option<&Table<K, V, S>>| table.map_or(0, |table| table.len() as u64);
        [len(read.table), len(locked.dirty.as_deref()), read.amended.into(), locked.misses as u64]
    }
}
