//! The `papaya` crate: a lock-free hash table of pointers to entries.
//!
//! A full table is copied little by little, by the writes that follow. An overwrite allocates a new entry. What is replaced
//! or removed is freed 32 at a time.

use papaya::{HashMap, ResizeMode};
use seize::Collector;

use super::guarded::untie;
use super::{Concurrent, ConcurrentFamily, Family, FixedFold, Hashing, Info, Map, Options, Write};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module. Not exact: its counter of entries, and its collector's list of threads, have a place for each processor of
/// the machine.
pub struct Papaya;

/// Entries that are freed together: papaya's own number on up to 32 processors.
const BATCH: usize = 32;

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
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = LockFree<K, V, S>;

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
