//! `std::collections::BTreeMap`.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::layout::{EntryShape, Layout, Part, Room, Slot, When};
use super::{Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

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
    const HASHES: Option<bool> = Some(false);
    const ORDERED: bool = true;
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = BTreeMap<K, V>;

    /// Of std's `node.rs`: a leaf has a pointer to its parent and two 16-bit numbers beside its entries, an inner node the
    /// edges as well. All nodes but the root are half full at least. Of `n` inner nodes with `c` children each, there are
    /// `n * (c - 1)` leaves or nearly.
    fn layout(entry: &EntryShape, _: &Options, _: u64) -> Option<Layout> {
        let (most, least) = (NODE_FANOUT_MAX as u64 - 1, NODE_FANOUT_MAX as u64 / 2 - 1);
        let EntryShape { key, value } = *entry;
        let leaf = Room::of(&[Room::WORD, key.room.times(most), value.room.times(most), Room::int(2).times(2)]);
        let inner = Room::in_order(&[leaf, Room::WORD.times(most + 1)]);
        let bytes_with = |held: u64| (leaf.bytes as f64 + inner.bytes as f64 / held as f64) / (held + 1) as f64;
        let [key, value] = [key, value].map(|shape| Part::inline(shape.room.bytes));
        let layout = Layout::new(Slot::apart(key, value, entry.pair().align), entry)
            .with(When::Sometimes, "a leaf, of 5 to 11 entries", leaf.bytes)
            .with(When::Sometimes, "an inner node, of 5 to 11 entries and their children", inner.bytes)
            .open("how full nodes are depends on the order of inserts: rising keys leave nearly all of them with 6 entries");
        Some(Layout { most: Some(bytes_with(least)), ..layout.at_least(bytes_with(most)) })
    }

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
    fn scan(&self, from: &K, entries: usize, f: &mut dyn FnMut(&K, &V)) {
        self.range::<K, _>(from..).take(entries).for_each(|(key, value)| f(key, value));
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter().for_each(|(key, value)| f(key, value));
    }

    /// Walks from the written key outwards, in both directions, until so many entries in a row stayed that no node
    /// on the write's path can have moved one further out.
    ///
    /// An insert that splits `n` nodes moves entries up to height `n` behind the key, and up to height `n - 1` before it,
    /// where the key came to lie in a new node. A remove that merges `n` may, at height `n`, also even out two siblings
    /// through their parent at height `n + 1`. A node moves all of its entries on one side of where it changed.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let behind = self.range((Bound::Excluded(write.key), Bound::Unbounded));
        let before = || self.range((Bound::Unbounded, Bound::Excluded(write.key))).rev();
        match (write.remove, write.hit) {
            (false, false) => {
                let splits = write.allocs as u32;
                outwards(splits, behind, visit);
                if splits > 0 {
                    outwards(splits - 1, before(), visit);
                }
            }
            (true, true) => {
                let height = write.frees as u32 + 1;
                outwards(height, behind, visit);
                outwards(height, before(), visit);
            }
            _ => {}
        }
    }
}

/// Children of a full node: eleven entries, twelve edges.
const NODE_FANOUT_MAX: usize = 12;

/// Whose entry a walk has come to.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    /// The walk began in the middle of things.
    Unknown,
    Leaf,
    /// An inner node. In key order, one of its entries stands between any two leaves.
    Inner,
}

/// Visits entries away from one that was inserted or removed, as far as one of height `height` can have moved.
///
/// Leaves are told by their entries, which are neighbours in memory too. Of leaves, an insert moves entries in its own
/// and in the one split off it, a remove in its own (that of the entry before, where an inner entry is removed) and in one
/// beside it, with which it is merged or evened out. What is in other leaves needs no visit, nor what lies further out in a node of which an
/// entry stayed. Two neighbouring entries of a node at height `h` have at most `12^(h-1)` leaves between them, hence one
/// entry of inner nodes fewer.
fn outwards<'m, K: 'm, V: 'm>(
    height: u32,
    entries: impl Iterator<Item = (&'m K, &'m V)>,
    visit: &mut dyn FnMut(&K, &V) -> bool,
) {
    const LEAVES: u32 = 2;
    let neighbours = |a: usize, b: usize| a.abs_diff(b) == size_of::<K>();
    let gap = NODE_FANOUT_MAX.saturating_pow(height.saturating_sub(1));
    let (mut level, mut leaves, mut leaf_stayed) = (Level::Unknown, 0, false);
    let (mut previous, mut inner_stayed, mut inner_still) = (0, 0, 0);
    for (key, value) in entries {
        let place = std::ptr::from_ref(key).addr();
        level = match level {
            _ if neighbours(place, previous) => {
                leaves += u32::from(level == Level::Unknown);
                Level::Leaf
            }
            Level::Unknown => Level::Unknown,
            Level::Leaf => Level::Inner,
            Level::Inner => {
                (leaves, leaf_stayed) = (leaves + 1, false);
                Level::Leaf
            }
        };
        previous = place;
        let known = match level {
            Level::Unknown => false,
            Level::Leaf => leaf_stayed || leaves > LEAVES,
            Level::Inner => neighbours(place, inner_stayed),
        };
        let stayed = known || !visit(key, value);
        if stayed && height == 0 {
            return;
        }
        match level {
            Level::Unknown => {}
            Level::Leaf => leaf_stayed = stayed,
            Level::Inner => {
                (inner_stayed, inner_still) = if stayed { (place, inner_still + 1) } else { (0, 0) };
                if inner_still == gap {
                    return;
                }
            }
        }
    }
}
