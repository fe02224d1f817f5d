//! What hashes the key of each operation, and does nothing else, in the place of a map.

use std::hint::black_box;

use super::batch::{Batch, Blocks, Step, Worked};
use super::idle::keeping;
use super::row::Row;
use crate::maps::Hashing;
use crate::workload::{Key, Kind, Value};

/// See the module.
pub(super) struct Hashes<S>(pub S);

impl<K: Key, V: Value, S: Hashing> Row<K, V> for Hashes<S> {
    fn bare(&mut self, batches: &mut [Batch<K, V>], blocks: &mut Blocks) {
        keeping(batches, |batches| {
            blocks.begin(batches.iter().map(Batch::len).sum());
            batches.iter_mut().for_each(|batch| batch.work(Hashed(&self.0), blocks));
            blocks.end();
        });
    }

    fn clocked(&mut self, _: &mut [Batch<K, V>], _: &mut [u64]) -> u64 {
        unreachable!("no single hash is timed")
    }
}

struct Hashed<'a, S>(&'a S);

impl<S: Hashing> Hashed<'_, S> {
    #[inline(always)]
    fn hash<K: Key>(&self, key: &K) {
        black_box(self.0.hash_one(key));
    }
}

/// Each says what [`Nothing`](super::idle::Nothing) says.
impl<K: Key, V, S: Hashing> Worked<K, V> for Hashed<'_, S> {
    #[inline(always)]
    fn put(&mut self, key: K, value: V) -> bool {
        self.hash(&key);
        std::mem::forget((key, value));
        false
    }
    #[inline(always)]
    fn look_up(&mut self, key: &K) -> bool {
        self.hash(black_box(key));
        false
    }
    #[inline(always)]
    fn take_out(&mut self, key: &K) -> bool {
        self.hash(black_box(key));
        false
    }
    #[inline(always)]
    fn seldom(&mut self, step: &Step<K, V>) -> (Kind, bool) {
        black_box(step);
        // Nobody asks for the kind.
        (Kind::Iterate, true)
    }
}
