//! The `dashmap` crate: hash tables of an older `hashbrown`, each behind a lock of its own.

use dashmap::DashMap;

use super::guarded::untie;
use super::hashbrown_map::rehashed;
use super::layout::{EntryShape, Layout, When};
use super::open_table::{self, Searches, Table};
use super::{
    Concurrent, ConcurrentFamily, Family, FixedFold, Hashing, Info, Map, Options, Structure, Write, WrittenTable,
};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Probe};
use crate::term::Term;

/// See the module.
pub struct Dashmap;

/// What dashmap itself takes on 16 processors (four times as many). Left to itself it would make the counts hang on the
/// machine.
const SHARDS: usize = 64;
/// What a shard is padded to on x86-64 and aarch64: two lines are fetched together.
const SHARD_BYTES: usize = 128;

impl Family for Dashmap {
    const INFO: Info = Info {
        term: Term::plain(
            "dashmap",
            "the dashmap crate's DashMap (64 shards on any machine; foldhash, fixed seed)",
            "docs.rs/dashmap",
        ),
        version: "dashmap {dashmap} on hashbrown {hashbrown@0.14}",
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
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Dash<K, V, S>;

    fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        let shard = open_table::layout(entry, |_| open_table::FIRST_SLOTS, entries.div_ceil(SHARDS as u64));
        let layout = shard.with(When::Map, "the shards, each padded to two cache lines", (SHARDS * SHARD_BYTES) as u64);
        Some(Layout { tables: SHARDS as u64, ..layout }.open(open_table::SHARDED))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> Dash<K, V, S> {
        Dash { map: DashMap::with_capacity_and_hasher_and_shard_amount(options.hint, hasher, SHARDS) }
    }
}

/// Keeps the `DashMap` to itself: whoever had a `&DashMap` could change it.
pub struct Dash<K, V, S> {
    map: DashMap<K, V, S>,
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for Dash<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.map.insert(key, value).is_some()
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        let entry = self.map.get(key)?;
        // SAFETY: the map is changed through `&mut self` only; reading moves nothing.
        Some(unsafe { untie(self, entry.pair()) })
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.map.remove(key).is_some()
    }
    fn clear(&mut self) {
        self.map.clear();
    }
    fn len(&self) -> usize {
        self.map.len()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.map.iter().for_each(|entry| f(entry.key(), entry.value()));
    }
    fn shrink(&mut self) -> bool {
        self.map.shrink_to_fit();
        true
    }
    fn capacity(&self) -> Option<usize> {
        Some(self.map.capacity())
    }
    fn capacity_at(&self, key: &K) -> Option<usize> {
        Some(self.map.shards()[self.map.determine_map(key)].read().capacity())
    }
    /// Only the written key's shard can have rehashed.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if write.remove {
            return;
        }
        let shard = self.map.shards()[self.map.determine_map(write.key)].read();
        if rehashed(write, shard.capacity()) {
            // SAFETY: the table outlives its iterator, and while the lock is held nothing is put in or taken out.
            for bucket in unsafe { shard.iter() } {
                // SAFETY: the bucket is one that this table's iterator has just given, and the lock is held.
                let (key, value) = unsafe { bucket.as_ref() };
                visit(key, value.get());
            }
        }
    }
    fn written_table(&self, write: &Write<'_, K>) -> Option<WrittenTable> {
        let number = self.map.determine_map(write.key);
        let laid_out_anew = !write.remove && rehashed(write, self.map.shards()[number].read().capacity());
        Some(WrittenTable { number, laid_out_anew })
    }
    fn structure(&self) -> Structure {
        let mut searches = Searches::default();
        for shard in self.map.shards() {
            let shard = shard.read();
            // SAFETY: the table outlives its iterator, and while the lock is held nothing is put in or taken out.
            let buckets = unsafe { shard.iter() };
            let entries = buckets.map(|bucket| {
                // SAFETY: the bucket is one that this table's iterator has just given, and the lock is held.
                let (entry, index) = unsafe { (bucket.as_ref(), shard.bucket_index(&bucket)) };
                (self.map.hasher().hash_one(&entry.0), index)
            });
            let entries: Vec<_> = entries.collect();
            let indices = entries.iter().map(|&(_, index)| Some(index));
            let Some(table) = Table::new(shard.buckets(), shard.capacity(), indices) else {
                return Structure::default();
            };
            searches.add(&table, entries);
        }
        searches.structure()
    }
    fn hit_lookups(&self) -> (Option<u64>, Option<u64>) {
        let groups = self.map.shards().iter().map(|shard| {
            let shard = shard.read();
            // SAFETY: the table outlives its iterator, and while the lock is held nothing is put in or taken out.
            let entries = unsafe { shard.iter() }.map(|bucket| {
                // SAFETY: the bucket is one that this table's iterator has just given, and the lock is held.
                let (entry, index) = unsafe { (bucket.as_ref(), shard.bucket_index(&bucket)) };
                (self.map.hasher().hash_one(&entry.0), Some(index))
            });
            open_table::hits(shard.buckets(), shard.capacity(), entries)
        });
        (None, groups.sum())
    }
}

/// Its locks spin and don't say so.
impl ConcurrentFamily for Dashmap {
    const SHARED_INFO: Info = Self::INFO;
    type SharedHasher = FixedFold;
    type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> = DashMap<K, V, S>;

    fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
        options: &Options,
        hasher: S,
        _: P,
    ) -> DashMap<K, V, S> {
        DashMap::with_capacity_and_hasher_and_shard_amount(options.hint, hasher, SHARDS)
    }
}

impl<K: Key, V: Value, S: Hashing + Send + Sync> Concurrent<K, V> for DashMap<K, V, S> {
    #[inline]
    fn insert(&self, key: K, value: V) -> bool {
        DashMap::insert(self, key, value).is_some()
    }
    #[inline]
    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R> {
        DashMap::get(self, key).map(|entry| see(entry.value()))
    }
    #[inline]
    fn remove(&self, key: &K) -> bool {
        DashMap::remove(self, key).is_some()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.iter().for_each(|entry| f(entry.key(), entry.value()));
    }
}
