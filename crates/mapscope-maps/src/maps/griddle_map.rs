//! The `griddle` crate: a hash table of an older `hashbrown` that grows little by little. A full table is set aside beside a
//! larger one, and each write that adds an entry, or finds its own among those set aside, moves eight of them over.

use std::cell::RefCell;
use std::collections::VecDeque;

use griddle::HashMap;
use hashbrown::HashSet;

use super::layout::{EntryShape, Layout};
use super::open_table::{self, Searches, Slots, Table};
use super::{Family, FixedFold, Hashing, Info, Map, Options, Structure, Write, WrittenTable};
use crate::entry::{Key, Value};
use crate::probe::blocks;
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module.
pub struct Griddle;

impl Family for Griddle {
    const INFO: Info = Info {
        term: Term::plain(
            "griddle",
            "the griddle crate's HashMap: hashbrown that moves 8 entries a write after it grew (foldhash, fixed seed)",
            "docs.rs/griddle",
        ),
        version: "griddle {griddle} on hashbrown {hashbrown@0.14}",
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
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Gradual<K, V, S>;

    /// A full table is replaced by one with room for its entries twice over and the inserts meanwhile; the new one never has to
    /// grow before the old one is empty.
    fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        Some(open_table::layout(entry, |_| open_table::FIRST_SLOTS, entries).gradual())
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> Gradual<K, V, S> {
        let map = HashMap::with_capacity_and_hasher(options.hint, hasher);
        Gradual {
            map,
            set_aside: RefCell::new(SetAside { keys: VecDeque::new(), removed: HashSet::default(), outdated: false }),
        }
    }
}

/// A griddle map, and what it has set aside: it doesn't tell.
pub struct Gradual<K, V, S> {
    map: HashMap<K, V, S>,
    /// Kept by [`Map::disturbed`], which must be asked after every write or none; who never asks pays nothing.
    set_aside: RefCell<SetAside<K>>,
}

struct SetAside<K> {
    /// In the order in which they will be moved.
    keys: VecDeque<K>,
    /// Keys removed since. One that was put again is in the larger table.
    removed: HashSet<K, foldhash::fast::FixedState>,
    /// Whether the map has been cleared since. What is kept here is not the map's: `clear` must not free it.
    outdated: bool,
}

impl<K> SetAside<K> {
    fn forget(&mut self) {
        self.keys.clear();
        self.removed.clear();
        self.outdated = false;
    }
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
        self.set_aside.get_mut().outdated = true;
    }
    fn len(&self) -> usize {
        self.map.len()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.map.iter().for_each(|(key, value)| f(key, value));
    }
    /// Of the larger table, while there are two.
    fn shrink(&mut self) -> bool {
        self.map.shrink_to_fit();
        true
    }
    fn capacity(&self) -> Option<usize> {
        Some(self.map.capacity())
    }
    /// Iterating shows the larger table first, then what is set aside, in the order of moving. Only a put allocates a table,
    /// and whatever was set aside before has been moved by then. After that, a put that moves any moves the next in line.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let set_aside = &mut *self.set_aside.borrow_mut();
        if set_aside.outdated || (!write.remove && write.allocs > 0) {
            set_aside.forget();
        }
        let SetAside { keys, removed, .. } = set_aside;
        if write.remove {
            if write.hit && !keys.is_empty() {
                removed.insert(write.key.clone());
            }
            return;
        }
        if write.allocs > 0 {
            let mut entries = self.map.iter();
            // The new entry, and those that its put has moved.
            for (key, value) in entries.by_ref().take(1 + MOVED) {
                visit(key, value);
            }
            keys.extend(entries.map(|(key, _)| key.clone()));
            return;
        }
        let mut moved = 0;
        while moved < MOVED
            && let Some(key) = keys.front()
        {
            if !removed.contains(key) {
                let Some((key, value)) = self.map.get_key_value(key) else { break };
                if !visit(key, value) {
                    break;
                }
                moved += 1;
            }
            keys.pop_front();
        }
    }
    /// Both tables count as one, which a larger table lays out anew: no entry is put into one set aside. A table is never
    /// rehashed in place.
    fn written_table(&self, write: &Write<'_, K>) -> Option<WrittenTable> {
        Some(WrittenTable { number: 0, laid_out_anew: !write.remove && write.allocs > 0 })
    }
    /// Iterating shows the larger table first. A search for what is set aside goes through the larger table in vain.
    fn structure(&self) -> Structure {
        let (keys, hasher) = (self.map.keys(), self.map.hasher());
        if blocks::count() == 1 {
            return open_table::only_table::<K, V>(self.map.capacity(), hasher, keys);
        }
        let both = || {
            let larger = Slots::<K, V>::around(keys.clone().next()?)?;
            let moved = keys.clone().map_while(|key| Some((key, larger.index(key)?)));
            let set_aside = keys.clone().skip_while(|key| larger.index(key).is_some());
            let aside = Slots::<K, V>::around(set_aside.clone().next()?)?;
            let table = Table::new(larger.buckets(), self.map.capacity(), moved.clone().map(|(_, index)| Some(index)))?;
            let mut searches = Searches::default();
            searches.add(&table, moved.map(|(key, index)| (hasher.hash_one(key), index)));
            let left = set_aside.map(|key| Some((hasher.hash_one(key), aside.index(key)?)));
            searches.add_behind(&table, aside.buckets(), left).then(|| searches.structure())
        };
        both().unwrap_or_default()
    }
    fn hit_lookups(&self) -> (Option<u64>, Option<u64>) {
        if blocks::count() == 1 {
            return open_table::only_table_hits::<K, V>(self.map.capacity(), self.map.hasher(), self.map.keys());
        }
        (None, self.structure().hit_groups)
    }
}
