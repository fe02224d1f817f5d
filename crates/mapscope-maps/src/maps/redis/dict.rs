//! The calls of `dict.c`.

use std::cell::Cell;
use std::ptr::NonNull;

use super::table::{Link, Node, Table, entry};
use super::{Hashing, Release};
use crate::entry::{Key, Value};
use crate::probe::event::{Event, Probe};

pub(super) const INITIAL_BUCKETS: usize = 4;
/// Empty buckets that one step looks at.
const EMPTY_VISITS_MAX: usize = 10;

/// `dictEntry`.
pub(super) const ENTRY_BYTES: u64 = 24;
/// The node of a list that 7.4 has each dict in that is being rehashed.
pub(super) const LIST_NODE_BYTES: u64 = 24;

impl Release {
    /// `dict`, which 7.4 has a pointer to the list's node behind.
    pub(super) const fn dict_bytes(self) -> u64 {
        match self {
            Release::V7_0 => 56,
            Release::V7_4 => 56 + 8,
        }
    }

    /// Whether a table of `buckets` with so many entries is to shrink: by the server's timer in either release, and by a
    /// delete in 7.4.
    const fn shrinks(self, buckets: usize, used: usize) -> bool {
        buckets > INITIAL_BUCKETS
            && match self {
                Release::V7_0 => used * 100 / buckets < 10,
                Release::V7_4 => used * 8 <= buckets,
            }
    }
}

/// The dict of one database.
pub(super) struct Dict<K, V, S, P> {
    pub(super) release: Release,
    pub(super) hasher: S,
    probe: P,
    /// Whether the server has it: 7.4 makes it for the first key.
    made: bool,
    /// The second is empty and without buckets unless a rehash is under way.
    pub(super) table: [Table<K, V>; 2],
    /// While a rehash is under way: the first bucket that it has not come to in line. Those before it are empty.
    pub(super) rehash_index: Option<usize>,
}

impl<K, V, S, P> Dict<K, V, S, P> {
    pub(super) fn len(&self) -> usize {
        self.table[0].used + self.table[1].used
    }

    pub(super) fn rehashing(&self) -> bool {
        self.rehash_index.is_some()
    }

    /// Where a key of this hash may be: table and bucket, in the order of looking.
    pub(super) fn places(&self, hash: u64) -> impl Iterator<Item = (usize, usize)> + use<K, V, S, P> {
        let [first, second] = [0, 1].map(|table| (table, self.table[table].index(hash)));
        let passed = first.1 < self.rehash_index.unwrap_or(0);
        (!passed).then_some(first).into_iter().chain(self.rehashing().then_some(second))
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = NonNull<Node<K, V>>> {
        self.table.iter().flat_map(Table::nodes)
    }

    /// Buckets of the table that new keys go to.
    pub(super) fn capacity(&self) -> usize {
        self.table[usize::from(self.rehashing())].buckets.len()
    }

    /// Entries, buckets of either table, entries in the second, and where the rehash is.
    pub(super) fn state(&self) -> [u64; 5] {
        let [first, second] = &self.table;
        let index = self.rehash_index.unwrap_or(0);
        [self.len(), first.buckets.len(), second.buckets.len(), second.used, index].map(|n| n as u64)
    }
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Dict<K, V, S, P> {
    pub(super) fn new(release: Release, hasher: S, probe: P) -> Self {
        let mut dict = Dict { release, hasher, probe, made: false, table: Default::default(), rehash_index: None };
        if release == Release::V7_0 {
            dict.make();
        }
        dict
    }

    fn make(&mut self) {
        if !std::mem::replace(&mut self.made, true) {
            self.alloc(self.release.dict_bytes());
        }
    }

    fn alloc(&self, bytes: u64) {
        self.probe.emit(Event::Alloc { bytes: self.release.heap().class(bytes) });
    }

    fn free(&self, bytes: u64) {
        self.probe.emit(Event::Free { bytes: self.release.heap().class(bytes) });
    }

    fn alloc_key(&self, key: &K) {
        if P::ON {
            self.probe.emit(Event::EntryAlloc { bytes: self.release.heap().key(key) });
        }
    }

    /// Says that the server allocated this value.
    pub(super) fn alloc_value(&self, value: &V) {
        if P::ON {
            self.release.heap().value(value).for_each(|bytes| self.probe.emit(Event::EntryAlloc { bytes }));
        }
    }

    /// Says that the server freed this value.
    pub(super) fn free_value(&self, value: &V) {
        if P::ON {
            self.release.heap().value(value).for_each(|bytes| self.probe.emit(Event::EntryFree { bytes }));
        }
    }

    /// Says that the server freed this entry and what it owns.
    fn free_entry(&self, key: &K, value: &V) {
        if P::ON {
            self.probe.emit(Event::EntryFree { bytes: self.release.heap().key(key) });
            self.free_value(value);
            self.free(ENTRY_BYTES);
        }
    }

    /// `dictExpand`.
    pub(super) fn expand(&mut self, entries: usize) {
        self.make();
        self.resize(entries);
    }

    /// Allocates a table for so many entries. An empty one is replaced at once, otherwise a rehash begins.
    fn resize(&mut self, entries: usize) {
        let (now, buckets) = (self.table[0].buckets.len(), entries.next_power_of_two().max(INITIAL_BUCKETS));
        if buckets == now {
            return;
        }
        self.probe.emit(if buckets > now { Event::Grow } else { Event::Shrink });
        let table = Table { buckets: vec![None; buckets].into_boxed_slice(), used: 0 };
        self.alloc(table.bytes());
        let at_once = match self.release {
            Release::V7_0 => now == 0,
            Release::V7_4 => self.table[0].used == 0,
        };
        self.table[1] = table;
        self.rehash_index = Some(0);
        if self.release == Release::V7_4 {
            self.alloc(LIST_NODE_BYTES);
        }
        if at_once {
            self.end_rehash();
        }
    }

    fn end_rehash(&mut self) {
        if self.release == Release::V7_4 {
            self.free(LIST_NODE_BYTES);
        }
        self.rehash_index = None;
        self.table.swap(0, 1);
        let old = std::mem::take(&mut self.table[1]);
        if !old.buckets.is_empty() {
            self.free(old.bytes());
        }
    }

    /// What a call on a key of this hash does for a rehash under way.
    fn rehash_step(&mut self, hash: u64) {
        let Some(next) = self.rehash_index else { return };
        let own = self.table[0].index(hash);
        if self.release == Release::V7_4 && own >= next && self.table[0].buckets[own].is_some() {
            self.relink(own);
            self.end_rehash_if_done();
        } else {
            self.rehash_in_line();
        }
    }

    /// `dictRehash` of one bucket.
    fn rehash_in_line(&mut self) {
        let Some(mut next) = self.rehash_index else { return };
        if self.table[0].used > 0 {
            let mut visits = EMPTY_VISITS_MAX;
            while visits > 0 && self.table[0].buckets[next].is_none() {
                (next, visits) = (next + 1, visits - 1);
            }
            self.rehash_index = Some(next);
            if visits == 0 {
                return;
            }
            self.relink(next);
            self.rehash_index = Some(next + 1);
        }
        self.end_rehash_if_done();
    }

    fn end_rehash_if_done(&mut self) {
        if self.table[0].used == 0 {
            if self.table[1].buckets.len() > self.table[0].buckets.len() {
                self.probe.emit(Event::GrowDone);
            }
            self.end_rehash();
        }
    }

    /// Links the chain of a bucket over to the second table.
    fn relink(&mut self, index: usize) {
        let [from, to] = &mut self.table;
        let growing = to.buckets.len() > from.buckets.len();
        let mut next = from.buckets[index].take();
        while let Some(node) = next {
            // SAFETY: it was linked, so it is live.
            let Node { next: after, key, .. } = unsafe { node.as_ref() };
            next = after.get();
            // A smaller table's index is the low bits of a larger one's. 7.0 hashes all the same, to no other end.
            let hash = if growing { self.hasher.hash_one(key) } else { index as u64 };
            to.push(to.index(hash), node);
            from.used -= 1;
        }
        self.probe.emit(Event::Rehash);
    }

    /// What the server's timer does, time after time, for a dict that is left alone.
    pub(super) fn idle(&mut self) {
        while self.shrink_if_needed() || self.rehashing() {
            self.rehash_in_line();
        }
    }

    /// Whether it shrank, or began to.
    pub(super) fn shrink_if_needed(&mut self) -> bool {
        let Table { buckets, used } = &self.table[0];
        let shrinks = !self.rehashing() && self.release.shrinks(buckets.len(), *used);
        if shrinks {
            self.resize(*used);
        }
        shrinks
    }

    /// The key's node, found without a trace.
    pub(super) fn peek(&self, key: &K) -> Link<K, V> {
        self.look(self.hasher.hash_one(key), key)
    }

    fn look(&self, hash: u64, key: &K) -> Link<K, V> {
        let mut nodes = self.places(hash).flat_map(|(table, index)| self.table[table].chain(index));
        // SAFETY: linked, so live.
        nodes.find(|node| unsafe { node.as_ref() }.key == *key)
    }

    /// `dictFind`.
    pub(super) fn find(&mut self, key: &K) -> Link<K, V> {
        if self.len() == 0 {
            return None;
        }
        let hash = self.hasher.hash_one(key);
        self.rehash_step(hash);
        self.look(hash, key)
    }

    /// `dictAddRaw` of a key that is not there.
    pub(super) fn add(&mut self, key: K, value: V) -> NonNull<Node<K, V>> {
        // The copy of the key is made before the call in 7.0, after it in 7.4.
        if self.release == Release::V7_0 {
            self.alloc_key(&key);
        }
        self.make();
        let hash = self.hasher.hash_one(&key);
        self.rehash_step(hash);
        if !self.rehashing() && self.table[0].used >= self.table[0].buckets.len() {
            self.resize(self.table[0].used + 1);
        }
        self.alloc(ENTRY_BYTES);
        if self.release == Release::V7_4 {
            self.alloc_key(&key);
        }
        let table = &mut self.table[usize::from(self.rehash_index.is_some())];
        let index = table.index(hash);
        if table.buckets[index].is_some() {
            self.probe.emit(Event::Overflow);
        }
        let node = NonNull::from(Box::leak(Box::new(Node { next: Cell::new(None), key, value })));
        table.push(index, node);
        node
    }

    /// `dictUnlink` of 7.0 and `dictTwoPhaseUnlinkFind` of 7.4, and what the server does with the node.
    pub(super) fn delete(&mut self, key: &K) -> bool {
        if self.len() == 0 {
            return false;
        }
        self.rehash_in_line();
        let hash = self.hasher.hash_one(key);
        for (table, index) in self.places(hash) {
            let mut before: Link<K, V> = None;
            for node in self.table[table].chain(index) {
                // SAFETY: linked, so live.
                let found = unsafe { node.as_ref() };
                if found.key != *key {
                    before = Some(node);
                    continue;
                }
                match before {
                    // SAFETY: linked, so live.
                    Some(before) => unsafe { before.as_ref() }.next.set(found.next.get()),
                    None => self.table[table].buckets[index] = found.next.get(),
                }
                self.table[table].used -= 1;
                // SAFETY: made from a box by `add`, linked nowhere any more, and the dict is the caller's alone.
                let node = unsafe { Box::from_raw(node.as_ptr()) };
                self.free_entry(&node.key, &node.value);
                return true;
            }
        }
        false
    }

    /// `dictEmpty` in 7.0; 7.4 frees the dict itself, too.
    pub(super) fn empty(&mut self) {
        for node in self.nodes().take_while(|_| P::ON) {
            // SAFETY: linked, so live; the dict is borrowed.
            let (key, value) = unsafe { entry(node) };
            self.free_entry(key, value);
        }
        self.table.iter().filter(|table| !table.buckets.is_empty()).for_each(|table| self.free(table.bytes()));
        if self.release == Release::V7_4 {
            if self.rehashing() {
                self.free(LIST_NODE_BYTES);
            }
            if std::mem::take(&mut self.made) {
                self.free(self.release.dict_bytes());
            }
        }
        self.rehash_index = None;
        self.free_nodes();
        self.probe.emit(Event::Clear);
    }
}

impl<K, V, S, P> Dict<K, V, S, P> {
    fn free_nodes(&mut self) {
        for table in std::mem::take(&mut self.table) {
            for bucket in table.buckets {
                let mut next = bucket;
                while let Some(node) = next {
                    // SAFETY: made from a box by `add`, linked once, in a table that nobody has any more.
                    next = unsafe { Box::from_raw(node.as_ptr()) }.next.get();
                }
            }
        }
    }
}

impl<K, V, S, P> Drop for Dict<K, V, S, P> {
    fn drop(&mut self) {
        self.free_nodes();
    }
}
