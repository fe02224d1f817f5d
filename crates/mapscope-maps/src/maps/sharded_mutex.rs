//! Sixteen `std::sync::Mutex`es, a hash table of the `hashbrown` crate behind each: the concurrent map that programs write
//! themselves.
//!
//! A key is hashed once. Bits of its hash below the top seven choose the shard: the top seven are the tags by which
//! hashbrown tells the entries of a group apart, the low bits choose the group.

use hashbrown::HashTable;

use super::guarded::{lock, untie};
use super::hashbrown_map::rehashed;
use super::layout::{EntryShape, Layout};
use super::open_table::{self, Searches, Table};
use super::sync::{Mutex, MutexGuard};
use super::{
    Concurrent, ConcurrentFamily, Family, FixedFold, Hashing, Info, Map, Options, Structure, Write, WrittenTable,
};
use crate::entry::{Key, Value};
use crate::probe::event::{Cause, Event, Off, Probe};
use crate::term::Term;

/// See the module.
pub struct ShardedMutex;

const SHARDS: usize = 16;
const TAG_BITS: u32 = 7;

impl Family for ShardedMutex {
    const INFO: Info = Info {
        term: Term::plain(
            "sharded-mutex",
            "16 std Mutexes, a hashbrown HashTable behind each (foldhash, fixed seed)",
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
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Alone<K, V, S>;

    fn layout(entry: &EntryShape, _: &Options, entries: u64) -> Option<Layout> {
        let shard = open_table::layout(entry, open_table::first_slots, entries.div_ceil(SHARDS as u64));
        Some(Layout { tables: SHARDS as u64, ..shard }.open(open_table::SHARDED))
    }

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> Alone<K, V, S> {
        Alone { map: Sharded::new(options, hasher, Off) }
    }
}

impl ConcurrentFamily for ShardedMutex {
    const SHARED_INFO: Info = Info { tells: &[Cause::LockWait, Cause::Grow], ..Self::INFO };
    type SharedHasher = FixedFold;
    type Shared<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static> = Sharded<K, V, S, P>;

    fn share<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync + 'static>(
        options: &Options,
        hasher: S,
        probe: P,
    ) -> Sharded<K, V, S, P> {
        Sharded::new(options, hasher, probe)
    }
}

/// The map itself. Each method takes one lock, a shard's, or one after the other.
pub struct Sharded<K, V, S, P> {
    shards: [Mutex<HashTable<(K, V)>>; SHARDS],
    hasher: S,
    probe: P,
}

/// The number of the shard that a hash chooses.
#[inline]
fn number(hash: u64) -> usize {
    (hash << TAG_BITS >> (u64::BITS - SHARDS.ilog2())) as usize
}

impl<K: Key, V: Value, S: Hashing, P: Probe> Sharded<K, V, S, P> {
    fn new(options: &Options, hasher: S, probe: P) -> Self {
        let room = options.hint.div_ceil(SHARDS);
        if room > 0 {
            probe.emit(Event::Grow);
        }
        Sharded { shards: std::array::from_fn(|_| Mutex::new(HashTable::with_capacity(room))), hasher, probe }
    }

    #[inline]
    fn lock<'a>(&self, shard: &'a Mutex<HashTable<(K, V)>>) -> MutexGuard<'a, HashTable<(K, V)>> {
        lock(self.probe, || shard.try_lock(), || shard.lock())
    }

    /// The key's hash, and its shard.
    #[inline]
    fn shard(&self, key: &K) -> (u64, MutexGuard<'_, HashTable<(K, V)>>) {
        let hash = self.hasher.hash_one(key);
        (hash, self.lock(&self.shards[number(hash)]))
    }

    #[inline]
    fn put(&self, key: K, value: V) -> bool {
        let (hash, mut shard) = self.shard(&key);
        if let Some((_, old)) = shard.find_mut(hash, |entry| entry.0 == key) {
            let old = std::mem::replace(old, value);
            // Dropped while nobody waits.
            drop(shard);
            drop(old);
            return true;
        }
        // Its capacity rises, too, when an insert happens on a tombstone; what it has allocated doesn't.
        let bytes = if P::ON { shard.allocation_size() } else { 0 };
        shard.insert_unique(hash, (key, value), |entry| self.hasher.hash_one(&entry.0));
        if P::ON && shard.allocation_size() > bytes {
            self.probe.emit(Event::Grow);
        }
        false
    }

    #[inline]
    fn take(&self, key: &K) -> bool {
        let (hash, mut shard) = self.shard(key);
        let removed = match shard.find_entry(hash, |entry| entry.0 == *key) {
            Ok(entry) => Some(entry.remove().0),
            Err(_) => None,
        };
        drop(shard);
        removed.is_some()
    }

    /// The entries of a shard, by hash and index.
    fn indexed(&self, shard: &HashTable<(K, V)>) -> impl Iterator<Item = (u64, usize)> {
        let entry = |index| Some((self.hasher.hash_one(&shard.get_bucket(index)?.0), index));
        shard.iter_buckets().filter_map(entry)
    }

    fn each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.shards.iter().for_each(|shard| self.lock(shard).iter().for_each(|(key, value)| f(key, value)));
    }
}

impl<K: Key, V: Value, S: Hashing + Send + Sync, P: Probe + Send + Sync> Concurrent<K, V> for Sharded<K, V, S, P> {
    #[inline]
    fn insert(&self, key: K, value: V) -> bool {
        self.put(key, value)
    }
    #[inline]
    fn get<R>(&self, key: &K, see: impl FnOnce(&V) -> R) -> Option<R> {
        let (hash, shard) = self.shard(key);
        shard.find(hash, |entry| entry.0 == *key).map(|(_, value)| see(value))
    }
    #[inline]
    fn remove(&self, key: &K) -> bool {
        self.take(key)
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.each(f);
    }
}

/// The map for one thread: writes take the lock as a program's other threads would, but come through `&mut` only, so that
/// references to entries can be handed out.
pub struct Alone<K, V, S> {
    map: Sharded<K, V, S, Off>,
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for Alone<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        self.map.put(key, value)
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        let (hash, shard) = self.map.shard(key);
        let (key, value) = shard.find(hash, |entry| entry.0 == *key)?;
        // SAFETY: tables are changed through `&mut self` only.
        Some(unsafe { untie(self, (key, value)) })
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        self.map.take(key)
    }
    fn clear(&mut self) {
        self.map.shards.iter().for_each(|shard| self.map.lock(shard).clear());
    }
    fn len(&self) -> usize {
        self.map.shards.iter().map(|shard| self.map.lock(shard).len()).sum()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.map.each(f);
    }
    fn shrink(&mut self) -> bool {
        let Sharded { shards, hasher, .. } = &self.map;
        shards.iter().for_each(|shard| self.map.lock(shard).shrink_to_fit(|entry| hasher.hash_one(&entry.0)));
        true
    }
    fn capacity(&self) -> Option<usize> {
        Some(self.map.shards.iter().map(|shard| self.map.lock(shard).capacity()).sum())
    }
    fn capacity_at(&self, key: &K) -> Option<usize> {
        Some(self.map.shard(key).1.capacity())
    }
    /// Only the written key's shard can have rehashed.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if write.remove {
            return;
        }
        let (_, shard) = self.map.shard(write.key);
        if rehashed(write, shard.capacity()) {
            shard.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        }
    }
    fn written_table(&self, write: &Write<'_, K>) -> Option<WrittenTable> {
        let (hash, shard) = self.map.shard(write.key);
        Some(WrittenTable { number: number(hash), laid_out_anew: rehashed(write, shard.capacity()) })
    }
    fn structure(&self) -> Structure {
        let mut searches = Searches::default();
        for shard in &self.map.shards {
            let shard = self.map.lock(shard);
            let entries: Vec<_> = self.map.indexed(&shard).collect();
            let indices = entries.iter().map(|&(_, index)| Some(index));
            let Some(table) = Table::new(shard.num_buckets(), shard.capacity(), indices) else {
                return Structure::default();
            };
            searches.add(&table, entries);
        }
        searches.structure()
    }
    fn hit_lookups(&self) -> (Option<u64>, Option<u64>) {
        let groups = self.map.shards.iter().map(|shard| {
            let shard = self.map.lock(shard);
            let entries = self.map.indexed(&shard).map(|(hash, index)| (hash, Some(index)));
            open_table::hits(shard.num_buckets(), shard.capacity(), entries)
        });
        (None, groups.sum())
    }
}
