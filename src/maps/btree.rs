//! `std::collections::BTreeMap`.

use std::collections::BTreeMap;

use super::{Family, FixedFold, Hashing, Info, Map, Options};
use crate::probe::event::{Cause, Probe};
use crate::spec::Term;
use crate::workload::{Key, Value};

/// See the module.
pub struct BTree;

impl Family for BTree {
    const INFO: Info = Info {
        term: Term::plain(
            "btree",
            "Rust's std::collections::BTreeMap (B-tree of nodes of up to 11 entries)",
            "doc.rust-lang.org/std",
        ),
        version: concat!("std of rustc ", env!("MAPSCOPE_RUSTC")),
        load_factor: None,
        hint: false,
        exact: true,
        alloc_cause: Cause::Overflow,
        events: false,
    };
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = BTreeMap<K, V>;

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(_: &Options, _: S, _: P) -> BTreeMap<K, V> {
        BTreeMap::new()
    }
}

impl<K: Key, V: Value> Map<K, V> for BTreeMap<K, V> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        BTreeMap::insert(self, key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        BTreeMap::get_key_value(self, key)
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        BTreeMap::remove(self, key).is_some()
    }
    fn clear(&mut self) {
        BTreeMap::clear(self);
    }
    fn len(&self) -> usize {
        BTreeMap::len(self)
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter().for_each(|(key, value)| f(key, value));
    }
}
