//! `for k, v := range m`, with a body that may write to `m`.

use std::ops::ControlFlow;

use rand_core::Rng;

use super::group::{Group, SLOTS, Slot};
use super::table::Table;
use super::{GoSwissMap, Hashing, Key, Value};
use crate::probe::event::Probe;

impl<K: Key, V: Value, S: Hashing, P: Probe> GoSwissMap<K, V, S, P> {
    /// Ranges over the map as Go's `for range` does, handing clones of key and value to `body`, which may write to the
    /// same map, and range over it again.
    ///
    /// Starts at a random directory entry, and in each table at the same random slot. An entry that is there from
    /// beginning to end comes exactly once, one that is removed before it was reached not at all, one that is put in on
    /// the way at most once; after a clear the order of Go's own iterator decides. Ends early when the body breaks, or
    /// puts another map in this one's place.
    pub fn range(&mut self, mut body: impl FnMut(&mut Self, K, V) -> ControlFlow<()>) {
        let Some(mut cursor) = Cursor::start(self) else { return };
        let ranging = Ranging::enter(self);
        while let Some(slot) = cursor.next(ranging.map) {
            // SAFETY: full, and nothing writes to the map before both are cloned.
            let (key, value) = unsafe { slot.entry() };
            let (key, value) = (key.clone(), value.clone());
            if body(ranging.map, key, value).is_break() || ranging.map.serial != ranging.serial {
                break;
            }
        }
    }
}

/// A range under way; its end, even by a panic, releases what only ranges needed.
struct Ranging<'a, K: Key, V: Value, S: Hashing, P: Probe> {
    map: &'a mut GoSwissMap<K, V, S, P>,
    serial: u64,
}

impl<'a, K: Key, V: Value, S: Hashing, P: Probe> Ranging<'a, K, V, S, P> {
    fn enter(map: &'a mut GoSwissMap<K, V, S, P>) -> Self {
        map.ranges += 1;
        let serial = map.serial;
        Ranging { map, serial }
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Drop for Ranging<'_, K, V, S, P> {
    fn drop(&mut self) {
        if self.map.serial == self.serial {
            self.map.ranges -= 1;
            if self.map.ranges == 0 {
                self.map.kept.release();
            }
        }
    }
}

/// Go's iterator. Its group and its table stay readable while a range is entered: those of the map because they are,
/// replaced ones because `retire` keeps them.
struct Cursor<K, V> {
    /// What is added to a slot's number within its table or group.
    slot_offset: usize,
    place: Place<K, V>,
}

enum Place<K, V> {
    /// The map was one group when the range began.
    Small {
        group: Group<K, V>,
        next: usize,
    },
    Tables(Walk<K, V>),
}

/// A walk over the directory.
struct Walk<K, V> {
    /// The directory's depth as last seen.
    global_depth: u8,
    /// Directory entries walked, and the one that the walk began at.
    walked: usize,
    start: usize,
    /// The table being walked, and how many of its slots have been.
    table: Option<Table<K, V>>,
    next: usize,
}

impl<K: Key, V: Value> Cursor<K, V> {
    fn start<S: Hashing, P: Probe>(map: &mut GoSwissMap<K, V, S, P>) -> Option<Self> {
        if map.header().used == 0 {
            return None;
        }
        let slot_offset = map.random.next_u64() as usize;
        let start = map.random.next_u64() as usize;
        let header = map.header();
        let place = if header.is_small() {
            Place::Small { group: header.small_group()?, next: 0 }
        } else {
            Place::Tables(Walk { global_depth: header.global_depth, walked: 0, start, table: None, next: 0 })
        };
        Some(Cursor { slot_offset, place })
    }

    /// The next entry's slot, where it lives now.
    fn next<S: Hashing, P: Probe>(&mut self, map: &GoSwissMap<K, V, S, P>) -> Option<Slot<K, V>> {
        match &mut self.place {
            Place::Small { group, next } => {
                while *next < SLOTS {
                    let slot = group.slot(self.slot_offset.wrapping_add(*next) % SLOTS);
                    *next += 1;
                    if let Some(slot) = present(map, slot, !map.header().is_small()) {
                        return Some(slot);
                    }
                }
                None
            }
            Place::Tables(walk) => walk.next(map, self.slot_offset),
        }
    }
}

impl<K: Key, V: Value> Walk<K, V> {
    fn next<S: Hashing, P: Probe>(&mut self, map: &GoSwissMap<K, V, S, P>, offset: usize) -> Option<Slot<K, V>> {
        let header = map.header();
        // Where the directory has doubled, so has every index into it.
        let doublings = header.global_depth - self.global_depth;
        self.walked <<= doublings;
        self.start <<= doublings;
        self.global_depth = header.global_depth;

        while self.walked < header.directory().len() {
            let table = match self.table {
                Some(table) => table,
                None => self.begin_table(header.directory()),
            };
            while self.next < table.slots() {
                let number = offset.wrapping_add(self.next) % table.slots();
                self.next += 1;
                let slot = table.group(number / SLOTS).slot(number % SLOTS);
                if let Some(slot) = present(map, slot, table.index().is_none()) {
                    return Some(slot);
                }
            }
            // A table that was split on the way has been walked for both halves.
            self.walked += header.entries_of(table);
            self.table = None;
        }
        None
    }

    fn begin_table(&mut self, directory: &[Table<K, V>]) -> Table<K, V> {
        let index = self.start.wrapping_add(self.walked) % directory.len();
        let table = directory[index];
        // The very first entry may be any of a table's; the walk begins at the first of them.
        let first = table.index().unwrap_or(index);
        self.start = self.start.wrapping_sub(index - first);
        (self.table, self.next) = (Some(table), 0);
        table
    }
}

/// The slot where the entry of a walked slot lives, if it has one. Of a replaced table only the keys say anything.
fn present<K: Key, V: Value, S: Hashing, P: Probe>(
    map: &GoSwissMap<K, V, S, P>,
    slot: Slot<K, V>,
    replaced: bool,
) -> Option<Slot<K, V>> {
    if !slot.is_full() {
        return None;
    }
    if !replaced {
        return Some(slot);
    }
    // SAFETY: it was full when its table was replaced. The stale key is valid: the entry itself has it, or `drop_entry`
    // kept it.
    map.find(unsafe { slot.key_ptr().as_ref() })
}
