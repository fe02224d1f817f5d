//! `imbl::OrdMap`: a persistent B+ tree, here with one owner, so that nothing is shared and nodes change in place.

use std::iter::Peekable;
use std::ops::Bound;

use imbl::GenericOrdMap;
use imbl::shared_ptr::DefaultSharedPtr;

use super::layout::{EntryShape, Heap, Layout, Room, Slot, When};
use super::{Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module.
pub struct ImblOrdMap;

type Tree<K, V> = GenericOrdMap<K, V, DefaultSharedPtr>;

impl Family for ImblOrdMap {
    const INFO: Info = Info {
        term: Term::plain(
            "imbl-ordmap",
            "the imbl crate's persistent OrdMap (B+ tree, leaves of up to 16 entries; one owner)",
            "docs.rs/imbl",
        ),
        version: "imbl {imbl}",
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
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Tree<K, V>;

    /// Of imbl's `nodes/btree.rs`: nodes are in `Arc`s, and lists in them have two positions and room for all. A branch names
    /// branches, and its own level then, or leaves.
    fn layout(entry: &EntryShape, _: &Options, _: u64) -> Option<Layout> {
        let list = |item: Room, most: usize| Room::of(&[Room::WORD.times(2), item.times(most as u64)]);
        let shared = |node: Room| Room::in_order(&[Room::WORD.times(2), node]);
        let leaf = shared(list(entry.pair(), LEAF));
        let children = Room::of(&[list(Room::WORD, LEAF + 1), Room::WORD]);
        let branch = shared(Room::of(&[list(entry.key.room, LEAF), children]));
        // Each leaf but one has its key in some branch.
        let copied = match entry.key.heap {
            Heap::None => Some(0),
            Heap::Bytes(bytes) => Some(bytes),
            Heap::Varies => None,
        };
        let bytes_with = |held: usize, children: usize| {
            Some((leaf.bytes as f64 + copied? as f64 + branch.bytes as f64 / (children - 1) as f64) / held as f64)
        };
        let layout = Layout::new(Slot::inline(entry.pair(), entry, 0), entry)
            .with(When::Sometimes, "a leaf, of 5 to 16 entries", leaf.bytes)
            .with(When::Sometimes, "a branch, of 8 to 17 children", branch.bytes)
            .open("how full nodes are depends on the order of inserts: rising keys leave nearly all leaves with 8 entries");
        let copies = |layout: Layout| layout.with(When::Sometimes, "a key's bytes, copied into a branch", copied);
        let layout = if copied == Some(0) { layout } else { copies(layout) };
        let (least, most) = (bytes_with(LEAF, LEAF + 1), bytes_with(LEAF / 3, LEAF / 2));
        Some(Layout { least, most, ..layout })
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(_: &Options, _: S, _: P) -> Tree<K, V> {
        GenericOrdMap::new()
    }
}

/// Entries of a full leaf.
const LEAF: usize = 16;
/// A leaf that a remove leaves with fewer is merged with another, or given some of its entries.
const LEAF_MIN: usize = LEAF / 3;

impl<K: Key, V: Value> Map<K, V> for Tree<K, V> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        GenericOrdMap::insert(self, key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        GenericOrdMap::get_key_value(self, key)
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        GenericOrdMap::remove(self, key).is_some()
    }
    fn clear(&mut self) {
        GenericOrdMap::clear(self);
    }
    fn len(&self) -> usize {
        GenericOrdMap::len(self)
    }
    fn scan(&self, from: &K, entries: usize, f: &mut dyn FnMut(&K, &V)) {
        self.range::<_, K>(from..).take(entries).for_each(|(key, value)| f(key, value));
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter().for_each(|(key, value)| f(key, value));
    }
    /// Every entry is in a leaf, beside its neighbours in memory too. An insert moves entries of its own leaf, which it may
    /// split; a remove those of its own and of the next leaf on either side, or, from the first leaf of a branch, of the next
    /// two. Others than its own only where it frees one, or leaves one with few; those that a leaf with few was given by
    /// another lie in its own by now.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let reach = match (write.remove, write.hit) {
            (false, false) => LEAF,
            (true, true) => 3 * LEAF,
            _ => return,
        };
        let behind = self.range::<_, K>((Bound::Excluded(write.key), Bound::Unbounded));
        let before = self.range::<_, K>((Bound::Unbounded, Bound::Excluded(write.key))).rev();
        let (mut behind, mut before) = (behind.take(reach).peekable(), before.take(reach).peekable());
        let ((last, behind_at), (first, before_at)) = (visit_leaf(&mut behind, visit), visit_leaf(&mut before, visit));
        // The entries around a gap that has closed are of one leaf.
        let one_leaf = behind_at.abs_diff(before_at) == size_of::<(K, V)>();
        let few = |entries: usize| (1..LEAF_MIN).contains(&entries);
        let few = if one_leaf { few(first + last) } else { few(first) || few(last) };
        if write.allocs > 0 || write.frees > 0 || (write.remove && few) {
            for (key, value) in behind.chain(before) {
                visit(key, value);
            }
        }
    }
}

/// Visits the first entry and those that lie beside it in a row; how many, and the address of the first.
fn visit_leaf<'m, K: 'm, V: 'm>(
    entries: &mut Peekable<impl Iterator<Item = (&'m K, &'m V)>>,
    visit: &mut dyn FnMut(&K, &V) -> bool,
) -> (usize, usize) {
    let address = |entry: &(&K, &V)| std::ptr::from_ref(entry.0).addr();
    let first = entries.peek().map_or(0, address);
    let (mut at, mut visited) = (first, 0);
    while let Some(entry) = entries.next_if(|entry| visited == 0 || address(entry).abs_diff(at) == size_of::<(K, V)>())
    {
        visit(entry.0, entry.1);
        (at, visited) = (address(&entry), visited + 1);
    }
    (visited, first)
}
