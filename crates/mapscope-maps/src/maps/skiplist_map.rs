//! The `crossbeam-skiplist` crate: a lock-free skip list, used from one thread.
//!
//! It is the crate's `SkipList`, under the names of its `SkipMap`, with a collector of memory for itself: what happens to
//! other skip lists of the process must not be in its figures. A removed or overwritten node is freed two epochs later.
//! Epochs advance with the operations, one in 128, and 64 frees wait for each other: with one thread, all of that repeats.

use crossbeam_epoch::{Collector, Guard, LocalHandle, unprotected};
use crossbeam_skiplist::SkipList;

use super::guarded::untie;
use super::layout::{EntryShape, Layout, Room, Slot, When};
use super::{Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module.
pub struct Skiplist;

impl Family for Skiplist {
    const INFO: Info = Info {
        term: Term::plain(
            "skiplist",
            "the crossbeam-skiplist crate's lock-free skip list (frees two epochs later; one thread)",
            "docs.rs/crossbeam-skiplist",
        ),
        version: "crossbeam-skiplist {crossbeam-skiplist} on crossbeam-epoch {crossbeam-epoch}",
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
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Skips<K, V>;

    /// Of the crate's `base.rs`: a node is a value, a key, a word of references and height, and as many links as it is high.
    fn layout(entry: &EntryShape, _: &Options, _: u64) -> Option<Layout> {
        let node = |height| Room::in_order(&[entry.value.room, entry.key.room, Room::WORD, Room::WORD.times(height)]);
        let lowest = node(1);
        let layout = Layout::new(Slot::inline(lowest, entry, 2 * Room::WORD.bytes).node(), entry)
            .with(When::Map, "the list, and what its collector keeps", None)
            .with(When::Sometimes, "a node of height 1: half of all", lowest.bytes)
            .with(When::Sometimes, "a node of height 2: a quarter", node(2).bytes)
            .with(When::Sometimes, "a node of height 3: an eighth, and so on, 8 bytes a link", node(3).bytes)
            .with(When::Sometimes, "a higher one, up to 32", None);
        Some(
            layout
                .at_least(lowest.bytes as f64)
                .open("heights are drawn by the list's own generator: about two links a node on average"),
        )
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(_: &Options, _: S, _: P) -> Skips<K, V> {
        let collector = Collector::new();
        Skips { thread: collector.register(), list: SkipList::new(collector) }
    }
}

/// A skip list that has no unlinked node between two calls: reading it changes nothing.
pub struct Skips<K, V> {
    list: SkipList<K, V>,
    /// This thread, as the collector knows it: it keeps the whole map on one thread.
    thread: LocalHandle,
}

impl<K: Key, V: Value> Skips<K, V> {
    /// A guard that counts for no epoch: one who watches must not bring the next free nearer.
    fn unguarded(&self) -> &'static Guard {
        // SAFETY: nobody frees a node meanwhile: the map is on this thread, and changed through `&mut self` only.
        unsafe { unprotected() }
    }
}

impl<K: Key, V: Value> Map<K, V> for Skips<K, V> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        let before = self.list.len();
        let guard = self.thread.pin();
        self.list.insert(key, value, &guard).release(&guard);
        self.list.len() == before
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        let guard = self.thread.pin();
        let entry = self.list.get(key, &guard)?;
        // SAFETY: nodes are unlinked through `&mut self` only; what a guard frees was unlinked before.
        Some(unsafe { untie(self, (entry.key(), entry.value())) })
    }
    fn peek(&self, key: &K) -> Option<(&K, &V)> {
        let entry = self.list.get(key, self.unguarded())?;
        Some((entry.key(), entry.value()))
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        let guard = self.thread.pin();
        let removed = self.list.remove(key, &guard);
        removed.map(|entry| entry.release(&guard)).is_some()
    }
    /// The crate's clear leaves the last removed nodes for the next search to unlink, which is made at once.
    fn clear(&mut self) {
        let mut guard = self.thread.pin();
        self.list.clear(&mut guard);
        self.list.front(&guard);
    }
    fn len(&self) -> usize {
        self.list.len()
    }
    fn scan(&self, from: &K, entries: usize, f: &mut dyn FnMut(&K, &V)) {
        let guard = self.thread.pin();
        self.list.range::<K, _>(from.., &guard).take(entries).for_each(|entry| f(entry.key(), entry.value()));
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.list.iter(self.unguarded()).for_each(|entry| f(entry.key(), entry.value()));
    }
    /// A node stays where it is; an overwrite puts another in its place.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if !write.remove
            && write.hit
            && let Some((key, value)) = self.peek(write.key)
        {
            visit(key, value);
        }
    }
}
