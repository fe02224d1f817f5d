//! A `hashbrown` map behind one `std::sync::RwLock`.

use std::sync::PoisonError;

use hashbrown::HashMap;

use super::guarded::{lock, untie};
use super::hashbrown_map::{only_table, rehashed};
use super::layout::{EntryShape, Layout};
use super::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use super::{
    Concurrent, ConcurrentFamily, Family, FixedFold, Hashing, Info, Map, Options, Structure, Write, WrittenTable,
    open_table,
};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Event, Probe};
use crate::term::Term;

/// See the module.
pub struct RwLockHashbrown;

impl Family for RwLockHashbrown {
    const INFO: Info = Info {
        term: Term::plain(
            "rwlock-hashbrown",
            "a hashbrown HashMap behind one std RwLock (foldhash, fixed seed)",
            "doc.rust-lang.org/std",
        ),
        version: concat!("hashbrown {hashbrown}, std of rustc ", env!("MAPSCOPE_RUSTC")),
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    const HASHES: Option<bool> = Some(true);
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Locked<K, V, S>;

    fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        Some(open_table::layout(entry, open_table::first_slots, entries))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> Locked<K, V, S> {
        Locked { map: RwLock::new(HashMap::with_capacity_and_hasher(options.hint, hasher)) }
    }
}

/// Writes take the lock as a program's other threads would, not through `&mut`.
pub struct Locked<K, V, S> {
    map: RwLock<HashMap<K, V, S>>,
}

impl<K, V, S> Locked<K, V, S> {
    #[inline]
    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, V, S>> {
        self.map.read().unwrap_or_else(PoisonError::into_inner)
    }
    #[inline]
    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, V, S>> {
        self.map.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for Locked<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.write().insert(key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        let map = self.read();
        // SAFETY: the lock is taken for writing through `&mut self` only.
        map.get_key_value(key).map(|entry| unsafe { untie(self, entry) })
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.write().remove(key).is_some()
    }
    fn clear(&mut self) {
        self.write().clear();
    }
    fn len(&self) -> usize {
        self.read().len()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.read().iter().for_each(|(key, value)| f(key, value));
    }
    fn shrink(&mut self) -> bool {
        self.write().shrink_to_fit();
        true
    }
    fn capacity(&self) -> Option<usize> {
        Some(self.read().capacity())
    }
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        let map = self.read();
        if rehashed(write, map.capacity()) {
            map.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        }
    }
    fn written_table(&self, write: &Write<'_, K>) -> Option<WrittenTable> {
        only_table(write, self.read().capacity())
    }
    fn structure(&self) -> Structure {
        Map::structure(&*self.read())
    }
    fn hit_lookups(&self) -> (Option<u64>, Option<u64>) {
        Map::hit_lookups(&*self.read())
    }
}

impl ConcurrentFamily for RwLockHashbrown {
    const SHARED_INFO: Info = Info { tells: &[Cause::LockWait, Cause::Grow], ..Self::INFO };
    type SharedHasher = FixedFold;
    type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> = Shared<K, V, S, P>;

    fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
        options: &Options,
        hasher: S,
        probe: P,
    ) -> Shared<K, V, S, P> {
        if options.hint > 0 {
            probe.emit(Event::Grow);
        }
        Shared { map: RwLock::new(HashMap::with_capacity_and_hasher(options.hint, hasher)), probe }
    }
}

/// The map for several threads, which tells of its locks.
pub struct Shared<K, V, S, P> {
    map: RwLock<HashMap<K, V, S>>,
    probe: P,
}

impl<K, V, S, P: Probe> Shared<K, V, S, P> {
    #[inline]
    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, V, S>> {
        lock(self.probe, || self.map.try_read(), || self.map.read())
    }
    #[inline]
    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, V, S>> {
        lock(self.probe, || self.map.try_write(), || self.map.write())
    }
}

impl<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync> Concurrent<K, V> for Shared<K, V, S, P> {
    #[inline]
    fn insert(&self, key: K, value: V) -> bool {
        let mut map = self.write();
        // Its capacity rises, too, when an insert happens on a tombstone; what it has allocated doesn't.
        let bytes = if P::ON { map.allocation_size() } else { 0 };
        let old = map.insert(key, value);
        if P::ON && map.allocation_size() > bytes {
            self.probe.emit(Event::Grow);
        }
        // The old value is dropped while nobody waits.
        drop(map);
        old.is_some()
    }
    #[inline]
    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R> {
        self.read().get(key).map(see)
    }
    #[inline]
    fn remove(&self, key: &K) -> bool {
        let removed = self.write().remove(key);
        removed.is_some()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.read().iter().for_each(|(key, value)| f(key, value));
    }
}
