//! What the map says of its work and of the heap that it models.

use super::node::NodeAt;
use super::{JavaMap, objects};
use crate::entry::{Key, Value};
use crate::maps::Hashing;
use crate::probe::event::{Event, Probe};

impl<K: Key, V: Value, S: Hashing, P: Probe> JavaMap<K, V, S, P> {
    /// Says that entries moved to other nodes.
    pub(super) fn moved(&self, entries: u64) {
        if entries > 0 {
            self.probe.emit(Event::Move { entries, bytes: entries * objects::ENTRY_REFERENCES });
        }
    }

    /// Says what so many calls of `comparableClassFor` allocate, and no longer use when they return.
    pub(super) fn asked_class(&self, calls: u64) {
        for _ in 0..calls {
            let objects = objects::comparable_class::<K>().into_iter().filter(|&bytes| bytes > 0);
            objects.clone().for_each(|bytes| self.probe.emit(Event::Alloc { bytes }));
            objects.for_each(|bytes| self.probe.emit(Event::Free { bytes }));
        }
    }

    /// Says what the user of the map allocates to put an entry.
    pub(super) fn entry_allocated(&self, key: &K, value: &V) {
        if P::ON {
            objects::of_entry(key, value).for_each(|bytes| self.probe.emit(Event::EntryAlloc { bytes }));
        }
    }

    /// Says that an entry's objects are no longer used.
    pub(super) fn entry_freed(&self, key: &K, value: &V) {
        if P::ON {
            objects::of_entry(key, value).for_each(|bytes| self.probe.emit(Event::EntryFree { bytes }));
        }
    }

    /// Says that a node and what its entry owns are no longer used.
    pub(super) fn node_freed(&self, node: NodeAt<K, V>) {
        self.probe.emit(Event::Free { bytes: objects::node(node.as_tree().is_some()) });
        // SAFETY: live; nobody has the map to himself meanwhile.
        let (key, value) = unsafe { node.entry() };
        self.entry_freed(key, value);
    }
}
