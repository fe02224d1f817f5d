//! The `papaya` crate: a lock-free hash table of pointers to entries.
//!
//! A full table is copied little by little, by the writes that follow. An overwrite allocates a new entry. What is replaced
//! or removed is freed 32 at a time.

use papaya::{HashMap, ResizeMode};
use seize::Collector;

use super::guarded::untie;
use super::layout::{EntryShape, Layout, Room, Slot, Step, When};
use super::{Concurrent, ConcurrentFamily, Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module. Not exact: its counter of entries, and its collector's list of threads, have a place for each processor of
/// the machine.
pub struct Papaya;

/// Entries that are freed together: papaya's own number on up to 32 processors.
const BATCH: usize = 32;

/// Slots of the first table, which comes with the first entry.
const FIRST_SLOTS: u64 = 32;
/// What a table has before its slots: mask, limit, and the state of its copying.
const HEADER_BYTES: u64 = 136;
/// A byte of the hash, and a pointer.
const SLOT_BYTES: u64 = 9;

impl Family for Papaya {
    const INFO: Info = Info {
        term: Term::plain(
            "papaya",
            "the papaya crate's lock-free HashMap (entries boxed, frees 32 at a time; foldhash, fixed seed)",
            "docs.rs/papaya",
        ),
        version: "papaya {papaya}",
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
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = LockFree<K, V, S>;

    /// Of papaya's `raw/alloc.rs`: a table is a header, a byte and a pointer a slot, and an entry is a block of its own.
    fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        let node = Room::in_order(&[entry.key.room, entry.value.room]).aligned(8);
        let steps =
            (0..).map(|doublings| FIRST_SLOTS << doublings).take_while(|&slots| slots / 2 < entries.max(FIRST_SLOTS));
        let step = |slots| {
            let (bytes, from) = (HEADER_BYTES + SLOT_BYTES * slots, (slots == FIRST_SLOTS).then_some(1));
            Step { slots, from, holds: None, blocks: vec![bytes], bytes }
        };
        let layout = Layout::new(Slot::inline(node, entry, 0).node(), entry)
            .steps(steps.map(step).collect())
            .with(When::Map, "a counter a processor, and what the collector keeps", None)
            .with(When::Entry, "the entry", node.bytes)
            .with(When::Sometimes, "lists of what is to be freed", None);
        // In a table without a free slot.
        Some(
            layout.at_least((node.bytes + SLOT_BYTES) as f64).open(
                "a table grows when a search gets long, which hashes decide; about five slots in six are taken then",
            ),
        )
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> LockFree<K, V, S> {
        LockFree { map: new(options, hasher) }
    }
}

fn new<K, V, S>(options: &Options, hasher: S) -> HashMap<K, V, S> {
    HashMap::builder()
        .hasher(hasher)
        .capacity(options.hint)
        .collector(Collector::new().batch_size(BATCH))
        .resize_mode(ResizeMode::default())
        .build()
}

/// Keeps the papaya map to itself: whoever had a reference to it could change it.
pub struct LockFree<K, V, S> {
    map: HashMap<K, V, S>,
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for LockFree<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.map.insert(key, value, &self.map.guard()).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        let guard = self.map.guard();
        let entry = self.map.get_key_value(key, &guard)?;
        // SAFETY: entries are replaced and removed through `&mut self` only, and a growing table moves pointers to them.
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
    /// Finishes copying first, where the table is growing: papaya iterates over one table only.
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.map.iter(&self.map.guard()).for_each(|(key, value)| f(key, value));
    }
    /// An entry stays where it is; an overwrite puts another in its place.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if !write.remove
            && write.hit
            && let Some((key, value)) = self.peek(write.key)
        {
            visit(key, value);
        }
    }
}

impl ConcurrentFamily for Papaya {
    const SHARED_INFO: Info = Self::INFO;
    type SharedHasher = FixedFold;
    type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> = HashMap<K, V, S>;

    fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
        options: &Options,
        hasher: S,
        _: P,
    ) -> HashMap<K, V, S> {
        new(options, hasher)
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
