//! Sixteen `std::sync::Mutex`es, a hash table of the `hashbrown` crate behind each, used from one thread: the concurrent map
//! that programs write themselves.
//!
//! A key is hashed once. Bits of its hash below the top seven choose the shard: the top seven are the tags by which
//! hashbrown tells the entries of a group apart, the low bits choose the group.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::HashTable;

use super::guarded::untie;
use super::hashbrown_map::rehashed;
use super::{Family, FixedFold, Hashing, Info, Map, Options, Write, WrittenTable};
use crate::probe::event::{Cause, Probe};
use crate::spec::Term;
use crate::workload::{Key, Value};

/// See the module.
pub struct ShardedMutex;

const SHARDS: usize = 16;
const TAG_BITS: u32 = 7;

impl Family for ShardedMutex {
    const INFO: Info = Info {
        term: Term::plain(
            "sharded-mutex",
            "16 std Mutexes, a hashbrown HashTable behind each (foldhash, fixed seed; one thread)",
            "doc.rust-lang.org/std",
        ),
        version: concat!("hashbrown ", env!("MAPSCOPE_HASHBROWN"), ", std of rustc ", env!("MAPSCOPE_RUSTC")),
        load_factor: None,
        hint: true,
        exact: true,
        alloc_cause: Cause::AllocOther,
        tells: &[],
        layout: None,
        state: &["len"],
    };
    type Hasher = FixedFold;
    type Map<K: Key, V: Value, S: Hashing, P: Probe> = Sharded<K, V, S>;

    fn build<K: Key, V: Value, S: Hashing, P: Probe>(options: &Options, hasher: S, _: P) -> Sharded<K, V, S> {
        let room = options.hint.div_ceil(SHARDS);
        Sharded { shards: std::array::from_fn(|_| Mutex::new(HashTable::with_capacity(room))), hasher }
    }
}

/// Writes take the lock as a program's other threads would, not through `&mut`.
pub struct Sharded<K, V, S> {
    shards: [Mutex<HashTable<(K, V)>>; SHARDS],
    hasher: S,
}

/// The number of the shard that a hash chooses.
#[inline]
fn number(hash: u64) -> usize {
    (hash << TAG_BITS >> (u64::BITS - SHARDS.ilog2())) as usize
}

fn locked<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Key, V: Value, S: Hashing> Sharded<K, V, S> {
    /// The key's hash, and its shard.
    #[inline]
    fn shard(&self, key: &K) -> (u64, MutexGuard<'_, HashTable<(K, V)>>) {
        let hash = self.hasher.hash_one(key);
        (hash, locked(&self.shards[number(hash)]))
    }
}

impl<K: Key, V: Value, S: Hashing> Map<K, V> for Sharded<K, V, S> {
    #[inline]
    fn insert(&mut self, key: K, value: V) -> bool {
        let (hash, mut shard) = self.shard(&key);
        if let Some((_, old)) = shard.find_mut(hash, |entry| entry.0 == key) {
            *old = value;
            return true;
        }
        shard.insert_unique(hash, (key, value), |entry| self.hasher.hash_one(&entry.0));
        false
    }
    #[inline]
    fn get(&self, key: &K) -> Option<(&K, &V)> {
        let (hash, shard) = self.shard(key);
        let (key, value) = shard.find(hash, |entry| entry.0 == *key)?;
        // SAFETY: tables are changed through `&mut self` only.
        Some(unsafe { untie(self, (key, value)) })
    }
    #[inline]
    fn remove(&mut self, key: &K) -> bool {
        let (hash, mut shard) = self.shard(key);
        match shard.find_entry(hash, |entry| entry.0 == *key) {
            Ok(entry) => {
                entry.remove();
                true
            }
            Err(_) => false,
        }
    }
    fn clear(&mut self) {
        self.shards.iter().for_each(|shard| locked(shard).clear());
    }
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| locked(shard).len()).sum()
    }
    fn for_each(&self, f: &mut dyn FnMut(&K, &V)) {
        self.shards.iter().for_each(|shard| locked(shard).iter().for_each(|(key, value)| f(key, value)));
    }
    fn capacity(&self) -> Option<usize> {
        Some(self.shards.iter().map(|shard| locked(shard).capacity()).sum())
    }
    /// Only the written key's shard can have rehashed; what it adds to its capacity it adds to the sum.
    fn disturbed(&self, write: &Write<'_, K>, visit: &mut dyn FnMut(&K, &V) -> bool) {
        if rehashed(write, self.capacity().unwrap_or_default()) {
            self.shard(write.key).1.iter().for_each(|(key, value)| {
                visit(key, value);
            });
        }
    }
    fn written_table(&self, write: &Write<'_, K>) -> Option<WrittenTable> {
        let laid_out_anew = !write.remove && rehashed(write, self.capacity().unwrap_or_default());
        Some(WrittenTable { number: number(self.hasher.hash_one(write.key)), laid_out_anew })
    }
}
