//! The `indexmap` crate: entries in a vector in order of insertion, a hash table of positions beside it.

use std::cell::Cell;

use indexmap::IndexMap;

use super::layout::{EntryShape, Layout, Room, Slot};
use super::{Family, FixedFold, Hashing, Info, Map, Options, Write, WrittenTable, open_table};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module. Removes are `swap_remove`: the last entry moves into the gap.
pub struct Indexmap;

impl Family for Indexmap {
    const INFO: Info = Info {
        term: Term::plain(
            "indexmap",
            "the indexmap crate's IndexMap (foldhash, fixed seed; swap_remove)",
            "docs.rs/indexmap",
        ),
        version: "indexmap {indexmap}",
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    const HASHES: Option<bool> = Some(true);
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Indexed<K, V, S>;

    /// The table holds positions; the vector has room for as many entries as the table, and grows when that does.
    fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        let slot = Room::of(&[Room::WORD, entry.key.room, entry.value.room]);
        let mut steps = open_table::steps(Room::WORD, open_table::first_slots(Room::WORD), entries);
        for step in &mut steps {
            let vector = step.holds.unwrap_or(0) * slot.bytes;
            step.blocks.push(vector);
            step.bytes += vector;
        }
        Some(Layout::new(Slot::inline(slot, entry, Room::WORD.bytes), entry).steps(steps))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> Indexed<K, V, S> {
        let map = IndexMap::with_capacity_and_hasher(options.hint, hasher);
        Indexed { map, gap: 0, vector_at: Cell::new(0) }
    }
}

/// An `IndexMap` that remembers which position its last remove left, and thus where the last entry went.
pub struct Indexed<K, V, S> {
    map: IndexMap<K, V, S>,
    gap: usize,
    /// Kept by [`Map::written_table`]; who never asks pays nothing.
    vector_at: Cell<usize>,
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for Indexed<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.map.insert(key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        self.map.get_key_value(key)
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        match self.map.swap_remove_full(key) {
            Some((gap, _, _)) => {
                self.gap = gap;
                true
            }
            None => false,
        }
    }
    fn clear(&mut self) {
        self.map.clear();
    }
    fn len(&self) -> usize {
        self.map.len()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.map.iter().for_each(|(key, value)| f(key, value));
    }
    fn shrink(&mut self) -> bool {
        self.map.shrink_to_fit();
        true
    }
    fn capacity(&self) -> Option<usize> {
        Some(self.map.capacity())
    }
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if write.allocs > 0 {
            self.map.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        } else if write.remove && write.hit {
            self.map.get_index(self.gap).into_iter().for_each(|(key, value)| {
                visit(key, value);
            });
        }
    }
    /// The vector is the table: that of positions may be allocated anew, or rehashed, while no entry moves.
    fn written_table(&self, _: &Write<'_, K>) -> Option<WrittenTable> {
        let vector_at = std::ptr::from_ref(self.map.as_slice()).addr();
        Some(WrittenTable { number: 0, laid_out_anew: self.vector_at.replace(vector_at) != vector_at })
    }
}
