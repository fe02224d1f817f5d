//! `imbl::HashMap`: a persistent hash trie, here with one owner, so that nothing is shared and nodes change in place.

use imbl::GenericHashMap;
use imbl::shared_ptr::DefaultSharedPtr;

use super::{Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::probe::event::{Cause, Probe};
use crate::spec::Term;
use crate::workload::{Key, Value};

/// See the module.
pub struct ImblHashMap;

type Trie<K, V, S> = GenericHashMap<K, V, S, DefaultSharedPtr>;

impl Family for ImblHashMap {
    const INFO: Info = Info {
        term: Term::plain(
            "imbl-hashmap",
            "the imbl crate's persistent HashMap (hash trie of 32-way nodes; foldhash, fixed seed; one owner)",
            "docs.rs/imbl",
        ),
        version: concat!("imbl ", env!("MAPSCOPE_IMBL")),
        load_factor: None,
        hint: false,
        exact: true,
        alloc_cause: Cause::Overflow,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Trie<K, V, S>;

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(_: &Options, hasher: S, _: P) -> Trie<K, V, S> {
        GenericHashMap::with_hasher(hasher)
    }
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for Trie<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        GenericHashMap::insert(self, key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        GenericHashMap::get_key_value(self, key)
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        GenericHashMap::remove(self, key).is_some()
    }
    fn clear(&mut self) {
        GenericHashMap::clear(self);
    }
    fn len(&self) -> usize {
        GenericHashMap::len(self)
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter().for_each(|(key, value)| f(key, value));
    }
    /// Entries change nodes when one is allocated or freed. Of keys whose hashes are all alike (a node that is a plain
    /// vector) a remove moves the last one, and neither allocates nor frees: any remove may be of such a key.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let new = !write.remove && !write.hit;
        if (new && write.allocs > 0) || (write.remove && write.hit) {
            self.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        }
    }
}
