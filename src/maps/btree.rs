//! `std::collections::BTreeMap`.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::{Family, FixedFold, Hashing, Info, Map, Options, Write};
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

    /// Walks from the written key outwards, in both directions, until so many entries in a row stayed that no node
    /// on the write's path can have moved one further out.
    ///
    /// An insert that splits `n` nodes moves entries in the leaf and in the nodes up to height `n`; a remove that merges
    /// `n` may, at height `n`, also even out two siblings through their parent at height `n + 1`. Two neighbouring
    /// entries of a node at height `h` have at most `12^h - 1` entries between them in key order, and a node moves all of
    /// its entries on one side of where it changed.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let height = match (write.remove, write.hit) {
            (false, false) => write.allocs,
            (true, true) => write.frees + 1,
            _ => return,
        };
        let gap = NODE_FANOUT_MAX.saturating_pow(height as u32);
        until_still(gap, self.range((Bound::Excluded(write.key), Bound::Unbounded)), visit);
        until_still(gap, self.range((Bound::Unbounded, Bound::Excluded(write.key))).rev(), visit);
    }
}

/// Children of a full node: eleven entries, twelve edges.
const NODE_FANOUT_MAX: usize = 12;

/// Visits entries until `gap` in a row have not moved.
fn until_still<'a, K: 'a, V: 'a>(
    gap: usize,
    entries: impl Iterator<Item = (&'a K, &'a V)>,
    visit: &mut dyn FnMut(&K, &V) -> bool,
) {
    let mut still = 0;
    for (key, value) in entries {
        still = if visit(key, value) { 0 } else { still + 1 };
        if still == gap {
            return;
        }
    }
}
