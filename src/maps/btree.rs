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
        tells: &[],
        layout: None,
        state: &["len"],
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
    /// An insert that splits `n` nodes moves entries up to height `n` behind the key, and up to height `n - 1` before it,
    /// where the key came to lie in a new node. A remove that merges `n` may, at height `n`, also even out two siblings
    /// through their parent at height `n + 1`. Two neighbouring entries of a node at height `h` have at most `12^h - 1`
    /// entries between them in key order, and a node moves all of its entries on one side of where it changed.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let (behind, before) = match (write.remove, write.hit) {
            (false, false) => (write.allocs as u32, (write.allocs as u32).checked_sub(1)),
            (true, true) => (write.frees as u32 + 1, Some(write.frees as u32 + 1)),
            _ => return,
        };
        let mut walk = Walk { stays_with_neighbour: !write.remove, visit };
        walk.until_still(behind, self.range((Bound::Excluded(write.key), Bound::Unbounded)));
        if let Some(height) = before {
            walk.until_still(height, self.range((Bound::Unbounded, Bound::Excluded(write.key))).rev());
        }
    }
}

/// Children of a full node: eleven entries, twelve edges.
const NODE_FANOUT_MAX: usize = 12;

/// A walk over entries in key order, away from a write.
struct Walk<'a, K, V> {
    /// Whether an entry that stayed tells that its neighbour in the same node, further from the write, stayed too. True
    /// of inserts, which shift a node's entries as one run or move them to a new node as a whole.
    stays_with_neighbour: bool,
    visit: &'a mut dyn FnMut(&K, &V) -> bool,
}

impl<K, V> Walk<'_, K, V> {
    /// Visits entries until so many in a row stayed that no further one of height `height` can have moved.
    fn until_still<'b>(&mut self, height: u32, entries: impl Iterator<Item = (&'b K, &'b V)>)
    where
        K: 'b,
        V: 'b,
    {
        let gap = NODE_FANOUT_MAX.saturating_pow(height);
        let (mut still, mut stayed) = (0, 0);
        for (key, value) in entries {
            let place = std::ptr::from_ref(key).addr();
            let neighbours = place.abs_diff(stayed) == size_of::<K>();
            if !(self.stays_with_neighbour && neighbours) && (self.visit)(key, value) {
                (still, stayed) = (0, 0);
            } else {
                (still, stayed) = (still + 1, place);
            }
            if still == gap {
                return;
            }
        }
    }
}
