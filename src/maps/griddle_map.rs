//! The `griddle` crate: a hash table of an older `hashbrown` that grows little by little. A full table is set aside beside a
//! larger one, and each write that adds an entry, or finds its own among those set aside, moves eight of them over.

use std::cell::Cell;

use griddle::HashMap;

use super::{Family, FixedFold, Hashing, Info, Map, Options, Write, WrittenTable};
use crate::probe::event::{Cause, Probe};
use crate::spec::Term;
use crate::workload::{Key, Value};

/// See the module.
pub struct Griddle;

impl Family for Griddle {
    const INFO: Info = Info {
        term: Term::plain(
            "griddle",
            "the griddle crate's HashMap: hashbrown that moves 8 entries a write after it grew (foldhash, fixed seed)",
            "docs.rs/griddle",
        ),
        version: concat!("griddle ", env!("MAPSCOPE_GRIDDLE"), " on hashbrown ", env!("MAPSCOPE_GRIDDLE_HASHBROWN")),
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Gradual<K, V, S>;

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> Gradual<K, V, S> {
        Gradual { map: HashMap::with_capacity_and_hasher(options.hint, hasher), set_aside_max: Cell::new(usize::MAX) }
    }
}

/// A griddle map, and how many entries it may have set aside: it doesn't tell.
pub struct Gradual<K, V, S> {
    map: HashMap<K, V, S>,
    /// Kept by [`Map::disturbed`]; who never asks pays nothing.
    set_aside_max: Cell<usize>,
}

/// Entries that one write moves.
const MOVED: usize = 8;

impl<K: Key, V: Value, S: Hashing> Map<K, V> for Gradual<K, V, S> {
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
        self.map.remove(key).is_some()
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
    /// Of the larger table, while there are two.
    fn capacity(&self) -> Option<usize> {
        Some(self.map.capacity())
    }
    /// A put moves entries while any are set aside, which takes so many puts of new keys after the table was allocated as
    /// move them all. Only a put allocates a table, and whatever was set aside before has been moved by then.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if write.remove {
            return;
        }
        if write.allocs > 0 {
            self.set_aside_max.set(self.map.len());
        }
        let set_aside_max = self.set_aside_max.get().min(self.map.len());
        if set_aside_max > 0 {
            self.map.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        }
        self.set_aside_max.set(set_aside_max.saturating_sub(if write.hit { 0 } else { MOVED }));
    }
    /// Both tables count as one, which a larger table lays out anew: no entry is put into one set aside. A table is never
    /// rehashed in place.
    fn written_table(&self, write: &Write<'_, K>) -> Option<WrittenTable> {
        Some(WrittenTable { number: 0, laid_out_anew: !write.remove && write.allocs > 0 })
    }
}
