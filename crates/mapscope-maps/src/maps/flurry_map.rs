//! The `flurry` crate: Java's `ConcurrentHashMap` in Rust.
//!
//! Bins are chains of nodes, trees from eight nodes on. A full table is doubled by the put that finds it full, which
//! makes new nodes of most old ones. What is replaced or removed is freed many at a time.

use std::cell::Cell;

use flurry::HashMap;

use super::guarded::untie;
use super::layout::{EntryShape, Layout, Part, Room, Slot, Step, When, doubling};
use super::{Concurrent, ConcurrentFamily, Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module. Not exact: its collector's list of threads has a place for each processor of the machine, and the
/// first growth reads from the system how many there are.
pub struct Flurry;

impl Family for Flurry {
    const INFO: Info = Info {
        term: Term::plain(
            "flurry",
            "the flurry crate's port of Java's ConcurrentHashMap (chains and trees of nodes; foldhash, fixed seed)",
            "docs.rs/flurry",
        ),
        version: "flurry {flurry}",
        load_factor: None,
        hint: true,
        exact: false,
        alloc_cause: Cause::Overflow,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    const HASHES: Option<bool> = Some(true);
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Ported<K, V, S>;

    /// Of flurry's `node.rs` and seize's `Linked`: what is allocated begins with the collector's link. A bin's entry is an
    /// enum, as large as the node of a tree: a tag, then node, parent, left, right, prev, red.
    fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        const WORD: Room = Room::WORD;
        let linked = |object: Room| Room::in_order(&[WORD, object]);
        let node = Room::of(&[WORD.times(3), entry.key.room, Room::int(1)]);
        let in_tree = Room::of(&[node, WORD.times(4), Room::int(1)]);
        let bin_entry = linked(Room::in_order(&[Room::int(1), in_tree]));
        let table = linked(WORD.times(4));
        let steps = doubling(FIRST_BINS, entries, |slots, from| {
            let blocks = vec![slots * WORD.bytes, table.bytes, bin_entry.bytes];
            // The put that brings three quarters of the bins' number makes the next table.
            Step { slots, from: Some(from), holds: Some(slots - slots / 4 - 1), bytes: blocks.iter().sum(), blocks }
        });
        let Room { bytes, align } = bin_entry;
        let (key, value) = (Part::inline(entry.key.room.bytes), Part::POINTER);
        // Link, hash, next, lock, tag.
        let slot = Slot { bytes, align, key, value, other_bytes: 26, apart: false, node: true };
        let layout = Layout::new(slot, entry)
            .steps(steps)
            .with(When::Map, "what the collector keeps, by the machine's processors", None)
            .with(When::Entry, "the node", bytes)
            .with(When::Entry, "the value, behind a link", linked(entry.value.room).bytes)
            .with(When::Sometimes, "nodes made anew by a growth, until they are freed", None);
        // Where a bin has three quarters of an entry.
        let least = layout.object_bytes(When::Entry).unwrap_or(0) as f64 + WORD.bytes as f64 / 0.75;
        Some(layout.at_least(least).open("a growth makes most nodes anew, and the old ones are freed many at a time"))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> Ported<K, V, S> {
        let map = HashMap::with_capacity_and_hasher(options.hint, hasher.clone());
        Ported { map, hasher, trees: Cell::new(false) }
    }
}

/// Keeps the flurry map to itself: whoever had a reference to it could change it.
pub struct Ported<K, V, S> {
    map: HashMap<K, V, S>,
    hasher: S,
    /// Whether a write that somebody watched may have made a tree.
    trees: Cell<bool>,
}

impl<K: Key, V: Value, S: Hashing> Ported<K, V, S> {
    /// Whether a bin has as many entries as a new tree. Bins are no fewer than taken here, so that none has more.
    fn may_have_new_trees(&self) -> bool {
        let mut bins = BINS_OF_TREES_MIN;
        while bins - bins / 4 <= self.map.len() {
            bins *= 2;
        }
        let mut entries = vec![0; bins];
        self.map.keys(&self.map.guard()).any(|key| {
            let of_bin = &mut entries[self.hasher.hash_one(key) as usize & (bins - 1)];
            *of_bin += 1;
            *of_bin >= ENTRIES_OF_NEW_TREE
        })
    }
}

/// Bins of the first table.
const FIRST_BINS: u64 = 16;

/// What a put allocates when it makes no table and no tree: the value's box, and of a new key a node.
const ALLOCS_OF_NEW: u64 = 2;

/// What making a tree allocates at least: eight nodes, and the tree.
const ALLOCS_OF_TREE: u64 = 9;

/// A put makes a tree of eight nodes, of which a growth in the same put leaves seven, or a chain.
const ENTRIES_OF_NEW_TREE: u32 = 7;

/// With fewer bins, no tree is made.
const BINS_OF_TREES_MIN: usize = 64;

/// A map of more entries has the 64 bins from which on a put makes trees of long chains, not a larger table.
const ENTRIES_OF_FEW_BINS: usize = 48;

impl<K: Key, V: Value, S: Hashing> Map<K, V> for Ported<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.map.insert(key, value, &self.map.guard()).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        let guard = self.map.guard();
        let entry = self.map.get_key_value(key, &guard)?;
        // SAFETY: nodes and values are replaced and removed through `&mut self` only.
        Some(unsafe { untie(self, entry) })
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.map.remove(key, &self.map.guard()).is_some()
    }
    fn clear(&mut self) {
        self.map.clear(&self.map.guard());
    }
    fn len(&self) -> usize {
        self.map.len()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.map.iter(&self.map.guard()).for_each(|(key, value)| f(key, value));
    }
    /// A moved entry is in a node that was made anew: entries stay where they are in a write that allocated no more
    /// than its own entry takes. What is more may be the collector's, which notes what it is to free: a remove makes
    /// nodes anew only where there is a tree, and an overwrite only if it makes one, or a larger table of few bins.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let own = match (write.remove, write.hit) {
            (true, _) => 0,
            (false, true) => 1,
            (false, false) => ALLOCS_OF_NEW,
        };
        let more = write.allocs.saturating_sub(own);
        let tree = !write.remove && more >= ALLOCS_OF_TREE;
        // A growth allocates as much.
        if tree && !self.trees.get() {
            self.trees.set(self.may_have_new_trees());
        }
        let may_move = match (write.remove, write.hit) {
            (true, _) => self.trees.get(),
            (false, true) => tree || self.map.len() <= ENTRIES_OF_FEW_BINS,
            (false, false) => true,
        };
        if more > 0 && may_move {
            self.for_each(&mut |key, value| {
                visit(key, value);
            });
        }
    }
}

impl ConcurrentFamily for Flurry {
    const SHARED_INFO: Info = Self::INFO;
    type SharedHasher = FixedFold;
    type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> = HashMap<K, V, S>;

    fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
        options: &Options,
        hasher: S,
        _: P,
    ) -> HashMap<K, V, S> {
        HashMap::with_capacity_and_hasher(options.hint, hasher)
    }
}

impl<K: Key, V: Value, S: Hashing + Send + Sync> Concurrent<K, V> for HashMap<K, V, S> {
    #[inline]
    fn insert(&self, key: K, value: V) -> bool {
        HashMap::insert(self, key, value, &self.guard()).is_some()
    }
    #[inline]
    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R> {
        HashMap::get(self, key, &self.guard()).map(see)
    }
    #[inline]
    fn remove(&self, key: &K) -> bool {
        HashMap::remove(self, key, &self.guard()).is_some()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter(&self.guard()).for_each(|(key, value)| f(key, value));
    }
}
