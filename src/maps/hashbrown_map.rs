//! The `hashbrown` crate, with foldhash under a fixed seed.

use hashbrown::HashMap;

use super::{Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::probe::event::{Cause, Probe};
use crate::spec::Term;
use crate::workload::{Key, Value};

/// See the module.
pub struct Hashbrown;

impl Family for Hashbrown {
    const INFO: Info = Info {
        term: Term::plain("hashbrown", "the hashbrown crate's HashMap (foldhash, fixed seed)", "docs.rs/hashbrown"),
        version: concat!("hashbrown ", env!("MAPSCOPE_HASHBROWN")),
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = HashMap<K, V, S>;

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> HashMap<K, V, S> {
        HashMap::with_capacity_and_hasher(options.hint, hasher)
    }
}

/// Whether a write made a hashbrown table (std's is one) move its entries.
///
/// Entries move when a table is allocated, or when an insert that finds no free slot rehashes in place to shed
/// tombstones. The latter allocates nothing, but `capacity`, which counts live entries and free slots, then jumps
/// by at least two: it happens only when at most half of the slots are live. Any other insert leaves it or, reusing
/// a tombstone, raises it by one.
pub(super) fn rehashed<K>(write: &Write<'_, K>, capacity: usize) -> bool {
    !write.remove && (write.allocs > 0 || capacity > write.capacity_before.unwrap_or(0) + 1)
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for HashMap<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        HashMap::insert(self, key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        HashMap::get_key_value(self, key)
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        HashMap::remove(self, key).is_some()
    }
    fn clear(&mut self) {
        HashMap::clear(self);
    }
    fn len(&self) -> usize {
        HashMap::len(self)
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter().for_each(|(key, value)| f(key, value));
    }
    fn capacity(&self) -> Option<usize> {
        Some(HashMap::capacity(self))
    }
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if rehashed(write, HashMap::capacity(self)) {
            self.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        }
    }
}
