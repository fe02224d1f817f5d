//! The `indexmap` crate: entries in a vector in order of insertion, a hash table of positions beside it.

use indexmap::IndexMap;

use super::{Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::probe::event::{Cause, Probe};
use crate::spec::Term;
use crate::workload::{Key, Value};

/// See the module. Removes are `swap_remove`: the last entry moves into the gap.
pub struct Indexmap;

impl Family for Indexmap {
    const INFO: Info = Info {
        term: Term::plain(
            "indexmap",
            "the indexmap crate's IndexMap (foldhash, fixed seed; swap_remove)",
            "docs.rs/indexmap",
        ),
        version: concat!("indexmap ", env!("MAPSCOPE_INDEXMAP")),
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        events: false,
    };
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = IndexMap<K, V, S>;

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> IndexMap<K, V, S> {
        IndexMap::with_capacity_and_hasher(options.hint, hasher)
    }
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for IndexMap<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        IndexMap::insert(self, key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        IndexMap::get_key_value(self, key)
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        IndexMap::swap_remove(self, key).is_some()
    }
    fn clear(&mut self) {
        IndexMap::clear(self);
    }
    fn len(&self) -> usize {
        IndexMap::len(self)
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter().for_each(|(key, value)| f(key, value));
    }
    fn capacity(&self) -> Option<usize> {
        Some(IndexMap::capacity(self))
    }
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if write.allocs > 0 {
            self.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        } else if write.remove && write.hit {
            todo!()
        }
    }
}
